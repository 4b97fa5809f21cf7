/** What the final read of each key, and the read of each replica, gave. */
import {
  F,
  Kind,
  type Batch,
  type FinalRead,
  type Finals,
  type ReplicaRead,
} from '../model/index.js';
import { grown, lowerBound } from './columns.js';
import { isAcked, type WriteTable } from './writes.js';

export class FinalTable implements Finals {
  readonly keys = new Map<number, FinalRead>();
  readonly #writes: WriteTable;
  readonly #byOp = new Map<number, ReplicaRead>();
  readonly #replicas = new Map<string, ReplicaRead>();
  /** By index in Writes: the index of the value in its own key's final read. */
  #index = new Int32Array(0);
  /** What leaders served after the key's final read had begun. */
  readonly #served: { key: number; epoch: number; timeNs: number; highWatermark: number }[] = [];
  /** Op -> the epoch in which the read was told its high watermark. */
  readonly #epochs = new Map<number, number>();

  constructor(writes: WriteTable) {
    this.#writes = writes;
  }

  get replicas(): readonly ReplicaRead[] {
    return [...this.#replicas.values()].sort((a, b) => a.key - b.key || a.node - b.node);
  }

  invoke(batch: Batch, i: number): void {
    const read: ReplicaRead = {
      key: batch.key[i]!,
      op: batch.op[i]!,
      node: batch.node[i]!,
      logStart: batch.offset[i]!,
      highWatermark: batch.value[i]!,
      reached: batch.offset[i]!,
      complete: false,
      invokeNs: batch.timeNs[i]!,
      timeNs: -1,
      n: 0,
      offsets: new Float64Array(0),
      values: new Float64Array(0),
      epochs: new Int32Array(0),
      why: 'it did not end',
    };
    this.#byOp.set(read.op, read);
    this.#epochs.set(read.op, batch.epoch[i]!);
    this.#choose(read, batch.f[i] === F.replica);
  }

  complete(batch: Batch, i: number): void {
    const read = this.#byOp.get(batch.op[i]!);
    if (!read) return;
    const [wanted, told] = [read.highWatermark, batch.value[i]!];
    const replica = batch.f[i] === F.replica;
    read.reached = batch.offset[i]!;
    read.timeNs = batch.timeNs[i]!;
    // A replica's own high watermark says what it knows to be committed, also when that is less.
    read.highWatermark = replica ? told : Math.max(wanted, told);
    read.complete = batch.kind[i] === Kind.ok && wanted >= 0 && read.reached >= wanted;
    if (read.complete) delete read.why;
    else read.why = batch.texts.get(i) ?? 'it ended early';
    this.#choose(read, replica);
  }

  /** Adds the records in rows from `from` to below `to`; gives the read that they belong to. */
  records(batch: Batch, from: number, to: number): ReplicaRead | undefined {
    const read = this.#byOp.get(batch.op[from]!);
    if (!read) return undefined;
    const n = read.n + to - from;
    if (n > read.offsets.length) {
      read.offsets = grown(read.offsets, n);
      read.values = grown(read.values, n);
      read.epochs = grown(read.epochs, n);
    }
    read.offsets.set(batch.offset.subarray(from, to), read.n);
    read.values.set(batch.value.subarray(from, to), read.n);
    read.epochs.set(batch.epoch.subarray(from, to), read.n);
    read.n = n;
    return read;
  }

  /** A watermark row. */
  watermark(batch: Batch, i: number): void {
    const [key, timeNs] = [batch.key[i]!, batch.timeNs[i]!];
    if (batch.peer[i] !== batch.node[i] || !this.keys.has(key)) return;
    this.#served.push({ key, timeNs, epoch: batch.epoch[i]!, highWatermark: batch.offset[i]! });
  }

  /** The last complete attempt counts, else the last one. */
  #choose(read: ReplicaRead, replica: boolean): void {
    const before = replica
      ? this.#replicas.get(`${read.key}/${read.node}`)
      : this.keys.get(read.key);
    if (before?.complete === true && !read.complete) return;
    if (replica) this.#replicas.set(`${read.key}/${read.node}`, read);
    else this.keys.set(read.key, read);
  }

  /** `polledBy` and `readAt` as in Log. */
  finish(polledBy: Float64Array, readAt: Float64Array): void {
    for (const read of this.#byOp.values()) sortByOffset(read);
    this.#index = new Int32Array(this.#writes.n).fill(-1);
    for (const read of this.keys.values()) {
      for (let j = read.n - 1; j >= 0; j--) {
        const w = this.#writes.find(read.values[j]!);
        if (w >= 0 && this.#writes.key[w] === read.key) this.#index[w] = j;
      }
    }
    const writes = this.#writes;
    for (let w = 0; w < writes.n; w++) {
      if (this.#index[w]! >= 0) continue;
      if (isAcked(writes, w)) this.#doubt(writes.key[w]!, writes.offset[w]!);
      else if (polledBy[w]! >= 0) this.#doubt(writes.key[w]!, readAt[w]!);
    }
  }

  /**
   * A new leader's high watermark can be low for a while (KIP-207). If a leader served a higher one
   * after the read had begun, what lies between was there to be read, and its absence proves
   * nothing. An older epoch's leader must not cast that doubt: it may hold what was lost.
   */
  #doubt(key: number, offset: number): void {
    const read = this.keys.get(key);
    if (!read?.complete || offset < read.reached) return;
    const epoch = this.#epochs.get(read.op) ?? -1;
    const later = this.#served.find(
      (one) =>
        one.key === key &&
        one.timeNs > read.invokeNs &&
        one.epoch >= epoch &&
        one.highWatermark > offset,
    );
    if (!later) return;
    read.complete = false;
    read.why = `a leader served the high watermark ${later.highWatermark} later`;
  }

  find(key: number, value: number): number {
    const w = this.#writes.find(value);
    if (w >= 0 && this.#writes.key[w] === key) return this.#index[w] ?? -1;
    const read = this.keys.get(key);
    return read ? read.values.subarray(0, read.n).indexOf(value) : -1;
  }
}

/** What a read has at an offset, or undefined. */
export function recordAt(
  read: FinalRead,
  offset: number,
): { value: number; epoch: number } | undefined {
  const j = lowerBound(read.offsets, read.n, offset);
  if (j >= read.n || read.offsets[j] !== offset) return undefined;
  return { value: read.values[j]!, epoch: read.epochs[j]! };
}

function sortByOffset(read: FinalRead): void {
  const { n, offsets, values, epochs } = read;
  let sorted = true;
  for (let j = 1; j < n && sorted; j++) sorted = offsets[j - 1]! <= offsets[j]!;
  if (sorted) return;
  const order = Array.from({ length: n }, (_, j) => j).sort((a, b) => offsets[a]! - offsets[b]!);
  read.offsets = Float64Array.from(order, (j) => offsets[j]!);
  read.values = Float64Array.from(order, (j) => values[j]!);
  read.epochs = Int32Array.from(order, (j) => epochs[j]!);
}
