/** What every backend that carries links must do; its test hands in how one is made. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Address, Endpoint, LinkBackend, LinkSpec, Links } from '../../src/model/index.js';
import { canListen, freePorts } from '../../src/processes/index.js';
import { Peer, dial, ping } from './peer.js';

export interface Stage {
  backend: LinkBackend;
  links: Links;
  specs: LinkSpec[];
  peers: Peer[];
  peer: (id: number) => Peer;
  /** Where `from` dials `to`. */
  at: (from: Endpoint, to: Endpoint) => Address;
}

const clients = 8;

/** Only Linux has all of 127.0.0.0/8 without asking. */
const loopback = (host: string): string => (process.platform === 'linux' ? host : '127.0.0.1');

/** Three nodes that reach each other, and clients that reach them, through links only. */
export async function stage(t: Test, backend: LinkBackend): Promise<Stage> {
  t.teardown(() => backend.close());
  const peers = await Promise.all([1, 2, 3].map((id) => Peer.start(loopback(`127.3.0.${id}`))));
  t.teardown(() => Promise.all(peers.map((peer) => peer.stop())));
  const specs: LinkSpec[] = [];
  const ports = await freePorts(6 + clients);
  const add = (from: Endpoint, to: number, host: string, purpose: string): void => {
    const listen = { host: loopback(host), port: ports.pop()! };
    specs.push({ from, to, purpose, listen, upstream: peers[to - 1]!.address });
  };
  for (const from of [1, 2, 3])
    for (const to of [1, 2, 3]) if (from !== to) add(from, to, `127.1.${from}.${to}`, 'broker');
  for (let client = 0; client < clients; client++)
    add(`client-${client}`, 1, `127.2.${client}.1`, 'client');
  const links = await backend.open(specs, ping);
  return {
    backend,
    links,
    specs,
    peers,
    peer: (id) => peers[id - 1]!,
    at: (from, to) => specs.find((spec) => spec.from === from && spec.to === to)!.listen,
  };
}

/** Waits for what must come; the bound only ends a test that has failed. */
export async function until(seen: () => boolean): Promise<boolean> {
  for (let i = 0; i < 500 && !seen(); i++) await sleep(20);
  return seen();
}

/** A slow machine gets its time to answer, and a cut link a shorter one not to. */
export const answered = (address: Address, timeoutMs = 5000): Promise<boolean> =>
  ping(address, timeoutMs).then(
    () => true,
    () => false,
  );
export const silent = async (address: Address): Promise<boolean> => !(await answered(address, 600));

/** Not settled yet. */
export const pending = async (promise: Promise<unknown>, ms = 50): Promise<boolean> =>
  (await Promise.race([promise, sleep(ms, 'pending')])) === 'pending';

type Make = () => Promise<LinkBackend>;

export function linksContract(t: Test, make: Make): void {
  t.test('a cut drops packets of its direction, whoever dialled', (t) => directed(t, make));
  t.test('drop and refuse', (t) => refused(t, make));
  t.test('faults overlap on a link', (t) => overlap(t, make));
  t.test('proof: unproven when healed at once, moot when nobody can look', (t) => moot(t, make));
  t.test('proof: later, when the destination comes back', (t) => later(t, make));
  t.test('latency with jitter, and a cut on top of it', (t) => latency(t, make));
  t.test('clients are cut one by one or all', (t) => clientSide(t, make));
  t.test('a pair without a link', async (t) => {
    const { links } = await stage(t, await make());
    await t.rejects(links.cut([{ from: 1, to: 7 }], 'drop'), {
      code: 'cluster',
      message: 'Expected a link that carries packets from 1 to 7, and there is none.',
    });
    await t.rejects(links.shape([{ from: 'client-99', to: 1 }], { latencyMs: 10 }), /client-99/);
    await t.rejects(links.shape([{ from: 1, to: 2 }], {}), { code: 'usage' });
  });
  t.test('a busy address undoes everything', (t) => busy(t, make));
  t.test('close leaves nothing', async (t) => {
    const { backend, links, specs } = await stage(t, await make());
    const cut = await links.cut([{ from: 1, to: 2 }], 'refuse');
    const slow = await links.shape([{ from: 1, to: 3 }], { latencyMs: 300 });
    await Promise.all([backend.close(), backend.close()]);
    for (const { listen } of specs)
      t.ok(await canListen(listen.host, listen.port), `${listen.host} is free again`);
    t.ok((await cut.proof).by, 'a proof settles');
    t.ok((await slow.proof).by);
    t.equal((await (await cut.heal()).proof).state, 'moot', 'healed after the end');
  });
}

