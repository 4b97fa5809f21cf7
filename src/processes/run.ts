import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
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
  /**
   * A command of the user's, which may leave a daemon behind: its output goes to this file, because
   * a daemon holds a pipe open for as long as it lives, and what it started is not ours to end.
   */
  userLog?: string;
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
 * Ctrl-C does not reach it, and unless it is the user's its children end with it.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const { userLog } = options;
  const begin = userLog === undefined ? 0 : sizeOf(userLog);
  // execa's types know descriptors 3 to 9 only; it hands any on.
  const log = userLog === undefined ? undefined : (openSync(userLog, 'a') as 3);
  const child = execa(command, args, {
    detached: true,
    cleanup: false,
    reject: false,
    env: { ...options.env, ...(userLog === undefined && leash()) },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: 'ignore',
    ...(log !== undefined && { stdout: log, stderr: log }),
  });
  if (log !== undefined) closeSync(log);
  const end = (): void => {
    if (child.pid !== undefined) signal(-child.pid, 'SIGKILL');
  };
  const late = AbortSignal.timeout(options.timeoutMs);
  const stop = options.signal ? AbortSignal.any([late, options.signal]) : late;
  stop.addEventListener('abort', end, { once: true });
  if (stop.aborted) end();
  const result = await child;
  stop.removeEventListener('abort', end);
  const said = userLog === undefined ? undefined : readFileSync(userLog).subarray(begin).toString();
  const { stdout = said ?? '', stderr = '' } = result as { stdout?: string; stderr?: string };
  if (!result.failed) return { stdout, stderr };

  const name = basename(command);
  const why = options.signal?.aborted
    ? `${name} was interrupted.`
    : late.aborted
      ? `Expected ${name} to end within ${options.timeoutMs / 1000} s, and it did not.`
      : result.code === 'ENOENT'
        ? `Expected \`${name}\` to be on the PATH, and it is not.`
        : `${name} ended with ${ending(result)}: ${lastLine(stderr || stdout)}`;
  throw new SchismError(options.code ?? 'cluster', why, { cause: result });
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

const ending = (result: { exitCode?: number; signal?: string }): string =>
  result.signal ?? `exit code ${result.exitCode ?? 'unknown'}`;

/** Of a Java program too, whose last lines are frames of a stack. */
const lastLine = (text: string): string => {
  const lines = text.split('\n').filter((line) => line.trim() && !/^\s+(at |\.\.\.)/.test(line));
  return lines.at(-1)?.trim() ?? 'it said nothing';
};
