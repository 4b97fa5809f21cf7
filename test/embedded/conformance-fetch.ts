/** Reads: what a consumer gets, of leaders and of followers, and offsets by time. */
import { listOffsetsV7 } from '@platformatic/kafka';
import { frame, until, type Stage } from '../support/conformance.js';
import {
  batchesOf,
  decodeFetches,
  encodeFetches,
  type FetchLimits,
  type PartitionFetch,
  valuesOf,
} from './conformance-codec.js';

const topic = 'reads';
const at = (second: number): string => String(1_700_000_000_000 + second * 1000);

export function reader(stage: Stage) {
  return async (
    node: number,
    ask: Omit<PartitionFetch, 'topic' | 'partition'> & { topic?: string; partition?: number },
    limits: FetchLimits & { version?: number } = {},
  ) => {
    const { version = 11 } = limits;
    const asks = [{ topic, partition: 0, ...ask }];
    const answer = await stage.raw(node, frame(1, version, encodeFetches(asks, version, limits)));
    if (typeof answer === 'string') return answer;
    const { errorCode, partitions } = decodeFetches(answer, version);
    const [found] = partitions;
    if (!found) return { errorCode };
    const counted = (offset: number) => stage.counted(found.topic, found.partition, offset);
    // A topic that nobody knows has no offsets to count.
    if (found.errorCode !== 0) return { ...found, records: found.records.length };
    return {
      ...{ errorCode, error: found.errorCode },
      highWatermark: await counted(found.highWatermark),
      lastStable: await counted(found.lastStable),
      logStart: await counted(found.logStart),
      values: valuesOf(found.records),
      whole: batchesOf(found.records).filter(({ control }) => !control).length,
    };
  };
}

/** Five batches, one of them of three records, ten seconds apart; their offsets. */
async function fill(stage: Stage): Promise<number[]> {
  const producer = await stage.producer();
  const bases: number[] = [];
  for (const [i, values] of [['a'], ['b', 'c', 'd'], ['e'], ['f'], ['g']].entries()) {
    const messages = values.map((value) => ({ partition: 0, value, timestamp: at(10 * i) }));
    const [first] = await producer.send({ topic, messages });
    bases.push(Number(first!.baseOffset));
  }
  return bases;
}

export async function fetchSteps(stage: Stage): Promise<void> {
  const [base = 0, second = 0, third = 0] = await fill(stage);
  const { leader, replicas } = await stage.leadership(topic, 0);
  const follower = replicas.find((one) => one !== leader)!;
  const fetch = reader(stage);
  const end = base + 7;
  const first = decodeFetches(
    await buffer(
      stage.raw(
        leader,
        frame(1, 11, encodeFetches([{ topic, partition: 0, offset: base }], 11, {})),
      ),
    ),
    11,
  );
  const size = batchesOf(first.partitions[0]!.records)[0]!.bytes.length;

  for (const version of [4, 5, 6, 7, 8, 9, 10, 11])
    await stage.step(`fetch v${version}`, () => fetch(leader, { offset: base }, { version }));
  await stage.step('fetch: from the start of the log', () => fetch(leader, { offset: 0 }));
  await stage.step('fetch: in the middle of a batch', () => fetch(leader, { offset: second + 1 }));
  await stage.step('fetch: read committed', () =>
    fetch(leader, { offset: third }, { isolation: 1 }),
  );
  await stage.step('fetch: at the end', () => fetch(leader, { offset: end }));
  await stage.step('fetch: beyond the end', () => fetch(leader, { offset: end + 1 }));
  await stage.step('fetch: far beyond the end', () => fetch(leader, { offset: 2 ** 40 }));
  await stage.step('fetch: below the start', () => fetch(leader, { offset: -1 }));
  await stage.step('fetch: far below the start', () => fetch(leader, { offset: -7 }));
  await stage.step('fetch: unknown topic', () => fetch(leader, { topic: 'nowhere', offset: 0 }));
  await stage.step('fetch: unknown partition', () => fetch(leader, { partition: 9, offset: 0 }));
  await stage.step('fetch: a byte', () => fetch(leader, { offset: base }, { maxBytes: 1 }));
  await stage.step('fetch: a byte of the partition', () =>
    fetch(leader, { offset: base, maxBytes: 1 }),
  );
  await stage.step('fetch: no byte', () => fetch(leader, { offset: base, maxBytes: 0 }));
  await stage.step('fetch: a byte, in the middle of a batch', () =>
    fetch(leader, { offset: second + 1, maxBytes: 1 }),
  );
  await stage.step('fetch: exactly one batch', () =>
    fetch(leader, { offset: base, maxBytes: size }),
  );
  await stage.step('fetch: a byte more than one batch', () =>
    fetch(leader, { offset: base, maxBytes: size + 1 }),
  );
  await stage.step('fetch: a byte for two partitions', async () => {
    const leaders = [0, 1, 2].map(async (one) => (await stage.leadership('reads2', one)).leader);
    const partition = (await Promise.all(leaders)).indexOf(leader);
    const producer = await stage.producer();
    await producer.send({ topic: 'reads2', messages: [{ partition, value: 'second' }] });
    const asks = [
      { topic, partition: 0, offset: base },
      { topic: 'reads2', partition, offset: 0 },
    ];
    const answer = await stage.raw(leader, frame(1, 11, encodeFetches(asks, 11, { maxBytes: 1 })));
    if (typeof answer === 'string') return answer;
    const { partitions } = decodeFetches(answer, 11);
    return partitions.map(({ errorCode, records }) => [errorCode, records.length > 0]);
  });
  await stage.step('fetch: no partitions', async () => {
    const answer = await stage.raw(leader, frame(1, 11, encodeFetches([], 11, {})));
    return typeof answer === 'string' ? answer : decodeFetches(answer, 11);
  });
  await stage.step('fetch: a session', async () => {
    const limits = { session: { id: 0, epoch: 0 } };
    const body = encodeFetches([{ topic, partition: 0, offset: base }], 11, limits);
    const answer = await stage.raw(leader, frame(1, 11, body));
    if (typeof answer === 'string') return answer;
    const { errorCode, session, partitions } = decodeFetches(answer, 11);
    return { errorCode, made: session !== 0, partitions: partitions.length };
  });
  await stage.step('fetch: a session that is none', () =>
    fetch(leader, { offset: base }, { session: { id: 1234, epoch: 5 } }),
  );
  await stage.step('fetch: empty, after a bounded wait', () =>
    fetch(leader, { offset: end }, { maxWaitMs: 200, minBytes: 1 }),
  );
  await stage.step('fetch: woken by a send', async () => {
    const producer = await stage.producer();
    // Longer than any answer is waited for: only the send can end it.
    const fetching = fetch(leader, { offset: end }, { maxWaitMs: 600_000, minBytes: 1 });
    await producer.send({ topic, messages: [{ partition: 0, value: 'h', timestamp: at(0) }] });
    return fetching;
  });
  await stage.step('fetch: an error does not wait', () =>
    fetch(leader, { offset: -7 }, { maxWaitMs: 600_000, minBytes: 1 }),
  );
  await stage.step('follower: v10', () => fetch(follower, { offset: base }, { version: 10 }));
  await stage.step('follower: v11', async () => {
    await until('the follower has all', async () => {
      const seen = await fetch(follower, { offset: base });
      return typeof seen === 'object' && 'values' in seen && seen.values.length === 8;
    });
    return fetch(follower, { offset: base });
  });
  await stage.step('follower: v11 beyond the end', () => fetch(follower, { offset: end + 9 }));
  await stage.step('follower: v11 below the start', () => fetch(follower, { offset: -7 }));
  await stage.step('follower: v11 empty, after a bounded wait', () =>
    fetch(follower, { offset: end + 1 }, { maxWaitMs: 200, minBytes: 1 }),
  );
}

