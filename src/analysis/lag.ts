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
  /** The first of the key's known offsets that it has not read. */
  next: number[];
  /** When that was known; Infinity: never. */
  nextNs: number[];
}

export function worstLag(ops: Ops): Stats['realtimeLag'] {
  const known = knownOffsets(ops);
  const readers = new Map<number, Reader>();
  /** Key -> its place in the reader at hand, if the reader has that key there. */
  const places = new Int32Array(known.length);
  let reader: Reader;
  const add = (key: number, top: number): void => {
    const at = places[key]!;
    const held = reader.keys[at] === key;
    if (!held) places[key] = reader.keys.push(key) - 1;
    else if (top <= reader.tops[at]!) return;
    read(reader, held ? at : reader.keys.length - 1, known[key], top);
  };
  let worst: Stats['realtimeLag'];
  for (let o = 0; o < ops.n; o++) {
    if (ops.outcome[o] !== Kind.ok) continue;
    const [f, process] = [ops.f[o]!, ops.process[o]!];
    if (f === F.assign || f === F.subscribe) {
      readers.set(
        process,
        assigned(readers.get(process), f === F.assign ? ops.keysOf(o) : [], known),
      );
      continue;
    }
    if (f !== F.poll && f !== F.txn) continue;
    reader = readers.get(process) ?? newReader();
    readers.set(process, reader);
    const { keys, nextNs } = reader;
    for (let i = 0; i < keys.length; i++) places[keys[i]!] = i;
    eachTop(ops, o, add);
    const timeNs = ops.invokeNs[o]!;
    for (let i = 0; i < keys.length; i++) {
      const lagNs = Math.max(0, timeNs - nextNs[i]!);
      if (!worst || lagNs > worst.lagNs) worst = { key: keys[i]!, process, timeNs, lagNs };
    }
  }
  return worst;
}

const newReader = (): Reader => ({ keys: [], tops: [], next: [], nextNs: [] });

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
function read(
  { tops, next, nextNs }: Reader,
  at: number,
  known: Known | undefined,
  top: number,
): void {
  tops[at] = top;
  let i = next[at] ?? 0;
  if (known && i === 0 && top >= 0) i = lowerBound(known.offsets, known.offsets.length, top + 1);
  while (known && i < known.offsets.length && known.offsets[i]! <= top) i++;
  next[at] = i;
  nextNs[at] = known?.timesNs[i] ?? Infinity;
}

function knownOffsets(ops: Ops): Known[] {
  const all: Known[] = [];
  let timeNs = 0;
  const look = (key: number, top: number): void => {
    const { offsets, timesNs } = (all[key] ??= { offsets: [], timesNs: [] });
    if (offsets.length > 0 && top <= offsets[offsets.length - 1]!) return;
    offsets.push(top);
    timesNs.push(timeNs);
  };
  for (let o = 0; o < ops.n; o++) {
    if (ops.outcome[o] !== Kind.ok && ops.outcome[o] !== Kind.info) continue;
    timeNs = ops.completeNs[o]!;
    eachTop(ops, o, look);
  }
  return all;
}

/** The highest offsets by key that an op polled or was told for its sends. */
function eachTop(ops: Ops, o: number, look: (key: number, top: number) => void): void {
  for (let s = ops.firstSegment[o]!; s < ops.firstSegment[o + 1]!; s++)
    if (ops.segmentTop[s]! >= 0) look(ops.segmentKey[s]!, ops.segmentTop[s]!);
  // Jepsen forgets what an op's sends were told before one that was told nothing.
  let from = ops.firstSend[o]!;
  const to = ops.firstSend[o + 1]!;
  for (let s = from; s < to; s++) if (ops.sendOffset[s]! < 0) from = s + 1;
  for (let s = from; s < to; s++) look(ops.sendKey(s), ops.sendOffset[s]!);
}
