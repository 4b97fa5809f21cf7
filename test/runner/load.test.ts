/** The load ends when it is told to, also where no op ever waits for anything. */
import { join } from 'node:path';
import t from 'tap';
import { createRecorder } from '../../src/history/index.js';
import { load } from '../../src/runner/load.js';
import { Meter } from '../../src/runner/meter.js';
import { seeded, type Client, type Cluster } from '../../src/model/index.js';
import queue from '../../workloads/queue.js';

t.test('sends that end at once leave timers and signals their turn', async (t) => {
  const recorder = createRecorder(join(t.testdir(), 'history.arrow'));
  // As a client with acks=0: what is sent is nobody's business any more.
  const client: Client = {
    send: () => Promise.resolve({ type: 'ok', node: 1, offsets: [-1] } as never),
    poll: () => Promise.reject(new Error('Expected no poll.')),
    close: () => Promise.resolve(),
  };
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const defaults = Object.fromEntries(
    Object.entries(queue.meta.options).map(([name, spec]) => [name, spec.default]),
  );
  await load(
    {
      cluster: { client: () => Promise.resolve(client) } as unknown as Cluster,
      workload: queue,
      recorder,
      meter: new Meter(),
      random: seeded(1),
      options: { ...defaults, polls: 0 },
      concurrency: 3,
      keys: 2,
      acks: 0,
      rate: 0,
    },
    stop.signal,
  );
  t.ok(recorder.nextOp() > 3, 'it sent, and it ended');
  await recorder.close();
});
