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
  const well = await calibrate({
    ...{ out, seeds: 2, timeLimitS, only: [], jobs: 2, fresh: false, schism: '1', keep: out },
    say: (line) => said.push(line),
    interrupt: AbortSignal.abort(),
    ...options,
  });
  const text = readFileSync(join(out, 'CALIBRATION.md'), 'utf8');
  return { well, said: said.join('\n'), kept: readCalibration(file)?.runs ?? [], text };
}

const cell = 'no-truncate/isolate-leader';

t.test('runs that were made are not made again', async (t) => {
  const runs = [made(cell, 1, 'invalid'), made(cell, 2, 'valid'), made('clean/kill', 1, 'valid')];
  const { well, said, kept } = await resumed(t, runs, { only: [cell] });
  t.match(said, /^0 of 2 runs to make/);
  t.ok(well, 'found once is enough');
  t.strictSame(kept, runs, 'others stay');
});

t.test('what is not there yet is missing', async (t) => {
  const runs = [made(cell, 1, 'invalid'), made(cell, 2, 'failed')];
  const { well, said } = await resumed(t, runs, { only: [cell] });
  t.match(said, /^1 of 2 runs to make/, 'a failed run is made again');
  t.notOk(well);
  const more = await resumed(t, runs, { only: [cell], seeds: 5 });
  t.match(more.said, /^4 of 5 runs to make/);
  const all = await resumed(t, runs, {});
  t.match(all.said, new RegExp(`^${2 * setups().length - 1} of ${2 * setups().length} runs`));
});

t.test('runs of another program or with other options are dropped', async (t) => {
  const other = { ...made(cell, 2, 'invalid'), hash: 'another' };
  const { well, said, kept } = await resumed(t, [made(cell, 1, 'invalid'), other], {
    only: [cell],
  });
  t.match(said, /^1 of 2 runs to make.*; 1 runs of another program/);
  t.equal(kept.length, 1);
  t.notOk(well);
  const longer = await resumed(t, [made(cell, 1, 'invalid')], { only: [cell], timeLimitS: 30 });
  t.equal(longer.kept.length, 0);
  const fresh = await resumed(t, [made(cell, 1, 'invalid')], { fresh: true });
  t.equal(fresh.kept.length, 0);
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
    (await resumed(t, both(name, verdict), { only: [name] })).well;
  t.equal(await outcome(cell, 'valid'), false, 'never found');
  t.equal(await outcome(cell, 'unknown'), false, 'unknown is not found');
  t.equal(await outcome('clean/kill', 'valid'), true);
  t.equal(await outcome('clean/kill', 'unknown'), true, 'no alarm');
  t.equal(await outcome('clean/kill', 'invalid'), false, 'a false alarm');
  t.equal(await outcome('no-truncate/none', 'valid'), true, 'where it hides');
});

t.test('the table', async (t) => {
  const runs = [
    ...[made('clean/kill', 1, 'valid'), made('clean/kill', 2, 'unknown')],
    ...[made('clean/none', 1, 'failed'), made('clean/pause', 1, 'invalid')],
    ...[made(cell, 1, 'invalid'), made(cell, 2, 'valid'), made(cell, 4, 'invalid')],
    made('no-truncate/none', 1, 'valid'),
  ];
  const { text } = await resumed(t, runs, {});
  t.match(text, /8 runs of 12 s, 2026-11-21 to 2026-11-24, Schism 1 \(program [0-9a-f]{12}\)/);
  t.match(text, '| `kill` | 0 of 2 | 78 % |  | 1: no \\| proof |');
  t.notMatch(text, '| `none` |', 'a failed run counts for nothing');
  t.match(text, '| `pause` | 1 of 1 | 100 % | lost-write | 0 |');
  t.match(text, '| all | 1 of 3 | 86 % | lost-write | 1: no \\| proof |');
  t.match(
    text,
    '| `no-truncate` | **isolate-leader** | **2 of 3** | 14 % | lost-write | 2.5 s | meant |',
  );
  t.match(text, '| `no-truncate` | none | 0 of 1 | 0.0 % |  |  | hides |');
});
