/**
 * Realtime lag of an imported history: how long, when a poll began, the next offset that its
 * process had not read was already known to be there. Jepsen's rule: an ok or info op proves all
 * offsets up to its highest of a key; ok polls and txns are judged.
 */
import { F, Kind, type Ops, type Stats } from '../model/index.js';
import { lowerBound } from './columns.js';

/** Of a key: ever higher offsets, and from when on each was known. */
interface Known {
  offsets: number[];
  timesNs: number[];
}
/** What one process has read of the keys that it holds, by place. */
interface Reader {
  keys: number[];
  tops: number[];
  /** As of the last look: the first of the key's known offsets that it has not read. */
  next: number[];
  /** No offset that it has not read was known earlier; so for a while, as it only reads on. */
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
      readers.set(process, assigned(readers.get(process), keys));
      continue;
    }
    if (f !== F.poll && f !== F.txn) continue;
    let reader = readers.get(process);
    if (!reader) readers.set(process, (reader = { ...nobody, keys: [], tops: [], next: [] }));
    let at = 0;
    for (let s = firstSegment[o]!; s < firstSegment[o + 1]!; s++)
      if (segmentTop[s]! >= 0) at = raise(reader, segmentKey[s]!, segmentTop[s]!, at);
    for (let s = toldFrom(ops, o); s < ops.firstSend[o + 1]!; s++)
      raise(reader, ops.sendKey(s), ops.sendOffset[s]!, 0);
    const timeNs = ops.invokeNs[o]!;
    if (worst && timeNs - reader.earliestNs <= worst.lagNs) continue;
    const key = latest(reader, known);
    if (key < 0) continue;
    const lagNs = Math.max(0, timeNs - reader.earliestNs);
    if (!worst || lagNs > worst.lagNs) worst = { key, process, timeNs, lagNs };
  }
  return worst;
}

const nobody: Reader = { keys: [], tops: [], next: [], earliestNs: -Infinity };

/** It holds these keys; where it was in those that it keeps, it still is. */
function assigned(before: Reader | undefined, keys: readonly number[]): Reader {
  const tops = keys.map((key) => before?.tops[before.keys.indexOf(key)] ?? -1);
  return { ...nobody, keys: [...keys], tops, next: keys.map(() => 0) };
}

/**
 * A reader has read a key up to `top`, or further; it may not have held it. Gives the key's place,
 * which is looked for from `from` on: polls name keys in the same order again and again.
 */
function raise(reader: Reader, key: number, top: number, from: number): number {
  const { keys, tops } = reader;
  let at = from;
  while (at < keys.length && keys[at] !== key) at++;
  if (at === keys.length) at = keys.indexOf(key);
  if (at < 0) {
    at = keys.push(key) - 1;
    tops.push(top);
    reader.next.push(0);
    reader.earliestNs = -Infinity;
  } else if (top > tops[at]!) tops[at] = top;
  return at;
}

/** Looks what a reader is to read next, and when that was known; gives the key known earliest. */
function latest(reader: Reader, known: Known[]): number {
  const { keys, tops, next } = reader;
  let earliest = -1;
  reader.earliestNs = Infinity;
  for (let at = 0; at < keys.length; at++) {
    const { offsets, timesNs } = known[keys[at]!] ?? nothing;
    let i = next[at]!;
    if (i === 0) i = lowerBound(offsets, offsets.length, tops[at]! + 1);
    while (i < offsets.length && offsets[i]! <= tops[at]!) i++;
    next[at] = i;
    const ns = timesNs[i] ?? Infinity;
    if (earliest >= 0 && ns >= reader.earliestNs) continue;
    earliest = keys[at]!;
    reader.earliestNs = ns;
  }
  return earliest;
}
const nothing: Known = { offsets: [], timesNs: [] };

function knownOffsets(ops: Ops): Known[] {
  const all: Known[] = [];
  const { firstSegment, segmentKey, segmentTop } = ops;
  const add = (key: number, top: number, timeNs: number): void => {
    const { offsets, timesNs } = (all[key] ??= { offsets: [], timesNs: [] });
    if (top <= (offsets[offsets.length - 1] ?? -1)) return;
    offsets.push(top);
    timesNs.push(timeNs);
  };
  for (let o = 0; o < ops.n; o++) {
    if (ops.outcome[o] !== Kind.ok && ops.outcome[o] !== Kind.info) continue;
    const timeNs = ops.completeNs[o]!;
    for (let s = firstSegment[o]!; s < firstSegment[o + 1]!; s++) {
      const [key, top] = [segmentKey[s]!, segmentTop[s]!];
      if (top >= 0) add(key, top, timeNs);
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
