/** The proving code against carriers that lie: they answer that all is done, and do nothing. */
import t from 'tap';
import type { Test } from 'tap';
import { DrivenLinks } from '../../src/network/index.js';
import type { LinkDriver } from '../../src/network/index.js';
import type { Address, LinkSpec, Ping } from '../../src/model/index.js';
import { Peer, ping } from './peer.js';
import { pending } from './contract.js';

const now = (): number => performance.now() * 1e6;

interface Bench {
  links: DrivenLinks;
  close: AbortController;
  /** Links through which nothing is answered, whatever was ordered. */
  blocked: Set<number>;
  /** Links whose answers are late. */
  late: Set<number>;
  /** Links whose destination dies as soon as something is asked through them. */
  dying: Set<number>;
}

/**
 * Links that lead nowhere but to the real address: no cut has any effect. What a link must not
 * carry is decided by the test, in the ping.
 */
async function bench(t: Test, options: Partial<LinkDriver> = {}, lateMs = 120): Promise<Bench> {
  const peers = await Promise.all([1, 2].map((id) => Peer.start(`127.3.1.${id}`)));
  t.teardown(() => Promise.all(peers.map((peer) => peer.stop())));
  const blocked = new Set<number>();
  const late = new Set<number>();
  const dying = new Set<number>();
  const dead = new Set<Address>();
  const specs: LinkSpec[] = [1, 2].map((to) => {
    const { address } = peers[to - 1]!;
    return { from: 3 - to, to, purpose: 'broker', listen: { ...address }, upstream: address };
  });
  const driver: LinkDriver = {
    name: 'does nothing',
    set: () => Promise.resolve(),
    ...options,
  };
  const close = new AbortController();
  t.teardown(() => close.abort());
  const through: Ping = async (address, timeoutMs) => {
    const link = specs.findIndex(({ listen }) => listen === address);
    if (dying.has(link)) dead.add(specs[link]!.upstream);
    if (blocked.has(link) || dead.has(specs[link]?.upstream ?? address)) throw new Error('silent');
    return (await ping(address, timeoutMs)) + (late.has(link) ? lateMs : 0);
  };
  const limits = { healMs: 1000, healLimitMs: 3000 };
  const links = new DrivenLinks({
    specs,
    ping: through,
    driver,
    now,
    closing: close.signal,
    limits,
  });
  return { links, close, blocked, late, dying };
}

const pairs = [{ from: 1, to: 2 }] as const;

t.test('a cut without effect is unproven', async (t) => {
  const { links } = await bench(t);
  for (const how of ['drop', 'refuse'] as const) {
    const cut = await links.cut(pairs, how);
    const { state, by } = await cut.proof;
    t.equal(state, 'unproven');
    const [, times, of] = /answered in .* ms, (\d+) times of (\d+), while the cut/.exec(by) ?? [];
    t.match(by, /^a request through [12] -> [12] \(broker\) was answered/);
    t.ok(Number(times) >= 4 && times === of, by);
    await cut.heal();
  }
});

t.test('one link of two without effect is enough', async (t) => {
  const { links, blocked } = await bench(t);
  blocked.add(0);
  const cut = await links.cut(pairs, 'drop');
  t.match(await cut.proof, { state: 'unproven', by: /through 1 -> 2 \(broker\) was answered/ });
});

t.test('a cut that takes effect a moment late is proven', async (t) => {
  const { links, blocked } = await bench(t);
  const cut = await links.cut(pairs, 'drop');
  t.ok(await pending(cut.proof, 200));
  blocked.add(0).add(1);
  t.equal((await cut.proof).state, 'proven');
});

t.test('latency without effect is unproven', async (t) => {
  const { links } = await bench(t);
  const slow = await links.shape(pairs, { latencyMs: 100, jitterMs: 20 });
  t.match(await slow.proof, { state: 'unproven', by: /while 100 ms ± 20 ms was ordered$/ });
});

t.test('latency of a link whose destination dies is moot, and the others show it', async (t) => {
  const { links, late, dying } = await bench(t);
  dying.add(1);
  late.add(0);
  const slow = await links.shape(pairs, { latencyMs: 100 });
  t.ok(await pending(slow.proof, 1500), 'it may come back');
  await slow.heal();
  t.match(await slow.proof, {
    state: 'proven',
    by: /through 2 -> 1 took .*; 1 -> 2 could not be tried, the destination did not answer/,
  });
});

t.test('latency that stands out is proven by few looks, and its absence is not', async (t) => {
  const { links, late } = await bench(t, {}, 300);
  late.add(0).add(1);
  const slow = await links.shape(pairs, { latencyMs: 300, jitterMs: 300 });
  t.equal((await slow.proof).state, 'proven');
  late.delete(1);
  const half = await links.shape(pairs, { latencyMs: 300, jitterMs: 50 });
  t.match(await half.proof, { state: 'unproven', by: /through 1 -> 2 \(broker\) took only/ });
});

t.test('latency that stays after its heal is unproven', async (t) => {
  const { links, late } = await bench(t);
  late.add(0).add(1);
  const shape = await links.shape(pairs, { latencyMs: 100 });
  t.equal((await shape.proof).state, 'proven');
  const { proof } = await shape.heal();
  t.match(await proof, { state: 'unproven', by: /still took 1\d\d .* for 1 s after the heal/ });
});

t.test('a link that stays cut after its heal is unproven', async (t) => {
  const { links, blocked } = await bench(t);
  blocked.add(0).add(1);
  const cut = await links.cut(pairs, 'drop');
  t.equal((await cut.proof).state, 'proven');
  const { proof } = await cut.heal();
  t.match(await proof, { state: 'unproven', by: /got no answer for 1 s after the heal/ });
});

t.test('closing settles what is open', async (t) => {
  const { links, blocked, close } = await bench(t);
  blocked.add(0).add(1);
  const cut = await links.cut(pairs, 'drop');
  await cut.proof;
  const healed = await cut.heal();
  const again = await links.cut(pairs, 'drop');
  close.abort();
  t.equal((await healed.proof).state, 'moot');
  t.equal((await again.proof).state, 'unproven');
});

t.test('a fault that gets only half way undoes itself', async (t) => {
  const state = new Map<number, boolean>();
  const { links } = await bench(t, {
    set(link, { up, down }) {
      const drop = up.drop || down.drop;
      if (link === 1 && drop) return Promise.reject(new Error('no such proxy'));
      state.set(link, drop);
      return Promise.resolve();
    },
  });
  await t.rejects(links.cut(pairs, 'drop'), { message: 'no such proxy' });
  t.same(
    [...state],
    [
      [0, false],
      [1, false],
    ],
  );
});

t.test('a heal that fails is tried again, then unproven', async (t) => {
  let failures = 1;
  const { links, blocked } = await bench(t, {
    set: (_, { up, down }) =>
      up.drop || down.drop || failures-- <= 0
        ? Promise.resolve()
        : Promise.reject(new Error('no answer')),
  });
  blocked.add(0).add(1);
  const cut = await links.cut(pairs, 'drop');
  await cut.proof;
  blocked.clear();
  t.equal((await (await cut.heal()).proof).state, 'proven', 'the second try did it');

  failures = 100;
  blocked.add(0).add(1);
  const other = await links.cut(pairs, 'drop');
  await other.proof;
  t.match(await (await other.heal()).proof, {
    state: 'unproven',
    by: 'the fault could not be taken back: no answer',
  });
});
