/** Sends by kafkajs, and what it would never send. */
import kafkajs, { type Message, type ProducerRecord, type RecordMetadata } from 'kafkajs';
import { frame, type Stage } from '../support/conformance.js';
import {
  altered,
  batch,
  contentsOf,
  decodeFetches,
  decodeProduce,
  encodeFetches,
  encodeProduce,
  oldMessage,
  valuesOf,
} from './conformance-codec.js';

/** Of all records here, so that answers can be compared. */
const timestamp = '1700000000000';
const of = (values: readonly (string | null)[], partition = 0): Message[] =>
  values.map((value) => ({ partition, value, timestamp }));

export async function produceSteps(stage: Stage): Promise<void> {
  const producer = await stage.producer();
  const told = async (answers: readonly RecordMetadata[]): Promise<unknown> => {
    const all = answers.map(async ({ baseOffset, offset: _offset, ...one }) => ({
      ...one,
      base: await stage.counted(one.topicName, one.partition, baseOffset ?? '-1'),
    }));
    return (await Promise.all(all)).sort((a, b) =>
      `${a.topicName}-${a.partition}` < `${b.topicName}-${b.partition}` ? -1 : 1,
    );
  };
  const send = async (record: Omit<ProducerRecord, 'topic'>): Promise<unknown> =>
    told(await producer.send({ topic: 'orders', ...record }));

  for (const acks of [-1, 1, 0])
    await stage.step(`send: acks ${acks}`, () => send({ acks, messages: of([`acks ${acks}`]) }));
  await stage.step('send: after one without acks', () => send({ messages: of(['next']) }));
  for (const acks of [2, -2])
    await stage.step(`send: acks ${acks}`, () => send({ acks, messages: of(['never']) }));
  await stage.step('send: three records', () => send({ messages: of(['a', 'b', 'c']) }));
  await stage.step('send: to two partitions', () =>
    send({ messages: [...of(['1'], 1), ...of(['0'], 0), ...of(['1'], 1)] }),
  );
  await stage.step('send: to several topics', async () =>
    told(
      await producer.sendBatch({
        topicMessages: [
          { topic: 'orders', messages: [...of(['x'], 1), ...of(['y'], 2)] },
          { topic: 'alone', messages: [...of(['x'], 0), ...of(['y'], 1)] },
        ],
      }),
    ),
  );
  await stage.step('send: keys, headers, null', () =>
    send({
      messages: [
        { partition: 2, timestamp, key: 'k', value: 'v', headers: { h: 'one', i: ['2', '3'] } },
        { partition: 2, timestamp, key: 'k', value: null },
        { partition: 2, timestamp, key: '', value: '' },
      ],
    }),
  );
  await stage.step('send: gzip', () =>
    send({
      compression: kafkajs.CompressionTypes.GZIP,
      messages: of(['zip '.repeat(1000), 'zap'], 2),
    }),
  );
  await stage.step('send: by key', async () => {
    const messages = ['a', 'b', 'c', 'd'].map((key) => ({ key, value: key, timestamp }));
    return told(await producer.send({ topic: 'keyed', messages }));
  });
  await stage.step('send: a batch above the limit', () =>
    send({ messages: of(['x'.repeat(1_048_600)]) }),
  );
  await stage.step('send: a batch just below the limit', () =>
    send({ messages: of(['x'.repeat(1_048_400)], 1) }),
  );
  await stage.step('send: older than what there is', () =>
    send({ messages: [{ partition: 0, value: 'old', timestamp: '1600000000000' }] }),
  );
  await stage.step('send: a day ahead', async () => {
    const ahead = String(Date.now() + 86_400_000);
    const messages = [{ partition: 1, value: 'ahead', timestamp: ahead }];
    return told(await producer.send({ topic: 'alone', messages }));
  });
  await stage.step('send: unknown topic', () =>
    producer.send({ topic: 'nowhere', messages: of(['lost']) }),
  );
  await stage.step('send: unknown partition', () => send({ messages: of(['lost'], 7) }));
  for (const partition of [0, 2])
    await stage.step(`sent to orders-${partition}`, async () => {
      const { leader } = await stage.leadership('orders', partition);
      const ask = { topic: 'orders', partition, offset: 0 };
      const answer = await stage.raw(leader, frame(1, 11, encodeFetches([ask], 11, {})));
      if (typeof answer === 'string') return answer;
      return contentsOf(decodeFetches(answer, 11).partitions[0]!.records);
    });
}

