import t, { type Test } from 'tap';
import type { Cluster } from '../../src/model/index.js';
import kafka from '../../src/targets/kafka/index.js';
import { need } from '../support/need.js';
import { startTarget } from '../support/target.js';

if (need(t, 'linux', 'java', 'maven')) tests();

/** Three real brokers without links; they end with the test. */
async function cluster(t: Test): Promise<Cluster> {
  const options = { nodes: 3, requestTimeout: 5000, requestTimeoutMs: 5000, valueBytes: 40 };
  const started = await startTarget(kafka, t.testdir({}), options, 'none');
  t.teardown(started.end);
  return started.cluster;
}

function tests(): void {
  t.test('clients and probes on real brokers', async (t) => {
    const kafka = await cluster(t);
    const keys = await kafka.createTopics([
      { name: 'orders', partitions: 3, replicationFactor: 3 },
    ]);
    t.match(keys[2], { key: 2, topic: 'orders', partition: 2, topicId: /^[0-9a-f-]{36}$/ });
    const client = await kafka.client(0);
    t.teardown(() => client.close());
    for (let i = 0; i < 60; i++)
      t.match(await client.send({ key: i % 3, values: [2 * i, 2 * i + 1], acks: -1 }), {
        type: 'ok',
      });
    t.match(await client.send({ key: 0, values: [500], acks: 0 }), { type: 'ok', offset: -1 });
    t.match(await client.poll({ key: 1, offset: 39 }), { type: 'ok', next: 40, records: { n: 1 } });

    const views = await kafka.views(AbortSignal.timeout(10_000));
    t.strictSame(
      views.flatMap(({ error }) => error ?? []),
      [],
    );
    t.equal(
      views.filter(({ quorum }) => quorum !== undefined).length,
      1,
      'one says it leads the quorum',
    );
    t.strictSame(
      views.flatMap(({ watermarks }) => watermarks.map(({ key }) => key)).sort(),
      [0, 1, 2],
    );
    const leader = views[0]?.partitions[0]?.leader ?? -1;
    t.ok(
      views.every(
        ({ partitions }) => partitions[0]?.leader === leader && partitions[0].isr?.length === 3,
      ),
    );

    for (const { id } of kafka.nodes) {
      let read = 0;
      for await (const batch of kafka.replica!(1, id, AbortSignal.timeout(10_000))) read += batch.n;
      t.ok(read >= 38 && read <= 40, `replica ${id} gave ${read} of 40 records, its tail may lag`);
    }

    const paused = await kafka.nodes.find(({ id }) => id === leader)?.pause?.();
    const lost = await client.send({ key: 0, values: [600], acks: -1 });
    t.match(lost, { type: 'info', reason: 'timed-out', node: leader });
    const silent = await kafka.views(AbortSignal.timeout(2000));
    t.strictSame(
      silent.filter(({ error }) => error !== undefined).map(({ node }) => node),
      [leader],
    );
    const healed = await paused?.heal();
    t.match(await healed?.proof, { state: 'proven' });
  });
}
