/** ListOffsets and OffsetForLeaderEpoch: questions about offsets, answered by leaders. */
import { Writer } from '@platformatic/kafka';
import type { Group, Log } from '../types.js';
import { codes } from './codes.js';
import { ledGroup, readPartitions, writePartitions } from './request.js';
import type { Api, Request } from './request.js';

const latest = -1;
const earliest = -2;
const maxTimestamp = -3;

interface Found {
  code: number;
  timestampMs: number;
  offset: number;
  epoch: number;
}

export const listOffsets: Api = {
  key: 2,
  name: 'ListOffsets',
  min: 1,
  max: 7,
  flexible: 6,
  handle(request) {
    const { input, version, flexible, node } = request;
    input.int32();
    if (version >= 2) input.int8();
    const asked = readPartitions(request, () => ({
      epoch: version >= 4 ? input.int32() : -1,
      timestampMs: input.int64(),
    }));
    const answers = asked.map(({ topic, partition, epoch, timestampMs }) => {
      const group = ledGroup(node, topic, partition, epoch);
      const found = typeof group === 'number' ? failed(group) : find(request, group, timestampMs);
      return { topic, partition, ...found };
    });
    const out = Writer.create();
    if (version >= 2) out.appendInt32(0);
    writePartitions(out, flexible, answers, (one) => {
      out.appendInt32(one.partition).appendInt16(one.code);
      out.appendInt64(BigInt(one.timestampMs)).appendInt64(BigInt(one.offset));
      if (version >= 4) out.appendInt32(one.epoch);
    });
    return flexible ? out.appendTaggedFields() : out;
  },
};

const failed = (code: number): Found => ({ code, timestampMs: -1, offset: -1, epoch: -1 });

function find({ version }: Request, group: Group, timestampMs: number): Found {
  const { log, commit, term } = group;
  if (timestampMs < (version >= 7 ? maxTimestamp : earliest))
    return failed(codes.unsupportedVersion);
  if (timestampMs === earliest)
    return { code: 0, timestampMs: -1, offset: log.start, epoch: log.epochAt(log.start) };
  // KIP-207: a new leader may know less than the old one told, until an entry of its own is committed.
  const settled = log.epochAt(commit - 1) === term;
  const lagging = version >= 5 ? codes.offsetNotAvailable : codes.leaderNotAvailable;
  if (timestampMs === latest)
    return settled ? { code: 0, timestampMs: -1, offset: commit, epoch: term } : failed(lagging);
  const found =
    timestampMs === maxTimestamp ? newest(log, commit) : log.offsetOfTime(timestampMs, commit);
  if (found.offset < 0) return failed(settled ? codes.none : lagging);
  return { code: 0, ...found, epoch: log.epochAt(found.offset) };
}

/** The first record with the largest time stamp: halves the times above the newest one found. */
function newest(log: Log, to: number): { offset: number; timestampMs: number } {
  let found = log.offsetOfTime(0, to);
  let above = Number.MAX_SAFE_INTEGER;
  while (found.offset >= 0 && found.timestampMs + 1 < above) {
    const middle = found.timestampMs + Math.ceil((above - found.timestampMs) / 2);
    const later = log.offsetOfTime(middle, to);
    if (later.offset < 0) above = middle;
    else found = later;
  }
  return found;
}

export const offsetForLeaderEpoch: Api = {
  key: 23,
  name: 'OffsetForLeaderEpoch',
  min: 2,
  max: 4,
  flexible: 4,
  handle(request) {
    const { input, version, flexible, node } = request;
    if (version >= 3) input.int32();
    const asked = readPartitions(request, () => ({ current: input.int32(), epoch: input.int32() }));
    const answers = asked.map(({ topic, partition, current, epoch }) => {
      const group = ledGroup(node, topic, partition, current);
      if (typeof group === 'number') return { topic, partition, code: group, ...unknown };
      return { topic, partition, code: codes.none, ...endOf(group, epoch) };
    });
    const out = Writer.create().appendInt32(0);
    writePartitions(out, flexible, answers, ({ partition, code, epoch, end }) => {
      out.appendInt16(code).appendInt32(partition).appendInt32(epoch).appendInt64(BigInt(end));
    });
    return flexible ? out.appendTaggedFields() : out;
  },
};

const unknown = { epoch: -1, end: -1 };

/** As Kafka: nothing is known of an epoch above the newest; one below the oldest ends at the start. */
function endOf({ log, term }: Group, epoch: number): { epoch: number; end: number } {
  if (epoch < 0 || epoch > term) return unknown;
  const found = log.endOfEpoch(epoch);
  return found.epoch === 0 ? { epoch, end: found.end } : found;
}
