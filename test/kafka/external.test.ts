import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { OptionValues, Recorder, Row, TargetContext } from '../../src/model/index.js';
import external from '../../src/targets/external/index.js';
import { fill } from '../../src/targets/external/options.js';
import type { Broker } from '../support/broker.js';
import { broker } from './support.js';

const dir = t.testdir({});
const at = ({ host, port }: Broker): string => `${host}:${port}`;

function context(options: OptionValues): { context: TargetContext; rows: Row[]; said: string[] } {
  const rows: Row[] = [];
  const said: string[] = [];
  const recorder: Recorder = {
    now: () => Math.round(performance.now() * 1e6),
    nextOp: () => 0,
    append: (more) => void rows.push(...more),
    complete: () => undefined,
    flush: () => undefined,
    close: () => Promise.resolve(),
  };
  const places = { dir, dataDir: '', cacheDir: '', links: undefined, concurrency: 1 };
  const rest = { recorder, now: () => recorder.now(), signal: new AbortController().signal };
  const progress = (text: string): void => void said.push(text);
  return { context: { ...places, ...rest, options, progress }, rows, said };
}

t.test('a run on it uses topics of its own and takes them away', async (t) => {
  const one = await broker(t);
  const cluster = await external.start(context({ bootstrap: [at(one)] }).context);
  t.teardown(() => cluster.stop());
  const can = (name: string): boolean => typeof Reflect.get(cluster.nodes[0]!, name) === 'function';
  t.strictSame(['kill', 'pause', 'stop'].filter(can), [], 'nothing can be done to it');
  t.equal(cluster.links, undefined);
  const topics = [{ name: 'orders', partitions: 1, replicationFactor: 1 }];
  const [key] = await cluster.createTopics(topics);
  t.match(key, { key: 0, topic: /^schism-[0-9a-f]{8}-orders$/, partition: 0 });
  const c = await cluster.client(0);
  t.match(await c.send({ key: 0, values: [4], acks: -1 }), { type: 'ok', offset: 0 });
  await c.close();
  const views = await cluster.views(AbortSignal.timeout(60_000));
  t.match(views, [{ node: 1, watermarks: [{ key: 0, highWatermark: 1 }] }]);
  await cluster.stop();
  t.strictSame(one.topics(), ['orders'], 'what was there before is there still');
});

t.test('topics of somebody else are neither used nor deleted', async (t) => {
  const one = await broker(t, { topics: { 'mine-orders': 1 } });
  const cluster = await external.start(
    context({ bootstrap: [at(one)], topicPrefix: 'mine' }).context,
  );
  const topics = [{ name: 'orders', partitions: 1, replicationFactor: 1 }];
  await t.rejects(cluster.createTopics(topics), /mine-orders exist already/);
  await cluster.stop();
  t.strictSame(one.topics(), ['mine-orders']);
});

t.test('kill: the command, the proof by the port, the start, the answer', async (t) => {
  const one = await broker(t);
  const log = join(t.testdir({}), 'log');
  const note = (word: string): string => `echo ${word} {node} {host} {port} >> '${log}'`;
  const options = { bootstrap: [at(one)], nodeKill: note('kill'), nodeStart: note('start') };
  t.strictSame(external.capabilities(options), ['kill']);
  const { context: given, rows } = context(options);
  const cluster = await external.start(given);
  t.teardown(() => cluster.stop());
  const [node] = cluster.nodes;
  const applied = await node?.kill?.();
  t.match(await node?.kill?.().catch((e: unknown) => String(e)), /broken by another fault/);
  await one.stop();
  t.match(await applied?.proof, { state: 'proven', by: /refuses connections/ });
  await one.start();
  const healed = await applied?.heal();
  t.match(await healed?.proof, { state: 'proven', by: /answered a request/ });
  t.equal(await applied?.heal(), healed);
  t.equal(node?.incarnation, 2);
  t.strictSame(
    rows.map(({ code }) => code),
    [0, 1, 2],
    'down, starting, up',
  );
  const where = `1 ${one.host} ${one.port}`;
  t.equal(readFileSync(log, 'utf8'), `kill ${where}\nstart ${where}\n`);
});

