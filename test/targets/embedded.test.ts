import t from 'tap';
import embedded from '../../src/targets/embedded/index.js';
import { embeddedLayout } from '../../src/targets/embedded/layout.js';
import { targetContract } from './contract.js';
import { made } from './made.js';

const text = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;

t.test('the contract of targets', (t) =>
  targetContract(t, (t) => made(t.testdir({}), embedded, { requestTimeout: 1000 }, 'builtin')),
);

t.test('each path has a port of its own, and leads to the node that it is for', async (t) => {
  const nodes = [1, 2, 3, 4, 5];
  const layout = await embeddedLayout(nodes, 4);
  const specs = layout.linkSpecs(4);
  t.equal(specs.length, 5 * 4 + 4 * 5);
  t.equal(layout.linkSpecs(0).length, 5 * 4);
  const all = [...specs.map(({ listen }) => text(listen)), ...layout.bootstrap.map(text)];
  t.equal(new Set(all).size, all.length);
  for (const { from, to, listen, upstream } of specs) {
    const real = layout.real(Number(to)).client;
    t.same(upstream, real);
    if (typeof from === 'number') t.same(layout.dial(from, Number(to)), listen);
    else t.same(layout.route(real, Number(from.split('-')[1])), listen);
    t.same(layout.route(real, undefined), real);
  }
  const other = { host: '127.0.0.1', port: 1 };
  t.equal(layout.route(other, 0), other);

  const straight = await embeddedLayout(nodes, undefined);
  t.same(straight.linkSpecs(4), []);
  t.same(straight.dial(1, 2), straight.real(2).broker);
  t.same(straight.route(straight.real(2).client, 0), straight.real(2).client);
});
