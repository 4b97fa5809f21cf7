/** A tester whose whole offspring can be found, also after its death (Linux). */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canListen } from '../../src/processes/index.js';
import { start, type Started } from './cli.js';
import { processesWith } from './e2e.js';

export interface Tester extends Started {
  results: string;
  /** Processes that it started, and itself while it lives. */
  processes(): number[];
  /** Processes and temporary folders of it that are there now, in words. */
  left(): string[];
}

/** Whatever it starts inherits the mark, and puts its temporary folders into one of its own. */
export function startTester(dir: string, args: readonly string[]): Tester {
  const [results, temporary, mark] = [join(dir, 'results'), join(dir, 'tmp'), randomUUID()];
  mkdirSync(temporary, { recursive: true });
  const env = { SCHISM_TEST_MARK: mark, TMPDIR: temporary };
  const started = start(['test', '--results-dir', results, ...args], { env });
  const processes = (): number[] => processesWith(mark);
  const left = (): string[] => [
    ...processes().map((pid) => `process ${pid}: ${commandOf(pid)}`),
    ...readdirSync(temporary).map((name) => `folder ${name}`),
  ];
  return { ...started, results, processes, left };
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return 'gone by now';
  }
}

/** What is still there of it after at most `ms`, and how long that took. */
export async function leftWithin(
  tester: Tester,
  ms: number,
): Promise<{ left: string[]; ms: number }> {
  const begun = performance.now();
  const since = (): number => performance.now() - begun;
  while (tester.left().length > 0 && since() < ms) await sleep(20);
  return { left: tester.left(), ms: Math.round(since()) };
}

/** Addresses of the first node of a run on real brokers, real and behind links, still taken. */
export async function takenAddresses(run: string): Promise<string[]> {
  const text = readFileSync(join(run, 'nodes', '1', 'server.properties'), 'utf8');
  const ports = new Set(
    [...text.matchAll(/127\.3\.0\.1:(\d+)|broker-1:(\d+)/g)].map((m) => Number(m[1] ?? m[2])),
  );
  if (ports.size === 0) throw new Error(`Expected ports, got:\n${text}`);
  const places = ['127.3.0.1', '127.1.1.2', '127.1.2.1', '127.2.1.1'].flatMap((host) =>
    [...ports].map((port) => ({ host, port })),
  );
  const free = await Promise.all(places.map(({ host, port }) => canListen(host, port)));
  return places.filter((_, i) => !free[i]).map(({ host, port }) => `${host}:${port}`);
}
