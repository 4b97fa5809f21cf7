/** Folders and ports that a run takes and gives back. */
import { randomInt, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SchismError } from '../model/index.js';
import { watch } from './watch.js';

export interface TempFolder {
  readonly path: string;
  /** Idempotent. */
  readonly remove: () => Promise<void>;
}

/** A new folder that is removed by the watcher if the tester does not do it. */
export function tempFolder(prefix: string): TempFolder {
  const path = join(tmpdir(), prefix + randomUUID());
  const watcher = watch();
  // Before it is there: a tester may be killed at any moment.
  watcher.add({ folder: path });
  mkdirSync(path, { mode: 0o700 });
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      watcher.remove({ folder: path });
    },
  };
}

/** Below the range from which the kernel gives ports to clients (32768 and up on Linux). */
const range = [20_000, 32_000] as const;
/**
 * Ports are handed out from blocks whose first port this process listens on itself: between being
 * found free and being used a port could else be found by another run that starts now.
 */
const blockSize = 64;
/** In the order in which they were handed out, those that were not first. */
const own: { port: number; givenMs: number }[] = [];
/** Who was given a port may not listen yet. */
const graceMs = 30_000;

/**
 * `n` distinct ports, free now on each of `hosts`. 0.0.0.0 stands for all addresses: a port that
 * is taken on a single one is not free on it.
 */
export async function freePorts(
  n: number,
  hosts: readonly string[] = ['0.0.0.0'],
): Promise<number[]> {
  const found: number[] = [];
  while (found.length < n) {
    const [next] = own;
    if (next === undefined || performance.now() - next.givenMs < graceMs) {
      if (await claimBlock()) continue;
      throw new SchismError(
        'cluster',
        `Expected ${n} free ports from ${range[0]} to ${range[1]} on ${hosts.join(', ')}, got ${found.length}.`,
      );
    }
    const { port } = next;
    own.shift();
    own.push({ port, givenMs: performance.now() });
    const free = await Promise.all(hosts.map((host) => canListen(host, port)));
    if (free.every(Boolean)) found.push(port);
  }
  return found;
}

/** False: no block is left. */
async function claimBlock(): Promise<boolean> {
  const blocks = Math.floor((range[1] - range[0]) / blockSize);
  const begin = randomInt(blocks);
  for (let i = 0; i < blocks; i++) {
    const first = range[0] + ((begin + i) % blocks) * blockSize;
    const guard = createServer().unref();
    const claimed = await new Promise<boolean>((resolve) => {
      guard.once('error', () => resolve(false));
      guard.listen({ host: '127.0.0.1', port: first, exclusive: true }, () => resolve(true));
    });
    if (!claimed) continue;
    for (let port = first + 1; port < first + blockSize; port++)
      own.unshift({ port, givenMs: -Infinity });
    return true;
  }
  return false;
}

/** Whether an address can be listened on now; port 0: whether this machine has the address. */
export function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