async function directed(t: Test, make: Make): Promise<void> {
  const { links, peer, at } = await stage(t, await make());
  const there = await dial(at(1, 2));
  const back = await dial(at(2, 1));
  t.teardown(() => [there, back].map(({ socket }) => socket.destroy()));
  there.socket.write('a');
  back.socket.write('a');
  t.ok(await until(() => peer(2).received === 'a' && peer(1).received === 'a'), 'links carry');

  const cut = await links.cut([{ from: 1, to: 2 }], 'drop');
  there.socket.write('lost');
  peer(2).push('2 to 1');
  back.socket.write('2 to 1');
  peer(1).push('lost');
  t.ok(await until(() => there.received() === '2 to 1'), 'an answer on a link that 1 dialled');
  t.ok(await until(() => peer(1).received === 'a2 to 1'), 'a request on a link that 2 dialled');
  t.ok(await answered(at(1, 3)), 'other links are untouched');
  t.ok(await answered(at(3, 2)));
  const proof = await cut.proof;
  t.match(proof, {
    state: 'proven',
    by: /^requests through 1 -> 2 and 2 -> 1 got no answer in 500/,
  });
  t.match(proof.by, /the real addresses answered in \d+( to \d+)? ms(; .* held by then)?$/);
  t.equal(peer(2).received, 'a', 'nothing of 1 arrived at 2');
  t.equal(back.received(), '', 'and no answer');

  const healed = await cut.heal();
  t.match(await healed.proof, { state: 'proven', by: /1 -> 2 and 2 -> 1 were answered/ });
  t.equal(await cut.heal(), healed, 'heal is idempotent');
  t.ok(await answered(at(1, 2)));
  t.ok(await answered(at(2, 1)));
}

async function refused(t: Test, make: Make): Promise<void> {
  const { links, at } = await stage(t, await make());
  const open = await dial(at(1, 2));
  const other = await dial(at(2, 3));
  t.teardown(() => [open, other].map(({ socket }) => socket.destroy()));
  const cut = await links.cut([{ from: 2, to: 1 }], 'refuse');
  t.ok(await until(() => open.closed()), 'a connection is closed');
  await t.rejects(dial(at(1, 2)), { code: 'ECONNREFUSED' }, 'a new one is refused');
  await t.rejects(dial(at(2, 1)), { code: 'ECONNREFUSED' }, 'in both directions');
  t.match(await cut.proof, { state: 'proven', by: /^with the links closed for both directions/ });
  t.notOk(other.closed(), 'others are untouched');
  await cut.heal();
  t.ok(await answered(at(1, 2)));

  const drop = await links.cut([{ from: 1, to: 2 }], 'drop');
  const blackhole = await dial(at(1, 2));
  t.teardown(() => blackhole.socket.destroy());
  t.pass('under drop connecting still succeeds');
  await drop.heal();
}

async function overlap(t: Test, make: Make): Promise<void> {
  const { links, at } = await stage(t, await make());
  const pairs = [{ from: 1, to: 2 }] as const;
  const first = await links.cut(pairs, 'drop');
  const second = await links.cut([...pairs, { from: 3, to: 1 }], 'drop');
  const third = await links.cut(pairs, 'refuse');
  for (const { proof } of [first, second, third]) t.equal((await proof).state, 'proven');
  const ends = [await third.heal(), await first.heal()];
  t.ok(await silent(at(1, 2)), 'healing two does not heal the third');
  t.ok(await pending(ends[0]!.proof), 'their heal cannot be seen yet');
  await first.heal();
  t.ok(await silent(at(1, 2)), 'nor does healing one twice');
  ends.push(await second.heal());
  for (const { proof } of ends) t.equal((await proof).state, 'proven');
  t.ok(await answered(at(1, 2)));
}

async function moot(t: Test, make: Make): Promise<void> {
  const { backend, links, peer } = await stage(t, await make());
  const short = await links.cut([{ from: 1, to: 2 }], 'drop');
  await short.heal();
  t.match(await short.proof, { state: 'unproven', by: /^the fault ended before requests/ });

  await peer(3).stop();
  const dead = await links.cut([{ from: 1, to: 3 }], 'drop');
  t.ok(await pending(dead.proof, 1500), '3 -> 1 is seen, 1 -> 3 is tried again');
  const deadEnd = await dead.heal();
  t.match(await dead.proof, { state: 'proven', by: /; 1 -> 3 could not be tried/ });

  peer(1).paused = true;
  const both = await links.cut([{ from: 1, to: 3 }], 'refuse');
  t.ok(await pending(both.proof, 1500), 'one is dead, one is paused');
  const bothEnd = await both.heal();
  t.match(await both.proof, { state: 'moot', by: /could not be tried, the destination did not/ });
  t.ok(await pending(bothEnd.proof));
  await backend.close();
  t.equal((await deadEnd.proof).state, 'moot', 'nobody can look at 1 -> 3 nor at 3 -> 1');
  t.equal((await bothEnd.proof).state, 'moot');
}

