/** What clients can learn of epochs: before a leader is killed, after it, and when it is back. */
import { offsetForLeaderEpochV4 } from '@platformatic/kafka';
import { until, type Stage } from '../support/conformance.js';
import { reader } from './conformance-fetch.js';

const topic = 'epochs';

export async function epochSteps(stage: Stage): Promise<void> {
  const producer = await stage.producer({}, 20);
  const send = async (...values: string[]): Promise<unknown> => {
    const messages = values.map((value) => ({ partition: 0, value, timestamp: '1700000000000' }));
    const [first] = await producer.send({ topic, messages });
    return stage.counted(topic, 0, first!.baseOffset!);
  };
  const fetch = reader(stage);
  const before = await stage.leadership(topic, 0);
  let now = before;
  const word = (epoch: number): unknown =>
    epoch === now.epoch ? 'current' : epoch === before.epoch ? 'old' : epoch;
  const endOf = async (
    epoch: number,
    options: { node?: number; current?: number; name?: string; partition?: number } = {},
  ): Promise<unknown> => {
    const { node = now.leader, name = topic, partition = 0, current = -1 } = options;
    const partitions = [
      { partitionIndex: partition, currentLeaderEpoch: current, leaderEpoch: epoch },
    ];
    const body = offsetForLeaderEpochV4.createRequest(-1, [{ name, partitions }]).buffer;
    // The library's own parser takes the partition's number for the error code.
    const answer = await stage.send(node, { key: 23, version: 4, body }, (reader) =>
      reader.skip(4).readArray((r) => {
        r.readString();
        return r.readArray((one) => ({
          ...{ errorCode: one.readInt16(), partition: one.readInt32() },
          ...{ leaderEpoch: one.readInt32(), endOffset: Number(one.readInt64()) },
        }));
      }),
    );
    if (typeof answer === 'string') return answer;
    const { errorCode, leaderEpoch, endOffset } = answer[0]![0]!;
    if (errorCode !== 0) return { errorCode, leaderEpoch, endOffset };
    const end = await stage.counted(topic, 0, endOffset);
    return { errorCode, epoch: word(leaderEpoch), end };
  };
  const follower = before.replicas.find((one) => one !== before.leader)!;

  await stage.step('epochs: sent in the first', () => send('a', 'b', 'c'));
  await stage.step('epochs: end of the current', () => endOf(now.epoch));
  await stage.step('epochs: end of one to come', () => endOf(now.epoch + 5));
  await stage.step('epochs: end of none', () => endOf(-1));
  await stage.step('epochs: asked in the current', () => endOf(now.epoch, { current: now.epoch }));
  await stage.step('epochs: asked in one to come', () =>
    endOf(now.epoch, { current: now.epoch + 5 }),
  );
  await stage.step('epochs: of a follower', () => endOf(now.epoch, { node: follower }));
  await stage.step('epochs: unknown topic', () => endOf(now.epoch, { name: 'nowhere' }));
  await stage.step('epochs: unknown partition', () => endOf(now.epoch, { partition: 9 }));

  const killed = await stage.cluster.nodes.find(({ id }) => id === before.leader)!.kill!();
  try {
    await until('another node leads', async () => {
      const seen = await Promise.all(
        before.replicas
          .filter((one) => one !== before.leader)
          .map((node) => stage.leadership(topic, 0, node)),
      );
      now = seen[0]!;
      return seen.every(
        ({ leader, epoch, isr }) =>
          leader >= 0 && leader !== before.leader && epoch === now.epoch && isr.length === 2,
      );
    });
    const other = before.replicas.find((one) => one !== before.leader && one !== now.leader)!;
    await stage.step('killed: the epoch has grown', () =>
      Promise.resolve(now.epoch > before.epoch),
    );
    await stage.step('killed: sent in the second', () => send('d'));
    await stage.step('killed: described by kafkajs', async () => {
      const admin = stage.kafka(5).admin();
      stage.onEnd(() => admin.disconnect());
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]!.partitions.map(({ leader, isr, replicas, ...one }) => ({
        ...{ ...one, led: leader === now.leader, isr: isr.length, replicas: replicas.length },
        offlineReplicas: one.offlineReplicas?.map((id) => id === before.leader),
      }));
    });
    await stage.step('killed: end of the old', () => endOf(before.epoch));
    await stage.step('killed: end of the current', () => endOf(now.epoch));
    await stage.step('killed: asked in the old', () => endOf(now.epoch, { current: before.epoch }));
    await stage.step('killed: of a follower', () => endOf(before.epoch, { node: other }));
    for (const [name, epoch] of Object.entries({
      old: before.epoch,
      current: now.epoch,
      coming: now.epoch + 5,
    })) {
      for (const version of [9, 10, 11])
        await stage.step(`killed: fetch v${version} in the ${name} epoch`, () =>
          fetch(now.leader, { topic, offset: 0, epoch }, { version }),
        );
      await stage.step(`killed: fetch of a follower in the ${name} epoch`, async () => {
        const ask = { topic, offset: 0, epoch };
        await until('the follower has all', async () => {
          const seen = await fetch(other, ask);
          return typeof seen === 'object' && (!('values' in seen) || seen.values.length === 4);
        });
        return fetch(other, ask);
      });
    }
  } finally {
    await killed.heal();
  }
  await stage.settle(topic, 1);
  await stage.step('back: all replicas are the same', async () => {
    const all: unknown[] = [];
    for (const node of stage.nodes) {
      await until('the replica has all', async () => {
        const seen = await fetch(node, { topic, offset: 0 });
        return typeof seen === 'object' && 'values' in seen && seen.values.length === 4;
      });
      all.push(await fetch(node, { topic, offset: 0 }));
    }
    return all;
  });
  now = await stage.leadership(topic, 0);
  await stage.step('back: end of the first', () => endOf(before.epoch));
  await stage.step('back: sent', () => send('e'));
}
