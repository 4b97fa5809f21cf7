import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readCalibration } from '../../src/calibration/results.js';
import { schism, shows, start } from '../support/cli.js';
import { processesWith } from '../support/e2e.js';
import { need } from '../support/need.js';

const cells = ['no-truncate/isolate-leader', 'clean/none'];
const args = (out: string, ...more: string[]): string[] => [
  ...['calibrate', '--out', out, '--seeds', '1', '--time-limit', '10'],
  ...cells.flatMap((cell) => ['--only', cell]),
  ...more,
];

t.test('a defect is found, no defect raises no alarm, and nothing is run twice', async (t) => {
  const out = t.testdir();
  const first = await schism(args(out));
  t.equal(first.code, 0, first.stdout + first.stderr);
  t.match(first.stdout, /^2 of 2 runs to make, of 10 s each\n/);
  t.match(first.stdout, /^ +\d {2}valid {4}clean \/ none, seed 1$/m);
  t.match(
    first.stdout,
    /invalid {2}no-truncate \/ isolate-leader, seed 1 {2}after \d+\.\d s by .*\w/,
  );
  const { runs = [] } = readCalibration(join(out, 'calibration.json')) ?? {};
  t.equal(runs.length, 2);
  t.match(readFileSync(join(out, 'CALIBRATION.md'), 'utf8'), '**isolate-leader** | **1 of 1**');
  const command = runs.find(({ verdict }) => verdict === 'invalid')?.command ?? '';
  t.match(command, /^npm run jepsen -- --target embedded --plant no-truncate .*--seed 1$/);

  const second = await schism(args(out));
  t.equal(second.code, 0);
  t.match(second.stdout, /^0 of 2 runs to make/);
  t.strictSame(readCalibration(join(out, 'calibration.json'))?.runs, runs);
});

t.test('Ctrl-C ends the run that goes on and leaves nothing', async (t) => {
  if (!need(t, 'linux')) return;
  const out = t.testdir();
  const mark = `calibration-${process.pid}`;
  const run = start(args(out), { env: { SCHISM_TEST_MARK: mark } });
  await shows(run, /runs to make/);
  // Once a broker is there, there is something to leave behind.
  while (processesWith(mark).length < 4) await new Promise((resolve) => setTimeout(resolve, 50));
  run.child.kill('SIGINT');
  const { code } = await run.ended;
  t.equal(code, 2, 'runs are missing');
  t.strictSame(readCalibration(join(out, 'calibration.json'))?.runs, []);
  // The watchers end by themselves, a moment later.
  while (processesWith(mark).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
});

t.test('bad arguments', async (t) => {
  for (const wrong of [['--only', 'no-such'], ['--jobs', '0'], ['--seeds', 'x'], ['stray']]) {
    const { code, stderr } = await schism(['calibrate', ...wrong]);
    t.equal(code, 254, wrong.join(' '));
    t.equal(stderr.trim().split('\n').length, 1);
  }
});
