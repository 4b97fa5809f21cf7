/** Requests of the versions that kafkajs speaks, with what it leaves no choice in, and batches. */
import {
  createRecordsBatch,
  crc32c,
  Reader,
  readRecordsBatch,
  Writer,
  type RecordsBatch,
} from '@platformatic/kafka';

export interface PartitionFetch {
  topic: string;
  partition: number;
  offset: number;
  epoch?: number;
  maxBytes?: number;
}
export interface FetchLimits {
  maxWaitMs?: number;
  minBytes?: number;
  maxBytes?: number;
  isolation?: number;
  session?: { id: number; epoch: number };
}
export interface Fetched {
  topic: string;
  partition: number;
  errorCode: number;
  highWatermark: number;
  lastStable: number;
  logStart: number;
  records: Buffer;
}

/** The body of a Fetch of versions 4 to 11; topics in the order of their first partition. */
export function encodeFetches(
  asks: readonly PartitionFetch[],
  version: number,
  limits: FetchLimits,
): Buffer {
  const { maxWaitMs = 0, minBytes = 0, maxBytes = 1 << 20, isolation = 0, session } = limits;
  const writer = Writer.create()
    .appendInt32(-1)
    .appendInt32(maxWaitMs)
    .appendInt32(minBytes)
    .appendInt32(maxBytes)
    .appendInt8(isolation);
  if (version >= 7) writer.appendInt32(session?.id ?? 0).appendInt32(session?.epoch ?? -1);
  const names = [...new Set(asks.map(({ topic }) => topic))];
  const each = (w: Writer, ask: PartitionFetch): void => {
    w.appendInt32(ask.partition);
    if (version >= 9) w.appendInt32(ask.epoch ?? -1);
    w.appendInt64(BigInt(ask.offset));
    if (version >= 5) w.appendInt64(-1n);
    w.appendInt32(ask.maxBytes ?? 1 << 20);
  };
  writer.appendArray(
    names,
    (w, name) => {
      const partitions = asks.filter(({ topic }) => topic === name);
      w.appendString(name, false).appendArray(partitions, each, false, false);
    },
    false,
    false,
  );
  if (version >= 7) writer.appendInt32(0);
  if (version >= 11) writer.appendString('', false);
  return writer.buffer;
}

export function decodeFetches(body: Buffer, version: number) {
  const reader = Reader.from(body);
  reader.skip(4);
  const errorCode = version >= 7 ? reader.readInt16() : 0;
  const session = version >= 7 ? reader.readInt32() : 0;
  const topics = reader.readArray(
    (r) => {
      const topic = r.readString(false);
      return r.readArray(
        (one): Fetched => {
          const partition = one.readInt32();
          const error = one.readInt16();
          const highWatermark = Number(one.readInt64());
          const lastStable = Number(one.readInt64());
          const logStart = version >= 5 ? Number(one.readInt64()) : -1;
          one.readArray((aborted) => aborted.skip(16), false, false);
          if (version >= 11) one.skip(4);
          const records = one.readBytes(false);
          return {
            ...{ topic, partition, errorCode: error },
            ...{ highWatermark, lastStable, logStart, records },
          };
        },
        false,
        false,
      );
    },
    false,
    false,
  );
  return { errorCode, session, partitions: topics.flat() };
}

/** The body of a Produce of version 7, with batches as they are given. */
export function encodeProduce(
  acks: number,
  topics: readonly { topic: string; partition: number; records: Buffer }[],
  timeoutMs = 5000,
): Buffer {
  return Writer.create()
    .appendString(null, false)
    .appendInt16(acks)
    .appendInt32(timeoutMs)
    .appendArray(
      [...topics],
      (w, { topic, partition, records }) =>
        void w
          .appendString(topic, false)
          .appendArray(
            [partition],
            (one) => void one.appendInt32(partition).appendBytes(records, false),
            false,
            false,
          ),
      false,
      false,
    ).buffer;
}

export function decodeProduce(body: Buffer) {
  return Reader.from(body)
    .readArray(
      (r) => {
        const topic = r.readString(false);
        return r.readArray(
          (one) => ({
            ...{ topic, partition: one.readInt32(), errorCode: one.readInt16() },
            ...{ base: Number(one.readInt64()), appendTime: Number(one.readInt64()) },
            logStart: Number(one.readInt64()),
          }),
          false,
          false,
        );
      },
      false,
      false,
    )
    .flat();
}

/** One batch as a producer without idempotence makes it; all records at one time. */
export function batch(values: readonly string[], timestampMs = 1_700_000_000_000): Buffer {
  const timestamp = BigInt(timestampMs);
  return createRecordsBatch(
    values.map((value) => ({ topic: '', value: Buffer.from(value), timestamp })),
    { producerEpoch: -1, partitionLeaderEpoch: -1 },
  ).buffer;
}

/** A batch with some of its bytes changed and the check sum made right again. */
export function altered(whole: Buffer, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(whole);
  change(bytes);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

/** A message of the format before batches: magic 0 or 1. */
export function oldMessage(magic: 0 | 1, value: string): Buffer {
  const bytes = Buffer.alloc(12 + 14 + (magic === 1 ? 8 : 0) + value.length);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(magic, 16);
  let at = 18;
  if (magic === 1) at = bytes.writeBigInt64BE(1_700_000_000_000n, at);
  at = bytes.writeInt32BE(-1, at);
  at = bytes.writeInt32BE(value.length, at);
  bytes.write(value, at);
  return bytes;
}

/** Whole batches: the tail may be cut off. */
export function batchesOf(records: Buffer) {
  const all: { base: number; end: number; control: boolean; bytes: Buffer }[] = [];
  for (let at = 0; records.length >= at + 61;) {
    const size = 12 + records.readInt32BE(at + 8);
    if (records.length < at + size) break;
    const bytes = records.subarray(at, at + size);
    const base = Number(bytes.readBigInt64BE(0));
    const control = (bytes.readInt16BE(21) & 0x20) !== 0;
    all.push({ base, end: base + bytes.readInt32BE(23) + 1, control, bytes });
    at += size;
  }
  return all;
}

/**
 * Records of clients, as sent: without offsets and epochs. Compressed ones are unpacked. Of a
 * batch that cannot be read the records are `unreadable`.
 */
export function contentsOf(records: Buffer) {
  return batchesOf(records)
    .filter(({ control }) => !control)
    .map(({ bytes }) => {
      const read = readBatch(bytes);
      return {
        ...{ attributes: bytes.readInt16BE(21), magic: bytes.readInt8(16) },
        producer: [bytes.readBigInt64BE(43), bytes.readInt16BE(51), bytes.readInt32BE(53)],
        records:
          read?.records.map((one) => ({
            ...{ delta: one.offsetDelta, ms: read.firstTimestamp + one.timestampDelta },
            ...{ key: one.key, value: one.value, headers: one.headers },
          })) ?? ('unreadable' as const),
      };
    });
}

function readBatch(bytes: Buffer): RecordsBatch | undefined {
  try {
    return readRecordsBatch(Reader.from(bytes));
  } catch {
    return undefined;
  }
}

export const valuesOf = (records: Buffer): (Buffer | null | 'unreadable')[] =>
  contentsOf(records).flatMap((one): (Buffer | null | 'unreadable')[] =>
    typeof one.records === 'string' ? ['unreadable'] : one.records.map(({ value }) => value),
  );
