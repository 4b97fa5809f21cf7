import { basename } from 'node:path';
import { execa } from 'execa';
import { SchismError } from '../model/index.js';
import { signal } from './table.js';
import { leash } from './watch.js';

export interface RunOptions {
  timeoutMs: number;
  cwd?: string;
  env?: Record<string, string>;
  /** Ends it, group and all. */
  signal?: AbortSignal;
  /** Of the error: `usage` for what the user can put right. */
  code?: SchismError['code'];
}
export interface RunResult {
  stdout: string;
  stderr: string;
}

/**
 * Runs a short command to its end. Rejects with a SchismError of one sentence if it cannot be
 * run, fails, or takes longer than `timeoutMs`. It has a process group of its own: a terminal's
 * Ctrl-C does not reach it, and its children end with it.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const child = execa(command, args, {
    detached: true,
    cleanup: false,
    reject: false,
    env: { ...options.env, ...leash() },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: 'ignore',
  });
  const end = (): void => {
    if (child.pid !== undefined) signal(-child.pid, 'SIGKILL');
  };
  const late = AbortSignal.timeout(options.timeoutMs);
  const stop = options.signal ? AbortSignal.any([late, options.signal]) : late;
  stop.addEventListener('abort', end, { once: true });
  if (stop.aborted) end();
  const result = await child;
  stop.removeEventListener('abort', end);
  if (!result.failed) return { stdout: result.stdout, stderr: result.stderr };

  const name = basename(command);
  const why = options.signal?.aborted
    ? `${name} was interrupted.`
    : late.aborted
      ? `Expected ${name} to end within ${options.timeoutMs / 1000} s, and it did not.`
      : result.code === 'ENOENT'
        ? `Expected \`${name}\` to be on the PATH, and it is not.`
        : `${name} ended with ${ending(result)}: ${lastLine(result.stderr || result.stdout)}`;
  throw new SchismError(options.code ?? 'cluster', why, { cause: result });
}

const ending = (result: { exitCode?: number; signal?: string }): string =>
  result.signal ?? `exit code ${result.exitCode ?? 'unknown'}`;

/** Of a Java program too, whose last lines are frames of a stack. */
const lastLine = (text: string): string => {
  const lines = text.split('\n').filter((line) => line.trim() && !/^\s+(at |\.\.\.)/.test(line));
  return lines.at(-1)?.trim() ?? 'it said nothing';
};