/** What comes later, and is refused until then. */
export async function laterSteps(stage: Stage): Promise<void> {
  const admin = stage.kafka().admin();
  stage.onEnd(() => admin.disconnect());
  await admin.connect();
  await stage.step('later: idempotent producer', async () => {
    const producer = await stage.producer({ idempotent: true, maxInFlightRequests: 1 }, 1);
    await producer.send({ topic: 'keyed', messages: of(['once']) });
  });
  await stage.step('later: transaction', async () => {
    const producer = await stage.producer({ transactionalId: 't', maxInFlightRequests: 1 }, 5);
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'keyed', messages: of(['together']) });
    await transaction.abort();
  });
  await stage.step('later: group', async () => {
    const consumer = stage.kafka(5).consumer({ groupId: 'g' });
    stage.onEnd(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topic: 'keyed', fromBeginning: true });
    const joined = new Promise<string>((resolve, reject) => {
      consumer.on('consumer.group_join', () => resolve('joined'));
      consumer.on('consumer.crash', ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
    });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    return joined;
  });
  await stage.step('later: groups', async () => (await admin.listGroups()).groups.length > 0);
  await stage.step('later: more partitions', () =>
    admin.createPartitions({ topicPartitions: [{ topic: 'keyed', count: 4 }] }),
  );
  await stage.step('later: settings', async () => {
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: 'keyed' }];
    const { resources: found } = await admin.describeConfigs({ resources, includeSynonyms: false });
    return found.length;
  });
  await stage.step('later: records deleted', () =>
    admin.deleteTopicRecords({ topic: 'keyed', partitions: [{ partition: 0, offset: '0' }] }),
  );
}

