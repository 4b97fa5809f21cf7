/** Messages between nodes, as requests of an API that Kafka does not have. Never answered. */
import { Writer } from '@platformatic/kafka';
import type { Message } from '../types.js';
import { Input } from './input.js';

export const raftKey = 32000;

const kinds = ['vote', 'voted', 'append', 'appended', 'leads'] as const;

/** A whole frame with its size, ready to be written to a peer. */
export function raftFrame(clusterId: string, message: Message): Buffer {
  const header = Writer.create().appendInt16(raftKey).appendInt16(0).appendInt32(0);
  header.appendString(null, false).appendString(clusterId, false);
  return header.append(encodeMessage(message)).prependLength().buffer;
}

export function encodeMessage(message: Message): Buffer {
  const out = Writer.create().appendInt8(kinds.indexOf(message.kind));
  out.appendString(message.group, false).appendInt32(message.from).appendInt32(message.term);
  const int64 = (value: number): Writer => out.appendInt64(BigInt(value));
  const ids = (list: readonly number[]): Writer =>
    out.appendArray([...list], (w, id) => w.appendInt32(id), false, false);
  switch (message.kind) {
    case 'vote':
      out.appendBoolean(message.pre);
      int64(message.end).appendInt32(message.lastEpoch);
      break;
    case 'voted':
      out.appendBoolean(message.pre).appendBoolean(message.granted);
      break;
    case 'append':
      int64(message.base).appendInt32(message.prevEpoch);
      int64(message.commit);
      ids(message.isr).appendBytes(message.entries, false);
      break;
    case 'appended':
      out.appendBoolean(message.ok);
      int64(message.end).appendInt32(message.epoch);
      break;
    case 'leads':
      ids(message.isr);
  }
  return out.buffer;
}

/** Throws on anything else. `entries` is a view of what was given. */
export function decodeMessage(input: Input): Message {
  const kind = kinds[input.int8()];
  if (!kind) throw new Error('Expected a known kind of message.');
  const head = { group: input.string(false), from: input.int32(), term: input.int32() };
  const ids = (): number[] => input.array(false, () => input.int32());
  const message = ((): Message => {
    switch (kind) {
      case 'vote':
        return {
          ...head,
          kind,
          pre: input.boolean(),
          end: input.int64(),
          lastEpoch: input.int32(),
        };
      case 'voted':
        return { ...head, kind, pre: input.boolean(), granted: input.boolean() };
      case 'append':
        return {
          ...head,
          kind,
          base: input.int64(),
          prevEpoch: input.int32(),
          commit: input.int64(),
          isr: ids(),
          entries: input.nullableBytes(false) ?? Buffer.alloc(0),
        };
      case 'appended':
        return { ...head, kind, ok: input.boolean(), end: input.int64(), epoch: input.int32() };
      case 'leads':
        return { ...head, kind, isr: ids() };
    }
  })();
  if (input.left > 0) throw new Error(`Expected the end of a message, got ${input.left} bytes.`);
  return message;
}
