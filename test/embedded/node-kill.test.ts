/** Kills at any moment lose nothing that was acked. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { makeValue, seeded } from '../../src/model/index.js';
import { eventually, held, startBrokers } from './brokers.js';

t.test('SIGKILL at 100 random moments during writes loses nothing that was acked', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.comment(`seed ${seed}`);
  const random = seeded(seed);
  const brokers = await startBrokers(t, 3, {
    electionTimeoutMs: 150,
    heartbeatMs: 30,
    segmentBytes: 8192,
  });
  const keys = await brokers.createTopics([{ name: 'k', partitions: 3, replicationFactor: 3 }]);
  const acked = keys.map(() => new Map<number, number>());
  let acks = 0;
  let over = false;
  const write = async (worker: number): Promise<void> => {
    const client = await brokers.client(keys);
    for (let i = 0; !over; i++) {
      const value = makeValue(worker, i);
      const key = worker % keys.length;
      const outcome = await client.send({ key, values: [value], acks: -1 });
      if (outcome.type !== 'ok') {
        await sleep(5);
        continue;
      }
      acks++;
      acked[key]!.set(outcome.offset, value);
    }
    await client.close();
  };
  const writers = [0, 1, 2, 3, 4, 5].map(write);
  for (let kill = 0; kill < 100; kill++) {
    // Whoever was killed last is still on his way up; writes go on, or go on again.
    const before = acks;
    await eventually(() => acks > before);
    await sleep(random.next() * 100);
    const id = 1 + Math.floor(random.next() * 3);
    await brokers.process(id).kill();
    brokers.start(id);
  }
  over = true;
  await Promise.all(writers);
  await brokers.ready();
  t.ok(acks >= 100, `${acks} acked`);
  for (const { key } of keys) {
    const highest = Math.max(...acked[key]!.keys());
    for (const id of brokers.ids) {
      let all = new Map<number, number>();
      await eventually(async () => {
        all = await held(brokers, keys[key]!, id);
        return Math.max(...all.keys()) >= highest;
      });
      const lost = [...acked[key]!].filter(([offset, value]) => all.get(offset) !== value);
      t.strictSame(lost, [], `k-${key} on node ${id}`);
    }
  }
  for (const id of brokers.ids) t.notMatch(brokers.log(id), /ends after a fault/);
});
