/** Whole runs through the CLI on real brokers. */
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { files } from '../../src/history/index.js';
import type { RunInfo, Verdict } from '../../src/model/index.js';
import { start, type Ended, type Started } from './cli.js';

export interface WholeRun extends Ended {
  dir: string;
  verdict: Verdict;
  info: RunInfo;
}

export function startRun(t: Test, args: readonly string[]): Started & { results: string } {
  const results = t.testdir();
  return { ...start(['test', '--results-dir', results, ...args]), results };
}

/** Runs to the end and reads what it left; the output is shown when it left no verdict. */
export async function wholeRun(t: Test, args: readonly string[]): Promise<WholeRun> {
  const { ended, results } = startRun(t, args);
  const end = await ended;
  if (end.code === null || end.code > 2) t.comment(end.stdout + end.stderr);
  return { ...end, ...readRun(join(results, 'latest')) };
}

/** Checks the exit code; what the run printed is shown only when it is another one. */
export function ended(t: Test, run: WholeRun, code: number): void {
  t.equal(run.code, code, 'exit code');
  if (run.code !== code) t.comment(`${run.stdout}${run.stderr}\n${run.verdict.reasons.join('\n')}`);
}

export function readRun(folder: string): { dir: string; verdict: Verdict; info: RunInfo } {
  const dir = realpathSync(folder);
  const json = (name: string): unknown => JSON.parse(readFileSync(join(dir, name), 'utf8'));
  return { dir, verdict: json(files.verdict) as Verdict, info: json(files.run) as RunInfo };
}

/** Pids of living processes whose environment or command line holds `text`. Not Linux: none. */
export function processesWith(text: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const of = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'latin1');
        const state = of('stat').split(') ').at(-1)?.[0];
        return state !== 'Z' && (of('cmdline').includes(text) || of('environ').includes(text));
      } catch {
        return false;
      }
    })
    .map(Number);
}
