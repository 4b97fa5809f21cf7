import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { createTopics, deleteTopics, describeCluster, waitReady } from '../../src/kafka/admin.js';
import { securityOf } from '../../src/kafka/node.js';
import { pingKafka } from '../../src/kafka/ping.js';
import { createProbes, type Probes } from '../../src/kafka/probes.js';
import type { Address, ReplicaBatch } from '../../src/model/index.js';
import { broker, client, keys } from './support.js';

/** Accepts connections and says nothing: what a paused node is from outside. */
async function mute(t: Test): Promise<Address> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

function probes(t: Test): Probes {
  const made = createProbes({ now: () => 17 });
  t.teardown(() => made.close());
  return made;
}

t.test('ping: an answer, none, a closed port, another protocol', async (t) => {
  const one = await broker(t);
  t.ok((await pingKafka(one, 20_000)) > 0);
  await t.rejects(pingKafka(await mute(t), 100), /did not answer within 100 ms/);
  await one.stop();
  await t.rejects(pingKafka(one, 20_000), /ECONNREFUSED/);
  const web = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  t.teardown(() => web.close());
  const { port } = web.address() as { port: number };
  await t.rejects(pingKafka({ host: '127.0.0.1', port }, 20_000), /not in Kafka's protocol/);
});

t.test('a node says who leads, and gives the watermarks of what it leads', async (t) => {
  const one = await broker(t, { leader: (_topic, partition) => (partition === 0 ? 1 : 2) });
  const c = await client(t, [one]);
  await c.send({ key: 0, values: [1, 2, 3], acks: -1 });
  const ask = { node: 1, address: one, keys, timeoutMs: 20_000 };
  const view = await probes(t).askView(ask);
  t.match(view, { node: 1, timeNs: 17, error: undefined });
  t.strictSame(view.partitions, [
    { key: 0, leader: 1, epoch: 0, isr: [1] },
    { key: 1, leader: 2, epoch: 0, isr: [1] },
  ]);
  t.strictSame(view.watermarks, [
    { key: 0, epoch: 0, highWatermark: 3, logStart: 0, asLeader: true },
  ]);
});

t.test('no claim without an answer: a refused epoch gives no watermark', async (t) => {
  const one = await broker(t, {
    script: ({ api }) => (api === 'Fetch' ? { code: 75 } : undefined),
  });
  const view = await probes(t).askView({ node: 1, address: one, keys, timeoutMs: 20_000 });
  t.equal(view.partitions.length, 2);
  t.strictSame(view.watermarks, []);
});

t.test('a topic made anew under the same name is not this run’s', async (t) => {
  const one = await broker(t);
  const others = keys.map((key) => ({ ...key, topicId: '00000000-0000-0000-0000-000000000001' }));
  const view = await probes(t).askView({ node: 1, address: one, keys: others, timeoutMs: 20_000 });
  t.strictSame(view.partitions, []);
  t.match(view.error, /0 of 2 partitions/);
});

t.test('a node that is silent, or gone, or back, does not hang a probe', async (t) => {
  const made = probes(t);
  const one = await broker(t);
  const ask = { node: 1, address: one, keys, timeoutMs: 20_000 };
  t.equal((await made.askView(ask)).error, undefined);
  await one.stop();
  t.match((await made.askView(ask)).error, /ECONNREFUSED|closed/);
  await one.start();
  t.equal((await made.askView(ask)).error, undefined, 'a new connection');
  const silent = { ...ask, node: 2, address: await mute(t) };
  t.match((await made.askView({ ...silent, timeoutMs: 50 })).error, /did not answer within 50 ms/);
  const aborted = await made.askView({ ...silent, signal: AbortSignal.timeout(50) });
  t.match(aborted.error, /not waited for/);
});

t.test('a replica is read from its start to its own high watermark', async (t) => {
  const one = await broker(t);
  const c = await client(t, [one], { valueBytes: 1 << 18 });
  for (let i = 0; i < 12; i++) await c.send({ key: 1, values: [i], acks: -1 });
  const read = async (from?: number): Promise<ReplicaBatch[]> => {
    const batches: ReplicaBatch[] = [];
    const signal = AbortSignal.timeout(60_000);
    const ask = {
      node: 1,
      address: one,
      key: keys[1]!,
      signal,
      ...(from !== undefined && { from }),
    };
    for await (const batch of probes(t).readReplica(ask)) batches.push(batch);
    return batches;
  };
  const all = await read();
  t.ok(all.length > 1, 'more than one answer');
  t.strictSame(
    all.flatMap(({ n, values }) => [...values.subarray(0, n)]),
    Array.from({ length: 12 }, (_, i) => i),
  );
  t.match(all.at(-1), { next: 12, highWatermark: 12, logStart: 0 });
  t.match(await read(12), [{ n: 0, next: 12 }], 'an empty rest');
  await t.rejects(read(13), { code: 'cluster', message: /node 1 .*OFFSET_OUT_OF_RANGE/ });
});

t.test('a replica whose log begins later than its leader says is read from there', async (t) => {
  let logStart = 0;
  const one = await broker(t, { script: ({ api }) => (api === 'Fetch' ? { logStart } : {}) });
  const c = await client(t, [one]);
  await c.send({ key: 0, values: [0, 1, 2, 3, 4], acks: -1 });
  await c.send({ key: 0, values: [5, 6], acks: -1 });
  const asking = probes(t);
  await asking.askView({ node: 1, address: one, keys, timeoutMs: 20_000 });
  logStart = 5;
  const signal = AbortSignal.timeout(60_000);
  const values: number[] = [];
  for await (const batch of asking.readReplica({ node: 1, address: one, key: keys[0]!, signal })) {
    t.match(batch, { logStart: 5, highWatermark: 7 });
    values.push(...batch.values.subarray(0, batch.n));
  }
  t.strictSame(values, [5, 6]);
});

t.test('topics: made, found again, refused a second time, deleted', async (t) => {
  const one = await broker(t);
  const options = { bootstrap: [one], timeoutMs: 60_000 };
  const topics = [
    { name: 'b', partitions: 2, replicationFactor: 1 },
    { name: 'a', partitions: 1, replicationFactor: 1 },
  ];
  const made = await createTopics({ ...options, topics });
  t.match(
    made.map(({ key, topic, partition }) => `${key} ${topic}-${partition}`),
    ['0 b-0', '1 b-1', '2 a-0'],
  );
  t.notSame(made[0]?.topicId, made[2]?.topicId);
  await t.rejects(createTopics({ ...options, topics }), /b, a exist already/);
  await deleteTopics({ ...options, topics: ['a', 'b', 'never-there'] });
  t.strictSame(one.topics(), ['orders']);
});

t.test('waiting for a cluster ends with what was missing', async (t) => {
  const one = await broker(t);
  const options = { timeoutMs: 300 };
  await waitReady({ ...options, timeoutMs: 60_000, addresses: [one], count: 1 });
  await t.rejects(waitReady({ ...options, addresses: [one], count: 3 }), {
    code: 'cluster',
    message: /it knows 1 of 3 brokers/,
  });
  const topics = [{ name: 'a', partitions: 1, replicationFactor: 3 }];
  await t.rejects(createTopics({ bootstrap: [one], ...options, topics }), /0 of 1 partitions/);
  await one.stop();
  await t.rejects(describeCluster({ bootstrap: [one], ...options }), /ECONNREFUSED/);
});

t.test('security settings in the words of both libraries', (t) => {
  t.strictSame(securityOf({}), {});
  t.strictSame(securityOf({ ssl: true }), { tls: {} });
  const login = { username: 'u', password: 'p' };
  t.strictSame(securityOf({ sasl: { mechanism: 'scram-sha-256', ...login } }), {
    sasl: { mechanism: 'SCRAM-SHA-256', ...login },
  });
  const aws = {
    mechanism: 'aws',
    authorizationIdentity: 'a',
    accessKeyId: 'b',
    secretAccessKey: 'c',
  };
  t.throws(() => securityOf({ sasl: aws as never }), { code: 'usage', message: /got `aws`/ });
  t.end();
});
