import { cpSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { readRecords } from '../../src/kafka/records.js';
import { encodeValue } from '../../src/kafka/values.js';
import { foreignValue, makeValue } from '../../src/model/index.js';
import { controlBatch, recordBatch, stamp } from '../../src/targets/embedded/broker/batch.js';
import type { Log } from '../../src/targets/embedded/broker/types.js';
import { all, next, open, valuesOf } from './log-support.js';

interface Filled {
  dir: string;
  batches: { bytes: Buffer; end: number; file: string; from: number }[];
}

/** A closed log of ten batches of one to three records in three epochs. */
function filled(dir: string, segmentBytes: number): Filled {
  const log = open(dir, { segmentBytes });
  const batches: Filled['batches'] = [];
  for (let i = 0; i < 10; i++) {
    const values = Array.from({ length: 1 + (i % 3) }, (_, j) => `value ${i}.${j}`);
    const bytes = next(log, values, 1 + Math.floor(i / 4));
    log.append(bytes);
    const file = readdirSync(join(dir, 'log')).sort().at(-1)!;
    const from = readFileSync(join(dir, 'log', file)).length - bytes.length;
    batches.push({ bytes, end: log.end, file, from });
  }
  log.close();
  return { dir, batches };
}

/** The log has the first `n` batches, goes on, and is the same when it is opened once more. */
function holds(dir: string, batches: Filled['batches'], n: number, wantNote: boolean): void {
  const whole = Buffer.concat(batches.slice(0, n).map(({ bytes }) => bytes));
  const notes: string[] = [];
  const log = open(dir, { note: (text) => notes.push(text) });
  const end = batches[n - 1]?.end ?? 0;
  if (log.end !== end) throw new Error(`ends at ${log.end}, not at ${end}`);
  if (!all(log).equals(whole)) throw new Error('other bytes');
  if (notes.length !== (wantNote ? 1 : 0)) throw new Error(`notes: ${notes.join()}`);
  const more = next(log, ['more'], 3);
  log.append(more);
  log.close();
  const again = open(dir, { note: (text) => notes.push(text) });
  const both = Buffer.concat([whole, more]);
  if (!all(again).equals(both)) throw new Error('other bytes after a restart');
  again.close();
  if (notes.length > 1) throw new Error(`a note on what was cut before: ${notes.join()}`);
}

t.test('cut at every byte of the last two batches', (t) => {
  const base = t.testdir();
  for (const segmentBytes of [1e6, 400]) {
    const { dir, batches } = filled(join(base, `whole-${segmentBytes}`), segmentBytes);
    for (const last of [8, 9]) {
      const { bytes, file, from } = batches[last]!;
      for (let size = 0; size < bytes.length; size++) {
        const cut = join(base, `${segmentBytes}-${last}-${size}`);
        cpSync(dir, cut, { recursive: true });
        truncateSync(join(cut, 'log', file), from + size);
        const later = batches.slice(last + 1).some((one) => one.file !== file);
        holds(cut, batches, last, size > 0 || later);
      }
    }
    t.pass(`segments of ${segmentBytes} bytes`);
  }
  t.end();
});

t.test('cut, overwritten or flipped at any byte of any segment', (t) => {
  const base = t.testdir();
  const { dir, batches } = filled(join(base, 'whole'), 400);
  let run = 0;
  const damages = ['cut', 'zeros', 'flip', 'gone'] as const;
  fc.assert(
    fc.property(
      fc.nat(9),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.constantFrom(...damages),
      (batch, part, damage) => {
        const { bytes, file, from } = batches[batch]!;
        const at = from + Math.floor(part * bytes.length);
        const hurt = join(base, String(run++));
        cpSync(dir, hurt, { recursive: true });
        const path = join(hurt, 'log', file);
        const content = readFileSync(path);
        if (damage === 'cut') truncateSync(path, at);
        else if (damage === 'gone') writeFileSync(path, '');
        else {
          if (damage === 'flip') content[at]! ^= 0x80;
          else content.fill(0, at, from + bytes.length);
          // A batch without headers ends with a zero.
          if (content.equals(readFileSync(path))) return;
          writeFileSync(path, content);
        }
        // The CRC does not cover the epoch. It is checked only against its neighbours': a flipped
        // sign makes it fall, which is what this test does to its first byte and to no other.
        const inEpoch = damage === 'flip' && at - from >= 13 && at - from < 16;
        if (inEpoch) return;
        const n = damage === 'gone' ? batches.findIndex((one) => one.file === file) : batch;
        const left = damage === 'cut' && at === from;
        const later = batches.some((one) => one.file > file);
        holds(hurt, batches, n, (!left && damage !== 'gone') || later);
      },
    ),
    { numRuns: 400 },
  );
  t.end();
});

t.test('a segment that is missing, and one that is left from before', (t) => {
  const { dir, batches } = filled(t.testdir(), 400);
  const files = [...new Set(batches.map(({ file }) => file))];
  t.ok(files.length > 2);
  // Empty and within the first: a truncation removed it and the power failed.
  writeFileSync(join(dir, 'log', `${'1'.padStart(20, '0')}.log`), '');
  writeFileSync(join(dir, 'log', 'of something else'), 'x');
  holds(dir, batches, 10, false);
  t.end();
});

t.test('half a batch that is longer than what is read at once', (t) => {
  const dir = t.testdir();
  const log = open(dir, { segmentBytes: 1e9 });
  log.append(next(log, ['a'.repeat(3_000_000)], 1));
  log.append(next(log, ['b'.repeat(3_000_000)], 1));
  log.close();
  const path = join(dir, 'log', `${'0'.padStart(20, '0')}.log`);
  truncateSync(path, 5_000_000);
  const notes: string[] = [];
  const again = open(dir, { note: (text) => notes.push(text) });
  t.equal(again.end, 1);
  t.strictSame(valuesOf(all(again)), ['a'.repeat(3_000_000)]);
  t.match(notes, [/^cut off 19\d{5} bytes from offset 1 on/]);
  again.close();
  t.end();
});

t.test('plant torn-tail-served', (t) => {
  const dir = t.testdir();
  const plants = new Set(['torn-tail-served'] as const);
  const append = (log: Log, sequences: readonly number[]): void => {
    const batch = recordBatch(
      sequences.map((sequence) => encodeValue(makeValue(5, sequence), 30)),
      0,
    );
    stamp(batch, log.end, 1);
    log.append(batch);
  };
  const polled = (log: Log): { offsets: number[]; values: number[] } => {
    const { n, offsets, values } = readRecords(all(log), 0);
    return { offsets: [...offsets.subarray(0, n)], values: [...values.subarray(0, n)] };
  };
  const known = [1, 2, 3].map((sequence) => makeValue(5, sequence));
  // Not closed: that is the crash. Its files stay open until the end of the test.
  const crashed = open(dir, { plants });
  t.teardown(() => crashed.close());
  append(crashed, [1]);
  append(crashed, [2, 3]);
  t.strictSame(polled(crashed), { offsets: [0, 1, 2], values: known });

  const notes: string[] = [];
  const torn = open(dir, { plants, note: (text) => notes.push(text) });
  t.strictSame(notes, ['the batch before offset 3 was torn and is kept']);
  t.strictSame(polled(torn), { offsets: [0, 1, 2], values: [...known.slice(0, 2), foreignValue] });
  append(torn, [4]);
  const values = [...known.slice(0, 2), foreignValue, makeValue(5, 4)];
  t.strictSame(polled(torn), { offsets: [0, 1, 2, 3], values });
  torn.close();

  const closed = open(dir, { plants });
  t.strictSame(polled(closed), { offsets: [0, 1, 2, 3], values }, 'closed in order: nothing torn');
  const control = controlBatch({ epoch: 2, leader: 1, wallMs: 0 });
  stamp(control, 4, 2);
  closed.append(control);
  t.teardown(() => closed.close());
  const after = open(dir, { plants });
  t.strictSame(polled(after).values, values, 'a control batch is not torn');
  t.equal(after.end, 5);
  after.close();
  t.end();
});
