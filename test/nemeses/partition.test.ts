/** Which links each shape cuts. */
import t from 'tap';
import { seeded, type Fault } from '../../src/model/index.js';
import partition from '../../src/nemeses/partition.js';
import { standIn, topologyOf, type StandIn } from './stand-in.js';

const faultOf = (params: Fault['params']): Fault => ({
  id: 3,
  nemesis: 'partition',
  atMs: 0,
  durationMs: 1000,
  params,
});

async function cut(stand: StandIn, params: Fault['params']) {
  const fault = faultOf(params);
  partition.validate(fault, stand.scene.topology);
  const text = await partition.resolve(fault, stand.scene);
  const applied = await partition.apply(fault, text, stand.scene);
  const order = stand.log.find((line) => line.startsWith('cut'))!;
  await applied.heal();
  const [, how, ...pairs] = order.split(' ');
  return { text, how, pairs: pairs.sort(), proof: await applied.proof };
}

/** All pairs from a to b, and back. */
const across = (a: readonly (number | string)[], b: readonly (number | string)[]): string[] =>
  a.flatMap((x) => b.flatMap((y) => [`${x}>${y}`, `${y}>${x}`])).sort();

for (const n of [3, 5, 7]) {
  const topology = topologyOf(n);
  const planned = (shape: string, seed: number): Fault['params'] =>
    partition.plan(seeded(seed), topology, {
      timeLimitMs: 10_000,
      intervalMs: 10_000,
      durationMs: 5000,
      options: { partitionShape: shape },
    })[0]!.params;

  t.test(
    `${n} nodes: a leader is cut off from all others, both ways, not from clients`,
    async (t) => {
      for (const shape of ['isolate-leader', 'flapping'])
        for (let seed = 0; seed < 5; seed++) {
          const stand = standIn(topology);
          stand.leaders = [n, 2, 1];
          const params = planned(shape, seed);
          const leader = stand.leaders[Number(/\d/.exec(String(params['from']))![0])]!;
          const rest = topology.nodes.filter((node) => node !== leader);
          const { text, how, pairs } = await cut(stand, params);
          t.same(pairs, across([leader], rest));
          t.equal(how, 'drop');
          t.equal(text.what, `node ${leader} | ${rest.join(' ')}`);
          t.equal(text.title, shape === 'flapping' ? 'flap links' : 'isolate leader');
          t.same(text.nodes, [leader]);
          t.same(text.keys, [stand.leaders.indexOf(leader)]);
          t.equal(text.kind, shape === 'flapping' ? 'flap' : 'cut');
          t.same(text.resolved, { from: String(leader), to: rest.join(' ') });
        }
    },
  );

  t.test(`${n} nodes: minority and halves part the nodes in two`, async (t) => {
    const sizes = { minority: new Set<number>(), halves: new Set<number>() };
    for (const shape of ['minority', 'halves'] as const)
      for (let seed = 0; seed < 12; seed++) {
        const { text, pairs } = await cut(standIn(topology), planned(shape, seed));
        const from = text.nodes;
        t.same(
          pairs,
          across(
            from,
            topology.nodes.filter((node) => !from.includes(node)),
          ),
        );
        sizes[shape].add(from.length);
      }
    const largest = (n - 1) / 2;
    t.same(
      [...sizes.minority].sort(),
      Array.from({ length: largest }, (_, i) => i + 1),
    );
    t.same([...sizes.halves], [Math.floor(n / 2)]);
  });

  t.test(`${n} nodes: one way loses packets in one direction only`, async (t) => {
    const ways = new Set<string>();
    for (let seed = 0; seed < 12; seed++) {
      const params = planned('one-way', seed);
      const { text, pairs } = await cut(standIn(topology), params);
      const rest = topology.nodes.filter((node) => !text.nodes.includes(node));
      const [a, b] = params['direction'] === 'out' ? [text.nodes, rest] : [rest, text.nodes];
      t.same(pairs, a.flatMap((x) => b.map((y) => `${x}>${y}`)).sort());
      ways.add(text.what.replace(/[^→←|]/g, ''));
    }
    t.same([...ways].sort(), ['←', '→']);
  });

  t.test(`${n} nodes: half of the clients lose the leader, or all nodes`, async (t) => {
    const sizes = new Set<number>();
    for (let seed = 0; seed < 12; seed++) {
      const { text, pairs } = await cut(standIn(topology), planned('client-side', seed));
      const clients = String(text.resolved['from']).split(' ');
      const nodes = String(text.resolved['to']).split(' ');
      t.equal(clients.length, 2);
      t.ok(clients.every((client) => /^client-[0-3]$/.test(client)));
      t.same(pairs, across(clients, nodes));
      t.same(text.nodes, [], 'the node stays a full member');
      t.ok(text.keys.length > 0);
      sizes.add(nodes.length);
    }
    t.same([...sizes].sort(), [1, n]);
  });
}

