/** Makes the runs that are not made yet, several at a time, and writes the table after each. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../history/index.js';
import { SchismError, type VerdictWord } from '../model/index.js';
import { startProcess, tempFolder } from '../processes/index.js';
import { clean, nameOf, root, setups, type Setup } from './plan.js';
import {
  failed,
  judged,
  programHash,
  readCalibration,
  setupHash,
  writeCalibration,
  type Calibration,
  type Made,
} from './results.js';
import { tableText } from './table.js';

export interface CalibrateOptions {
  /** Where CALIBRATION.md and calibration.json are written. */
  out: string;
  /** Runs of each cell, with the seeds 1, 2 ... */
  seeds: number;
  timeLimitS: number;
  /** Names of defects, `clean`, or cells; none: all. */
  only: readonly string[];
  /** Runs at a time. */
  jobs: number;
  /** Forgets what was run before. */
  fresh: boolean;
  schism: string;
  /** Where folders of runs are kept that should not have come out as they did. */
  keep: string;
  say(line: string): void;
  /** Ends the runs that go on; what is done is kept. */
  interrupt: AbortSignal;
}

interface Job {
  setup: Setup;
  seed: number;
  hash: string;
}

/**
 * Invalid: a clean run raised an alarm, or what is meant for a defect never found it. Unknown: runs
 * are missing or failed, or a clean one was unknown. Throws a SchismError (usage) for a bad name,
 * for runs that would be dropped beside those asked for, and when the program changes meanwhile.
 */
export async function calibrate(options: CalibrateOptions): Promise<VerdictWord> {
  const { out, seeds, timeLimitS, jobs, interrupt } = options;
  const asked = setups(options.only);
  const file = join(out, 'calibration.json');
  const program = programHash();
  const before = readCalibration(file);
  const state: Calibration = { format: 1, schism: options.schism, program, timeLimitS, runs: [] };
  const hashes = new Map(
    setups().map((setup) => [nameOf(setup), setupHash(program, timeLimitS, setup)]),
  );
  // A cell holds runs of one program with one set of options, or its counts would mean nothing.
  const fits = (before?.runs ?? []).filter((run) => hashes.get(nameOf(run)) === run.hash);
  const left = (before?.runs.length ?? 0) - fits.length;
  if (left > 0 && options.only.length > 0)
    throw new SchismError(
      'usage',
      `Expected ${file} to hold runs of this program and time limit beside \`--only\`, got ${left} others: give another \`--out\`, or make all runs anew without \`--only\`.`,
    );
  const anew = new Set(options.fresh ? asked.map(nameOf) : []);
  state.runs = fits.filter((run) => !anew.has(nameOf(run)));
  const isDone = ({ setup, seed }: Pick<Job, 'setup' | 'seed'>): boolean =>
    state.runs.some((run) => same(run, setup, seed) && run.verdict !== 'failed');
  const all = Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) =>
    asked.map((setup): Job => ({ setup, seed, hash: hashes.get(nameOf(setup)) ?? '' })),
  );
  const queue = all.filter((job) => !isDone(job));
  options.say(
    `${queue.length} of ${all.length} runs to make, of ${timeLimitS} s each` +
      (left > 0 ? `; ${left} runs of another program or with other options are dropped` : ''),
  );
  mkdirSync(out, { recursive: true });
  const save = (): void => {
    writeCalibration(file, state);
    writeWhole(join(out, 'CALIBRATION.md'), tableText(state));
  };
  let n = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      const job = interrupt.aborted ? undefined : queue.shift();
      const made = job && (await makeRun(job, options));
      if (!job || !made) return;
      if (programHash() !== program)
        throw new SchismError(
          'usage',
          `Expected one program for all runs, but it was built anew during ${nameOf(job.setup)}; the runs before it are kept.`,
        );
      const { setup, seed } = job;
      state.runs = [...state.runs.filter((run) => !same(run, setup, seed)), made].sort(inOrder);
      save();
      options.say(`${`${++n}`.padStart(4)}  ${line(made)}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  save();
  const isWhole = (setup: Setup): boolean => all.every((job) => job.setup !== setup || isDone(job));
  const of = (setup: Setup, word: VerdictWord): boolean =>
    state.runs.some((run) => nameOf(run) === nameOf(setup) && run.verdict === word);
  const isWrong = (setup: Setup): boolean =>
    setup.role === clean
      ? of(setup, 'invalid')
      : setup.role === 'meant' && isWhole(setup) && !of(setup, 'invalid');
  if (asked.some(isWrong)) return 'invalid';
  const isOpen = (setup: Setup): boolean =>
    !isWhole(setup) || (setup.role === clean && of(setup, 'unknown'));
  return asked.some(isOpen) ? 'unknown' : 'valid';
}

const same = (run: Made, { subject, way }: Setup, seed: number): boolean =>
  run.subject === subject && run.way === way && run.seed === seed;

const inOrder = (a: Made, b: Made): number =>
  nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : a.seed - b.seed;

/** How much longer than its time limit a run may take, ms: more means that it hangs. */
const graceMs = 240_000;

/** Undefined: it was interrupted, and what was ended before its time says nothing. */
async function makeRun(
  { setup, seed, hash }: Job,
  options: CalibrateOptions,
): Promise<Made | undefined> {
  const { subject, way, role } = setup;
  const args = [...setup.args, '--time-limit', `${options.timeLimitS}s`, '--seed', `${seed}`];
  const folder = tempFolder('schism-calibration-');
  const logFile = join(folder.path, 'output.txt');
  try {
    const child = startProcess({
      name: `the run ${nameOf(setup)} with seed ${seed}`,
      command: process.execPath,
      args: [
        ...[join(root, 'src/cli/schism.js'), 'test', ...args],
        ...['--results-dir', folder.path, '--worth', '0'],
      ],
      cwd: root,
      logFile,
    });
    const late = AbortSignal.timeout(options.timeLimitS * 1000 + graceMs);
    const end = AbortSignal.any([late, options.interrupt]);
    end.addEventListener('abort', () => void child.terminate(20_000).catch(() => undefined));
    await child.exited;
    if (options.interrupt.aborted) return undefined;
    const result = judged(join(folder.path, 'latest')) ?? failed(logFile);
    const wrong = result.verdict === 'failed' || (role === clean && result.verdict !== 'valid');
    if (wrong) {
      const name = `${nameOf(setup).replace(/\W+/g, '-')}-${seed}`;
      cpSync(folder.path, join(options.keep, name), { recursive: true, verbatimSymlinks: true });
    }
    const command = `npm run jepsen -- ${args.join(' ')}`;
    return { subject, way, seed, hash, ...result, command };
  } finally {
    await folder.remove();
  }
}

function line({ subject, way, seed, verdict, checkers, firstS, reasons }: Made): string {
  const what =
    verdict === 'invalid'
      ? `after ${(firstS ?? 0).toFixed(1)} s by ${checkers.join(', ')}`
      : reasons.slice(0, 2).join('; ');
  return `${verdict.padEnd(8)} ${subject} / ${way}, seed ${seed}  ${what}`.trimEnd();
}
