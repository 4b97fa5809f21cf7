/** What every target must do; its test hands in how a cluster of it is made. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { pingKafka } from '../../src/kafka/ping.js';
import {
  makeValue,
  type Address,
  type Applied,
  type Client,
  type Cluster,
  type ClusterNode,
  type Proof,
} from '../../src/model/index.js';

export interface Made {
  cluster: Cluster;
  end: () => Promise<void>;
  /** In words: what is still there of it. */
  left: () => string[];
}

interface Stage {
  cluster: Cluster;
  client: Client;
  /** Sends values until one is acked; all that were are kept in `acked`. */
  send: () => Promise<boolean>;
  acked: number[];
}

const never = new AbortController().signal;
const text = ({ host, port }: Address): string => `${host}:${port}`;

/** One cluster of three nodes passes through all of it; what it cannot do is left out. */
export async function targetContract(t: Test, make: (t: Test) => Promise<Made>): Promise<void> {
  const made = await make(t);
  t.teardown(() => made.end());
  const { cluster } = made;
  await t.test('start: every node lives and answers at its address', (t) => started(t, cluster));
  await t.test('topics: dense keys with ids, made once', (t) => topics(t, cluster));
  const client = await cluster.client(0);
  t.teardown(() => client.close());
  const stage = { cluster, client, ...sender(client) };
  await t.test('a client sends and polls', (t) => clients(t, stage));
  await t.test('probes: views of all nodes agree', (t) => views(t, stage));
  await t.test('every replica can be read', (t) => replicas(t, stage));
  if (cluster.routes) await t.test('routes: through links only', (t) => routes(t, cluster));
  if (cluster.links) {
    await t.test('a cut between nodes: proven, healed', (t) => peerCut(t, cluster));
    await t.test('a client is cut off', (t) => clientCut(t, stage));
  }
  for (const fault of ['kill', 'pause', 'stop'] as const)
    if (cluster.nodes[0]![fault]) await t.test(fault, (t) => broken(t, stage, fault));
  await t.test('what was acked is there to the end', (t) => kept(t, stage));
  await t.test('stop leaves nothing', (t) => stopped(t, made));
}

/** Waits for what must come; a busy machine may take its time. */
export async function eventually(seen: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 600; i++) {
    if (await seen()) return true;
    await sleep(100);
  }
  return false;
}

function sender(client: Client): Pick<Stage, 'send' | 'acked'> {
  const acked: number[] = [];
  let sequence = 0;
  const once = async (): Promise<boolean> => {
    const value = makeValue(0, sequence++);
    const sent = await client.send({ key: 0, values: [value], acks: -1 });
    if (sent.type === 'ok') acked.push(value);
    return sent.type === 'ok';
  };
  return { acked, send: () => eventually(once) };
}

/** The leader of key 0 by the newest epoch that a node claims for itself; not `but`. */
async function waitForLeader(cluster: Cluster, but = -1): Promise<ClusterNode> {
  let leader = -1;
  await eventually(async () => {
    const claims = (await cluster.views(never)).flatMap(({ node, partitions }) =>
      partitions.filter((one) => one.key === 0 && one.leader === node && node !== but),
    );
    leader = claims.sort((a, b) => b.epoch - a.epoch)[0]?.leader ?? -1;
    return leader >= 0;
  });
  const node = cluster.nodes.find(({ id }) => id === leader);
  if (!node) throw new Error(`Expected a leader of key 0, got ${leader}.`);
  return node;
}

async function started(t: Test, cluster: Cluster): Promise<void> {
  t.same(
    cluster.nodes.map(({ id }) => id),
    [1, 2, 3],
  );
  for (const node of cluster.nodes) {
    t.ok(node.isAlive());
    t.equal(node.incarnation, 1);
    for (const address of Object.values(node.addresses))
      t.type(await pingKafka(address, 10_000), 'number', text(address));
  }
  t.equal(cluster.bootstrap.length > 0, true);
  for (const address of cluster.bootstrap)
    t.type(await pingKafka(cluster.route(address, undefined), 10_000), 'number');
  t.match(cluster.facts, { Nodes: /^3 / });
}

