/**
 * The program that cleans up after a tester that died, by whatever means. It runs in a session of
 * its own with a pipe from the tester as standard input; the kernel closes that pipe when the
 * tester is gone, kill -9 included. Run by watch.ts: `node watcher.js TOKEN`.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { groupMembers, lookUp, pidsWithEnvironment, signal } from './table.js';
import type { Watched } from './watch.js';

// A terminal's Ctrl-C or hang-up is meant for the tester, which then has work to do.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

const token = process.argv[2] ?? '';
const watched = new Map<string, Watched>();

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { add, remove } = JSON.parse(line) as { add?: Watched; remove?: Watched };
  if (add) watched.set(JSON.stringify(add), add);
  if (remove) watched.delete(JSON.stringify(remove));
});
process.stdin.on('error', () => undefined);
lines.on('close', () => void cleanUp());

async function cleanUp(): Promise<void> {
  const items = [...watched.values()];
  const groups = items.flatMap((item) => ('group' in item ? [item] : []));
  killOnce(groups);
  // A child that was being started when the tester died gets its environment a moment later, and
  // a killed process may have started another: look until nothing was found for a while.
  for (let quiet = 0, rounds = 0; quiet < 10 && rounds < 600; rounds++) {
    await sleep(50);
    quiet = killOnce(groups) === 0 ? quiet + 1 : 0;
  }
  for (const item of items) if ('container' in item) removeContainer(item.container);
  for (const item of items) if ('folder' in item) removeFolder(item.folder);
  process.exit(0);
}

/** Kills what is there; the number of processes that were. */
function killOnce(groups: { group: number; started: string }[]): number {
  let found = 0;
  for (const { group, started } of groups) {
    const leader = lookUp(group);
    // A pid is not given anew while its group lives, so a leader that started at another time
    // means that the whole group is gone and this one is a stranger's.
    if (leader !== undefined && leader.started !== started) continue;
    const members = groupMembers(group);
    found += members.length;
    if (members.length > 0) signal(-group, 'SIGKILL');
  }
  if (token === '') return found;
  for (const pid of pidsWithEnvironment(token)) {
    if (pid === process.pid) continue;
    found += 1;
    signal(pid, 'SIGKILL');
  }
  return found;
}

function removeContainer(name: string): void {
  try {
    execFileSync('docker', ['rm', '-f', name], { stdio: 'ignore', timeout: 20_000 });
  } catch {
    // Gone already, or the engine is: nobody is left who could be told.
  }
}

function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  } catch {
    // As above.
  }
}
