/**
 * Realtime lag of an imported history: how long, when a poll began, the next offset that its
 * process had not read was already known to be there. Jepsen's rule: an ok or info op proves all
 * offsets up to its highest of a key; ok polls and txns are judged.
 */
import { F, Kind, type Ops, type Stats } from '../model/index.js';
import { lowerBound } from './columns.js';

/** Of a key: ever higher offsets, and from when on each was known. */
interface Known {
  /** The last of them. */
  top: number;
  offsets: number[];
  timesNs: number[];
}
/** What one process has read of the keys that it holds, by place. */
interface Reader {
  keys: number[];
  tops: number[];
  /** The first of the key's known offsets that it has not read. */
  next: number[];
  /** When that was known; Infinity: never. */
  nextNs: number[];
  /** None of them is earlier. */
  earliestNs: number;
}

export function worstLag(ops: Ops): Stats['realtimeLag'] {
  const known = knownOffsets(ops);
  const { firstSegment, segmentKey, segmentTop } = ops;
  const readers = new Map<number, Reader>();
  let worst: Stats['realtimeLag'];
  for (let o = 0; o < ops.n; o++) {
    if (ops.outcome[o] !== Kind.ok) continue;
    const [f, process] = [ops.f[o]!, ops.process[o]!];
    if (f === F.assign || f === F.subscribe) {
      const keys = f === F.assign ? ops.keysOf(o) : [];
      readers.set(process, assigned(readers.get(process), keys, known));
      continue;
    }
    if (f !== F.poll && f !== F.txn) continue;
    let reader = readers.get(process);
    if (!reader) readers.set(process, (reader = newReader()));
    const { keys, tops, nextNs } = reader;
    let at = 0;
    for (let s = firstSegment[o]!; s < firstSegment[o + 1]!; s++) {
      const [key, top] = [segmentKey[s]!, segmentTop[s]!];
      // An empty answer gives nobody a key.
      if (top < 0) continue;
      at = placeOf(keys, key, at);
      if (top > (tops[at] ?? -1)) read(reader, at, known[key], top);
    }
    for (let s = toldFrom(ops, o); s < ops.firstSend[o + 1]!; s++)
      raise(reader, known, ops.sendKey(s), ops.sendOffset[s]!);
    const timeNs = ops.invokeNs[o]!;
    if (worst && timeNs - reader.earliestNs <= worst.lagNs) continue;
    reader.earliestNs = Infinity;
    for (let i = 0; i < keys.length; i++) {
      const lagNs = timeNs - nextNs[i]!;
      if (nextNs[i]! < reader.earliestNs) reader.earliestNs = nextNs[i]!;
      if (!worst || lagNs > worst.lagNs)
        worst = { key: keys[i]!, process, timeNs, lagNs: Math.max(0, lagNs) };
    }
  }
  return worst;
}

/** Where a key stands, or is put; polls name keys in the same order again and again. */
function placeOf(keys: number[], key: number, from: number): number {
  for (let at = from; at < keys.length; at++) if (keys[at] === key) return at;
  const at = keys.lastIndexOf(key, from - 1);
  return at >= 0 && from > 0 ? at : keys.push(key) - 1;
}

/** A reader has read a key up to `top`, or further; it may not have held it. */
function raise(reader: Reader, known: Known[], key: number, top: number): void {
  const at = placeOf(reader.keys, key, 0);
  if (top > (reader.tops[at] ?? -1)) read(reader, at, known[key], top);
}

const newReader = (): Reader => ({
  keys: [],
  tops: [],
  next: [],
  nextNs: [],
  earliestNs: -Infinity,
});

/** It holds these keys; where it was in those that it keeps, it still is. */
function assigned(before: Reader | undefined, keys: readonly number[], known: Known[]): Reader {
  const reader = newReader();
  for (const key of keys) {
    const at = before?.keys.indexOf(key) ?? -1;
    reader.keys.push(key);
    read(reader, reader.keys.length - 1, known[key], at < 0 ? -1 : before!.tops[at]!);
  }
  return reader;
}

/** A reader has read the key at a place up to `top`; -1: it is to read it. */
function read(reader: Reader, at: number, known: Known | undefined, top: number): void {
  const { tops, next, nextNs } = reader;
  tops[at] = top;
  let i = next[at] ?? 0;
  if (known && i === 0 && top >= 0) i = lowerBound(known.offsets, known.offsets.length, top + 1);
  while (known && i < known.offsets.length && known.offsets[i]! <= top) i++;
  next[at] = i;
  nextNs[at] = known?.timesNs[i] ?? Infinity;
  if (nextNs[at] < reader.earliestNs) reader.earliestNs = nextNs[at];
}

function knownOffsets(ops: Ops): Known[] {
  const all: Known[] = [];
  const { firstSegment, segmentKey, segmentTop } = ops;
  const add = (key: number, top: number, timeNs: number): void => {
    const { offsets, timesNs } = (all[key] ??= { top: -1, offsets: [], timesNs: [] });
    if (top <= all[key].top) return;
    all[key].top = top;
    offsets.push(top);
    timesNs.push(timeNs);
  };
  for (let o = 0; o < ops.n; o++) {
    if (ops.outcome[o] !== Kind.ok && ops.outcome[o] !== Kind.info) continue;
    const timeNs = ops.completeNs[o]!;
    for (let s = firstSegment[o]!; s < firstSegment[o + 1]!; s++) {
      const [key, top] = [segmentKey[s]!, segmentTop[s]!];
      if (top >= 0 && !(all[key] && top <= all[key].top)) add(key, top, timeNs);
    }
    for (let s = toldFrom(ops, o); s < ops.firstSend[o + 1]!; s++)
      add(ops.sendKey(s), ops.sendOffset[s]!, timeNs);
  }
  return all;
}

/** Jepsen forgets what an op's sends were told before one that was told nothing. */
function toldFrom(ops: Ops, o: number): number {
  let from = ops.firstSend[o]!;
  for (let s = from; s < ops.firstSend[o + 1]!; s++) if (ops.sendOffset[s]! < 0) from = s + 1;
  return from;
}
