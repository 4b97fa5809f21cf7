import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { createRecorder, readHistory } from '../../src/history/index.js';
import { F, Kind, type Row } from '../../src/model/index.js';
import { readRows, whole } from './support.js';

const child = fileURLToPath(new URL('./child.js', import.meta.url));
const row = (op: number): Row => ({ kind: Kind.invoke, f: F.send, timeNs: op, op });
const newFile = (t: Test) => join(t.testdir(), 'history.arrow');

t.test('what was appended is in the file 250 ms later, while recording goes on', async (t) => {
  const file = newFile(t);
  const recorder = createRecorder(file);
  t.teardown(() => recorder.close());
  t.strictSame([readHistory(file).rows, readHistory(file).truncated], [0, true]);
  for (let op = 0; op < 5; op++) {
    recorder.append([row(op)]);
    // Both wait on this event loop, the recorder for less, so a slow machine changes nothing.
    await sleep(250);
    const history = readHistory(file);
    t.equal(history.rows, op + 1);
    t.match(history.truncatedAt?.reason, /the recording was not closed/);
  }
});

t.test('kill -9 at any moment loses at most 250 ms', async (t) => {
  for (const killAfterMs of [60, 210, 333, 480, 777]) {
    const file = join(t.testdir(), 'history.arrow');
    const { log } = await runChild([child, file], (pid) => {
      setTimeout(() => process.kill(pid, 'SIGKILL'), killAfterMs);
    });
    const logged = log
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' ').map(Number));
    const rows = readRows(readHistory(file).batches());
    t.ok(rows.length <= logged.length + 1, `${rows.length} rows, ${logged.length} logged`);
    const both = Math.min(rows.length, logged.length);
    t.strictSame(
      rows.slice(0, both).map((row) => [row.op, row.timeNs]),
      logged.slice(0, both),
    );
    const firstMissing = logged[rows.length];
    const missingMs = firstMissing ? (logged.at(-1)![1]! - firstMissing[1]!) / 1e6 : 0;
    t.ok(missingMs <= 250, `${missingMs} ms of ${logged.length} rows are missing`);
  }
});

t.test('a disk that takes no more is told to whoever records next', async (t) => {
  if (process.platform === 'win32') return;
  const file = newFile(t);
  // A limit of 64 KiB on the size of a file stands for a full disk: write(2) takes a part and then
  // fails with EFBIG instead of ENOSPC.
  const shell = `ulimit -f 128; exec "$0" "$@"`;
  const { log, code } = await runChild(
    ['-c', shell, process.execPath, child, file, '200'],
    undefined,
    'sh',
  );
  t.equal(code, 3);
  const [error, close] = log.split('\n').slice(-3);
  t.equal(
    error,
    `SchismError: Expected to write the history to ${file}, got EFBIG: file too large, write.`,
  );
  t.equal(close, 'close says the same');
  const history = readHistory(file);
  t.ok(history.rows > 0, `${history.rows} rows`);
  t.match(history.truncatedAt?.reason, /^the file ends \d+ bytes into a message/);
  t.strictSame(
    readRows(history.batches()).map((row) => row.op),
    Array.from({ length: history.rows }, (_, op) => op),
  );
});

t.test('a file that is there already, or cannot be made, is refused', async (t) => {
  const file = newFile(t);
  await createRecorder(file).close();
  const refused = (file: string, message: RegExp) =>
    t.throws(() => createRecorder(file), { name: 'SchismError', code: 'history', message });
  refused(file, /^Expected to create .*history.arrow, got EEXIST: file already exists/);
  refused(join(file, 'x'), /^Expected to create .*x, got ENOTDIR: /);
});

t.test('close() is idempotent, and later rows are refused aloud', async (t) => {
  const file = newFile(t);
  const recorder = createRecorder(file, { flushMs: 1e6 });
  recorder.append([]);
  recorder.append([row(1), { ...row(2), text: 'two' }]);
  const closing = recorder.close();
  t.throws(() => recorder.append([row(3)]), /Expected no rows for .* after it was closed, got 1\./);
  t.equal(recorder.close(), closing);
  await closing;
  await recorder.close();
  t.throws(() => recorder.append([row(4)]), /after it was closed/);
  recorder.flush();
  const history = readHistory(file);
  t.equal(history.truncated, false);
  t.strictSame(readRows(history.batches()), [whole(row(1)), whole({ ...row(2), text: 'two' })]);
});

t.test('a group with a node id that does not fit is refused whole', async (t) => {
  const file = newFile(t);
  const recorder = createRecorder(file);
  const message = /whole numbers from 0 to 32767, got 32768 and -1\.$/;
  t.throws(
    () =>
      recorder.append([
        { ...row(1), text: 'gone' },
        { ...row(1), node: 32768 },
      ]),
    { message },
  );
  t.throws(() => recorder.append([{ ...row(1), peer: 1e6 }]), /got -1 and 1000000\.$/);
  recorder.append([row(2)]);
  await recorder.close();
  t.strictSame(readRows(readHistory(file).batches()), [whole(row(2))]);
});

t.test('long texts are written before they pile up', async (t) => {
  const file = newFile(t);
  const recorder = createRecorder(file, { flushMs: 1e6 });
  const text = 'x'.repeat(1024 * 1024);
  for (let op = 0; op < 9; op++) recorder.append([{ ...row(op), text }]);
  t.equal(readHistory(file).rows, 8);
  await recorder.close();
  t.ok(readRows(readHistory(file).batches()).every((row) => row.text === text));
});

t.test('time 0 is the start that was given, and op ids are unique', async (t) => {
  const start = process.hrtime.bigint() - 5_000_000_123n;
  const recorder = createRecorder(newFile(t), { start });
  const before = Number(process.hrtime.bigint() - start);
  const now = recorder.now();
  const after = Number(process.hrtime.bigint() - start);
  t.ok(before <= now && now <= after, `${before} ${now} ${after}`);
  t.strictSame([recorder.nextOp(), recorder.nextOp(), recorder.nextOp()], [0, 1, 2]);
  await recorder.close();
});

async function runChild(args: string[], started?: (pid: number) => void, file = process.execPath) {
  const running = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (log === '') started?.(running.pid!);
    log += text;
  });
  const [code] = (await once(running, 'close')) as [number | null];
  return { log, code };
}
