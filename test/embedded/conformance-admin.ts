/** Topics: made, described and deleted. */
import { createTopicsV7, deleteTopicsV6, metadataV12, Writer } from '@platformatic/kafka';
import type { ITopicConfig } from 'kafkajs';
import type { Stage } from '../support/conformance.js';

const three = { numPartitions: 3, replicationFactor: 3 };

export async function createSteps(stage: Stage): Promise<void> {
  const admin = stage.kafka().admin();
  stage.onEnd(() => admin.disconnect());
  await admin.connect();
  // Not waiting: a broker of Kafka that passed the order on may not know the topic yet.
  const create = (topics: ITopicConfig[], validateOnly = false): Promise<boolean> =>
    admin.createTopics({ topics, validateOnly, waitForLeaders: false });

  await stage.step('create: new', () => create([{ topic: 'orders', ...three }]));
  await stage.settle('orders', 3);
  await stage.step('create: exists', () => create([{ topic: 'orders', ...three }]));
  await stage.step('create: exists, and new', () =>
    create([{ topic: 'orders', ...three }, { topic: 'bills' }]),
  );
  await stage.settle('bills', 1);
  await stage.step('create: defaults', async () => {
    await create([{ topic: 'defaults' }]);
    await stage.settle('defaults', 1);
    return (await stage.leadership('defaults', 0)).replicas.length;
  });
  await stage.step('create: one replica', async () => {
    await create([{ topic: 'alone', numPartitions: 2, replicationFactor: 1 }]);
    await stage.settle('alone', 2);
    return (await stage.leadership('alone', 0)).replicas.length;
  });
  const names = ['', '.', '..', 'a/b', 'a b', 'ä', 'a'.repeat(250), 'a'.repeat(249)];
  for (const topic of names)
    await stage.step(`create: named ${topic.length > 9 ? topic.length : `"${topic}"`}`, () =>
      create([{ topic, ...three }]),
    );
  await stage.settle(names.at(-1)!, 3);
  await stage.step('create: like another but for a dot', async () => {
    await create([{ topic: 'like_this', ...three }]);
    await stage.settle('like_this', 3);
    return create([{ topic: 'like.this', ...three }]);
  });
  for (const numPartitions of [0, -2])
    await stage.step(`create: ${numPartitions} partitions`, () =>
      create([{ topic: 'wrong', numPartitions, replicationFactor: 3 }]),
    );
  for (const replicationFactor of [0, 4, -2])
    await stage.step(`create: ${replicationFactor} replicas`, () =>
      create([{ topic: 'wrong', numPartitions: 1, replicationFactor }]),
    );
  await stage.step('validate: new', () => create([{ topic: 'imagined', ...three }], true));
  await stage.step('validate: exists', () => create([{ topic: 'orders', ...three }], true));
  await stage.step('validate: wrong', () =>
    create([{ topic: 'imagined', numPartitions: 0, replicationFactor: 4 }], true),
  );
  await stage.step('create: twice in one request', async () => {
    const twin = { name: 'twin', numPartitions: 1, replicationFactor: 3 };
    const specs = [twin, twin].map((one) => ({ ...one, assignments: [], configs: [] }));
    const { controllerId: node } = await described(stage, []);
    const answer = await stage.ask(node, createTopicsV7, specs, 5000, false);
    return typeof answer === 'string' ? answer : answer.topics.map(codeOf);
  });
  await stage.step('create: what the answer tells', async () => {
    const spec = { name: 'told', numPartitions: 2, replicationFactor: -1 };
    const { controllerId: node } = await described(stage, []);
    const specs = [{ ...spec, assignments: [], configs: [] }];
    const answer = await stage.ask(node, createTopicsV7, specs, 5000, false);
    if (typeof answer === 'string') return answer;
    return answer.topics.map(({ configs: _configs, errorMessage: _message, ...one }) => one);
  });
  await stage.settle('told', 2);
  await stage.step('list', async () =>
    (await admin.listTopics()).filter((name) => !name.startsWith('__')).sort(),
  );
  await stage.step('create: a partition on chosen nodes', () =>
    create([{ topic: 'chosen', replicaAssignment: [{ partition: 0, replicas: [1, 2] }] }]),
  );
  await stage.step('create: with a setting that is none', async () => {
    await create([{ topic: 'set', ...three, configEntries: [{ name: 'no.such', value: '1' }] }]);
    await stage.settle('set', 3);
  });
}

const codeOf = (topic: { name?: string | null | undefined; errorCode: number }): unknown[] => [
  topic.name,
  topic.errorCode,
];

async function described(stage: Stage, topics: string[]) {
  const answer = await stage.ask(stage.alive(), metadataV12, topics, false, false);
  if (typeof answer === 'string') throw new Error(answer);
  return answer;
}

