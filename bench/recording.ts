/**
 * What recording and reading cost, without a cluster: `node dist/bench/recording.js`. Figures are
 * medians of some rounds; compare them only with others of the same machine.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRecorder, readHistory } from '../src/history/index.js';
import { F, Kind, makeValue, type Records, type Row } from '../src/model/index.js';

const rounds = 5;
const dir = mkdtempSync(join(tmpdir(), 'schism-bench-'));
let files = 0;
const newFile = () => join(dir, `${files++}.arrow`);

const median = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
const elapsedNs = async (work: () => void | Promise<void>) => {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start);
};
const report = (what: string, figure: number, unit: string) =>
  process.stdout.write(`${what.padEnd(44)} ${figure.toFixed(1).padStart(10)} ${unit}\n`);

/** An op as a worker makes it: a row when it begins and a row when it ends, of different shapes. */
async function append(ops: number, flush: boolean): Promise<{ ns: number; file: string }> {
  const file = newFile();
  const recorder = createRecorder(file, { flushMs: 1e6 });
  const ns = await elapsedNs(() => {
    for (let i = 0; i < ops; i++) {
      const op = recorder.nextOp();
      const [process, key, value] = [i % 10, i % 3, makeValue(i % 10, i)];
      const begin: Row = {
        kind: Kind.invoke,
        f: F.send,
        process,
        op,
        key,
        value,
        code: -1,
        timeNs: recorder.now(),
      };
      recorder.append([begin]);
      const end: Row = {
        kind: Kind.ok,
        f: F.send,
        process,
        op,
        key,
        value,
        offset: i,
        node: 1,
        timeNs: recorder.now(),
      };
      recorder.append([end]);
    }
    if (flush) recorder.flush();
  });
  await recorder.close();
  return { ns, file };
}

async function complete(polls: number, n: number): Promise<number> {
  const recorder = createRecorder(newFile(), { flushMs: 1e6 });
  const records: Records = {
    n,
    offsets: Float64Array.from({ length: n }, (_, i) => i),
    values: Float64Array.from({ length: n }, (_, i) => makeValue(i % 10, i)),
    epochs: new Int32Array(n).fill(3),
  };
  const ns = await elapsedNs(() => {
    for (let i = 0; i < polls; i++) {
      const timeNs = recorder.now();
      const row = {
        kind: Kind.ok,
        f: F.poll,
        process: 1,
        op: i,
        key: 0,
        offset: n,
        node: 1,
        timeNs,
      };
      recorder.complete(row, records);
    }
    recorder.flush();
  });
  await recorder.close();
  return ns;
}

async function times(work: () => number | Promise<number>): Promise<number> {
  const results: number[] = [];
  for (let i = 0; i <= rounds; i++) results.push(await work());
  return median(results.slice(1));
}

async function main(): Promise<void> {
  const ops = 8000;
  report(
    'append(), into memory only',
    await times(async () => (await append(ops, false)).ns / ops / 2),
    'ns/row',
  );
  const many = 1_000_000;
  let file = '';
  const whole = await times(async () => {
    const result = await append(many, true);
    if (file !== '') rmSync(file);
    file = result.file;
    return result.ns / many / 2;
  });
  report('append(), with its share of the writing', whole, 'ns/row');
  for (const [polls, n] of [
    [100_000, 5],
    [20_000, 100],
    [200, 20_000],
  ] as const)
    report(
      `complete(), polls of ${n}, with writing`,
      (await times(() => complete(polls, n))) / polls / n,
      'ns/record',
    );
  report('bytes on disk', statSync(file).size / many / 2, 'bytes/row');
  const { rows } = readHistory(file);
  const open = await times(() => elapsedNs(() => void readHistory(file)));
  report(`readHistory() of ${rows} rows`, open / 1e6, 'ms');
  const read = await times(() => {
    const history = readHistory(file);
    return elapsedNs(() => {
      let sum = 0;
      for (const batch of history.batches()) sum += batch.n;
      if (sum !== rows) throw new Error(`Expected ${rows} rows, got ${sum}.`);
    });
  });
  report('batches()', (rows / read) * 1e3, 'M rows/s');
  const scan = await times(() => {
    const history = readHistory(file);
    return elapsedNs(() => {
      let sum = 0;
      for (const { n, kind, value } of history.batches())
        for (let i = 0; i < n; i++) if (kind[i] === Kind.ok) sum += value[i]!;
      if (sum === 0) throw new Error('Expected values.');
    });
  });
  report('batches(), with a fold over two columns', (rows / scan) * 1e3, 'M rows/s');
  await small();
}

/** A slow run of eight hours: ten batches a second of twenty rows. */
async function small(): Promise<void> {
  const batches = 288_000;
  const file = newFile();
  const recorder = createRecorder(file, { flushMs: 1e6 });
  const rows = Array.from({ length: 20 }, (_, op): Row => ({ kind: 0, f: F.send, op, timeNs: op }));
  const ns = await elapsedNs(() => {
    for (let i = 0; i < batches; i++) {
      recorder.append(rows);
      recorder.flush();
    }
  });
  await recorder.close();
  report('flush() of 20 rows', ns / batches / 1e3, 'µs');
  report('bytes on disk, batches of 20 rows', statSync(file).size / batches / 20, 'bytes/row');
  const open = await elapsedNs(() => void readHistory(file));
  report(`readHistory() of ${batches} small batches`, open / 1e6, 'ms');
  const history = readHistory(file);
  const read = await elapsedNs(() => {
    for (const batch of history.batches()) if (batch.n !== 20) throw new Error(`Got ${batch.n}.`);
  });
  report('batches() of them', read / 1e6, 'ms');
  report('memory of this process', process.memoryUsage().rss / 1e6, 'MB');
}

try {
  await main();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