async function buffer(answer: Promise<Buffer | string>): Promise<Buffer> {
  const got = await answer;
  if (typeof got === 'string') throw new Error(got);
  return got;
}

/** After fetchSteps: times 0, 10, 10, 10, 20, 30, 40 and, out of order, 0. */
export async function offsetSteps(stage: Stage): Promise<void> {
  const admin = stage.kafka().admin();
  stage.onEnd(() => admin.disconnect());
  await admin.connect();
  const { leader, replicas, epoch } = await stage.leadership(topic, 0);
  const follower = replicas.find((one) => one !== leader)!;
  const list = async (
    timestamp: bigint,
    options: {
      node?: number;
      name?: string;
      partition?: number;
      epoch?: number;
      isolation?: number;
    } = {},
  ) => {
    const { node = leader, name = topic, partition = 0, isolation = 0 } = options;
    const answer = await stage.ask(node, listOffsetsV7, -1, isolation, [
      {
        name,
        partitions: [
          { partitionIndex: partition, currentLeaderEpoch: options.epoch ?? -1, timestamp },
        ],
      },
    ]);
    if (typeof answer === 'string') return answer;
    const [found] = answer.topics[0]!.partitions;
    const { errorCode, timestamp: time, offset, leaderEpoch } = found!;
    return {
      ...{ errorCode, time, epoch: leaderEpoch === epoch ? 'current' : leaderEpoch },
      offset: errorCode === 0 ? await stage.counted(name, partition, offset) : Number(offset),
    };
  };
  for (const [name, second] of Object.entries({
    'before all': -1,
    first: 0,
    between: 5,
    'same as three': 10,
    'after the last': 41,
    last: 40,
  }))
    await stage.step(`by time: ${name}`, () => list(BigInt(at(second))));
  await stage.step('by time: 0', () => list(0n));
  await stage.step('by time: latest', () => list(-1n));
  await stage.step('by time: latest, read committed', () => list(-1n, { isolation: 1 }));
  await stage.step('by time: earliest', () => list(-2n));
  await stage.step('by time: the newest record', () => list(-3n));
  await stage.step('by time: -9', () => list(-9n));
  await stage.step('by time: of a follower', () => list(-1n, { node: follower }));
  await stage.step('by time: unknown topic', () => list(-1n, { name: 'nowhere' }));
  await stage.step('by time: unknown partition', () => list(-1n, { partition: 9 }));
  await stage.step('by time: this epoch', () => list(-1n, { epoch }));
  await stage.step('by time: an epoch to come', () => list(-1n, { epoch: epoch + 5 }));
  for (const [name, second] of Object.entries({ before: -1, between: 15, after: 100 }))
    await stage.step(`kafkajs by time: ${name}`, async () => {
      const [found] = await admin.fetchTopicOffsetsByTimestamp(topic, Number(at(second)));
      return stage.counted(topic, 0, found!.offset);
    });
  await stage.step('kafkajs by time: unknown topic', () =>
    admin.fetchTopicOffsetsByTimestamp('nowhere', 0),
  );
  await stage.step('kafkajs: offsets', async () => {
    const [found] = await admin.fetchTopicOffsets(topic);
    return {
      low: await stage.counted(topic, 0, found!.low),
      high: await stage.counted(topic, 0, found!.high),
      offset: await stage.counted(topic, 0, found!.offset),
    };
  });
}
