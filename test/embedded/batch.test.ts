import { createRecordsBatch, jsCRC32C, readRecordsBatch, Reader } from '@platformatic/kafka';
import fc from 'fast-check';
import t from 'tap';
import { readRecords } from '../../src/kafka/records.js';
import {
  checkBatch,
  controlBatch,
  heads,
  recordBatch,
  records,
  recordValues,
  stamp,
} from '../../src/targets/embedded/broker/batch.js';

const text = (...values: string[]): Buffer[] => values.map((value) => Buffer.from(value));
const at = (batch: Buffer, base: number, epoch: number): Buffer => {
  stamp(batch, base, epoch);
  return batch;
};

t.test('what is made is whole, and another reader finds the same in it', (t) => {
  const batch = at(recordBatch(text('a', '', 'ccc'), 1234), 2 ** 40 + 5, 7);
  t.equal(checkBatch(batch, 0), 'whole');
  t.equal(jsCRC32C(batch.subarray(21)), batch.readUInt32BE(17));
  const read = readRecordsBatch(Reader.from(batch));
  t.match(read, {
    firstOffset: BigInt(2 ** 40 + 5),
    partitionLeaderEpoch: 7,
    attributes: 0,
    lastOffsetDelta: 2,
    firstTimestamp: 1234n,
    maxTimestamp: 1234n,
    producerId: -1n,
    producerEpoch: -1,
    firstSequence: -1,
  });
  t.strictSame(recordValues(batch).map(String), ['a', '', 'ccc']);
  t.strictSame(
    read.records.map(({ value }) => String(value)),
    ['a', '', 'ccc'],
  );
  t.strictSame(recordBatch(text('a'), 5), recordBatch(text('a'), 5), 'nothing of the clock in it');
  t.end();
});

t.test('a control batch takes an offset and shows clients nothing', (t) => {
  const batch = at(controlBatch({ epoch: 3, leader: 2, wallMs: 9 }), 10, 3);
  t.equal(checkBatch(batch, 0), 'whole');
  t.match([...heads(batch)], [{ base: 10, end: 11, epoch: 3, control: true, count: 1 }]);
  const [record] = readRecordsBatch(Reader.from(batch)).records;
  t.equal(record?.key?.toString('hex'), '00000002');
  t.equal(record?.value?.toString('hex'), '000000000002010100');
  t.match(readRecords(batch, 10), { n: 0, next: 11 });
  t.end();
});

t.test('heads of several batches, and no head of what is none', (t) => {
  const two = Buffer.concat([
    at(recordBatch(text('a', 'b'), 100), 4, 1),
    at(recordBatch(text('c'), 200), 6, 2),
  ]);
  const [first, second] = [...heads(two)];
  t.match(first, { at: 0, base: 4, end: 6, epoch: 1, control: false, maxTimestampMs: 100 });
  t.match(second, { at: first?.size, base: 6, end: 7, epoch: 2, count: 1, maxTimestampMs: 200 });
  t.throws(() => [...heads(two.subarray(0, two.length - 1))], RangeError);
  t.throws(() => [...heads(Buffer.alloc(70))], RangeError);
  t.throws(() => [...heads(two.subarray(0, 5))], RangeError);
  t.end();
});

t.test('every cut is short or bad, every flipped bit behind the stamp is seen', (t) => {
  const batch = at(recordBatch(text('a', 'some value', ''), 100), 4, 1);
  for (let size = 0; size < batch.length; size++)
    t.equal(checkBatch(batch.subarray(0, size), 0), 'short', `${size} bytes`);
  for (let bit = 16 * 8; bit < batch.length * 8; bit++) {
    const flipped = Buffer.from(batch);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    t.equal(checkBatch(flipped, 0), 'bad', `bit ${bit}`);
  }
  t.end();
});

t.test('no bytes make a reader hang, or read beyond them', (t) => {
  const batch = recordBatch(text('a', 'some value', ''), 100);
  const change = fc.tuple(fc.nat(batch.length - 1), fc.nat(255));
  const changed = fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => {
    const bytes = Buffer.from(batch);
    for (const [i, value] of changes) bytes[i] = value;
    return bytes;
  });
  const random = fc.uint8Array({ maxLength: 150 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(changed, random), (bytes) => {
      checkBatch(bytes, 0);
      try {
        const read = [...heads(bytes)].flatMap((head) =>
          recordValues(bytes.subarray(head.at, head.at + head.size)),
        );
        return read.reduce((sum, value) => sum + value.length, 0) <= bytes.length;
      } catch (error) {
        return error instanceof Error;
      }
    }),
    { numRuns: 3000 },
  );
  t.end();
});

t.test('records of the append time and of compressed batches', (t) => {
  const batch = at(recordBatch(text('a', 'b'), 100), 4, 1);
  batch.writeInt16BE(8, 21);
  batch.writeBigInt64BE(500n, 35);
  t.strictSame(
    Array.from(records(batch), ({ offset, timestampMs }) => [offset, timestampMs]),
    [
      [4, 500],
      [5, 500],
    ],
  );
  const message = { topic: '', value: Buffer.from('a') };
  const gzip = Buffer.from(createRecordsBatch([message], { compression: 'gzip' }).buffer);
  t.equal(checkBatch(gzip, 0), 'whole');
  t.strictSame([...records(gzip)], []);
  t.end();
});
