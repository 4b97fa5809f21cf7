import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import t from 'tap';
import type { Test } from 'tap';
import type { Address } from '../../src/model/index.js';
import { reset } from '../../src/network/builtin/pipe.js';
import { builtinBackend } from '../../src/network/index.js';
import { canListen, freePorts } from '../../src/processes/index.js';
import { answered, linksContract, pending, silent, stage, until } from './contract.js';
import type { Stage } from './contract.js';
import { dial, ping } from './peer.js';

const now = (): number => performance.now() * 1e6;
const progress = (text: string): void => t.comment(text);
const pairs = [{ from: 1, to: 2 }] as const;

const make = async (t: Test, holdMs = 60_000): Promise<Stage> =>
  stage(t, await builtinBackend({ now, progress, holdMs }));

/** Bytes in `...; 3 connections and 1,024 bytes were held` */
const heldBytes = (by: string): number =>
  Number(/; \d+ connections? and ([\d,]+) bytes? were held$/.exec(by)?.[1]?.replaceAll(',', ''));

t.test('contract', (t) => {
  linksContract(t, () => builtinBackend({ now, progress }));
  t.end();
});

t.test('a short cut delivers late what it held, in order, and says how much', async (t) => {
  const { links, peer, at } = await make(t);
  const there = await dial(at(1, 2));
  const back = await dial(at(2, 1));
  back.socket.write('hello');
  t.ok(await until(() => peer(1).received === 'hello'));
  const cut = await links.cut(pairs, 'drop');
  const numbers = Array.from({ length: 1000 }, (_, i) => `${i},`);
  for (const text of numbers) there.socket.write(text);
  there.socket.end();
  peer(1).push('answer');
  const fresh = await dial(at(1, 2));
  fresh.socket.write('fresh');
  t.match(await cut.proof, {
    state: 'proven',
    by: /; \d+ connections and [\d,]+ bytes were held by then$/,
  });
  t.equal(peer(2).received, '');
  t.equal(back.received(), '');
  t.notOk(there.closed());

  const { proof } = await cut.heal();
  const all = numbers.join('');
  const got = (): string => peer(2).received;
  t.ok(await until(() => got().includes('fresh') && got().length === all.length + 5));
  t.equal(got().replace('fresh', ''), all);
  t.ok(await until(() => back.received() === 'answer'));
  t.ok(await until(() => there.closed()), 'its end was held too');
  fresh.socket.destroy();
  back.socket.destroy();
  const { by } = await proof;
  t.match(by, /; 2 connections and [\d,]+ bytes were held$/, 'not those that began in the cut');
  t.equal(heldBytes(by), all.length + 'answer'.length);
});

t.test('a long cut resets what it holds something of, and nothing else', async (t) => {
  const { links, peer, at } = await make(t, 200);
  const busy = await dial(at(1, 2));
  const idle = await dial(at(1, 2));
  const back = await dial(at(2, 1));
  t.teardown(() => [idle, back].map(({ socket }) => socket.destroy()));
  idle.socket.write('a');
  back.socket.write('a');
  t.ok(await until(() => peer(2).sockets.size === 2 && peer(1).received === 'a'));
  const cut = await links.cut(pairs, 'drop');
  const lost = once(busy.socket, 'error');
  busy.socket.write('lost');
  peer(1).push('lost');
  t.match(await lost, [{ code: 'ECONNRESET' }], 'the sender gives up');
  t.ok(await until(() => peer(1).sockets.size === 0), 'on the dialled side too');
  t.notOk(back.closed(), 'the other side cannot know');
  t.equal(peer(2).sockets.size, 2);
  await cut.heal();
  t.ok(await until(() => back.closed() && peer(2).sockets.size === 1), 'before the heal');
  idle.socket.write('b');
  t.ok(await until(() => peer(2).received.endsWith('b')), 'a silent connection lives');
  t.notMatch(peer(2).received, /lost/);
  t.equal(back.received(), '');
});

t.test('what is held is bounded, and nothing of the rest is lost', async (t) => {
  const { links, peer, at } = await make(t);
  const { socket } = await dial(at(1, 2));
  t.teardown(() => socket.destroy());
  const cut = await links.cut(pairs, 'drop');
  const size = 64 << 20;
  let written = false;
  socket.write('x'.repeat(size), () => (written = true));
  await cut.proof;
  t.notOk(written, 'the sender is held up');
  const { proof } = await cut.heal();
  t.ok(await until(() => peer(2).received.length === size));
  const held = heldBytes((await proof).by);
  t.ok(held > 0 && held < 1.5 * (1 << 20), `${held} bytes`);
});

