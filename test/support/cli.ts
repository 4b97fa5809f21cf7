/** Runs the CLI as a user does: the launcher, in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

/** The project's top folder; tests are compiled to dist/test/<area>. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const launcher = join(root, 'src', 'cli', 'schism.js');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}
export interface Started {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** What it has printed so far. */
  output(): string;
}

export function start(
  args: readonly string[],
  options: {
    env?: Record<string, string>;
    cwd?: string;
    launcher?: string;
    nodeArgs?: string[];
  } = {},
): Started {
  const command = [...(options.nodeArgs ?? []), options.launcher ?? launcher, ...args];
  const child = spawn(process.execPath, command, {
    cwd: options.cwd ?? root,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended, output: () => stdout + stderr };
}

export const schism = (
  args: readonly string[],
  options: Parameters<typeof start>[1] = {},
): Promise<Ended> => start(args, options).ended;

/** Waits until its output shows that it got so far. Rejects if it ended before. */
export async function shows(run: Started, words: RegExp): Promise<void> {
  while (!words.test(run.output())) {
    if (run.child.exitCode !== null || run.child.signalCode !== null)
      throw new Error(`Expected ${String(words)} before the end, got:\n${run.output()}`);
    await sleep(20);
  }
}

/** It said one sentence on stderr, and no stack. */
export function oneSentence(t: Test, ended: Ended, sentence: RegExp): void {
  t.match(ended.stderr, sentence);
  t.equal(ended.stderr.trim().split('\n').length, 1, 'one line');
  t.notMatch(ended.stdout + ended.stderr, /\n\s+at /, 'no stack');
}