async function topics(t: Test, cluster: Cluster): Promise<void> {
  const spec = { name: 'orders', partitions: 2, replicationFactor: 3 };
  const keys = await cluster.createTopics([spec]);
  t.match(keys, [
    { key: 0, topic: /orders$/, partition: 0, topicId: /^[0-9a-f-]{36}$/ },
    { key: 1, topic: /orders$/, partition: 1, topicId: keys[0]!.topicId },
  ]);
  await t.rejects(cluster.createTopics([spec]), { code: 'cluster', message: /exist already/ });
}

async function clients(t: Test, { cluster, client, send, acked }: Stage): Promise<void> {
  t.ok(await send());
  t.ok(await send());
  const past = await cluster.client(undefined);
  t.teardown(() => past.close());
  for (const one of [client, past]) {
    const polled = await one.poll({ key: 0, offset: 0 });
    if (polled.type !== 'ok') return void t.fail(polled.error);
    const { n, values, offsets } = polled.records;
    t.same([...values].slice(0, n), acked);
    t.ok(polled.next > offsets[n - 1]! && polled.highWatermark >= polled.next);
  }
  t.match(await client.poll({ key: 1, offset: 0 }), { type: 'ok', records: { n: 0 } });
}

async function views(t: Test, { cluster, acked }: Stage): Promise<void> {
  // A view may be older than another one's for a moment.
  const agree = async (): Promise<boolean> => {
    const all = await cluster.views(never);
    const claims = all.map(({ partitions }) => partitions.map((p) => [p.key, p.leader, p.epoch]));
    return (
      all.every(({ error, partitions }) => error === undefined && partitions.length === 2) &&
      claims.every((one) => JSON.stringify(one) === JSON.stringify(claims[0]))
    );
  };
  t.ok(await eventually(agree));
  const leader = await waitForLeader(cluster);
  const all = await cluster.views(never);
  const marks = all.flatMap(({ node, watermarks }) =>
    watermarks.filter(({ key }) => key === 0).map((mark) => ({ node, ...mark })),
  );
  t.match(marks, [{ node: leader.id, asLeader: true, logStart: 0 }], 'the leader alone tells it');
  t.ok(marks[0]!.highWatermark >= acked.length);
  t.same([...(all[0]!.partitions[0]!.isr ?? [])].sort(), [1, 2, 3]);
  if (!cluster.ownsProcesses) return;
  const quorums = all.filter(({ quorum }) => quorum !== undefined);
  t.equal(quorums.length, 1, 'one node leads the quorum');
  t.equal(quorums[0]!.quorum!.leader, quorums[0]!.node);
  t.ok(quorums[0]!.quorum!.epoch > 0 && quorums[0]!.quorum!.highWatermark > 0);
}

async function valuesOf(cluster: Cluster, node: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { values, n } of cluster.replica!(0, node, never))
    found.push(...[...values].slice(0, n));
  return found;
}

async function replicas(t: Test, { cluster, acked }: Stage): Promise<void> {
  for (const { id } of cluster.nodes) {
    // A follower learns the high watermark later than the client.
    const whole = async () => (await valuesOf(cluster, id)).length >= acked.length;
    t.ok(await eventually(whole), `node ${id}`);
    t.same(await valuesOf(cluster, id), acked);
  }
}

async function routes(t: Test, cluster: Cluster): Promise<void> {
  if (process.platform === 'linux') {
    const all = async (): Promise<boolean> =>
      (await cluster.routes!()).every(({ proof }) => proof.state === 'proven');
    t.ok(await eventually(all));
  }
  for (const { proof } of await cluster.routes!())
    t.match(
      proof,
      process.platform === 'linux'
        ? { state: 'proven', by: /^\d+ connections? to peers, all through its links$/ }
        : { state: 'moot' },
    );
}