t.test('jitter keeps the order', async (t) => {
  const { links, peer, at } = await make(t);
  const { socket } = await dial(at(1, 2));
  t.teardown(() => socket.destroy());
  const slow = await links.shape(pairs, { latencyMs: 30, jitterMs: 30 });
  let all = '';
  for (let i = 0; i < 200; i++) {
    all += `${i},`;
    socket.write(`${i},`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(await until(() => peer(2).received.length === all.length));
  t.equal(peer(2).received, all);
  await slow.heal();
});

t.test('a rate is a bound, and is gone after its heal', async (t) => {
  const { links, peer, at } = await make(t);
  const { socket } = await dial(at(1, 2));
  t.teardown(() => socket.destroy());
  const slow = await links.shape(pairs, { rateBytesPerSecond: 50_000 });
  const start = performance.now();
  socket.write('x'.repeat(50_000));
  t.ok(await until(() => peer(2).received.length === 50_000));
  // The first piece is free, and no machine is too quick.
  t.ok(performance.now() - start > 900, 'a second');
  socket.write('x'.repeat(50_000_000));
  await slow.heal();
  t.ok(await until(() => peer(2).received.length === 50_050_000));
});

/** One link to a server of the test's own. */
async function linkTo(
  t: Test,
  accept: (socket: Socket) => void,
): Promise<{ listen: Address; upstream: Address; stop: () => void }> {
  const server = createServer({ allowHalfOpen: true }, accept);
  const [port, own] = await freePorts(2, ['127.0.0.1']);
  const listen = { host: '127.0.0.1', port: port! };
  const upstream = { host: '127.0.0.1', port: own! };
  await new Promise<void>((resolve) => server.listen(upstream, resolve));
  const backend = await builtinBackend({ now, progress });
  t.teardown(() => backend.close());
  t.teardown(() => server.close());
  await backend.open([{ from: 1, to: 2, purpose: 'broker', listen, upstream }], ping);
  return { listen, upstream, stop: () => server.close() };
}

t.test('ends pass as what they are', async (t) => {
  const codes: unknown[] = [];
  const { listen, stop } = await linkTo(t, (socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code));
    socket.on('data', (chunk) => {
      if (chunk.toString() === 'reset') reset(socket);
      else socket.write('got ');
    });
    socket.on('end', () => socket.end('answered after your end'));
  });
  const half = await dial(listen);
  half.socket.end('request');
  t.ok(await until(() => half.closed()));
  t.equal(half.received(), 'got answered after your end');

  const broken = await dial(listen);
  const gone = once(broken.socket, 'error');
  broken.socket.write('reset');
  t.match(await gone, [{ code: 'ECONNRESET' }]);

  const other = await dial(listen);
  other.socket.write('a');
  t.ok(await until(() => other.received() === 'got '));
  reset(other.socket);
  t.ok(await until(() => codes.length === 1));
  t.same(codes, ['ECONNRESET']);

  stop();
  // The reset may be there before the connection is seen.
  const nobody = await dial(listen).catch(() => undefined);
  t.ok(await until(() => nobody?.closed() !== false), 'nobody listens there any more');
});

t.test('a proxy that dies is replaced and told everything again', async (t) => {
  const told: string[] = [];
  const backend = await builtinBackend({ now, progress: (text) => told.push(text) });
  const { links, at } = await stage(t, backend);
  const cut = await links.cut(pairs, 'drop');
  await cut.proof;
  const open = await dial(at(3, 1));
  const first = backend.pid!;
  process.kill(first, 'SIGKILL');
  const slow = await links.shape([{ from: 3, to: 2 }], { latencyMs: 200 });
  t.not(backend.pid, first);
  t.match(told, [/ended by itself; it is started anew/]);
  t.ok(await until(() => open.closed()));
  t.ok(await answered(at(3, 1)));
  t.ok(await silent(at(1, 2)), 'the cut is still in force');
  t.ok((await ping(at(3, 2), 5000)) >= 200);
  t.equal((await (await cut.heal()).proof).state, 'proven');
  await slow.heal();
});

t.test('a tester that is killed leaves nothing', async (t) => {
  const [port] = await freePorts(1, ['127.0.0.1']);
  const listen = { host: '127.0.0.1', port: port! };
  const module = new URL('../../src/network/index.js', import.meta.url).href;
  const tester = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { builtinBackend } from '${module}';
       const backend = await builtinBackend({ now: () => 0, progress: console.error });
       const listen = ${JSON.stringify(listen)};
       const spec = { from: 1, to: 2, purpose: 'broker', listen, upstream: listen };
       await backend.open([spec], () => Promise.resolve(1));
       console.log(backend.pid);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.teardown(() => tester.kill('SIGKILL'));
  await once(tester.stdout, 'data');
  t.notOk(await canListen(listen.host, listen.port));
  const exit = once(tester, 'exit');
  t.ok(await pending(exit, 0), 'it lives');
  tester.kill('SIGKILL');
  await exit;
  for (let i = 0; i < 500 && !(await canListen(listen.host, listen.port)); i++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  t.ok(await canListen(listen.host, listen.port));
});
