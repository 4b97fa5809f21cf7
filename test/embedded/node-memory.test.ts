import { readFileSync } from 'node:fs';
import t from 'tap';
import { makeValue } from '../../src/model/index.js';
import { startBrokers } from './brokers.js';

const skip = process.platform === 'linux' ? false : 'needs /proc';

t.test('a broker takes at most 120 MB after 100,000 messages', { skip }, async (t) => {
  const brokers = await startBrokers(t, 3);
  const keys = await brokers.createTopics([{ name: 'm', partitions: 3, replicationFactor: 3 }]);
  let next = 0;
  const write = async (worker: number): Promise<void> => {
    const client = await brokers.client(keys);
    while (next < 100_000) {
      const values = Array.from({ length: 10 }, () => makeValue(worker, next++));
      await client.send({ key: worker % 3, values, acks: -1 });
    }
    await client.close();
  };
  await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(write));
  for (const id of brokers.ids) {
    const status = readFileSync(`/proc/${brokers.process(id).pid}/status`, 'utf8');
    const mb = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    t.ok(mb > 0 && mb <= 120, `node ${id}: ${mb.toFixed(0)} MB`);
  }
});
