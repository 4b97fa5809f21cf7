/**
 * kill -9 of the tester. Against the scripted broker at 20 moments drawn from a seed: what the
 * broker's own log says is compared with the history that is left. On real brokers with links: all
 * that was started is gone.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { openRun } from '../../src/history/index.js';
import { F, Kind, seeded, valueName } from '../../src/model/index.js';
import type { Entry } from '../support/broker.js';
import { schism, shows } from '../support/cli.js';
import { leftWithin, startTester, takenAddresses, type Tester } from '../support/marked.js';
import { need } from '../support/need.js';
import { scriptedBroker, type Scripted } from '../support/scripted.js';

const goneMs = 5000;
const lostMs = 250;

/** Kills it; CLOCK_MONOTONIC of the kill in ns. */
async function kill9(t: Test, tester: Tester): Promise<number> {
  const killedNs = Number(process.hrtime.bigint());
  tester.child.kill('SIGKILL');
  const { left, ms } = await leftWithin(tester, goneMs);
  t.same(left, [], `nothing is left ${ms} ms after the kill`);
  return killedNs;
}

/** `topic-partition value` of each send row of a kind. */
function values(dir: string, kind: number): Set<string> {
  const { info, history } = openRun(dir);
  const found = new Set<string>();
  for (const batch of history.batches()) {
    for (let i = 0; i < batch.n; i++) {
      if (batch.f[i] !== F.send || batch.kind[i] !== kind) continue;
      const key = info.keys[batch.key[i]!]!;
      found.add(`${key.topic}-${key.partition} ${valueName(batch.value[i]!)}`);
    }
  }
  return found;
}

/** How long before the kill the oldest entry was logged of which the history lacks a value, ms. */
function lost(entries: readonly Entry[], known: ReadonlySet<string>, killedNs: number): number {
  const missing = entries.filter(({ topic, partition, values }) =>
    values.some((value) => !known.has(`${topic}-${partition} ${value}`)),
  );
  return Math.max(0, ...missing.map(({ timeNs }) => (killedNs - Number(timeNs)) / 1e6));
}

const random = seeded(20).fork('moments');
const moments = [
  { when: 'begin', ms: random.next() * 500 },
  ...Array.from({ length: 2 }, () => ({ when: 'start', ms: random.next() * 100 })),
  ...Array.from({ length: 14 }, () => ({ when: 'load', ms: 50 + random.next() * 1500 })),
  ...Array.from({ length: 3 }, () => ({ when: 'end', ms: 900 + random.next() * 500 })),
];

t.test('at 20 moments against the scripted broker', async (t) => {
  if (!need(t, 'linux')) return;
  const one = await scriptedBroker(t);
  const worst = { sends: 0, acks: 0, appended: 0 };
  for (const [i, moment] of moments.entries()) {
    await t.test(`${moment.when} + ${moment.ms.toFixed(0)} ms`, (t) =>
      atMoment(t, one, { ...moment, i }, worst),
    );
  }
  t.ok(worst.appended > 1000, `${worst.appended} values were compared`);
  t.comment(
    `lost at most: sends ${worst.sends.toFixed(0)} ms, acks ${worst.acks.toFixed(0)} ms of history`,
  );
});

async function atMoment(
  t: Test,
  one: Scripted,
  { i, when, ms }: { i: number; when: string; ms: number },
  worst: { sends: number; acks: number; appended: number },
): Promise<void> {
  const prefix = `kill${i}`;
  const tester = startTester(t.testdir({}), [
    ...['--target', 'external', '--bootstrap', one.address, '--topic-prefix', prefix],
    ...['--replication-factor', '1', '--rate', '500', '--concurrency', '5', '--seed', String(i)],
    ...['--time-limit', when === 'end' ? '1' : '600'],
  ]);
  if (when === 'start') await shows(tester, /looking at the cluster/);
  else if (when !== 'begin') await shows(tester, /leader/);
  await sleep(ms);
  const killedNs = await kill9(t, tester);
  await tester.ended;
  const run = join(tester.results, 'latest');
  const entries = one.log().filter(({ topic }) => topic.startsWith(`${prefix}-`));
  if (!existsSync(run)) {
    t.equal(when, 'begin', 'it had no folder yet');
    t.same(entries, []);
    return;
  }
  const { code, stdout, stderr } = await schism(['check', run]);
  // One that was recorded to its end is judged like any other.
  const whole = openRun(run).info.ended?.how === 'complete';
  if (whole) t.equal(when, 'end', 'it was recorded to its end');
  t.equal(code, whole ? 0 : 2, stdout + stderr);
  const of = (what: Entry['what']): Entry[] => entries.filter((entry) => entry.what === what);
  if (when === 'load' || when === 'end') t.ok(of('ack').length > 0, `${of('ack').length} acks`);
  const sends = lost(of('append'), values(run, Kind.invoke), killedNs);
  t.ok(sends <= lostMs, `sends of the last ${sends.toFixed(0)} ms are missing`);
  const acks = lost(of('ack'), values(run, Kind.ok), killedNs);
  t.ok(acks <= lostMs, `acks of the last ${acks.toFixed(0)} ms are missing`);
  worst.sends = Math.max(worst.sends, sends);
  worst.acks = Math.max(worst.acks, acks);
  worst.appended += of('append').length;
}

t.test('real brokers behind links, killed during start and during a fault', async (t) => {
  if (!need(t, 'linux', 'java', 'maven', 'toxiproxy')) return;
  const args = ['--target', 'kafka', '--nemesis', 'partition', '--nemesis-interval', '2'];
  for (const words of [/starting 3 nodes/, /seen in force/]) {
    await t.test(String(words), async (t) => {
      const tester = startTester(t.testdir({}), [
        ...[...args, '--time-limit', '300', '--seed', '1', '--concurrency', '3'],
      ]);
      await shows(tester, words);
      // Between two steps of the start there are fewer for a moment.
      for (let i = 0; i < 600 && tester.processes().length < 5; i++) await sleep(50);
      t.ok(tester.processes().length >= 5, 'tester, watcher, Toxiproxy, nodes');
      await kill9(t, tester);
      await tester.ended;
      const run = join(tester.results, 'latest');
      t.same(await takenAddresses(run), []);
      const { code, stdout, stderr } = await schism(['check', run]);
      t.equal(code, 2, stdout + stderr);
    });
  }
});
