import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { lookUp, pidsWithEnvironment, stateOf } from '../../src/processes/table.js';
import { need } from '../support/need.js';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const watcherFile = file('../../src/processes/watcher.js');

/** Waits for what must come; a busy machine may take its time. */
async function eventually(seen: () => boolean): Promise<boolean> {
  for (let i = 0; i < 600; i++) {
    if (seen()) return true;
    await sleep(50);
  }
  return false;
}

/** A victim, its first line (the temp folder), and a word that all of its processes carry. */
function victim(...args: string[]) {
  const mark = `mark-${randomUUID()}`;
  const child = spawn(process.execPath, [file('victim.js'), ...args], {
    env: { ...process.env, SCHISM_TEST_MARK: mark },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = once(createInterface({ input: child.stdout }), 'line').then(([text]) =>
    String(text),
  );
  return { child, line, mark };
}

t.test('a tester killed at any moment leaves nothing behind', async (t) => {
  if (!need(t, 'linux')) return;
  for (const afterMs of [0, 1, 5, 20, 50, 100, 200, 400]) {
    const { child, line, mark } = victim();
    const folder = await line;
    await sleep(afterMs);
    child.kill('SIGKILL');
    // The watcher carries the mark too: it must end as well.
    const gone = await eventually(() => pidsWithEnvironment(mark).length === 0);
    t.ok(gone, `killed ${afterMs} ms after its first process: none is left`);
    t.notOk(existsSync(folder), 'nor is its folder');
  }
});

t.test('a tester killed before it said anything leaves nothing behind', async (t) => {
  if (!need(t, 'linux')) return;
  for (let afterMs = 60; afterMs < 300; afterMs += 40) {
    const { child, line, mark } = victim();
    line.catch(() => undefined);
    await sleep(afterMs);
    child.kill('SIGKILL');
    const gone = await eventually(() => pidsWithEnvironment(mark).length === 0);
    t.ok(gone, `killed ${afterMs} ms after its start`);
  }
});

t.test('a tester that ends by itself with things undone leaves nothing behind', async (t) => {
  if (!need(t, 'linux')) return;
  const { child, line, mark } = victim('end');
  const folder = await line;
  await once(child, 'exit');
  t.ok(await eventually(() => pidsWithEnvironment(mark).length === 0));
  t.notOk(existsSync(folder));
});

/** The watcher itself, with things to watch, and a way to let go of it. */
function watcher(items: readonly object[]) {
  // The test runner puts its own loader, with handlers for signals, into every child that it sees
  // started; it must not stand in for the watcher's.
  const bare = ['-u', 'NODE_OPTIONS', process.execPath];
  const child = spawn('env', [...bare, watcherFile, `token-${randomUUID()}`], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const exited = once(child, 'exit');
  for (const item of items) child.stdin.write(`${JSON.stringify(item)}\n`);
  return {
    child,
    letGo: async () => {
      child.stdin.end();
      t.same(await exited, [0, null], 'it ends by itself');
    },
  };
}

function sleeper(t: Tap) {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  const pid = child.pid!;
  return { pid, started: lookUp(pid)!.started, exited: once(child, 'exit') };
}
type Tap = Pick<typeof t, 'teardown'>;

t.test('a group is killed only if its leader is the one that was registered', async (t) => {
  const [stranger, known, removed] = [sleeper(t), sleeper(t), sleeper(t)];
  const { letGo } = watcher([
    { add: { group: stranger.pid, started: `${stranger.started}1` } },
    { add: { group: known.pid, started: known.started } },
    { add: { group: removed.pid, started: removed.started } },
    { remove: { group: removed.pid, started: removed.started } },
  ]);
  await letGo();
  t.same(await known.exited, [null, 'SIGKILL']);
  t.equal(stateOf(stranger.pid), 'S', 'a later process of the same pid lives');
  t.equal(stateOf(removed.pid), 'S', 'so does one that was taken back');
});

t.test('it goes on through the signals of a terminal', async (t) => {
  if (!need(t, 'linux')) return;
  const folder = mkdtempSync(join(tmpdir(), 'schism-watcher-'));
  const { child, letGo } = watcher([{ add: { folder } }]);
  const catches = (number: number): boolean => {
    const status = readFileSync(`/proc/${child.pid!}/status`, 'latin1');
    const caught = BigInt(`0x${/SigCgt:\s*(\w+)/.exec(status)?.[1] ?? '0'}`);
    return ((caught >> BigInt(number - 1)) & 1n) === 1n;
  };
  t.ok(await eventually(() => [1, 2, 15].every(catches)), 'it catches HUP, INT and TERM');
  for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) child.kill(name);
  t.ok(existsSync(folder));
  await letGo();
  t.notOk(existsSync(folder));
});
