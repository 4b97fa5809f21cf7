/** Ok polls with their records, and how each goes on from the last one of its process and key. */
import { Kind, type Batch, type Facts, type Poll, type PollBefore } from '../model/index.js';
import { recordAt } from './finals.js';
import { lowerBound } from './columns.js';

/** A process has one op in flight, so what it asked for is kept by process. */
export class PollTable {
  /** Of the batch that was stepped last. */
  seen: Poll[] = [];
  readonly #op: number[] = [];
  readonly #asked: number[] = [];
  /** By process and key. */
  readonly #before: (PollBefore[] | undefined)[] = [];

  /** A poll row that is no record; its records, if any, stand below row `to`. */
  row(batch: Batch, i: number, to: number): void {
    const process = batch.process[i]!;
    if (batch.kind[i] === Kind.invoke) {
      this.#op[process] = batch.op[i]!;
      this.#asked[process] = batch.offset[i]!;
    } else if (batch.kind[i] === Kind.ok) this.#ok(batch, i, to, process);
  }

  #ok(batch: Batch, i: number, to: number, process: number): void {
    const [op, key] = [batch.op[i]!, batch.key[i]!];
    const asked = this.#op[process] === op ? this.#asked[process]! : -1;
    const keys = (this.#before[process] ??= []);
    const before = keys[key];
    const last = before && asked >= 0 && before.next === asked ? before : undefined;
    const timeNs = batch.timeNs[i]!;
    this.seen.push({ op, process, key, timeNs, asked, from: i + 1, to, smooth: false, last });
    const offset = to > i + 1 ? batch.offset[to - 1]! : (last?.offset ?? -1);
    const expected = to > i + 1 ? offset + 1 : (last?.expected ?? asked);
    keys[key] = { op, next: batch.offset[i]!, expected, offset };
  }
}

/** Offsets from `from` to below `to` that a poll passed over. */
export interface Gap {
  key: number;
  from: number;
  to: number;
  op: number;
  process: number;
  timeNs: number;
  /** The op before, if it is part of the witness. */
  lastOp: number;
}

/** How many offsets of one gap are looked at where no complete final read names those that hold. */
const lookAt = 10_000;

/**
 * The first offset of a gap that held a value when the poll passed over it, and that value. The
 * complete final read decides: what it does not have expired (below the log start), was compacted,
 * is a control record, or was lost, which lost-write says.
 */
export function skipped(facts: Facts, gap: Gap): { offset: number; value: number } | undefined {
  const read = facts.finals.keys.get(gap.key);
  if (read?.complete) {
    const j = lowerBound(read.offsets, read.n, gap.from);
    if (j >= read.n || read.offsets[j]! >= gap.to) return undefined;
    return { offset: read.offsets[j]!, value: read.values[j]! };
  }
  for (let offset = gap.from; offset < Math.min(gap.to, gap.from + lookAt); offset++) {
    const record = read && recordAt(read, offset);
    if (record) return { offset, value: record.value };
    // Seen first later than this poll: it was there to be returned.
    const later = facts.log
      .at(gap.key, offset)
      .find((sight) => sight.by !== 'ack' && sight.timeNs > gap.timeNs);
    if (later) return { offset, value: later.value };
  }
  return undefined;
}
