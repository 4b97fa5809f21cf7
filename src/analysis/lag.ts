/**
 * Realtime lag of an imported history: how long, when a poll began, the next offset that its
 * process had not read was already known to be there. Jepsen's rule: an ok or info op proves all
 * offsets up to its highest of a key; ok polls and txns are judged.
 */
import { F, Kind, type Ops, type Stats } from '../model/index.js';
import { lowerBound } from './columns.js';

/** By key: ever higher offsets, and from when on each was known. */
interface Known {
  offsets: number[];
  timesNs: number[];
}

export function worstLag(ops: Ops): Stats['realtimeLag'] {
  const known = knownOffsets(ops);
  const positions = new Map<number, Map<number, number>>();
  let worst: Stats['realtimeLag'];
  for (let o = 0; o < ops.n; o++) {
    if (ops.outcome[o] !== Kind.ok) continue;
    const [f, process] = [ops.f[o]!, ops.process[o]!];
    const before = positions.get(process) ?? new Map<number, number>();
    if (f === F.assign || f === F.subscribe) {
      const keys = f === F.assign ? ops.keysOf(o) : [];
      positions.set(process, new Map(keys.map((key) => [key, before.get(key) ?? -1])));
      continue;
    }
    if (f !== F.poll && f !== F.txn) continue;
    positions.set(process, before);
    eachTop(ops, o, (key, top) => {
      if (top > (before.get(key) ?? -1)) before.set(key, top);
    });
    const timeNs = ops.invokeNs[o]!;
    for (const [key, offset] of before) {
      const lagNs = Math.max(0, timeNs - knownFrom(known.get(key), offset + 1));
      if (!worst || lagNs > worst.lagNs) worst = { key, process, timeNs, lagNs };
    }
  }
  return worst;
}

/** When an offset was first known to be there; Infinity: never. */
function knownFrom(known: Known | undefined, offset: number): number {
  if (!known) return Infinity;
  const i = lowerBound(known.offsets, known.offsets.length, offset);
  return known.timesNs[i] ?? Infinity;
}

function knownOffsets(ops: Ops): Map<number, Known> {
  const all = new Map<number, Known>();
  for (let o = 0; o < ops.n; o++) {
    if (ops.outcome[o] !== Kind.ok && ops.outcome[o] !== Kind.info) continue;
    eachTop(ops, o, (key, top) => {
      const known = all.get(key) ?? { offsets: [], timesNs: [] };
      all.set(key, known);
      if (top <= (known.offsets.at(-1) ?? -1)) return;
      known.offsets.push(top);
      known.timesNs.push(ops.completeNs[o]!);
    });
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
