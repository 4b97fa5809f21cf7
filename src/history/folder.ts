/** A run's folder: its files, and reading and writing them. */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  messageOf,
  type RunInfo,
  type Schedule,
  SchismError,
  type Verdict,
} from '../model/index.js';
import { type History, readHistory } from './reader.js';

export const files = {
  run: 'run.json',
  history: 'history.arrow',
  schedule: 'schedule.json',
  verdict: 'verdict.json',
  junit: 'junit.xml',
  report: 'report.html',
} as const;

export interface Run {
  /** With links resolved: what `results/latest` led to, whatever it leads to later. */
  dir: string;
  info: RunInfo;
  history: History;
  /** Absent in a run without faults, or one that was ended before it had any. */
  schedule?: Schedule;
  /** Absent until it was judged. */
  verdict?: Verdict;
}

/**
 * Opens the folder of a run, finished or not. Throws a SchismError (history) that names what cannot
 * be read: no folder, no run.json, bad JSON, another format, no history.
 */
export function openRun(dir: string): Run {
  const real = resolveRun(dir);
  const info = readJson(join(real, files.run), 'format') as RunInfo | undefined;
  if (info === undefined)
    throw unreadable(`${dir} to be a run's folder`, `a folder without ${files.run}`);
  checkInfo(info, join(real, files.run));
  const history = readHistory(join(real, files.history));
  const schedule = readJson(join(real, files.schedule), 'version') as Schedule | undefined;
  const verdict = readJson(join(real, files.verdict), 'format') as Verdict | undefined;
  return { dir: real, info, history, ...(schedule && { schedule }), ...(verdict && { verdict }) };
}

const unreadable = (what: string, got: string, cause?: unknown): SchismError =>
  new SchismError('history', `Expected ${what}, got ${got}.`, { cause });

function resolveRun(dir: string): string {
  try {
    const real = realpathSync(dir);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    const link = lstatSync(dir, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    const got = link ? 'a link that leads nowhere' : messageOf(error);
    throw unreadable(`${dir} to be a run's folder`, got, error);
  }
  throw unreadable(`${dir} to be a run's folder`, 'a file');
}

/** An object whose `versionField` is 1; undefined if there is no such file. */
function readJson(file: string, versionField: string): object | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(`${file} to be JSON`, messageOf(error), error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unreadable(`${file} to hold an object`, JSON.stringify(value).slice(0, 40));
  const version = (value as Record<string, unknown>)[versionField];
  if (version !== 1)
    throw unreadable(
      `${file} to have "${versionField}": 1`,
      version === undefined ? 'none' : JSON.stringify(version),
    );
  return value;
}

/** What every reader of a run relies on without looking. */
function checkInfo(info: RunInfo, file: string): void {
  const fields: Partial<Record<keyof RunInfo, (value: unknown) => boolean>> = {
    keys: Array.isArray,
    nodes: Array.isArray,
    concurrency: (value) => Number.isInteger(value) && (value as number) > 0,
    options: (value) => typeof value === 'object' && value !== null,
    facts: (value) => typeof value === 'object' && value !== null,
    evidence: (value) => typeof value === 'object' && value !== null,
  };
  for (const [name, fits] of Object.entries(fields)) {
    const value = info[name as keyof RunInfo] as unknown;
    if (!fits(value)) {
      const got = value === undefined ? 'none' : JSON.stringify(value).slice(0, 40);
      throw unreadable(`${file} to have a usable "${name}"`, got);
    }
  }
}

/** Writes JSON so that the file is the old or the new one, whole, at any moment. */
export function writeJson(file: string, value: unknown): void {
  writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** The same for any text. */
export function writeWhole(file: string, text: string): void {
  // A name of its own for each file, not for each call: what a kill leaves is overwritten next time.
  const temporary = `${file}.tmp`;
  try {
    const fd = openSync(temporary, 'w');
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unreadable(`to write ${file}`, messageOf(error), error);
  }
}

/** Lets `latest`, beside the run's folder, lead to it. */
export function linkLatest(dir: string): void {
  const link = join(dirname(dir), 'latest');
  rmSync(`${link}.tmp`, { force: true });
  symlinkSync(basename(dir), `${link}.tmp`);
  renameSync(`${link}.tmp`, link);
}
