import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { SchismError } from '../model/index.js';
import { groupMembers, lives, lookUp, signal, stateOf, threadStates } from './table.js';
import type { ProcessState } from './table.js';
import { leash, watch } from './watch.js';

export interface ProcessSpec {
  /** For messages: `broker 1`. */
  name: string;
  command: string;
  args: readonly string[];
  /** Added to the tester's own. */
  env?: Record<string, string>;
  cwd?: string;
  /** Its output is appended here. */
  logFile: string;
  /** Opens Node's IPC channel: what the process, a Node too, sends comes here. */
  onMessage?: (message: unknown) => void;
}

export interface Exit {
  code: number | undefined;
  signal: string | undefined;
}

/** A process and whatever it starts: one process group. */
export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it ended, by itself too. Never rejects. */
  readonly exited: Promise<Exit>;
  /** A zombie does not live. */
  isAlive(): boolean;
  state(): ProcessState;
  /** SIGKILL to the group; resolves once the kernel shows none of it. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL after `timeoutMs`. Resolves once it is gone; whether it went by itself. */
  terminate(timeoutMs: number): Promise<{ graceful: boolean }>;
  /** SIGSTOP to the group; resolves once every thread stands still. */
  pause(): Promise<void>;
  /** SIGCONT; resolves once it does not stand still any more, or is gone. */
  resume(): Promise<void>;
  /** By the IPC channel; false if there is none, or none any more. */
  send(message: object): boolean;
}

const stopped = (state: ProcessState): boolean => state === 'T' || state === 't';
// Once SIGSTOP was sent, a thread that waits in the kernel (D: for a disk, or for a vforked child
// which is stopped too) runs none of its own code before SIGCONT.
const still = (state: ProcessState): boolean => stopped(state) || state === 'D';

/** How long the kernel may take to carry out a signal on a busy machine. */
const signalMs = 20_000;

/**
 * Starts a process in a session of its own. Its output goes straight to a file, not through the
 * tester, so that neither a slow nor a dead tester holds it up.
 * @throws SchismError if there is no such program.
 */
export function startProcess(spec: ProcessSpec): ManagedProcess {
  const { name, command, args, logFile } = spec;
  const watcher = watch();
  mkdirSync(dirname(logFile), { recursive: true });
  // execa's types know descriptors 3 to 9 only; it hands any on.
  const log = openSync(logFile, 'a') as 3;
  const child = execa(command, args, {
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    env: { ...spec.env, ...leash() },
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    stdin: 'ignore',
    stdout: log,
    stderr: log,
    ipc: spec.onMessage !== undefined,
  });
  closeSync(log);
  if (spec.onMessage) child.on('message', spec.onMessage);
  const { pid } = child;
  if (pid === undefined)
    throw new SchismError('cluster', `Could not start ${name}: \`${command}\` cannot be run.`);

  const registered = { group: pid, started: lookUp(pid)?.started ?? '' };
  watcher.add(registered);
  let over = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, by) => {
      over = true;
      // What it started must not outlive it.
      signal(-pid, 'SIGKILL');
      watcher.remove(registered);
      resolve({ code: code ?? undefined, signal: by ?? undefined });
    });
  });
  // After its exit the pid may belong to somebody else.
  const state = (): ProcessState => (over ? 'gone' : stateOf(pid));
  const send = (which: NodeJS.Signals): boolean => !over && signal(-pid, which);
  const wait = (what: string, seen: () => boolean): Promise<void> =>
    until(seen, signalMs, `Expected ${name} (process ${pid}) to ${what} within`);
  const gone = (): Promise<void> => wait('be gone', () => over && groupMembers(pid).length === 0);

  return {
    name,
    pid,
    exited,
    state,
    isAlive: () => lives(state()),
    send(message) {
      if (over || !child.connected) return false;
      // Whether it still arrived is told by its answer, or by the end of the process.
      child.send(message, () => undefined);
      return true;
    },
    async kill() {
      send('SIGKILL');
      await gone();
    },
    async terminate(timeoutMs) {
      // A stopped process cannot handle a signal.
      if (send('SIGTERM')) send('SIGCONT');
      const graceful = await Promise.race([
        exited.then(() => true),
        sleep(timeoutMs, false, { ref: false }),
      ]);
      send('SIGKILL');
      await gone();
      return { graceful };
    },
    async pause() {
      if (!send('SIGSTOP')) throw new SchismError('cluster', `Expected ${name} to live.`);
      try {
        await wait('stand still', () => over || threadStates(pid).every(still));
      } catch (error) {
        send('SIGCONT');
        throw error;
      }
      if (over) throw new SchismError('cluster', `Expected ${name} to live.`);
    },
    async resume() {
      send('SIGCONT');
      await wait('go on', () => over || !threadStates(pid).some(stopped));
    },
  };
}

/** Looks until `seen`; `message` is completed by the time that was given. */
async function until(seen: () => boolean, timeoutMs: number, message: string): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (let pause = 1; !seen(); pause = Math.min(pause * 2, 50)) {
    if (performance.now() > end)
      throw new SchismError('cluster', `${message} ${timeoutMs / 1000} s, and it did not.`);
    await sleep(pause);
  }
}
