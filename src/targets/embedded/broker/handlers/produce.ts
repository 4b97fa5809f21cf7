/** Produce: one batch for each partition, appended by its leader. */
import { Writer } from '@platformatic/kafka';
import { checkBatch, crcFits, headAt, headBytes, records } from '../batch.js';
import { codes } from './codes.js';
import { findGroup, readPartitions, waitFor, writePartitions, type Of } from './request.js';
import type { Api, Request } from './request.js';
import type { Group } from '../types.js';

/** Kafka's default for a batch. */
const mostBytes = (1 << 20) + 12;
const attributesAt = 21;
const transactionalBit = 0x10;
const codecBits = 0x07;
/** none, gzip, snappy, lz4, zstd */
const lastCodec = 4;
const producerIdAt = 43;

interface Result {
  code: number;
  base: number;
  start: number;
  /** Appended: where, and up to which offset. */
  appended?: { group: Group; end: number };
}

export const produce: Api = {
  key: 0,
  name: 'Produce',
  min: 3,
  max: 8,
  flexible: 9,
  handle(request) {
    const { input, flexible, plants } = request;
    const transactional = input.nullableString(flexible) !== null;
    const [acks, timeoutMs] = [input.int16(), input.int32()];
    const asked = readPartitions(request, () => ({ batch: input.nullableBytes(flexible) }));
    const known = acks >= -1 && acks <= 1;
    const results = asked.map((one): Of<Result> => {
      const code = known ? (transactional ? codes.invalidRecord : 0) : codes.invalidRequiredAcks;
      const { topic, partition } = one;
      return { topic, partition, ...(code === 0 ? append(request, one) : failed(code)) };
    });
    if (acks === 0) {
      const wrong = results.find(({ code }) => code !== 0);
      // Nobody reads an answer: that the connection is gone tells the producer, as in Kafka.
      if (wrong) throw new Error(`Expected a produce to succeed, got error ${wrong.code}.`);
      return undefined;
    }
    const early = acks === 1 || plants.has('ack-before-replicate');
    const waiting = results.filter(({ appended }) => appended && !early);
    if (waiting.length === 0) return answer(request, results);
    return committed(request, waiting, timeoutMs).then(() => answer(request, results));
  },
};

const failed = (code: number): Result => ({ code, base: -1, start: -1 });

function append(request: Request, asked: Of<{ batch: Buffer | null }>): Result {
  const group = findGroup(request.node, asked.topic, asked.partition);
  if (group === codes.unknownTopicOrPartition) return failed(group);
  const batch = asked.batch ?? Buffer.alloc(0);
  const form = checkForm(batch);
  if (form !== 0) return failed(form);
  if (typeof group === 'number') return failed(group);
  if (!group.isLeader) return failed(codes.notLeader);
  const code = checkContent(batch);
  if (code !== 0) return failed(code);
  const added = group.propose(batch);
  if (!added) return failed(codes.notLeader);
  return { code: 0, base: added.base, start: group.log.start, appended: { group, end: added.end } };
}

/**
 * Exactly one batch in format 2. In Kafka this comes before the question who leads, and corrupt is
 * only what no length, no newer format and no CRC fits; all else is an invalid record.
 */
function checkForm(batch: Buffer): number {
  if (batch.length < headBytes) return codes.invalidRecord;
  const magic = batch[16]!;
  if (magic < 2) return codes.invalidRecord;
  const size = 12 + batch.readInt32BE(8);
  if (magic > 2 || size < headBytes) return codes.corruptMessage;
  return size === batch.length ? codes.none : codes.invalidRecord;
}

function checkContent(batch: Buffer): number {
  if (batch.length > mostBytes) return codes.messageTooLarge;
  if (!crcFits(batch)) return codes.corruptMessage;
  if (checkBatch(batch, 0) !== 'whole') return codes.invalidRecord;
  if ((batch[attributesAt + 1]! & codecBits) > lastCodec) return codes.unsupportedCompression;
  const { base, control } = headAt(batch, 0);
  const transactional = (batch[attributesAt + 1]! & transactionalBit) !== 0;
  const idempotent = batch.readBigInt64BE(producerIdAt) !== -1n;
  if (base !== 0 || control || transactional || idempotent) return codes.invalidRecord;
  try {
    let next = 0;
    for (const { offset } of records(batch)) if (offset !== next++) return codes.invalidRecord;
  } catch {
    return codes.invalidRecord;
  }
  return codes.none;
}

/** Writes into the results what became of them. */
async function committed(request: Request, waiting: Result[], timeoutMs: number): Promise<void> {
  let left = waiting.length;
  for (const one of waiting) one.code = codes.requestTimedOut;
  await waitFor(request, timeoutMs, (done) =>
    waiting.map((one) =>
      one.appended!.group.whenCommitted(one.appended!.end, (ok) => {
        one.code = ok ? codes.none : codes.notLeader;
        if (--left === 0) done();
      }),
    ),
  );
}

function answer({ version, flexible }: Request, results: readonly Of<Result>[]): Writer {
  const out = Writer.create();
  writePartitions(out, flexible, results, ({ partition, code, base, start }) => {
    out.appendInt32(partition).appendInt16(code).appendInt64(BigInt(base)).appendInt64(-1n);
    if (version >= 5) out.appendInt64(BigInt(start));
    // No errors of single records, no message.
    if (version >= 8) out.appendInt32(0).appendString(null, flexible);
  });
  return out.appendInt32(0);
}
