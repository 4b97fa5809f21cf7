/** Every version of every API, by Kafka's own schemas and by the builders of both libraries. */
import { createRequire } from 'node:module';
import {
  apiVersionsV3,
  apiVersionsV4,
  Connection,
  createTopicsV7,
  deleteTopicsV6,
  describeQuorumV2,
  listOffsetsV5,
  listOffsetsV6,
  listOffsetsV7,
  metadataV9,
  metadataV10,
  metadataV11,
  metadataV12,
  offsetForLeaderEpochV4,
  produceV7,
  produceV8,
} from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import t from 'tap';
import { createProbes } from '../../src/kafka/probes.js';
import { apis } from '../../src/targets/embedded/broker/handlers/apis.js';
import { produceOf } from './wire-batch.js';
import { noUuid, type Body } from './wire-codec.js';
import { Raw, startBroker } from './wire-node.js';
import { schemas, type ApiName } from './wire-schema.js';

interface Encoded {
  buffer: Buffer;
}
interface KafkaJsApi {
  versions: string[];
  protocol(of: { version: number }): (args: object) => {
    request: object;
    response: { decode(raw: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<object> };
  };
}
const require = createRequire(import.meta.url);
const { requests } = require('kafkajs/src/protocol/requests') as {
  requests: Record<string, KafkaJsApi>;
};
const encode = require('kafkajs/src/protocol/request') as (of: object) => Promise<Encoded>;

const names = Object.keys(schemas) as ApiName[];
const client: Body = { clientName: 'schism', clientVersion: '1.0' };
const topic = (name: string): Body => ({ name, partitions: 2, replicationFactor: 1 });

t.test('what is advertised is what there is a schema of', async (t) => {
  const { port } = await startBroker(t);
  const told = await new Raw(t, port).ask('ApiVersions', 4, client);
  const expected = names.map((name) => {
    const { key, min, max } = schemas[name];
    return { key, min, max };
  });
  const sorted = (list: Body[]) => [...list].sort((a, b) => Number(a['key']) - Number(b['key']));
  t.strictSame(sorted(told['apis'] as Body[]), sorted(expected));
  for (const { name, flexible } of apis) t.equal(flexible, schemas[name as ApiName].flexible, name);
});

t.test('each version is answered exactly as its schema says', async (t) => {
  const { port } = await startBroker(t);
  const raw = new Raw(t, port);
  await raw.ask('CreateTopics', 7, { topics: [topic('orders')], timeoutMs: 30_000 });
  const partition = { ...{ index: 0, partition: 0, maxBytes: 99, timestamp: -1 }, leaderEpoch: 1 };
  const one = { ...partition, currentLeaderEpoch: -1 };
  const about: Body = { topics: [{ name: 'orders', partitions: [one] }], replicaId: -1 };
  for (const name of names) {
    const { min, max } = schemas[name];
    for (let version = min; version <= max; version++) {
      const own = `${name}-${version}`;
      let body = about;
      if (name === 'Produce') body = produceOf('a');
      if (name === 'ApiVersions') body = client;
      if (name === 'Metadata') body = { topics: [{ name: 'orders' }, { name: 'none' }] };
      if (name === 'CreateTopics') body = { topics: [topic(own)], timeoutMs: 30_000 };
      if (name === 'DeleteTopics') {
        await raw.ask('CreateTopics', 7, { topics: [topic(own)], timeoutMs: 30_000 });
        body = { topics: [{ name: own }], names: [own], timeoutMs: 30_000 };
      }
      const answer = await raw.ask(name, version, body);
      const [first] = (answer['topics'] as Body[] | undefined) ?? [];
      const partitions = first?.['partitions'];
      const inner = Array.isArray(partitions) ? (partitions as Body[])[0] : undefined;
      const code = (inner ?? first ?? answer)['errorCode'];
      t.equal(code, name === 'DescribeQuorum' ? 3 : 0, own);
    }
  }
});

t.test('topics are made and removed by the codes of Kafka', async (t) => {
  const { port, view } = await startBroker(t);
  const raw = new Raw(t, port);
  const create = async (topics: Body[], validateOnly = false) => {
    const body = { topics, timeoutMs: 30_000, validateOnly };
    const told = (await raw.ask('CreateTopics', 7, body))['topics'] as Body[];
    return told.map((one) => [one['name'], one['errorCode'], one['partitions']]);
  };
  const assignments = [{ partition: 0, brokers: [1] }];
  t.strictSame(await create([topic('checked')], true), [['checked', 0, 2]]);
  t.notOk(view.topics.has('checked'));
  t.strictSame(
    await create([
      topic('a'),
      topic('twice'),
      topic('no name'),
      topic('twice'),
      { ...topic('assigned'), assignments },
      { ...topic('many'), replicationFactor: 2 },
      { ...topic('none'), partitions: 0 },
      { ...topic('configured'), configs: [{ name: 'x', value: null }] },
    ]),
    [
      ['a', 0, 2],
      ['twice', 42, -1],
      ['no name', 17, -1],
      ['assigned', 39, -1],
      ['many', 38, -1],
      ['none', 37, -1],
      ['configured', 40, -1],
    ],
  );
  t.strictSame(await create([topic('a')]), [['a', 36, -1]]);
  const id = view.topics.get('a')!.id;
  const ask = { topics: [{ name: null, id }, { name: 'none' }, { name: null, id: noUuid }] };
  const told = await raw.ask('DeleteTopics', 6, { ...ask, timeoutMs: 30_000 });
  t.strictSame(
    (told['topics'] as Body[]).map((one) => [one['name'], one['id'], one['errorCode']]),
    [
      ['a', id, 0],
      ['none', noUuid, 3],
      [null, noUuid, 100],
    ],
  );
  t.notOk(view.topics.has('a'));
});

t.test("kafkajs's own builders, in each version that both know", async (t) => {
  const { port } = await startBroker(t);
  const raw = new Raw(t, port);
  const partitions = [{ partition: 0, timestamp: -1, fetchOffset: 0, maxBytes: 1 << 20 }];
  const messages = [{ key: null, value: Buffer.from('a'), timestamp: 5, headers: {} }];
  const args: Record<string, (version: number) => object> = {
    ApiVersions: () => ({}),
    CreateTopics: (version) => ({
      topics: [{ topic: version === 3 ? 'orders' : `t${version}`, numPartitions: 1 }],
      timeout: 30_000,
      validateOnly: false,
    }),
    Metadata: () => ({ topics: ['orders'], allowAutoTopicCreation: false }),
    Produce: () => ({
      ...{ acks: -1, timeout: 30_000, compression: 0 },
      topicData: [{ topic: 'orders', partitions: [{ partition: 0, messages }] }],
    }),
    Fetch: () => ({
      ...{ maxWaitTime: 0, minBytes: 1, maxBytes: 1 << 20 },
      topics: [{ topic: 'orders', partitions }],
    }),
    ListOffsets: () => ({ topics: [{ topic: 'orders', partitions }] }),
    DeleteTopics: () => ({ topics: ['t2'], timeout: 30_000 }),
  };
  for (const [name, argsOf] of Object.entries(args)) {
    const { min, max } = schemas[name as ApiName];
    for (const version of requests[name]!.versions.map(Number)) {
      if (version < min || version > max) continue;
      const { request, response } = requests[name]!.protocol({ version })(argsOf(version));
      const ask = { correlationId: version, clientId: 'test', request };
      raw.write((await encode(ask)).buffer);
      const frame = await raw.next();
      t.equal(frame.readInt32BE(0), version);
      const answer = await response.parse(await response.decode(frame.subarray(4)));
      t.match(JSON.stringify(answer), name === 'ApiVersions' ? 'maxVersion' : /orders|t2/, name);
    }
  }
});

t.test("@platformatic/kafka's calls", async (t) => {
  const { port } = await startBroker(t);
  const connection = new Connection('test');
  await connection.connect('127.0.0.1', port);
  t.teardown(() => connection.close());
  for (const api of [apiVersionsV3, apiVersionsV4])
    t.equal((await api.api.async(connection, 'test', '1')).apiKeys.length, names.length);
  const spec = { name: 'orders', numPartitions: 1, replicationFactor: 1 };
  await createTopicsV7.api.async(
    connection,
    [{ ...spec, assignments: [], configs: [] }],
    30_000,
    false,
  );
  for (const api of [metadataV9, metadataV10, metadataV11, metadataV12]) {
    const answer = await api.api.async(connection, ['orders'], false, false);
    t.strictSame(
      [answer.topics[0]!.name, answer.topics[0]!.partitions[0]!.leaderId],
      ['orders', 1],
    );
  }
  const value = { topic: 'orders', partition: 0, value: Buffer.from('a') };
  for (const api of [produceV7, produceV8]) {
    const answer = await api.api.async(connection, -1, 30_000, [value]);
    t.equal(typeof answer === 'object' && answer.responses[0]!.partitionResponses[0]!.errorCode, 0);
  }
  const ask = { partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1n };
  for (const api of [listOffsetsV5, listOffsetsV6, listOffsetsV7]) {
    const answer = await api.api.async(connection, -1, 0, [{ name: 'orders', partitions: [ask] }]);
    t.equal(answer.topics[0]!.partitions[0]!.offset, 3n);
  }
  const epochs = await offsetForLeaderEpochV4.api.async(connection, -1, [
    { name: 'orders', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, leaderEpoch: 1 }] },
  ]);
  t.equal(epochs.topics[0]!.partitions[0]!.endOffset, 3n);
  const quorum = await describeQuorumV2.api.async(connection, [
    { topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] },
  ]);
  t.equal(quorum.topics[0]!.partitions[0]!.leaderId, 1);
  await deleteTopicsV6.api.async(connection, [{ name: 'orders' }], 30_000);
});

