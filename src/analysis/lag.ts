/**
 * Realtime lag of an imported history: how long, when a poll began, the next offset that its
 * process had not read was already known to be there. Jepsen's rule: an ok or info op proves all
 * offsets up to its highest of a key; ok polls and txns are judged.
 */
import { F, Kind, type Ops, type Stats } from '../model/index.js';

/** Of a key: ever higher offsets, and from when on each was known. */
interface Known {
  offsets: number[];
  timesNs: number[];
}
/** What one process has read. Columns by place; a key's place is `places[key]`. */
interface Reader {
  keys: number[];
  places: number[];
  tops: number[];
  /** The first of the key's known offsets that it has not read. */
  next: number[];
  /** When that was known; Infinity: never. */
  nextNs: number[];
}

export function worstLag(ops: Ops): Stats['realtimeLag'] {
  const known = knownOffsets(ops);
  const readers: Reader[] = [];
  let reader: Reader;
  const add = (key: number, top: number): void => read(reader, known[key], key, top);
  let worst: Stats['realtimeLag'];
  for (let o = 0; o < ops.n; o++) {
    if (ops.outcome[o] !== Kind.ok) continue;
    const [f, process] = [ops.f[o]!, ops.process[o]!];
    if (f === F.assign || f === F.subscribe) {
      const before = readers[process];
      reader = readers[process] = newReader();
      for (const key of f === F.assign ? ops.keysOf(o) : [])
        add(key, before?.tops[before.places[key] ?? -1] ?? -1);
    }
    if (f !== F.poll && f !== F.txn) continue;
    reader = readers[process] ??= newReader();
    eachTop(ops, o, add);
    const timeNs = ops.invokeNs[o]!;
    const { keys, nextNs } = reader;
    for (let i = 0; i < keys.length; i++) {
      const lagNs = Math.max(0, timeNs - nextNs[i]!);
      if (!worst || lagNs > worst.lagNs) worst = { key: keys[i]!, process, timeNs, lagNs };
    }
  }
  return worst;
}

const newReader = (): Reader => ({ keys: [], places: [], tops: [], next: [], nextNs: [] });

/** A reader has read a key up to `top`; -1: it is to read it. */
function read(reader: Reader, known: Known | undefined, key: number, top: number): void {
  const { keys, places, tops, next, nextNs } = reader;
  const at = (places[key] ??= keys.push(key) - 1);
  if (top <= (tops[at] ?? -2)) return;
  tops[at] = top;
  let i = next[at] ?? 0;
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