/** In force, then gone; both seen. */
async function inAndOut(t: Test, fault: Applied, meanwhile: () => Promise<void>): Promise<Proof> {
  const seen = await fault.proof;
  t.equal(seen.state, 'proven', seen.by);
  await meanwhile();
  const healed = await fault.heal();
  t.equal(await fault.heal(), healed, 'healing is idempotent');
  const gone = await healed.proof;
  t.equal(gone.state, 'proven', gone.by);
  return gone;
}

async function peerCut(t: Test, cluster: Cluster): Promise<void> {
  const pairs = [{ from: 1, to: 2 }];
  await inAndOut(t, await cluster.links!.cut(pairs, 'drop'), async () => {
    const views = await cluster.views(never);
    t.same(
      views.flatMap(({ error }) => error ?? []),
      [],
      'probes go past the links',
    );
  });
}

async function clientCut(t: Test, { cluster, client, send }: Stage): Promise<void> {
  const leader = await waitForLeader(cluster);
  const pairs = [{ from: 'client-0', to: leader.id }] as const;
  await inAndOut(t, await cluster.links!.cut(pairs, 'refuse'), async () => {
    t.not((await client.poll({ key: 0, offset: 0 })).type, 'ok');
    const other = await cluster.client(1);
    t.ok(await eventually(async () => (await other.poll({ key: 0, offset: 0 })).type === 'ok'));
    await other.close();
  });
  t.ok(await send());
}

/** The leader is broken, another one takes over, the old one comes back. */
async function broken(t: Test, stage: Stage, fault: 'kill' | 'pause' | 'stop'): Promise<void> {
  const { cluster, send, acked } = stage;
  const node = await waitForLeader(cluster);
  const before = node.incarnation;
  const applied = await node[fault]!();
  await inAndOut(t, applied, async () => {
    t.equal(node.isAlive(), fault === 'pause');
    await t.rejects(node[fault]!(), { code: 'cluster' }, 'not twice');
    t.type((await cluster.views(never)).find((view) => view.node === node.id)?.error, 'string');
    t.not((await waitForLeader(cluster, node.id)).id, node.id, 'another one leads');
    t.ok(await send(), 'and acks');
  });
  t.ok(node.isAlive());
  t.equal(node.incarnation, before + (fault === 'pause' ? 0 : 1));
  const whole = async (): Promise<boolean> => {
    const values = await valuesOf(cluster, node.id).catch((): number[] => []);
    return acked.every((value) => values.includes(value));
  };
  t.ok(await eventually(whole), 'it has what it had and what it missed');
}

async function kept(t: Test, { cluster, acked }: Stage): Promise<void> {
  const client = await cluster.client(undefined);
  t.teardown(() => client.close());
  const values: number[] = [];
  for (
    let offset = 0, tries = 0;
    tries < 100 && !acked.every((one) => values.includes(one));
    tries++
  ) {
    const polled = await client.poll({ key: 0, offset });
    if (polled.type !== 'ok') await sleep(100);
    else {
      values.push(...[...polled.records.values].slice(0, polled.records.n));
      offset = polled.next;
    }
  }
  t.same(
    acked.filter((one) => !values.includes(one)),
    [],
    `${acked.length} acked values`,
  );
}

async function stopped(t: Test, { cluster, end, left }: Made): Promise<void> {
  const owned = cluster.ownsProcesses === true;
  const addresses = [
    ...cluster.nodes.flatMap((node) => Object.values(node.addresses)),
    ...cluster.bootstrap.map((address) => cluster.route(address, 0)),
  ];
  await end();
  await end();
  t.same(left(), []);
  for (const address of addresses)
    if (owned) t.ok(await refused(address), `${text(address)} refuses`);
    else t.type(await pingKafka(address, 10_000), 'number', 'what was not started runs on');
}

const refused = ({ host, port }: Address): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