async function later(t: Test, make: Make): Promise<void> {
  const { links, peer } = await stage(t, await make());
  await peer(2).stop();
  peer(1).paused = true;
  const cut = await links.cut([{ from: 1, to: 2 }], 'drop');
  t.ok(await pending(cut.proof, 1000));
  await peer(2).start();
  peer(1).paused = false;
  t.match(await cut.proof, { state: 'proven', by: /1 -> 2 and 2 -> 1/ });
  await peer(2).stop();
  const healed = await cut.heal();
  t.ok(await pending(healed.proof, 1000));
  await peer(2).start();
  t.match(await healed.proof, { state: 'proven', by: /1 -> 2 and 2 -> 1/ });
}

async function latency(t: Test, make: Make): Promise<void> {
  const { links, at } = await stage(t, await make());
  const both = [
    { from: 1, to: 2 },
    { from: 2, to: 1 },
  ] as const;
  const slow = await links.shape(both, { latencyMs: 150, jitterMs: 50 });
  const proof = await slow.proof;
  t.match(proof, { state: 'proven', by: /\(300 ms ± 100 ms ordered\)$/ });
  t.ok((await ping(at(1, 2), 5000)) >= 200, 'each way takes at least its latency less its jitter');
  const oneWay = await links.shape([{ from: 1, to: 3 }], { latencyMs: 200 });
  t.match(await oneWay.proof, { state: 'proven', by: /through 1 -> 3 and 3 -> 1 took/ });

  const cut = await links.cut([{ from: 1, to: 2 }], 'drop');
  t.equal((await cut.proof).state, 'proven');
  const cutEnd = await cut.heal();
  t.equal((await cutEnd.proof).state, 'proven', 'an answer that is late by the latency counts');
  const more = await links.shape([{ from: 1, to: 2 }], { latencyMs: 400 });
  t.equal((await more.proof).state, 'proven');
  const moreEnd = await more.heal();
  t.ok((await ping(at(1, 2), 5000)) >= 200, 'the first latency is still there');
  t.equal((await moreEnd.proof).state, 'proven');
  const slowEnd = await slow.heal();
  t.equal((await slowEnd.proof).state, 'proven');
  t.ok((await (await oneWay.heal()).proof).by);

  const rate = await links.shape([{ from: 1, to: 2 }], { rateBytesPerSecond: 5000 });
  t.match(await rate.proof, { state: 'unproven', by: /rate limit .* was not measured/ });
  t.ok(await answered(at(1, 2)), 'a low rate lets small requests pass');
  t.equal((await (await rate.heal()).proof).state, 'proven');
}

async function clientSide(t: Test, make: Make): Promise<void> {
  const { links, at } = await stage(t, await make());
  const one = await links.cut([{ from: 1, to: 'client-3' }], 'drop');
  t.match(await one.proof, {
    state: 'proven',
    by: /^requests through client-3 -> 1 got no answer/,
  });
  t.ok(await answered(at('client-2', 1)));
  const all = await links.cut([{ from: 'clients', to: 1 }], 'drop');
  t.match(await all.proof, {
    state: 'proven',
    by: /; 6 of 8 client links were tried(; .* held by then)?$/,
  });
  const cut = await Promise.all(
    Array.from({ length: clients }, (_, i) => silent(at(`client-${i}`, 1))),
  );
  t.notOk(cut.includes(false), 'those that were not tried are cut too');
  t.ok(await answered(at(2, 1)), 'nodes are no clients');
  await Promise.all([one.heal(), all.heal()]);
  t.ok(await answered(at('client-3', 1)));
}

async function busy(t: Test, make: Make): Promise<void> {
  const taken = await Peer.start(loopback('127.1.9.9'));
  t.teardown(() => taken.stop());
  const backend = await make();
  t.teardown(() => backend.close());
  const host = loopback('127.1.9.8');
  const [port] = await freePorts(1, [host]);
  const free = { host, port: port! };
  const spec = { from: 1, purpose: 'broker', upstream: taken.address };
  const specs = [
    { ...spec, to: 2, listen: free },
    { ...spec, to: 3, listen: taken.address },
  ];
  await t.rejects(backend.open(specs, ping), {
    code: 'cluster',
    message: `Expected ${taken.address.host}:${taken.address.port} to be free for the link from 1 to 3 (broker), got a busy port.`,
  });
  t.ok(await canListen(free.host, free.port), 'the other one was given back');
}
