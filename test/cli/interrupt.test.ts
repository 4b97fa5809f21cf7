/** Ctrl-C through the CLI, against the scripted broker: no Java, no Toxiproxy. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { oneSentence, schism, shows } from '../support/cli.js';
import { readRun } from '../support/e2e.js';
import { leftWithin, startTester } from '../support/marked.js';
import { againstScripted, scriptedBroker } from '../support/scripted.js';

t.test('interrupted once: stops, judges, unknown', async (t) => {
  const one = await scriptedBroker(t);
  const run = startTester(t.testdir({}), [...againstScripted(one), '--time-limit', '600']);
  await shows(run, /leader/);
  run.child.kill('SIGINT');
  const ended = await run.ended;
  t.equal(ended.code, 2, ended.stdout + ended.stderr);
  oneSentence(t, ended, /^\s*schism: interrupted; healing and stopping/);
  const { dir, verdict, info } = readRun(join(run.results, 'latest'));
  t.match(verdict, { verdict: 'unknown', reasons: [/interrupted/] });
  t.equal(info.ended?.how, 'interrupted');
  t.ok(existsSync(join(dir, 'report.html')));
  t.same((await leftWithin(run, 5000)).left, []);
});

t.test('interrupted while a node is killed: it is started again', async (t) => {
  const one = await scriptedBroker(t);
  const run = startTester(t.testdir({}), [
    ...[...againstScripted(one), '--nemesis', 'kill', '--time-limit', '600'],
    ...['--nemesis-interval', '1', '--nemesis-duration', '300'],
    ...['--node-kill', one.commands.kill, '--node-start', one.commands.start],
  ]);
  await shows(run, /seen in force/);
  run.child.kill('SIGINT');
  const ended = await run.ended;
  t.equal(ended.code, 2, ended.stdout + ended.stderr);
  t.match(ended.stdout, /kill node 1 healed/);
  t.match(readRun(join(run.results, 'latest')).verdict, {
    verdict: 'unknown',
    faults: { total: 1 },
  });
  t.equal(
    (
      await schism([
        'test',
        '--results-dir',
        run.results,
        ...againstScripted(one),
        '--time-limit',
        '1',
      ])
    ).code,
    0,
    'it is there again',
  );
});

t.test('interrupted twice: ends at once with 255, and what it left can be judged', async (t) => {
  const one = await scriptedBroker(t);
  const run = startTester(t.testdir({}), [...againstScripted(one), '--time-limit', '600']);
  await shows(run, /leader/);
  one.child.kill('SIGSTOP');
  run.child.kill('SIGINT');
  await shows(run, /interrupted; healing/);
  run.child.kill('SIGINT');
  const ended = await run.ended;
  t.equal(ended.code, 255, ended.stdout + ended.stderr);
  t.match(ended.stderr, /\nschism: ended at once;[^\n]*\n$/);
  t.notMatch(ended.stderr, /\n\s+at /, 'no stack');
  t.same((await leftWithin(run, 5000)).left, []);
  t.equal((await schism(['check', join(run.results, 'latest')])).code, 2);
});

t.test('interrupted while it looks for the cluster', async (t) => {
  const one = await scriptedBroker(t);
  one.child.kill('SIGSTOP');
  const run = startTester(t.testdir({}), [...againstScripted(one), '--time-limit', '600']);
  await shows(run, /looking at the cluster/);
  run.child.kill('SIGINT');
  const ended = await run.ended;
  t.equal(ended.code, 2, ended.stdout + ended.stderr);
  oneSentence(t, ended, /^\s*schism: interrupted/);
  t.match(readRun(join(run.results, 'latest')).verdict, {
    verdict: 'unknown',
    reasons: [/interrupted/],
  });
});
