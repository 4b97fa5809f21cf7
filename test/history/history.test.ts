import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test as T } from 'tap';
import { createRecorder, readHistory } from '../../src/history/index.js';
import { F, isHead, Kind, type Row } from '../../src/model/index.js';
import {
  arbitraryGroup,
  batchRows,
  type Group,
  readRows,
  record,
  rowsOf,
  type Whole,
} from './support.js';

let files = 0;
const newFile = (test: T): string => join(test.testdir(), `${files++}.arrow`);

t.test('rows come back as they were recorded, whatever the groups', async (t) => {
  const dir = t.testdir();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(arbitraryGroup, fc.boolean()), { maxLength: 12 }),
      async (groups) => {
        const file = join(dir, `${files++}.arrow`);
        const recorder = createRecorder(file);
        for (const [group, flush] of groups) {
          record(recorder, group);
          if (flush) recorder.flush();
        }
        await recorder.close();
        const history = readHistory(file);
        const expected = groups.flatMap(([group]) => rowsOf(group));
        t.strictSame(readRows(history.batches()), expected);
        t.equal(history.rows, expected.length);
        t.equal(history.truncated, false);
        let base = 0;
        for (const batch of history.batches()) {
          t.equal(batch.base, base);
          base += batch.n;
        }
      },
    ),
    { numRuns: 60 },
  );
});

t.test('a file cut at any byte reads up to its last whole batch', async (t) => {
  const file = newFile(t);
  const recorder = createRecorder(file);
  const groups: Group[] = fc.sample(arbitraryGroup, { numRuns: 8, seed: 1 });
  const batches: Whole[][] = [];
  const start = readFileSync(file).length;
  const ends = [start];
  for (const group of groups) {
    record(recorder, group);
    recorder.flush();
    if (rowsOf(group).length === 0) continue;
    batches.push(rowsOf(group));
    ends.push(readFileSync(file).length);
  }
  await recorder.close();
  const bytes = readFileSync(file);
  t.ok(batches.length > 3);
  for (let cut = bytes.length - 1; cut > 0; cut--) {
    truncateSync(file, cut);
    const history = readHistory(file);
    const wholeBatches = Math.max(0, ends.filter((end) => end <= cut).length - 1);
    const rows = batches.slice(0, wholeBatches).flat();
    const at = history.truncatedAt;
    const right =
      history.truncated &&
      history.rows === rows.length &&
      at?.byte === (cut < start ? 0 : ends[wholeBatches]) &&
      /^the (file ends \d+ bytes into|end-of-stream mark is missing)/.test(at?.reason ?? '');
    if (!right) t.fail(`cut at ${cut}: ${JSON.stringify(at)}, ${history.rows} rows`);
    const read = readRows(history.batches());
    if (JSON.stringify(read) !== JSON.stringify(rows)) t.strictSame(read, rows, `cut at ${cut}`);
  }
});

t.test('a damaged end is a cut, and says what is there instead', async (t) => {
  const file = newFile(t);
  const recorder = createRecorder(file);
  const row: Row = { kind: Kind.invoke, f: F.send, timeNs: 1, text: 'x' };
  recorder.append([row]);
  recorder.flush();
  const whole = readFileSync(file);
  recorder.append([row, row]);
  await recorder.close();
  const all = readFileSync(file);
  const reasonOf = (tail: Uint8Array): string | undefined => {
    writeFileSync(file, Buffer.concat([whole, tail]));
    const history = readHistory(file);
    t.equal(readRows(history.batches()).length, 1);
    t.ok((history.truncatedAt?.byte ?? 0) >= whole.length);
    return history.truncatedAt?.reason;
  };
  t.equal(reasonOf(new Uint8Array(4096)), 'a message must begin with ffffffff, got 00000000');
  t.match(reasonOf(Buffer.from('ffffffff00000080', 'hex')), /metadata of a message must take 1 to/);
  t.equal(
    reasonOf(whole.subarray(0, 2000)),
    'a message is no record batch',
    'a second history behind the first',
  );
  writeFileSync(file, all);
  appendFileSync(file, 'more');
  t.equal(readHistory(file).truncatedAt?.reason, '4 bytes follow the end-of-stream mark');
  t.equal(readHistory(file).rows, 3);
});

