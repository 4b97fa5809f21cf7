import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { calibrate, type CalibrateOptions } from '../../src/calibration/calibrate.js';
import { setups } from '../../src/calibration/plan.js';
import {
  programHash,
  readCalibration,
  setupHash,
  writeCalibration,
  type Made,
} from '../../src/calibration/results.js';

const timeLimitS = 12;
const program = programHash();

/** A run of this program, as calibration.json has it. */
function made(name: string, seed: number, verdict: Made['verdict']): Made {
  const setup = setups([name])[0]!;
  const { subject, way } = setup;
  const found =
    verdict === 'invalid' ? { checkers: ['lost-write'], firstS: seed } : { checkers: [] };
  return {
    ...{ subject, way, seed, hash: setupHash(program, timeLimitS, setup), verdict, ...found },
    reasons: verdict === 'unknown' ? ['no | proof'] : [],
    command: 'npm run jepsen -- ...',
    startedAt: `2026-11-2${seed}T10:00:00.000Z`,
  };
}

/** What `calibrate` makes of earlier runs. It cannot make any itself: it was interrupted. */
async function resumed(t: Test, runs: Made[], options: Partial<CalibrateOptions>) {
  const out = t.testdir();
  const file = join(out, 'calibration.json');
  writeCalibration(file, { format: 1, schism: '1', program, timeLimitS, runs });
  const said: string[] = [];
  const verdict = await calibrate({
    ...{ out, seeds: 2, timeLimitS, only: [], jobs: 2, fresh: false, schism: '1', keep: out },
    say: (line) => said.push(line),
    interrupt: AbortSignal.abort(),
    ...options,
  });
  const text = readFileSync(join(out, 'CALIBRATION.md'), 'utf8');
  return { verdict, said: said.join('\n'), kept: readCalibration(file)?.runs ?? [], text };
}

const cell = 'no-truncate/isolate-leader';

t.test('runs that were made are not made again', async (t) => {
  const runs = [made(cell, 1, 'invalid'), made(cell, 2, 'valid'), made('clean/kill', 1, 'valid')];
  const { verdict, said, kept } = await resumed(t, runs, { only: [cell] });
  t.match(said, /^0 of 2 runs to make/);
  t.equal(verdict, 'valid', 'found once is enough');
  t.strictSame(kept, runs, 'others stay');
});

t.test('what is not there yet is missing', async (t) => {
  const runs = [made(cell, 1, 'invalid'), made(cell, 2, 'failed')];
  const { verdict, said } = await resumed(t, runs, { only: [cell] });
  t.match(said, /^1 of 2 runs to make/, 'a failed run is made again');
  t.equal(verdict, 'unknown');
  const more = await resumed(t, runs, { only: [cell], seeds: 5 });
  t.match(more.said, /^4 of 5 runs to make/);
  const all = await resumed(t, runs, {});
  t.match(all.said, new RegExp(`^${2 * setups().length - 1} of ${2 * setups().length} runs`));
});

t.test('runs of another program or with other options are dropped', async (t) => {
  const other = { ...made(cell, 2, 'invalid'), hash: 'another' };
  const first = made(cell, 1, 'invalid');
  const { verdict, said, kept } = await resumed(t, [first, other], {});
  t.match(said, /runs to make.*; 1 runs of another program/);
  t.equal(kept.length, 1);
  t.equal(verdict, 'unknown');
  const longer = await resumed(t, [first], { timeLimitS: 30 });
  t.equal(longer.kept.length, 0);
  for (const options of [{ only: [cell] }, { only: [cell], fresh: true }])
    await t.rejects(resumed(t, [first, other], options), {
      code: 'usage',
      message: /, got 1 others: /,
    });
  await t.rejects(resumed(t, [first], { only: ['clean'], timeLimitS: 30 }), { code: 'usage' });
});

t.test('fresh runs are made of what is asked for only', async (t) => {
  const runs = [made('clean/kill', 1, 'valid'), made(cell, 1, 'invalid')];
  t.equal((await resumed(t, runs, { fresh: true })).kept.length, 0);
  const { kept } = await resumed(t, runs, { fresh: true, only: [cell] });
  t.strictSame(kept, runs.slice(0, 1));
});

t.test('a file that is no calibration is refused', (t) => {
  for (const text of ['', '[]', 'null', '{"format":2,"runs":[]}', '{"format":1}']) {
    const dir = t.testdir({ 'calibration.json': text });
    t.throws(() => readCalibration(join(dir, 'calibration.json')), { code: 'history' });
  }
  t.equal(readCalibration(join(t.testdir(), 'calibration.json')), undefined);
  t.end();
});

t.test('what counts as a failed calibration', async (t) => {
  const both = (name: string, verdict: Made['verdict']) => [
    made(name, 1, 'valid'),
    made(name, 2, verdict),
  ];
  const outcome = async (name: string, verdict: Made['verdict']) =>
    (await resumed(t, both(name, verdict), { only: [name] })).verdict;
  t.equal(await outcome(cell, 'valid'), 'invalid', 'never found');
  t.equal(await outcome(cell, 'unknown'), 'invalid', 'unknown is not found');
  t.equal(await outcome(cell, 'failed'), 'unknown', 'the other run might find it');
  t.equal(await outcome('clean/kill', 'valid'), 'valid');
  t.equal(await outcome('clean/kill', 'unknown'), 'unknown', 'no alarm, and no pass');
  t.equal(await outcome('clean/kill', 'invalid'), 'invalid', 'a false alarm');
  t.equal(await outcome('no-truncate/none', 'valid'), 'valid', 'where it hides');
});

t.test('the table', async (t) => {
  const runs = [
    ...[made('clean/kill', 1, 'valid'), made('clean/kill', 2, 'unknown')],
    ...[made('clean/none', 1, 'failed'), made('clean/pause', 1, 'invalid')],
    ...[made(cell, 1, 'invalid'), made(cell, 2, 'valid'), made(cell, 4, 'invalid')],
    made('no-truncate/none', 1, 'valid'),
  ];
  const { text } = await resumed(t, runs, {});
  t.match(text, /\n7 runs of 12 s, 2026-11-21 to 2026-11-24, Schism 1 \(program [0-9a-f]{12}\)/);
  t.match(text, '). 1 more left no verdict and count for nothing.');
  t.match(text, '| `kill` | 0 of 2 | 95 % |  | 1: no \\| proof |');
  t.match(text, '| `none` | not run | 100 % |', 'a failed run counts for nothing');
  t.match(text, '| `vote-forgotten` | **schedule vote-forgotten** | **not run** | 0.0 % |');
  t.match(text, '| `pause` | 1 of 1 | 100 % | lost-write | 0 |');
  t.match(text, '| all | 1 of 3 | 97 % | lost-write | 1: no \\| proof |');
  t.match(
    text,
    '| `no-truncate` | **isolate-leader** | **2 of 3** | 14 % | lost-write | 2.5 s | meant |',
  );
  t.match(text, '| `no-truncate` | none | 0 of 1 | 0.0 % |  |  | hides |');
});
