/** Ctrl-C on real brokers with a fault in force: once, twice, during the start; and a dead cluster. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { oneSentence, schism, shows } from '../support/cli.js';
import { readRun } from '../support/e2e.js';
import { leftWithin, startTester, takenAddresses } from '../support/marked.js';
import { need } from '../support/need.js';
import { againstScripted, scriptedBroker } from '../support/scripted.js';

const faulty = [
  ...['--target', 'kafka', '--seed', '1'],
  ...['--nemesis', 'partition', '--partition-shape', 'isolate-leader'],
  ...['--nemesis-interval', '1', '--nemesis-duration', '300', '--time-limit', '600'],
  ...['--concurrency', '3'],
];

if (need(t, 'linux', 'java', 'maven', 'toxiproxy')) onRealBrokers();

function onRealBrokers(): void {
  t.test('once, while a leader is cut off: healed, stopped, judged, nothing left', async (t) => {
    const tester = startTester(t.testdir({}), faulty);
    await shows(tester, /seen in force/);
    tester.child.kill('SIGINT');
    const ended = await tester.ended;
    t.equal(ended.code, 2, ended.stdout + ended.stderr);
    oneSentence(t, ended, /^\s*schism: interrupted; healing and stopping/);
    t.match(ended.stdout, /fault 1 {2}.* healed$/m);
    const { dir, verdict, info } = readRun(join(tester.results, 'latest'));
    t.match(verdict, { verdict: 'unknown', reasons: [/interrupted/], faults: { total: 1 } });
    t.equal(info.ended?.how, 'interrupted');
    t.ok(existsSync(join(dir, 'report.html')));
    t.same((await leftWithin(tester, 5000)).left, []);
    t.same(await takenAddresses(dir), []);
  });

  t.test('twice: ends at once with 255; nothing is left within 5 s', async (t) => {
    const tester = startTester(t.testdir({}), faulty);
    await shows(tester, /seen in force/);
    tester.child.kill('SIGINT');
    await shows(tester, /interrupted; healing/);
    tester.child.kill('SIGINT');
    const ended = await tester.ended;
    t.equal(ended.code, 255, ended.stdout + ended.stderr);
    t.match(ended.stderr, /\nschism: ended at once;[^\n]*\n$/);
    t.notMatch(ended.stdout + ended.stderr, /\n\s+at /, 'no stack');
    const { left, ms } = await leftWithin(tester, 5000);
    t.same(left, [], `nothing is left ${ms} ms after the end`);
    const run = join(tester.results, 'latest');
    t.same(await takenAddresses(run), []);
    t.equal((await schism(['check', run])).code, 2);
  });

  t.test('while the nodes start: unknown, nothing left', async (t) => {
    const tester = startTester(t.testdir({}), faulty);
    await shows(tester, /starting 3 nodes/);
    await sleep(1000);
    tester.child.kill('SIGINT');
    const ended = await tester.ended;
    t.equal(ended.code, 2, ended.stdout + ended.stderr);
    oneSentence(t, ended, /^\s*schism: interrupted/);
    const { dir, verdict } = readRun(join(tester.results, 'latest'));
    t.match(verdict, { verdict: 'unknown', reasons: [/interrupted/] });
    t.same((await leftWithin(tester, 5000)).left, []);
    t.same(await takenAddresses(dir), []);
  });
}

t.test('the cluster dies for good: the run ends by itself, and is not valid', async (t) => {
  const one = await scriptedBroker(t);
  const run = startTester(t.testdir({}), [
    ...[...againstScripted(one), '--time-limit', '3', '--request-timeout', '1'],
    ...['--recovery-bound', '2'],
  ]);
  await shows(run, /leader/);
  one.child.kill('SIGKILL');
  const ended = await run.ended;
  t.equal(ended.code, 2, ended.stdout + ended.stderr);
  t.notMatch(ended.stdout + ended.stderr, /\n\s+at /, 'no stack');
  const { verdict, info } = readRun(join(run.results, 'latest'));
  t.match(verdict.reasons.join('\n'), /final read/);
  t.comment(`times of its end, ms: ${JSON.stringify(info.timings)}`);
});
