import { createRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import t from 'tap';
import { readRecords } from '../../src/kafka/records.js';
import { decodeValue, encodeValue } from '../../src/kafka/values.js';
import { makeValue } from '../../src/model/index.js';

/** A batch of values as another library writes it, at an offset. */
function batch(base: number, values: readonly number[], options: object = {}): Buffer {
  const messages = values.map((value) => ({ topic: 't', value: encodeValue(value, 16) }));
  const bytes = Buffer.from(
    createRecordsBatch(messages, { compression: 'none', ...options }).buffer,
  );
  bytes.writeBigInt64BE(BigInt(base), 0);
  return bytes;
}
const read = (
  bytes: Buffer,
  from: number,
): { offsets: number[]; values: number[]; next: number } => {
  const { n, offsets, values, next } = readRecords(bytes, from);
  return { offsets: [...offsets.subarray(0, n)], values: [...values.subarray(0, n)], next };
};

t.test('every value comes back at every size', (t) => {
  const worker = fc.integer({ min: 0, max: 2 ** 20 - 1 });
  const sequence = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(worker, sequence, fc.integer({ min: 0, max: 200 }), (w, s, bytes) => {
      const buffer = encodeValue(makeValue(w, s), bytes);
      return buffer.length >= bytes && decodeValue(buffer, 0, buffer.length) === makeValue(w, s);
    }),
  );
  t.end();
});

t.test('one changed byte is never taken for another value of the same length', (t) => {
  const bytes = encodeValue(makeValue(5, 103), 24);
  for (let i = 0; i < bytes.length; i++) {
    const broken = Buffer.from(bytes);
    broken[i] = 0x21;
    t.equal(decodeValue(broken, 0, broken.length), -2, `byte ${i}`);
  }
  t.end();
});

t.test('offsets beyond 32 bits, several batches, a batch cut off at the end', (t) => {
  const base = 2 ** 40;
  const bytes = Buffer.concat([batch(base, [1, 2]), batch(base + 2, [3]), batch(base + 3, [4])]);
  const whole = { offsets: [base + 1, base + 2], values: [2, 3], next: base + 3 };
  t.strictSame(read(bytes.subarray(0, bytes.length - 1), base + 1), whole);
  t.end();
});

t.test('control records and empty batches are passed over', (t) => {
  const control = batch(2, [9]);
  control.writeInt16BE(0x30, 21);
  // What compaction leaves of a batch: a head without records that keeps its offsets.
  const empty = batch(3, [1, 2, 3]).subarray(0, 61);
  empty.writeInt32BE(61 - 12, 8);
  empty.writeInt32BE(0, 57);
  const bytes = Buffer.concat([batch(0, [1, 2]), control, empty]);
  t.strictSame(read(bytes, 0), { offsets: [0, 1], values: [1, 2], next: 6 });
  t.strictSame(read(bytes, 2), { offsets: [], values: [], next: 6 });
  t.strictSame(read(Buffer.alloc(0), 8), { offsets: [], values: [], next: 8 });
  t.end();
});

for (const compression of ['gzip', 'snappy', 'lz4'] as const) {
  t.test(`a broker that recompresses with ${compression}`, (t) => {
    const values = Array.from({ length: 50 }, (_, i) => i);
    t.strictSame(read(batch(0, values, { compression }), 0).values, values);
    t.end();
  });
}

t.test('bytes that are no batches are refused', (t) => {
  const old = batch(0, [1]);
  old[16] = 1;
  t.throws(() => readRecords(old, 0), /format 1/);
  const cut = batch(0, [1, 2, 3]);
  cut.writeInt32BE(5, 57);
  t.throws(() => readRecords(cut, 0), /record/);
  t.throws(() => readRecords(Buffer.alloc(100), 0), /batch of 12 bytes/);
  t.end();
});
