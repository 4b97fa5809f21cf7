/** Real broker processes: topics, restarts, nodes without replicas. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel, type Admin, type KafkaJSProtocolError } from 'kafkajs';
import t from 'tap';
import { makeValue } from '../../src/model/index.js';
import { eventually, held, startBrokers, type Brokers } from './brokers.js';

const kafkaOf = ({ bootstrap }: Brokers): Kafka =>
  new Kafka({
    brokers: bootstrap.map(({ host, port }) => `${host}:${port}`),
    logLevel: logLevel.NOTHING,
    // kafkajs tries again for long where there is no such topic.
    retry: { initialRetryTime: 50, retries: 3 },
  });

/** The word of Kafka's error code, wherever kafkajs has put it. */
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: unknown) => {
      const { errors, type, cause } = error as KafkaJSProtocolError & {
        errors?: { type: string }[];
        cause?: { type?: string };
      };
      return errors?.map((one) => one.type).join() ?? cause?.type ?? type;
    },
  );

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const create = (admin: Admin, topic: string, numPartitions = 1, replicationFactor = 3) =>
  admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor }] });

/** Folders of replicas that a node has. */
const replicas = (brokers: Brokers, id: number): string[] => {
  const folder = join(brokers.folder, String(id), 'partitions');
  return existsSync(folder) ? readdirSync(folder) : [];
};

t.test('kafkajs makes topics, writes, reads, and deletes them', async (t) => {
  const brokers = await startBrokers(t, 3);
  const kafka = kafkaOf(brokers);
  const admin = kafka.admin();
  await admin.connect();
  t.teardown(() => admin.disconnect());

  t.equal(await create(admin, 'orders', 3), true);
  const { topics } = await admin.fetchTopicMetadata({ topics: ['orders'] });
  const partitions = topics[0]!.partitions.sort((a, b) => a.partitionId - b.partitionId);
  t.strictSame(
    partitions.map((one) => one.replicas),
    [
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
    ],
  );
  t.equal(await create(admin, 'orders'), false, 'kafkajs: it exists');
  t.equal(await code(create(admin, 'or ders')), 'INVALID_TOPIC_EXCEPTION');
  t.equal(await code(create(admin, 'a'.repeat(250))), 'INVALID_TOPIC_EXCEPTION');
  t.equal(await code(create(admin, '..')), 'INVALID_TOPIC_EXCEPTION');
  t.equal(await code(create(admin, 'none', 0, 4)), 'INVALID_PARTITIONS');
  t.equal(await code(create(admin, 'wide', 1, 4)), 'INVALID_REPLICATION_FACTOR');
  t.equal(await create(admin, 'a.b'), true);
  t.equal(await code(create(admin, 'a_b')), 'INVALID_TOPIC_EXCEPTION', 'as a.b in metrics');

  const producer = kafka.producer();
  await producer.connect();
  for (const acks of [-1, 1, 0])
    await producer.send({ topic: 'orders', acks, messages: [{ value: `${acks}`, partition: 1 }] });
  await producer.disconnect();
  const [first] = (await admin.fetchTopicOffsets('orders')).filter((one) => one.partition === 1);
  t.match(first, { low: '0' });
  await eventually(async () => {
    const [now] = (await admin.fetchTopicOffsets('orders')).filter((one) => one.partition === 1);
    return now?.high === '4';
  });

  await admin.deleteTopics({ topics: ['orders'] });
  t.equal(await code(admin.deleteTopics({ topics: ['orders'] })), 'UNKNOWN_TOPIC_OR_PARTITION');
  await eventually(() => brokers.ids.every((id) => replicas(brokers, id).length === 1));
  t.equal(await create(admin, 'orders'), true, 'the name is free again');
});

t.test('what was acked, and which topics there are, outlives restarts', async (t) => {
  const brokers = await startBrokers(t, 3);
  const [orders, gone] = await brokers.createTopics([
    { name: 'orders', partitions: 1, replicationFactor: 3 },
    { name: 'gone', partitions: 1, replicationFactor: 3 },
  ]);
  const client = await brokers.client([orders!, gone!]);
  t.teardown(() => client.close());
  const acked = new Map<number, number>();
  for (let i = 0; i < 50; i++) {
    const value = makeValue(0, i);
    const outcome = await client.send({ key: 0, values: [value], acks: -1 });
    if (outcome.type === 'ok') acked.set(outcome.offset, value);
  }
  t.equal(acked.size, 50);

  t.same(await brokers.process(2).terminate(20_000), { graceful: true });
  t.same(await brokers.process(2).exited, { code: 0, signal: undefined });
  const admin = kafkaOf(brokers).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: ['gone'] });
  await admin.disconnect();
  t.equal(replicas(brokers, 2).length, 2, 'it does not know of it');
  brokers.start(2);
  await eventually(() => replicas(brokers, 2).length === 1);

  for (const id of brokers.ids) await brokers.process(id).kill();
  for (const id of brokers.ids) brokers.start(id);
  await brokers.ready();
  for (const id of brokers.ids) {
    // An entry of the new leader's own commits what was there.
    await eventually(async () => (await held(brokers, orders!, id)).size === 50);
    t.strictSame(await held(brokers, orders!, id), acked, `node ${id}`);
    t.equal(replicas(brokers, id).length, 1);
    t.match(brokers.log(id), /orders-0: node \d leads in term \d/);
  }
});

t.test('nodes without a replica learn who leads', async (t) => {
  const brokers = await startBrokers(t, 5);
  const keys = await brokers.createTopics([{ name: 'wide', partitions: 5, replicationFactor: 3 }]);
  await eventually(async () => {
    const views = await Promise.all(
      brokers.bootstrap.map((address, i) =>
        brokers.probes.askView({ node: i + 1, address, keys, timeoutMs: 5000 }),
      ),
    );
    const seen = views.map(({ partitions }) =>
      partitions.map(({ key, leader, epoch, isr }) => [key, leader, epoch, [...isr!].sort()]),
    );
    return seen[0]!.length === 5 && seen.every((one) => same(one, seen[0]));
  });
  for (const id of brokers.ids) t.equal(replicas(brokers, id).length, 3);
});
