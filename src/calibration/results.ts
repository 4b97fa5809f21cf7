/** What was run: calibration.json, and what one run's folder says. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { files, writeJson } from '../history/index.js';
import { SchismError, type RunInfo, type Verdict, type VerdictWord } from '../model/index.js';
import { root, scheduleOf, type Setup } from './plan.js';

/** One run. */
export interface Made {
  subject: string;
  way: string;
  seed: number;
  /** Of all that decides on its outcome but the seed: program, options, schedule. */
  hash: string;
  /** `failed`: it left no verdict, and counts for nothing. */
  verdict: VerdictWord | 'failed';
  /** Checkers that found something. */
  checkers: string[];
  /** Time of the first anomaly, s from the begin of the load. */
  firstS?: number;
  /** Why it is unknown or failed. */
  reasons: string[];
  /** The command that repeats it. */
  command: string;
  startedAt: string;
}

/** calibration.json */
export interface Calibration {
  format: 1;
  schism: string;
  /** Of the program that all runs were made with. */
  program: string;
  timeLimitS: number;
  runs: Made[];
}

/**
 * A hash of the compiled program, without what only draws, prints or plans calibrations, and of the
 * packages that it uses.
 */
export function programHash(dist = join(root, 'dist')): string {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const folder of ['src', 'checkers', 'workloads']) {
    const names = readdirSync(join(dist, folder), { recursive: true, encoding: 'utf8' });
    for (const name of names.sort()) {
      if (!name.endsWith('.js') || /^(calibration|report|cli)\b/.test(name)) continue;
      hash.update(name).update(readFileSync(join(dist, folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 12);
}

/** Runs with the same hash and seed need not be made twice. */
export function setupHash(program: string, timeLimitS: number, { args }: Setup): string {
  const hash = createHash('sha256').update(JSON.stringify([program, timeLimitS, args]));
  return hash
    .update(scheduleOf(args) ?? '')
    .digest('hex')
    .slice(0, 12);
}

/** Undefined: there is none yet. Throws a SchismError (history) if it is none of ours. */
export function readCalibration(file: string): Calibration | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as Partial<Calibration> | null;
    if (read?.format === 1 && Array.isArray(read.runs)) return read as Calibration;
  } catch {
    // Told below, as any other text.
  }
  throw new SchismError('history', `Expected ${file} to be a calibration, got something else.`);
}
export const writeCalibration: (file: string, value: Calibration) => void = writeJson;

export type Judged = Pick<Made, 'verdict' | 'checkers' | 'firstS' | 'reasons' | 'startedAt'>;

/** What the run in this folder came to; undefined: it was not judged. */
export function judged(dir: string): Judged | undefined {
  const [verdictFile, runFile] = [join(dir, files.verdict), join(dir, files.run)];
  if (!existsSync(verdictFile) || !existsSync(runFile)) return undefined;
  const verdict = JSON.parse(readFileSync(verdictFile, 'utf8')) as Verdict;
  const info = JSON.parse(readFileSync(runFile, 'utf8')) as RunInfo;
  if (info.ended?.how !== 'complete') return undefined;
  const times = verdict.cases.map(({ spanNs: [from] }) => from);
  return {
    verdict: verdict.verdict,
    checkers: verdict.checkers.filter(({ count }) => count > 0).map(({ id }) => id),
    ...(times.length > 0 && { firstS: Math.round(Math.min(...times) / 1e7) / 100 }),
    reasons: verdict.reasons,
    startedAt: info.startedAt,
  };
}

/** A run that left no verdict: what its output ends with. */
export function failed(logFile: string): Judged {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trim().split('\n') : [];
  return {
    verdict: 'failed',
    checkers: [],
    reasons: [lines.at(-1) ?? ''],
    startedAt: new Date().toISOString(),
  };
}