t.test('kafkajs as people use it, and our probes', async (t) => {
  const { port, view } = await startBroker(t);
  const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING });
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  t.teardown(() => Promise.all([admin.disconnect(), producer.disconnect()]));
  t.ok(await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: 2 }] }));
  t.notOk(await admin.createTopics({ topics: [{ topic: 'orders' }] }), 'it exists');
  for (const acks of [-1, 1]) {
    const [sent] = await producer.send({
      ...{ topic: 'orders', acks },
      messages: [{ value: 'a', partition: 0, timestamp: String(4e12 + acks) }],
    });
    t.equal(sent!.baseOffset, acks === -1 ? '1' : '2');
  }
  t.strictSame(await admin.fetchTopicOffsetsByTimestamp('orders', 4e12), [
    { partition: 0, offset: '2' },
    { partition: 1, offset: '1' },
  ]);
  const [first] = await admin.fetchTopicOffsets('orders');
  t.strictSame([first!.low, first!.high], ['0', '3']);
  t.strictSame((await admin.describeCluster()).controller, 1);
  const probes = createProbes({ now: () => 0 });
  t.teardown(() => probes.close());
  const address = { host: '127.0.0.1', port };
  const key = { key: 0, topic: 'orders', partition: 0, topicId: view.topics.get('orders')!.id };
  const asked = await probes.askView({
    ...{ node: 1, address, controllerAddress: address, keys: [key], timeoutMs: 30_000 },
  });
  t.match(asked, {
    error: undefined,
    partitions: [{ leader: 1, epoch: 1 }],
    watermarks: [{ highWatermark: 3, logStart: 0, asLeader: true }],
    quorum: { leader: 1, epoch: 1 },
  });
  const { signal } = new AbortController();
  const offsets: number[] = [];
  for await (const batch of probes.readReplica({ node: 1, address, key, signal }))
    offsets.push(...batch.offsets.subarray(0, batch.n));
  t.strictSame(offsets, [1, 2], 'offset 0 is the control record');
  await admin.deleteTopics({ topics: ['orders'] });
  t.equal(view.topics.size, 0);
});
