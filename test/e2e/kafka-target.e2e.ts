/** The kafka target by itself, without the runner: real brokers, links by Toxiproxy. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readHistory } from '../../src/history/index.js';
import { F, Kind, makeValue, type Cluster } from '../../src/model/index.js';
import { processesWith } from '../support/e2e.js';
import { startKafka } from '../support/target.js';
import { need } from '../support/need.js';

const never = new AbortController().signal;
if (need(t, 'linux', 'java', 'maven', 'go')) tests();

/** Waits for what must come; a busy machine may take its time. */
async function eventually(seen: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 300; i++) {
    if (await seen()) return true;
    await sleep(200);
  }
  return false;
}

async function finalValues(cluster: Cluster): Promise<number[]> {
  const client = await cluster.client(undefined);
  try {
    for (let i = 0; ; i++) {
      const polled = await client.poll({ key: 0, offset: 0 });
      if (polled.type === 'ok') return [...polled.records.values].slice(0, polled.records.n);
      if (i === 100) throw new Error(polled.error);
      await sleep(200);
    }
  } finally {
    await client.close();
  }
}

function tests(): void {
  t.test('three nodes: faults with proof, routes, data that survive', async (t) => {
    const run = await startKafka(t.testdir(), { nodes: 3 });
    t.teardown(() => run.end());
    const { cluster } = run;
    const [one, two] = [cluster.nodes[0]!, cluster.nodes[1]!];
    await cluster.createTopics([{ name: 'orders', partitions: 3, replicationFactor: 3 }]);
    const client = await cluster.client(0);
    t.teardown(() => client.close());
    const send = (sequence: number) =>
      client.send({ key: 0, values: [makeValue(0, sequence)], acks: -1 });
    t.equal((await send(0)).type, 'ok');

    t.test('every node is seen to use its links', async (t) => {
      const routes = (await cluster.routes?.()) ?? [];
      t.equal(routes.length, 3);
      for (const { proof } of routes)
        t.match(proof, {
          state: 'proven',
          by: /^\d+ connections? to peers, all through its links$/,
        });
    });

    t.test('each node has a view of its own, one of them leads the quorum', async (t) => {
      const views = await cluster.views(never);
      t.same(
        views.map(({ node, error, partitions }) => [node, error, partitions.length]),
        [1, 2, 3].map((node) => [node, undefined, 3]),
      );
      t.equal(views.filter(({ quorum }) => quorum !== undefined).length, 1);
    });

    t.test('kill: gone, refused while down, back with its data', async (t) => {
      const killed = await one.kill!();
      t.match(await killed.proof, { state: 'proven', by: /is gone, and .* refuses connections/ });
      t.notOk(one.isAlive());
      await t.rejects(one.kill!(), { code: 'cluster', message: /Node 1 cannot be killed/ });
      await t.rejects(one.pause!(), { code: 'cluster', message: /Node 1 cannot be paused/ });
      const routes = await cluster.routes?.();
      t.equal(routes?.find(({ node }) => node === 1)?.proof.state, 'moot');
      const healed = await killed.heal();
      t.equal(await killed.heal(), healed, 'healing is idempotent');
      t.equal(one.incarnation, 2);
      t.match(await healed.proof, { state: 'proven', by: /answered a request/ });
      t.ok(await eventually(async () => (await send(1)).type === 'ok'));
    });

    t.test('pause: all threads stopped, no answer, then an answer', async (t) => {
      const paused = await one.pause!();
      t.match(await paused.proof, {
        state: 'proven',
        by: /all threads of process \d+ are stopped/,
      });
      t.ok(one.isAlive());
      await t.rejects(one.pause!(), { message: /is paused already/ });
      const views = await cluster.views(never);
      t.type(views.find(({ node }) => node === 1)?.error, 'string');
      t.match(await (await paused.heal()).proof, { state: 'proven' });
      t.equal(one.incarnation, 2);
    });

    t.test('kill of a paused node: the pause is moot, one start heals both', async (t) => {
      const paused = await two.pause!();
      const killed = await two.kill!();
      t.match(await killed.proof, { state: 'proven' });
      t.match(await (await paused.heal()).proof, { state: 'moot', by: /while it was paused/ });
      const healed = await killed.heal();
      t.equal(two.incarnation, 2);
      const again = await two.kill!();
      await again.heal();
      t.equal((await killed.heal()) === healed && two.incarnation, 3);
      t.match(await healed.proof, { state: 'proven' }, 'seen after the second restart');
    });

    t.test('stop: ends after SIGTERM', async (t) => {
      const stopped = await two.stop!();
      t.match(await stopped.proof, { state: 'proven', by: /ended .* after SIGTERM/ });
      t.match(await (await stopped.heal()).proof, { state: 'proven' });
    });

    t.test('a node that dies by itself is noticed', async (t) => {
      const pid = processesWith(join(run.dir, 'nodes', '1', 'server.properties'))[0]!;
      process.kill(pid, 'SIGKILL');
      t.ok(await eventually(() => !one.isAlive()));
    });

    t.test('what was acked is there, and nothing is left at the end', async (t) => {
      const values = await finalValues(cluster);
      t.same(new Set(values), new Set([makeValue(0, 0), makeValue(0, 1)]));
      await run.end();
      t.same(processesWith(run.dir), []);
      t.same(readdirSync(run.dataDir), []);
      const rows = [...readHistory(run.history).batches()].flatMap((batch) =>
        Array.from({ length: batch.n }, (_, i) => ({
          kind: batch.kind[i],
          f: batch.f[i],
          node: batch.node[i],
          state: `${batch.epoch[i]!}:${['down', 'starting', 'up', 'paused'][batch.code[i]!]!}`,
          text: batch.texts.get(i),
        })),
      );
      const of = (node: number): string[] =>
        rows.filter((row) => row.f === F.node && row.node === node).map(({ state }) => state);
      const restart = (n: number): string[] => [`${n}:starting`, `${n}:up`];
      t.same(of(3), [...restart(1), '1:down']);
      t.same(of(1), [...restart(1), '1:down', ...restart(2), '2:paused', '2:up', '2:down']);
      t.same(of(2), [
        ...[...restart(1), '1:paused', '1:down', '2:starting', '2:down'],
        ...[...restart(3), '3:down', ...restart(4), '4:down'],
      ]);
      const notices = rows.filter(({ kind, f }) => kind === Kind.meta && f === F.notice);
      t.equal(notices.length, 1);
      t.match(notices[0]?.text, /node 1 ended by itself with SIGKILL; its log says: ./);
    });
  });

  t.test('after kill -9 of the tester nothing is left', async (t) => {
    const dir = t.testdir();
    const program = fileURLToPath(new URL('../support/target.js', import.meta.url));
    const child = spawn(process.execPath, [program, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = String((await once(child.stdout, 'data'))[0]).trim();
    t.ok(processesWith(dir).length >= 4, 'three brokers and Toxiproxy run');
    child.kill('SIGKILL');
    t.ok(await eventually(() => processesWith(dir).length === 0));
    t.ok(await eventually(() => !existsSync(line)), 'the data folder is gone');
  });

  t.test('3.9 works; a node that goes round its links is found', async (t) => {
    const run = await startKafka(t.testdir(), { kafkaVersion: '3.9.1' });
    t.teardown(() => run.end());
    const { cluster, dir } = run;
    t.match(cluster.facts, { 'Apache Kafka': '3.9.1', 'min.insync.replicas': '2' });
    const hosts = join(dir, 'nodes', '1', 'hosts');
    const text = readFileSync(hosts, 'utf8');
    t.match(text, /^127\.1\.1\.2 broker-2$/m);
    writeFileSync(hosts, text.replaceAll('127.1.1.', '127.3.0.'));
    const killed = await cluster.nodes[0]!.kill!();
    t.match(await (await killed.heal()).proof, { state: 'proven' });
    const proofOf = async (id: number) =>
      (await cluster.routes?.())?.find(({ node }) => node === id)?.proof;
    t.ok(await eventually(async () => (await proofOf(1))?.state === 'unproven'));
    t.match(
      (await proofOf(1))?.by,
      /^node 1 is connected past its links to node \d at 127\.3\.0\.\d/,
    );
    t.not((await proofOf(2))?.state, 'unproven', 'the others do not');
  });

  t.test('a cluster that cannot start says why and leaves nothing', async (t) => {
    const dir = t.testdir();
    await t.rejects(startKafka(join(dir, 'a'), { brokerConfig: ['num.io.threads=many'] }), {
      code: 'cluster',
      message: /Invalid value many for configuration num.io.threads/,
    });
    await t.rejects(startKafka(join(dir, 'b'), { brokerConfig: ['metric.reporters=no.Such'] }), {
      code: 'cluster',
      message: /Expected all nodes to start, [^]*no\.Such/,
    });
    t.same(processesWith(dir), []);
  });
}
