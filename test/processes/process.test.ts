import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import {
  canListen,
  freePorts,
  run,
  startProcess,
  tempFolder,
  type ManagedProcess,
} from '../../src/processes/index.js';
import { groupMembers, lives, stateOf, threadStates } from '../../src/processes/table.js';
import { need } from '../support/need.js';

const folder = tempFolder('schism-test-');
t.teardown(() => folder.remove());
const log = join(folder.path, 'logs', 'out.log');
const shell = (script: string): ManagedProcess => {
  const process = startProcess({ name: 'it', command: 'sh', args: ['-c', script], logFile: log });
  t.teardown(() => process.kill());
  return process;
};
async function eventually(seen: () => boolean): Promise<boolean> {
  for (let i = 0; i < 600; i++) {
    if (seen()) return true;
    await sleep(50);
  }
  return false;
}

t.test('output of both kinds and of every start is appended to one file', async (t) => {
  t.same(await shell('echo one; echo two >&2; exit 3').exited, { code: 3, signal: undefined });
  await shell('echo three').exited;
  t.equal(readFileSync(log, 'utf8'), 'one\ntwo\nthree\n');
});

t.test('kill takes the whole group, a paused one too, and is idempotent', async (t) => {
  const process = shell('sleep 1000 & sleep 1000 & wait');
  t.ok(await eventually(() => groupMembers(process.pid).length === 3), 'three run');
  t.ok(process.isAlive());
  await process.pause();
  await process.kill();
  t.same(groupMembers(process.pid), []);
  t.equal(process.state(), 'gone');
  t.notOk(process.isAlive());
  t.same(await process.exited, { code: undefined, signal: 'SIGKILL' });
  await process.kill();
});

t.test('what a process started ends with it', async (t) => {
  const process = shell('sleep 1000 & exit 0');
  await process.exited;
  t.ok(await eventually(() => groupMembers(process.pid).length === 0));
});

t.test('pause stops every thread, resume lets it go on', async (t) => {
  const process = startProcess({
    name: 'node',
    command: globalThis.process.execPath,
    args: ['-e', "setInterval(() => console.log('tick'), 1)"],
    logFile: join(folder.path, 'ticks'),
  });
  t.teardown(() => process.kill());
  const ticks = (): number =>
    existsSync(join(folder.path, 'ticks')) ? readFileSync(join(folder.path, 'ticks')).length : 0;
  t.ok(await eventually(() => ticks() > 0));
  await process.pause();
  const states = threadStates(process.pid);
  t.ok(states.length > 0 && states.every((state) => state === 'T'), states.join(''));
  t.ok(process.isAlive(), 'a paused process is alive');
  const before = ticks();
  await sleep(100);
  t.equal(ticks(), before);
  await process.resume();
  t.ok(await eventually(() => ticks() > before));
  await process.kill();
  await t.rejects(process.pause(), { name: 'SchismError', message: 'Expected node to live.' });
  await process.resume();
});

t.test('terminate tells whether it went by itself', async (t) => {
  const willing = shell("trap 'exit 7' TERM; echo ready-1; while :; do sleep 0.02; done");
  const stubborn = shell("trap '' TERM; echo ready-2; while :; do sleep 0.02; done");
  t.ok(
    await eventually(() => /ready-1[^]*ready-2|ready-2[^]*ready-1/.test(readFileSync(log, 'utf8'))),
  );
  await willing.pause();
  t.same(await willing.terminate(20_000), { graceful: true }, 'a paused one is woken for it');
  t.same(await willing.exited, { code: 7, signal: undefined });
  t.same(await stubborn.terminate(50), { graceful: false });
  t.same(await stubborn.exited, { code: undefined, signal: 'SIGKILL' });
});

t.test('a zombie does not live', async (t) => {
  if (!need(t, 'linux')) return;
  // exec keeps the child but forgets to wait for it.
  const process = shell('sh -c \'echo "zombie $$"\' & exec sleep 1000');
  const zombie = (): number => Number(/zombie (\d+)/.exec(readFileSync(log, 'utf8'))?.[1] ?? 0);
  t.ok(await eventually(() => zombie() > 0 && stateOf(zombie()) === 'Z'));
  t.notOk(lives(stateOf(zombie())));
  t.same(
    groupMembers(process.pid).map(({ pid }) => pid),
    [process.pid],
  );
});

t.test('a program that is not there is one sentence', (t) => {
  const start = (): unknown =>
    startProcess({ name: 'it', command: 'no-such-program', args: [], logFile: log });
  t.throws(start, { message: 'Could not start it: `no-such-program` cannot be run.' });
  t.end();
});

t.test('run gives the output, or one sentence', async (t) => {
  const timeoutMs = 60_000;
  t.same(await run('sh', ['-c', 'echo out; echo err >&2'], { timeoutMs }), {
    stdout: 'out',
    stderr: 'err',
  });
  await t.rejects(run('sh', ['-c', 'echo why >&2; exit 4'], { timeoutMs }), {
    code: 'cluster',
    message: 'sh ended with exit code 4: why',
  });
  await t.rejects(run('no-such-program', [], { timeoutMs, code: 'usage' }), {
    code: 'usage',
    message: 'Expected `no-such-program` to be on the PATH, and it is not.',
  });
  await t.rejects(run('sh', ['-c', 'sleep 1000 & sleep 1000'], { timeoutMs: 50 }), {
    message: 'Expected sh to end within 0.05 s, and it did not.',
  });
  const signal = AbortSignal.abort();
  await t.rejects(run('sleep', ['1000'], { timeoutMs, signal }), {
    message: 'sleep was interrupted.',
  });
});

t.test('free ports are distinct, below those of clients, and free on every address', async (t) => {
  const ports = await freePorts(20);
  t.equal(new Set(ports).size, 20);
  t.ok(ports.every((port) => port >= 20_000 && port < 32_000));
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.notOk(await canListen('0.0.0.0', port));
  t.notOk(await canListen('192.0.2.1', 0), 'an address that this machine does not have');
});

t.test('a temporary folder goes with all that is in it, twice', async (t) => {
  const { path, remove } = tempFolder('schism-test-');
  t.ok(existsSync(path));
  await remove();
  t.notOk(existsSync(path));
  await remove();
});
