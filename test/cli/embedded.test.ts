/** Whole runs on the reference cluster, with nothing but Node on the PATH. */
import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { start } from '../support/cli.js';
import { readRun } from '../support/e2e.js';

/** A PATH with Node, and with a Toxiproxy that must not be started if `toxiproxy`. */
function environment(t: Test, toxiproxy: boolean): Record<string, string> {
  const dir = t.testdir({ bin: {}, cache: {} });
  symlinkSync(process.execPath, join(dir, 'bin', 'node'));
  const server = join(dir, 'bin', 'toxiproxy-server');
  if (toxiproxy) {
    writeFileSync(server, '#!/bin/sh\nexit 1\n');
    chmodSync(server, 0o755);
  }
  return { PATH: join(dir, 'bin'), SCHISM_CACHE: join(dir, 'cache') };
}

async function run(t: Test, args: readonly string[], toxiproxy = false) {
  const env = environment(t, toxiproxy);
  const results = join(t.testdirName, 'results');
  const all = ['test', '--results-dir', results, '--seed', '1', '--concurrency', '3', ...args];
  const ended = await start(all, { env }).ended;
  if (ended.code === null || ended.code > 2) t.comment(ended.stdout + ended.stderr);
  return { ...ended, ...readRun(join(results, 'latest')) };
}

const notice = 'Reference cluster: this tells nothing about your brokers; try `--target kafka`.';

t.test('the default target, links built in: valid, and says what it is', async (t) => {
  const args = ['--nemesis', 'partition', '--nemesis-interval', '2', '--nemesis-duration', '1'];
  const { code, stdout, verdict, info, dir } = await run(t, [...args, '--time-limit', '6'], true);
  t.equal(code, 0, stdout);
  t.ok(verdict.faults.total > 0);
  t.equal(verdict.faults.proven, verdict.faults.total);
  t.match(info.facts, { Links: /^builtin/, Toxiproxy: /^found, not used/, fsync: /^off/ });
  t.match(stdout, /Toxiproxy was found; `--links toxiproxy` uses it/);
  t.equal(stdout.split('\n').filter((line) => line === `notice: ${notice}`).length, 2);
  t.equal(info.notice, notice);
  const html = readFileSync(join(dir, 'report.html'), 'utf8');
  t.match(html, 'this tells nothing about your brokers; try <code>--target kafka</code>.');
  t.ok(/Reference cluster, built-in links/.test(html));
  t.match(readFileSync(join(dir, 'junit.xml'), 'utf8'), /<property name="notice" value="Reference/);
});

t.test('no links without need; options and plants are told', async (t) => {
  const { stdout, info } = await run(t, [
    ...['--time-limit', '1', '--nodes', '5', '--fsync'],
    ...['--election-timeout', '800ms', '--heartbeat', '90ms'],
    ...['--plant', 'vote-forgotten,no-truncate', '--plant', 'torn-tail-served'],
  ]);
  const planted = 'vote-forgotten, no-truncate, torn-tail-served';
  t.match(info.facts, {
    Links: 'none',
    fsync: 'on',
    Heartbeat: '90 ms',
    'Election time-out': '800 ms',
    'Planted defects': planted,
  });
  t.equal(info.nodes.length, 5);
  t.equal(info.notice, `${notice} Planted defects: ${planted}.`);
  t.match(stdout, `notice: ${info.notice}\n`);
  t.match(stdout, /--plant vote-forgotten --plant no-truncate --plant torn-tail-served/);
});
