/** The target `external` through the CLI, against the scripted broker: no Java, no Toxiproxy. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { oneSentence, schism, type Ended } from '../support/cli.js';
import { readRun } from '../support/e2e.js';
import { againstScripted, scriptedBroker, type Scripted } from '../support/scripted.js';

const run = (one: Scripted, results: string, args: readonly string[]): Promise<Ended> =>
  schism(['test', '--results-dir', results, ...againstScripted(one), ...args]);

t.test('a healthy run is valid, and the report is there', async (t) => {
  const one = await scriptedBroker(t);
  const results = join(t.testdir({}), 'results');
  const { code, stdout, stderr } = await run(one, results, ['--time-limit', '2']);
  t.equal(code, 0, stdout + stderr);
  t.match(stdout, /^verdict: valid/m);
  t.match(stdout, /^again: npm run jepsen -- --target external .*--seed 1/m);
  const { dir, verdict } = readRun(join(results, 'latest'));
  t.equal(verdict.verdict, 'valid');
  t.ok(existsSync(join(dir, 'report.html')));
  t.ok(one.log().length > 0);
});

t.test('a dry run shows schedule and commands, and starts nothing', async (t) => {
  const one = await scriptedBroker(t);
  const results = join(t.testdir({}), 'results');
  const { code, stdout } = await run(one, results, [
    ...['--dry-run', '--nemesis', 'kill', '--time-limit', '60'],
    ...['--node-kill', 'touch killed-{node}', '--node-start', 'restart {host} {port}'],
  ]);
  t.equal(code, 0);
  const end = stdout.indexOf('\n}\n');
  const { faults } = JSON.parse(stdout.slice(0, end + 2)) as { faults: { nemesis: string }[] };
  t.ok(faults.length > 0 && faults.every(({ nemesis }) => nemesis === 'kill'));
  t.match(stdout.slice(end), /^ {2}nodeKill 1: touch killed-1$/m);
  t.match(stdout.slice(end), /^ {2}nodeStart 1: restart 127\.0\.0\.1 \d+$/m);
  t.notOk(existsSync(results), 'no run');
  t.same(one.log(), [], 'no write');
});

t.test('faults by commands: carried out, proven, healed, and the run is valid', async (t) => {
  const one = await scriptedBroker(t);
  const { kill, start, pause, resume } = one.commands;
  const dir = t.testdir({});
  const results = join(dir, 'results');
  const faults = ['kill', 'pause'].map((nemesis, i) => ({
    ...{ id: i + 1, nemesis, atMs: 500 + 3000 * i, durationMs: 2000, params: { target: 'one' } },
  }));
  const schedule = join(dir, 'schedule.json');
  writeFileSync(schedule, JSON.stringify({ version: 1, seed: '1', faults }));
  const { code, stdout, stderr } = await run(one, results, [
    ...['--time-limit', '8', '--request-timeout', '1', '--schedule', schedule],
    ...['--node-kill', kill, '--node-start', start],
    ...['--node-pause', pause, '--node-resume', resume],
  ]);
  const { dir: folder, verdict } = readRun(join(results, 'latest'));
  t.equal(code, 0, `${stdout}${stderr}${verdict.reasons.join('\n')}`);
  t.equal(verdict.faults.total, 2);
  t.equal(verdict.faults.proven, 2);
  t.match(stdout, /seen in force: node 1: 127\.0\.0\.1:\d+ refuses connections/);
  t.match(stdout, /seen in force: node 1: .* accepts connections and answers no request/);
  const said = readFileSync(join(folder, 'nodes', '1', 'commands.log'), 'utf8');
  t.match(said, /^127\.0\.0\.1:\d+$/m, 'what a command says is kept');
  t.equal((await run(one, results, ['--time-limit', '1'])).code, 0, 'the node lives on');
});

t.test('a nemesis that it cannot serve is refused before anything starts', async (t) => {
  const one = await scriptedBroker(t);
  const results = join(t.testdir({}), 'results');
  const ended = await run(one, results, ['--nemesis', 'partition']);
  t.equal(ended.code, 254);
  oneSentence(t, ended, /Nemesis partition needs links .* target external does not have/);
  t.notOk(existsSync(results));
});

t.test('a cluster that cannot be reached', async (t) => {
  const args = ['--target', 'external', '--bootstrap', '127.0.0.1:1'];
  const ended = await schism(['test', ...args, '--results-dir', t.testdir({})]);
  t.equal(ended.code, 254);
  oneSentence(t, ended, /Expected a broker at 127\.0\.0\.1:1 within \d+ s, got: .*ECONNREFUSED/);
});