export async function describeSteps(stage: Stage): Promise<void> {
  const admin = stage.kafka().admin();
  stage.onEnd(() => admin.disconnect());
  await admin.connect();
  await stage.step('describe cluster', async () => {
    const { brokers, controller, clusterId } = await admin.describeCluster();
    return {
      brokers: brokers.map(({ nodeId }) => nodeId).sort(),
      controller: brokers.some(({ nodeId }) => nodeId === controller),
      clusterId: clusterId.length,
    };
  });
  await stage.step('metadata: known', async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: ['orders'] });
    return topics.map(({ name, partitions }) => ({
      name,
      partitions: [...partitions]
        .sort((a, b) => a.partitionId - b.partitionId)
        .map(({ leader, replicas, isr, ...one }) => ({
          ...{ ...one, leaderIsAReplica: replicas.includes(leader) },
          ...{ replicas: [...replicas].sort(), isr: [...isr].sort() },
        })),
    }));
  });
  await stage.step('metadata: unknown', () => admin.fetchTopicMetadata({ topics: ['nowhere'] }));
  await stage.step('metadata: known and unknown', () =>
    admin.fetchTopicMetadata({ topics: ['orders', 'nowhere'] }),
  );
  await stage.step('metadata: a bad name', () => admin.fetchTopicMetadata({ topics: ['a/b'] }));
  await stage.step('metadata v12: by name', async () =>
    (await described(stage, ['orders', 'nowhere', 'a/b', 'orders'])).topics
      .map(({ partitions, topicAuthorizedOperations: _operations, ...one }) => ({
        ...{ ...one, partitions: partitions.length },
      }))
      .sort((a, b) => (a.name! < b.name! ? -1 : 1)),
  );
  await stage.step('metadata v12: none', async () => (await described(stage, [])).topics);
  await stage.step('metadata v12: all', async () => {
    const body = Writer.create()
      .appendArray(null, () => undefined)
      .appendBoolean(false);
    const all = await byBody(stage, body.appendBoolean(false).appendTaggedFields());
    return all.filter(({ name }) => name === 'orders' || name === 'bills').length;
  });
  await stage.step('metadata v12: by id', async () => {
    const id = (await described(stage, ['orders'])).topics[0]!.topicId;
    const ids = [id, '00000000-0000-4000-8000-00000000abcd'];
    const body = Writer.create()
      .appendArray(ids, (w, one) => void w.appendUUID(one).appendString(null))
      .appendBoolean(false)
      .appendBoolean(false)
      .appendTaggedFields();
    const found = await byBody(stage, body);
    return found
      .map(({ name, errorCode, partitions }) => [name, errorCode, partitions.length])
      .sort((a, b) => Number(a[1]) - Number(b[1]));
  });
  await stage.step('offsets: none yet', () => admin.fetchTopicOffsets('orders').then(sums));
  await stage.step('offsets: unknown topic', () => admin.fetchTopicOffsets('nowhere'));
}

/** What leaders wrote themselves is counted elsewhere. */
const sums = (offsets: readonly { partition: number; low: string }[]): unknown =>
  offsets
    .map(({ partition, low }) => ({ partition, low }))
    .sort((a, b) => a.partition - b.partition);

async function byBody(stage: Stage, body: Writer) {
  const { key, version } = metadataV12.api;
  const answer = await stage.send(stage.alive(), { key, version, body: body.buffer }, (reader) =>
    metadataV12.parseResponse(0, key, version, reader),
  );
  if (typeof answer === 'string') throw new Error(answer);
  return answer.topics;
}

export async function deleteSteps(stage: Stage): Promise<void> {
  const admin = stage.kafka().admin();
  stage.onEnd(() => admin.disconnect());
  await admin.connect();
  const producer = await stage.producer();
  const send = () =>
    producer
      .send({ topic: 'bills', messages: [{ partition: 0, value: 'new' }] })
      .then(([first]) => first?.errorCode);
  await stage.step('delete: before', send);
  await stage.step('delete: known', () => admin.deleteTopics({ topics: ['bills'] }));
  await stage.gone('bills');
  await stage.step('delete: gone from metadata', () =>
    admin.fetchTopicMetadata({ topics: ['bills'] }),
  );
  await stage.step('delete: send by a producer that knew it', send);
  await stage.step('delete: offsets', () => admin.fetchTopicOffsets('bills'));
  await stage.step('delete: again', () => admin.deleteTopics({ topics: ['bills'] }));
  await stage.step('delete: two, one of them unknown', async () => {
    const topics = ['told', 'nowhere'].map((name) => ({ name, topicId: null }));
    const { controllerId: node } = await described(stage, []);
    const answer = await stage.ask(node, deleteTopicsV6, topics, 5000);
    return typeof answer === 'string' ? answer : answer.responses.map(codeOf).sort();
  });
  await stage.gone('told');
  await stage.step('delete: by id', async () => {
    const topicId = (await described(stage, ['defaults'])).topics[0]!.topicId;
    const topics = [topicId, '00000000-0000-4000-8000-00000000abcd'].map((id) => ({
      ...{ name: null as unknown as string, topicId: id },
    }));
    const { controllerId: node } = await described(stage, []);
    const answer = await stage.ask(node, deleteTopicsV6, topics, 5000);
    if (typeof answer === 'string') return answer;
    return answer.responses.map(codeOf).sort((a, b) => Number(a[1]) - Number(b[1]));
  });
  await stage.gone('defaults');
  await stage.step('delete: made anew, it is empty', async () => {
    await admin.createTopics({ topics: [{ topic: 'bills', ...three }], waitForLeaders: false });
    await stage.settle('bills', 3);
    const [first] = (await admin.fetchTopicOffsets('bills')).filter(
      ({ partition }) => partition === 0,
    );
    return { low: first!.low, high: await stage.counted('bills', 0, first!.high) };
  });
  await stage.step('delete: sent to the new one', async () => {
    const producer = await stage.producer();
    const messages = [{ partition: 0, value: 'new' }];
    const [first] = await producer.send({ topic: 'bills', messages });
    return stage.counted('bills', 0, first!.baseOffset!);
  });
}
