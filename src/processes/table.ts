/** What the kernel says about processes. Read anew each time: nothing here is remembered. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** The kernel's letter: R, S, D, T, Z ... A zombie (Z) and a dying one (X) do not live. */
export type ProcessState = 'R' | 'S' | 'D' | 'T' | 't' | 'I' | 'Z' | 'X' | 'gone';

export interface Entry {
  pid: number;
  group: number;
  state: ProcessState;
  /** When it started, in the system's own words: tells a process from a later one of the same pid. */
  started: string;
}

const linux = process.platform === 'linux';

export const lives = (state: ProcessState): boolean =>
  state !== 'gone' && state !== 'Z' && state !== 'X';

/** One process, or undefined if there is none. */
export function lookUp(pid: number): Entry | undefined {
  if (linux) return parseStat(pid, readText(`/proc/${pid}/stat`));
  return ps(['-p', String(pid)])[0];
}

export const stateOf = (pid: number): ProcessState => lookUp(pid)?.state ?? 'gone';

/** All living processes of a group; zombies are left out. */
export function groupMembers(group: number): Entry[] {
  const all = linux
    ? pids().flatMap((pid) => parseStat(pid, readText(`/proc/${pid}/stat`)) ?? [])
    : ps(['-A']);
  return all.filter((entry) => entry.group === group && lives(entry.state));
}

/** The states of a process's living threads: SIGSTOP and SIGCONT reach them one by one. */
export function threadStates(pid: number): ProcessState[] {
  if (!linux) return [stateOf(pid)].filter(lives);
  return list(`/proc/${pid}/task`)
    .map((thread) => parseStat(pid, readText(`/proc/${pid}/task/${thread}/stat`))?.state ?? 'gone')
    .filter(lives);
}

/** Living processes whose environment holds `text`. Linux only; elsewhere none. */
export function pidsWithEnvironment(text: string): number[] {
  if (!linux) return [];
  // Of a process of another user nothing can be read: it is not ours.
  return pids().filter(
    (pid) => readText(`/proc/${pid}/environ`)?.includes(text) === true && lives(stateOf(pid)),
  );
}

/** Sends a signal to a group (its pid negative) or a process; false if there is none. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

function pids(): number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The name in brackets may hold spaces and brackets: what counts stands after the last one. */
function parseStat(pid: number, stat: string | undefined): Entry | undefined {
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  // Field 22 of proc(5), counted from the state, which is field 3.
  return { pid, group: Number(group), state: state as ProcessState, started: fields[19] ?? '' };
}

function ps(which: string[]): Entry[] {
  try {
    const out = execFileSync('ps', [...which, '-o', 'pid=,pgid=,state=,lstart='], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return out.split('\n').flatMap((line) => {
      const [pid, group, state, ...started] = line.trim().split(/\s+/);
      if (state === undefined) return [];
      const letter = state.charAt(0) as ProcessState;
      return { pid: Number(pid), group: Number(group), state: letter, started: started.join(' ') };
    });
  } catch {
    return [];
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