t.test('pairs: a leader and its followers only; the key away from the quorum leader', async (t) => {
  const stand = standIn(topologyOf(5, 3));
  stand.controller = 3;
  stand.leaders = [1, 5, 2];
  stand.isr = [
    [1, 2, 3],
    [5, 1, 2],
    [2, 4, 5],
  ];
  const params = { shape: 'pairs', from: 'leader(away)', to: 'followers(away)' };
  const { text, pairs } = await cut(stand, params);
  t.same(pairs, across([5], [1, 2]));
  t.equal(text.what, 'node 5 | 1 2');
  t.same(text.keys, [1]);

  stand.controller = 2;
  stand.log.length = 0;
  const none = await cut(stand, params);
  t.same(none.pairs, across([1], [2, 3]), 'no key is away: the first with a leader');
  t.match(none.text.resolved['note'], /^every key had the leader of the metadata quorum/);
  t.equal(none.text.what, 'node 1 | 2 3 (stand-in)');
});

t.test('pairs: sides by hand, with clients, closed or one way', async (t) => {
  const stand = standIn(topologyOf(3));
  const closed = await cut(stand, {
    from: 'node(1) client(2) clients',
    to: 'node(3) node(2)',
    how: 'refuse',
  });
  t.equal(closed.how, 'refuse');
  t.same(closed.pairs, across([1, 'client-2', 'clients'], [2, 3]));
  t.equal(closed.text.what, 'node 1 clients client 2 | 2 3');
  stand.log.length = 0;
  const oneWay = await cut(stand, { from: 'node(3)', to: 'node(2)', direction: 'out' });
  t.same(oneWay.pairs, ['3>2']);
  t.equal(oneWay.text.what, 'node 3 → 2');
});

t.test('what a run resolved is taken again', async (t) => {
  const stand = standIn(topologyOf(3));
  const fault = { ...faultOf({ shape: 'isolate-leader', from: 'leader(0)', to: 'rest' }) };
  fault.resolved = { from: '3', to: '1 2' };
  const text = await partition.resolve(fault, stand.scene);
  t.equal(text.what, 'node 3 | 1 2');
  t.same(text.keys, [2]);
});

t.test('flapping: marks each cut, ends with the last one healed', async (t) => {
  const stand = standIn(topologyOf(3));
  const fault = faultOf({ shape: 'flapping', from: 'node(1)', periodMs: 100, onMs: 50 });
  const text = await partition.resolve(fault, stand.scene);
  const applied = await partition.apply(fault, text, stand.scene);
  const force = await applied.proof;
  t.match(force, { state: 'proven', by: /^cut 1: cut drop 1>2/ });
  while (stand.log.filter((line) => line === 'flap on').length < 3)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const healing = applied.heal();
  t.equal(applied.heal(), healing, 'idempotent');
  t.match(await (await healing).proof, { state: 'proven', by: /^cut \d+, the last: / });
  const words = stand.log.map((line) =>
    line
      .split(' ')
      .slice(0, line.startsWith('flap') ? 2 : 1)
      .join(' '),
  );
  t.same(
    words,
    words.map((_, i) => ['cut', 'flap on', 'heal', 'flap off'][i % 4]),
  );
  t.equal(words.length % 4, 0, 'healed');
});

t.test('flapping: a later cut that fails ends the flaps, not the fault', async (t) => {
  const stand = standIn(topologyOf(3));
  const fault = faultOf({ shape: 'flapping', from: 'node(1)', periodMs: 100, onMs: 50 });
  const text = await partition.resolve(fault, stand.scene);
  const applied = await partition.apply(fault, text, stand.scene);
  stand.broken.add(stand.log[0]!);
  while (!stand.log.includes('flap off')) await new Promise((resolve) => setTimeout(resolve, 10));
  await (
    await applied.heal()
  ).proof;
  t.match(await applied.proof, { state: 'proven' });
  t.equal(stand.log.filter((line) => line === 'flap on').length, 1);
});