t.test('single damaged bytes never make it throw, nor invent batches', async (t) => {
  const file = newFile(t);
  const recorder = createRecorder(file);
  const start = readFileSync(file).length;
  for (const group of fc.sample(arbitraryGroup, { numRuns: 4, seed: 2 })) {
    record(recorder, group);
    recorder.flush();
  }
  await recorder.close();
  const good = readFileSync(file);
  const { rows } = readHistory(file);
  fc.assert(
    fc.property(
      fc.integer({ min: start, max: good.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      (at, flip) => {
        const bad = Buffer.from(good);
        bad[at]! ^= flip;
        writeFileSync(file, bad);
        const history = readHistory(file);
        t.ok(history.rows <= rows, `${history.rows} rows of ${rows}`);
        t.equal(readRows(history.batches()).length, history.rows);
      },
    ),
    { numRuns: 400 },
  );
});

t.test('no group straddles two batches, also one that is larger than the buffer', async (t) => {
  const file = newFile(t);
  const recorder = createRecorder(file);
  const sizes = [1, 9000, 9000, 16_384, 3, 40_000, 2, 16_383, 1, 1, 70_000, 5];
  sizes.forEach((n, op) => {
    const completion: Row = { kind: Kind.ok, f: F.poll, timeNs: op, op, key: 1 };
    const offsets = Float64Array.from({ length: n }, (_, i) => i);
    const records = { n, offsets, values: offsets, epochs: new Int32Array(n) };
    if (op % 2 === 0) recorder.complete(completion, records);
    else recorder.append(Array.from({ length: n }, (_, i) => ({ ...completion, offset: i })));
  });
  await recorder.close();
  const batchOf = new Map<number, number>();
  const count = new Map<number, number>();
  let number = 0;
  for (const batch of readHistory(file).batches()) {
    for (let i = 0; i < batch.n; i++) {
      const op = batch.op[i]!;
      if ((batchOf.get(op) ?? number) !== number) t.fail(`op ${op} straddles`);
      batchOf.set(op, number);
      count.set(op, (count.get(op) ?? 0) + 1);
      if (isHead(batch, i) && batch.kind[i] === Kind.record)
        t.equal(batch.kind[i - 1], Kind.ok, 'records follow their completion');
    }
    number++;
  }
  t.strictSame(
    [...count],
    sizes.map((n, op) => [op, op % 2 === 0 ? n + 1 : n]),
  );
  t.ok(number > 3);
});

t.test('batches may be kept: they own what they show', async (t) => {
  const file = newFile(t);
  const recorder = createRecorder(file);
  for (let op = 0; op < 200; op++) {
    recorder.append([{ kind: Kind.invoke, f: F.send, timeNs: op, op, text: `op ${op}` }]);
    recorder.flush();
  }
  await recorder.close();
  const kept = [...readHistory(file).batches()];
  t.strictSame(
    kept.flatMap(batchRows).map((row) => row.text),
    Array.from({ length: 200 }, (_, op) => `op ${op}`),
  );
  const half = readHistory(file);
  for (const batch of half.batches()) if (batch.base === 100) break;
  t.equal(readRows(half.batches()).length, 200, 'again from the first, after a walk that was left');
});

t.test('files that are no history', async (t) => {
  const dir = t.testdir({ empty: '', text: 'a text that is long enough to be read', folder: {} });
  const throws = (name: string, message: RegExp) =>
    t.throws(() => readHistory(join(dir, name)), { name: 'SchismError', code: 'history', message });
  throws('none', /^Expected a history at .*none, got ENOENT: no such file or directory/);
  throws(
    'empty',
    /^Expected .*empty to be a Schism history \(an Arrow IPC stream\), got an empty file\.$/,
  );
  throws('text', /got a file in which a message must begin with ffffffff, got 61207465\.$/);
  throws('folder', /got something that is no file\.$/);
  const file = join(dir, 'good');
  await createRecorder(file).close();
  const good = readFileSync(file);
  const other = (name: string, bytes: Buffer) => {
    writeFileSync(join(dir, name), bytes);
    return name;
  };
  const replaced = (from: string, to: string) =>
    Buffer.from(good.toString('latin1').replace(from, to), 'latin1');
  throws(
    other('key', replaced('schism.history', 'others.history')),
    /Arrow stream without `schism.history`/,
  );
  throws(
    other('column', replaced('peer', 'pear')),
    /got the columns kind Uint8, .*pear Int16, .*text Utf8\.$/,
  );
  const at = good.indexOf(Buffer.from([1, 0, 0, 0, 0x31, 0]));
  t.ok(at > 0, 'the version is there');
  const newer = Buffer.from(good);
  newer[at + 4] = 0x32;
  throws(other('newer', newer), /^Expected .*newer to be a history of format 1, got format 2\.$/);
  t.strictSame({ ...readHistory(file), batches: 0 }, { batches: 0, rows: 0, truncated: false });
});
