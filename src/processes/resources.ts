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
 * `n` distinct ports, free now on each of `hosts`. 0.0.0.0 stands for all addresses: a port that
 * is taken on a single one is not free on it.
 */
export async function freePorts(
  n: number,
  hosts: readonly string[] = ['0.0.0.0'],
): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < n; attempt++) {
    if (attempt > 200 + 20 * n)
      throw new SchismError(
        'cluster',
        `Expected ${n} free ports from ${range[0]} to ${range[1]} on ${hosts.join(', ')}, got ${found.size}.`,
      );
    const port = randomInt(...range);
    if (found.has(port)) continue;
    const free = await Promise.all(hosts.map((host) => canListen(host, port)));
    if (free.every(Boolean)) found.add(port);
  }
  return [...found];
}

/** Whether an address can be listened on now; port 0: whether this machine has the address. */
export function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