/** Batches as they are, straight to a node. */
export async function rawProduceSteps(stage: Stage): Promise<void> {
  const topic = 'raw';
  const { leader, replicas } = await stage.leadership(topic, 0);
  const follower = replicas.find((one) => one !== leader)!;
  const produce = async (
    records: Buffer,
    { node = leader, acks = -1, to = topic, partition = 0 } = {},
  ): Promise<unknown> => {
    const body = encodeProduce(acks, [{ topic: to, partition, records }]);
    const answer = await stage.raw(node, frame(0, 7, body));
    if (typeof answer === 'string') return answer;
    const all = decodeProduce(answer).map(async ({ errorCode, appendTime, logStart, base }) => {
      if (errorCode !== 0) return { errorCode };
      const ask = { topic: to, partition, offset: base };
      const read = await stage.raw(node, frame(1, 11, encodeFetches([ask], 11, {})));
      if (typeof read === 'string') return read;
      // Their offsets depend on what was taken before, which not all clusters did.
      const kept = valuesOf(decodeFetches(read, 11).partitions[0]!.records);
      return { appendTime, logStart, kept };
    });
    return Promise.all(all);
  };
  const good = batch(['good']);
  const two = batch(['first', 'second']);
  const records = good.subarray(61);
  const cases: Record<string, () => Promise<unknown>> = {
    good: () => produce(good),
    'to a follower': () => produce(good, { node: follower }),
    'to a follower, acks 1': () => produce(good, { node: follower, acks: 1 }),
    'to a follower, acks 0': () => produce(good, { node: follower, acks: 0 }),
    'unknown topic': () => produce(good, { to: 'nowhere' }),
    'unknown partition': () => produce(good, { partition: 9 }),
    'negative partition': () => produce(good, { partition: -1 }),
    'bad check sum': () => produce(flipped(good, good.length - 1)),
    'bad check sum in the head': () => produce(flipped(good, 18)),
    'magic 0': () => produce(oldMessage(0, 'old')),
    'magic 1': () => produce(oldMessage(1, 'old')),
    'magic 3': () => produce(altered(good, (bytes) => bytes.writeInt8(3, 16))),
    nothing: () => produce(Buffer.alloc(0)),
    'two batches': () => produce(Buffer.concat([good, good])),
    'cut in the records': () => produce(good.subarray(0, -3)),
    'cut in the head': () => produce(good.subarray(0, 30)),
    'rubbish after it': () => produce(Buffer.concat([good, Buffer.from('rubbish')])),
    'base offset of its own': () =>
      produce(altered(good, (bytes) => bytes.writeBigInt64BE(1234n, 0))),
    'epoch of its own': () => produce(altered(good, (bytes) => bytes.writeInt32BE(99, 12))),
    'a control batch': () => produce(altered(good, (bytes) => bytes.writeInt16BE(0x20, 21))),
    'more records than there are': () =>
      produce(altered(two, (bytes) => (bytes.writeInt32BE(2, 23), bytes.writeInt32BE(3, 57)))),
    'fewer records than there are': () =>
      produce(altered(two, (bytes) => (bytes.writeInt32BE(0, 23), bytes.writeInt32BE(1, 57)))),
    'a last offset that is not the count': () =>
      produce(altered(two, (bytes) => bytes.writeInt32BE(9, 23))),
    'a negative count': () => produce(altered(good, (bytes) => bytes.writeInt32BE(-1, 57))),
    'a count of 2^31 - 1': () =>
      produce(
        altered(
          good,
          (bytes) => (bytes.writeInt32BE(0x7ffffffe, 23), bytes.writeInt32BE(0x7fffffff, 57)),
        ),
      ),
    'an unknown codec': () => produce(altered(good, (bytes) => bytes.writeInt16BE(7, 21))),
    'a codec that does not unpack': () =>
      produce(altered(good, (bytes) => bytes.writeInt16BE(1, 21))),
    'time stamps of the broker': () => produce(altered(good, (bytes) => bytes.writeInt16BE(8, 21))),
    'a producer id': () =>
      produce(
        altered(good, (bytes) => (bytes.writeBigInt64BE(77n, 43), bytes.writeInt16BE(0, 51))),
      ),
    'records that are none': () =>
      produce(altered(good, (bytes) => bytes.fill(0xff, bytes.length - records.length))),
    'length beyond the end': () =>
      produce(altered(good, (bytes) => bytes.writeInt32BE(bytes.length, 8))),
    'length below a head': () => produce(altered(good, (bytes) => bytes.writeInt32BE(10, 8))),
    'negative length': () => produce(altered(good, (bytes) => bytes.writeInt32BE(-1, 8))),
    'one partition good, one bad': async () => {
      const bad = flipped(good, good.length - 1);
      const body = encodeProduce(-1, [
        { topic: 'alone', partition: 0, records: bad },
        { topic, partition: 0, records: good },
      ]);
      const answer = await stage.raw(leader, frame(0, 7, body));
      if (typeof answer === 'string') return answer;
      // Whether this node leads `alone` too is chance.
      return decodeProduce(answer)
        .map(({ topic: name, errorCode }) => [name, name === topic ? errorCode : errorCode !== 0])
        .sort();
    },
  };
  for (const [name, run] of Object.entries(cases)) await stage.step(`produce: ${name}`, run);
}

function flipped(whole: Buffer, at: number): Buffer {
  const bytes = Buffer.from(whole);
  bytes[at]! ^= 0xff;
  return bytes;
}