t.test('a status command decides, and a kill that did nothing is not proven', async (t) => {
  const one = await broker(t);
  const options = { bootstrap: [at(one)], nodeKill: 'true', nodeStart: 'true' };
  const down = await external.start(context({ ...options, nodeStatus: 'exit 3' }).context);
  const killed = await down.nodes[0]?.kill?.();
  t.match(await killed?.proof, { state: 'proven', by: /`exit 3` fails/ });
  await down.stop();
  const up = await external.start(context({ ...options, nodeStatus: 'exit 0' }).context);
  const alive = await up.nodes[0]?.kill?.();
  await alive?.heal();
  t.match(await alive?.proof, { state: 'unproven', by: /still succeeds/ });
  await up.stop();
});

t.test('pause that stops nothing is not proven; a failing command is an error', async (t) => {
  const one = await broker(t);
  const options = { bootstrap: [at(one)], nodePause: 'true', nodeResume: 'true' };
  const cluster = await external.start(context(options).context);
  const applied = await cluster.nodes[0]?.pause?.();
  await applied?.heal();
  t.match(await applied?.proof, { state: 'unproven', by: /still answers/ });
  await cluster.stop();
  const broken = await external.start(context({ ...options, nodePause: 'exit 9' }).context);
  await t.rejects(Promise.resolve(broken.nodes[0]?.pause?.()), /`exit 9` to work on node 1/);
  await broken.stop();
});

t.test('what is broken when the run ends is mended', async (t) => {
  const one = await broker(t);
  const log = join(t.testdir({ log: '' }), 'log');
  const options = { bootstrap: [at(one)], nodeStop: 'true', nodeStart: `echo {node} >> '${log}'` };
  const cluster = await external.start(context(options).context);
  await cluster.nodes[0]?.stop?.();
  await cluster.stop();
  t.equal(readFileSync(log, 'utf8'), '1\n');
});

t.test('wrong options are refused before anything is touched', async (t) => {
  const dir = t.testdir({ 'a.json': '{"sssl":true}', 'b.mjs': 'export default { ssl: tru }' });
  const bootstrap = ['127.0.0.1:9092'];
  const cases: [OptionValues, RegExp][] = [
    [{}, /`--bootstrap` to be host:port/],
    [{ bootstrap: ['localhost'] }, /got `localhost`/],
    [{ bootstrap, nodeKill: 'x' }, /`--node-kill` to be given together with `--node-start`/],
    [{ bootstrap, nodeStart: 'x {id}' }, /blanks of `--node-start`.*got `\{id\}`/],
    [{ bootstrap, clientConfig: join(dir, 'none.json') }, /`--client-config` to be a file/],
    [{ bootstrap, clientConfig: join(dir, 'a.json') }, /got `sssl`/],
    [{ bootstrap, clientConfig: join(dir, 'b.mjs') }, /tru is not defined/],
  ];
  for (const [options, message] of cases)
    await t.rejects(external.check(options, ''), { code: 'usage', message });
  writeFileSync(
    join(dir, 'c.mjs'),
    'export const sasl = { mechanism: "plain", username: "a", password: "b" }',
  );
  await external.check({ bootstrap, clientConfig: join(dir, 'c.mjs') }, '');
  t.strictSame(external.capabilities({ nodeKill: 'x' }), []);
  t.throws(() => fill('ssh {host}', 1, { host: 'a; rm -rf /', port: 1 }), /a name that a shell/);
});

t.test('a cluster that cannot be reached is a usage error', async (t) => {
  const gone = await broker(t);
  const one = await broker(t, { peers: [{ id: 2, host: gone.host, port: gone.port }] });
  await gone.stop();
  const start = external.start(context({ bootstrap: [at(one)] }).context);
  await t.rejects(start, { code: 'usage', message: /Expected node 2 to answer at/ });
});
