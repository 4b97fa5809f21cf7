/**
 * Kafka's record batches, format 2, as bytes. Base offset and leader epoch stand outside of the
 * CRC, so a leader stamps a client's batch without touching what the client wrote.
 */
import { crc32c, createRecordsBatch, Reader } from '@platformatic/kafka';

/** The head of a batch: what stands before its records. */
export const headBytes = 61;
/** Bytes up to and with the length field, which does not count them. */
const lengthEnd = 12;
const crcAt = 17;
const attributesAt = 21;
const controlBit = 0x20;
const compressionBits = 0x07;
const appendTimeBit = 0x08;

export interface Head {
  /** Position of the batch in the bytes, and its length. */
  at: number;
  size: number;
  /** Offset of the first record, and the one after the last. */
  base: number;
  end: number;
  epoch: number;
  control: boolean;
  count: number;
  /** ms since 1970; -1: none. */
  maxTimestampMs: number;
}

/** Whole: its length, format, CRC and counts fit. Short: the bytes end within it. Bad: no batch. */
export function checkBatch(bytes: Buffer, at: number): 'whole' | 'short' | 'bad' {
  const rest = bytes.length - at;
  if (rest < lengthEnd) return 'short';
  const size = lengthEnd + bytes.readInt32BE(at + 8);
  if (size < headBytes || (rest > 16 && bytes[at + 16] !== 2)) return 'bad';
  if (rest < size) return 'short';
  const count = bytes.readInt32BE(at + 57);
  if (count < 1 || bytes.readInt32BE(at + 23) !== count - 1) return 'bad';
  return crcFits(bytes.subarray(at, at + size)) ? 'whole' : 'bad';
}

/** Of one batch of its whole length. */
export const crcFits = (batch: Buffer): boolean =>
  crc32c(batch.subarray(attributesAt)) === batch.readUInt32BE(crcAt);

/** The head of the batch at `at`. Throws if the bytes end within it or its length cannot be. */
export function headAt(bytes: Buffer, at: number): Head {
  const rest = bytes.length - at;
  const size = rest < headBytes ? 0 : lengthEnd + bytes.readInt32BE(at + 8);
  if (size < headBytes || size > rest)
    throw new RangeError(`Expected a record batch at byte ${at}, got ${size} of ${rest} bytes.`);
  const base = readInt64(bytes, at);
  return {
    at,
    size,
    base,
    end: base + bytes.readInt32BE(at + 23) + 1,
    epoch: bytes.readInt32BE(at + 12),
    control: (bytes[at + attributesAt + 1]! & controlBit) !== 0,
    count: bytes.readInt32BE(at + 57),
    maxTimestampMs: readInt64(bytes, at + 35),
  };
}

/** The heads of whole batches that stand one after another. Throws at what is none. */
export function* heads(bytes: Buffer): Generator<Head> {
  for (let at = 0; at < bytes.length;) {
    const head = headAt(bytes, at);
    yield head;
    at += head.size;
  }
}

/** Writes offset and epoch into a batch, in place. */
export function stamp(batch: Buffer, base: number, epoch: number): void {
  batch.writeBigInt64BE(BigInt(base), 0);
  batch.writeInt32BE(epoch, 12);
}

/** Writes the CRC that fits what the batch has. */
export function seal(batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch.subarray(attributesAt)), crcAt);
}

/** An uncompressed batch of records without keys, to be stamped. At least one value. */
export function recordBatch(values: readonly Buffer[], wallMs: number): Buffer {
  const timestamp = BigInt(Math.floor(wallMs));
  return made(
    values.map((value) => ({ topic: '', value, timestamp })),
    0,
  );
}

/** What a new leader appends (Kafka's LeaderChange without voters), to be stamped. */
export function controlBatch(of: { epoch: number; leader: number; wallMs: number }): Buffer {
  // Key: version 0, type 2. Value: version 0, the leader, no voters, none that granted, no tags.
  const key = Buffer.from([0, 0, 0, 2]);
  const value = Buffer.from([0, 0, 0, 0, 0, 0, 1, 1, 0]);
  value.writeInt32BE(of.leader, 2);
  const timestamp = BigInt(Math.floor(of.wallMs));
  const batch = made([{ topic: '', key, value, timestamp }], controlBit);
  stamp(batch, 0, of.epoch);
  return batch;
}

function made(messages: Parameters<typeof createRecordsBatch>[0], attributes: number): Buffer {
  const options = { compression: 'none', producerId: -1n, producerEpoch: -1 } as const;
  const batch = Buffer.from(createRecordsBatch(messages, options).buffer);
  batch.writeInt16BE(attributes, attributesAt);
  // The base sequence of a producer without an id.
  batch.writeInt32BE(-1, 53);
  seal(batch);
  return batch;
}

export interface BatchRecord {
  offset: number;
  timestampMs: number;
  value: Buffer | null;
  /** Where the value stands in the batch. */
  valueAt: number;
}

/** The records of one uncompressed batch; none of a compressed one. Throws on broken ones. */
export function* records(batch: Buffer): Generator<BatchRecord> {
  const head = headAt(batch, 0);
  const attributes = batch[attributesAt + 1]!;
  if ((attributes & compressionBits) !== 0) return;
  const firstMs = readInt64(batch, 27);
  const reader = Reader.from(batch.subarray(0, head.size)).skip(headBytes);
  for (let i = 0; i < head.count; i++) {
    const length = reader.readVarInt();
    const end = reader.position + length;
    if (length < 0 || end > head.size) throw new RangeError('a record that ends outside its batch');
    reader.skip(1);
    const stampedMs = firstMs + Number(reader.readVarInt64());
    const offset = head.base + reader.readVarInt();
    reader.readVarIntBytes();
    const size = reader.readVarInt();
    const valueAt = reader.position;
    if (valueAt + size > end) throw new RangeError('a value that ends outside its record');
    const value = size < 0 ? null : batch.subarray(valueAt, valueAt + size);
    const timestampMs = (attributes & appendTimeBit) === 0 ? stampedMs : head.maxTimestampMs;
    yield { offset, timestampMs, value, valueAt };
    reader.position = end;
  }
  if (reader.position !== head.size) throw new RangeError('more records than a batch counts');
}

/** The values of one uncompressed batch; a null value is empty. */
export const recordValues = (batch: Buffer): Buffer[] =>
  Array.from(records(batch), ({ value }) => value ?? Buffer.alloc(0));

/** Exact up to 2^53. */
const readInt64 = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
