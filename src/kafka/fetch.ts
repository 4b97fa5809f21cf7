/**
 * One Fetch request of one key, as bytes. Own code because the epoch to ask with, the log start
 * and the raw batches are needed, which kafkajs drops. Versions 4 to 11: 11 is the first that
 * followers answer, and the last that names topics without flexible encoding.
 */
import { readInt64 } from './records.js';

export interface FetchAsk {
  topic: string;
  partition: number;
  offset: number;
  /** -1: any. Else the broker refuses unless it is in that epoch. */
  leaderEpoch: number;
  maxBytes: number;
  maxWaitMs: number;
  minBytes: number;
}

export interface FetchAnswer {
  errorCode: number;
  highWatermark: number;
  /** -1 below version 5. */
  logStart: number;
  records: Buffer;
}

export const fetchKey = 1;
export const newestFetch = 11;

/** The request's body, without its header. */
export function encodeFetch(ask: FetchAsk, version: number): Buffer {
  const topic = Buffer.from(ask.topic);
  const body = Buffer.alloc(80 + topic.length);
  let at = 0;
  const int8 = (value: number): void => void (at = body.writeInt8(value, at));
  const int32 = (value: number): void => void (at = body.writeInt32BE(value, at));
  const int64 = (value: number): void => void (at = body.writeBigInt64BE(BigInt(value), at));
  // The replica id of a consumer. A broker's would feed the ISR.
  int32(-1);
  int32(ask.maxWaitMs);
  int32(ask.minBytes);
  int32(ask.maxBytes);
  int8(0);
  if (version >= 7) {
    int32(0);
    int32(-1);
  }
  int32(1);
  at = body.writeInt16BE(topic.length, at);
  at += topic.copy(body, at);
  int32(1);
  int32(ask.partition);
  if (version >= 9) int32(ask.leaderEpoch);
  int64(ask.offset);
  if (version >= 5) int64(-1);
  int32(ask.maxBytes);
  if (version >= 7) int32(0);
  if (version >= 11) at = body.writeInt16BE(0, at);
  return body.subarray(0, at);
}

/** Throws on an answer that does not hold exactly one partition. */
export function decodeFetch(body: Buffer, version: number): FetchAnswer {
  let at = 4;
  const int32 = (): number => body.readInt32BE((at += 4) - 4);
  const int64 = (): number => readInt64(body, (at += 8) - 8);
  const int16 = (): number => body.readInt16BE((at += 2) - 2);
  // Not `at += int16()`: that would add to the position from before the read.
  const skip = (bytes: number): void => void (at += bytes);
  let errorCode = 0;
  if (version >= 7) {
    errorCode = int16();
    skip(4);
  }
  if (int32() !== 1) {
    if (errorCode !== 0) return { errorCode, highWatermark: -1, logStart: -1, records: none };
    throw new Error('a Fetch answer without the topic that was asked for');
  }
  skip(int16());
  if (int32() !== 1) throw new Error('a Fetch answer without the partition that was asked for');
  skip(4);
  const own = int16();
  errorCode ||= own;
  const highWatermark = int64();
  skip(8);
  const logStart = version >= 5 ? int64() : -1;
  skip(16 * Math.max(0, int32()));
  if (version >= 11) skip(4);
  const size = Math.max(0, int32());
  return { errorCode, highWatermark, logStart, records: body.subarray(at, at + size) };
}
const none = Buffer.alloc(0);
