/** Fetch of a consumer: whole batches below the high watermark, without sessions. */
import { Writer } from '@platformatic/kafka';
import type { Group } from '../types.js';
import { codes } from './codes.js';
import { checkLeader, findGroup, readPartitions, waitFor, writePartitions } from './request.js';
import type { Api, Of, Request } from './request.js';

/** Of one answer, whatever the client would take. */
const mostBytes = 16 << 20;
/** Kafka's first version in which a client says that it would read from followers. */
const followersFrom = 11;

interface Ask {
  epoch: number;
  offset: number;
  maxBytes: number;
}
interface Result {
  code: number;
  highWatermark: number;
  start: number;
  records: Buffer;
}

export const fetch: Api = {
  key: 1,
  name: 'Fetch',
  min: 4,
  max: 11,
  flexible: 12,
  handle(request) {
    const { input, version } = request;
    const replica = input.int32();
    if (replica >= 0) throw new Error(`Expected a consumer, got a fetch of replica ${replica}.`);
    const [maxWaitMs, minBytes, maxBytes] = [input.int32(), input.int32(), input.int32()];
    input.int8();
    const session = version >= 7 ? input.int32() : 0;
    if (version >= 7) input.int32();
    const asks = readPartitions(request, (): Ask => {
      const epoch = version >= 9 ? input.int32() : -1;
      const offset = input.int64();
      if (version >= 5) input.int64();
      return { epoch, offset, maxBytes: input.int32() };
    });
    if (session !== 0) return answer(request, codes.fetchSessionIdNotFound, []);
    const limit = Math.min(maxBytes, mostBytes);
    const first = read(request, asks, limit);
    if (maxWaitMs <= 0 || asks.length === 0 || isEnough(first, minBytes))
      return answer(request, 0, first);
    return waitForMore(request, asks, { limit, minBytes, maxWaitMs });
  },
};

/** Reads again after each change, and never within the callback of a group. */
async function waitForMore(
  request: Request,
  asks: readonly Of<Ask>[],
  { limit, minBytes, maxWaitMs }: { limit: number; minBytes: number; maxWaitMs: number },
): Promise<Writer> {
  const { env, node } = request;
  const deadline = env.now() + maxWaitMs;
  const groups = asks
    .map(({ topic, partition }) => findGroup(node, topic, partition))
    .filter((group) => typeof group !== 'number');
  for (;;) {
    const leftMs = deadline - env.now();
    if (leftMs > 0)
      await waitFor(request, leftMs, (done) => groups.map((group) => group.onChange(done)));
    const results = read(request, asks, limit);
    if (env.now() >= deadline || isEnough(results, minBytes)) return answer(request, 0, results);
  }
}

/** An error is worth an answer at once. */
function isEnough(results: readonly Result[], minBytes: number): boolean {
  const bytes = results.reduce((sum, { records }) => sum + records.length, 0);
  return bytes >= minBytes || results.some(({ code }) => code !== 0);
}

/** The first batch that is found comes whatever its size; all else has to fit. */
function read(request: Request, asks: readonly Of<Ask>[], limit: number): Of<Result>[] {
  let left = limit;
  let first = true;
  return asks.map((ask) => {
    const { topic, partition } = ask;
    const room = Math.min(ask.maxBytes, left);
    const result = readOne(request, ask, first || room > 0 ? Math.max(0, room) : -1);
    if (!first && result.records.length > room) result.records = none;
    if (result.records.length > 0) first = false;
    left -= result.records.length;
    return { topic, partition, ...result };
  });
}

/** `room` in bytes; -1: not even a first batch. */
function readOne(request: Request, ask: Of<Ask>, room: number): Result {
  const group = findGroup(request.node, ask.topic, ask.partition);
  if (typeof group === 'number') return failed(group);
  const code = checkLeader(group, ask.epoch, request.version < followersFrom);
  if (code !== 0) return failed(code);
  const { log, commit } = group;
  // Between the high watermark and the log's end nothing is wrong; there is just nothing to read.
  if (ask.offset < log.start || ask.offset > log.end) return failed(codes.offsetOutOfRange);
  const to = readableEnd(request, group);
  const records = room >= 0 && ask.offset < to ? log.read(ask.offset, to, room) : none;
  return { code: 0, highWatermark: commit, start: log.start, records };
}

function readableEnd({ plants }: Request, group: Group): number {
  if (plants.has('read-uncommitted-tail') && group.isLeader) return group.log.end;
  return group.commit;
}

const none = Buffer.alloc(0);
const failed = (code: number): Result => ({ code, highWatermark: -1, start: -1, records: none });

function answer(
  { version, flexible }: Request,
  code: number,
  results: readonly Of<Result>[],
): Writer {
  const out = Writer.create().appendInt32(0);
  // Session 0: there is none.
  if (version >= 7) out.appendInt16(code).appendInt32(0);
  return writePartitions(out, flexible, results, (one) => {
    out.appendInt32(one.partition).appendInt16(one.code);
    // There are no transactions: the last stable offset is the high watermark, none is aborted.
    for (let i = 0; i < 2; i++) out.appendInt64(BigInt(one.highWatermark));
    if (version >= 5) out.appendInt64(BigInt(one.start));
    out.appendInt32(0);
    if (version >= 11) out.appendInt32(-1);
    out.appendBytes(one.records, flexible);
  });
}
