/** All that was ever seen of each key's log: which values stood at which offsets, who saw it. */
import {
  F,
  foreignValue,
  Kind,
  type Batch,
  type Leaders,
  type Log,
  type Sight,
} from '../model/index.js';
import { grown } from './columns.js';
import { isAcked, type WriteTable } from './writes.js';

/** Offsets in one page; a log may begin anywhere, so pages are found by number. */
const pageSize = 4096;
const sources = ['ack', 'poll', 'final', 'replica'] as const;

/** Offset in the page -> the first read sight there, and the first write acked there. */
interface Page {
  read: Int32Array;
  acked: Int32Array;
}
const newPage = (): Page => ({
  read: new Int32Array(pageSize).fill(-1),
  acked: new Int32Array(pageSize).fill(-1),
});
const noCells = new Int32Array(0);
/** In the column `by`, beside the source: an ok poll has returned the value. */
const okPolled = 4;

export class LogTable implements Log {
  readonly conflicts: { key: number; offset: number }[] = [];
  readonly copies: Sight[] = [];
  readAt = new Float64Array(0);
  polledBy = new Float64Array(0);
  /** Reads that were kept, and acks. */
  #n = 0;
  #acks = 0;
  #key = new Int32Array(0);
  #offset = new Float64Array(0);
  #value = new Float64Array(0);
  #op = new Float64Array(0);
  #process = new Int32Array(0);
  #node = new Int16Array(0);
  #epoch = new Int32Array(0);
  #timeNs = new Float64Array(0);
  #by = new Uint8Array(0);
  /** The next sight of another value at the same offset, or -1. */
  #next = new Int32Array(0);
  /** A write -> the next one that was acked at the same offset. */
  readonly #nextAck = new Map<number, number>();
  readonly #pages: Map<number, Page>[] = [];
  readonly #texts = new Map<number, string>();
  readonly #copied = new Map<number, Set<number>>();
  readonly #writes: WriteTable;
  #leaders: Leaders | undefined;

  constructor(writes: WriteTable) {
    this.#writes = writes;
  }

  get n(): number {
    return this.#n + this.#acks;
  }

  /**
   * Rows from `from` to below `to`: records of one op and key. Those at offsets from `end` on do
   * not count. Gives whether their offsets ascend by one.
   */
  read(batch: Batch, from: number, to: number, end = Infinity): boolean {
    const { offset, value } = batch;
    const key = batch.key[from]!;
    const needed = batch.f[from] === F.poll && batch.code[from] === Kind.ok ? okPolled : 0;
    let [values, by] = [this.#value, this.#by];
    let cells: Int32Array = noCells;
    let [first, next] = [0, offset[from]!];
    let smooth = true;
    for (let i = from; i < to; i++) {
      const at = offset[i]!;
      if (at !== next) smooth = false;
      next = at + 1;
      if (at >= end || at < 0) continue;
      if (at < first || at >= first + cells.length) {
        cells = this.#page(key, at).read;
        first = at - (at % pageSize);
      }
      const s = cells[at - first]!;
      // Most records were seen before, there, and by a poll.
      if (s >= 0 && values[s] === value[i] && (by[s]! & needed) === needed) continue;
      this.#see(batch, i, cells, at - first, needed);
      [values, by] = [this.#value, this.#by];
    }
    return smooth;
  }

  #see(batch: Batch, i: number, cells: Int32Array, cell: number, needed: number): void {
    const [key, offset, value] = [batch.key[i]!, batch.offset[i]!, batch.value[i]!];
    const s = this.#note(batch, i, cells, cell);
    this.#by[s]! |= needed;
    const w = this.#writes.find(value);
    if (w < 0 || this.#writes.key[w] !== key) return;
    this.#cover(w + 1);
    if (needed > 0 && this.polledBy[w]! < 0) this.polledBy[w] = batch.op[i]!;
    if (this.readAt[w]! < 0) this.readAt[w] = offset;
    else if (this.readAt[w] !== offset) this.#copy(w, offset, () => this.#sight(s));
  }

  /** The index of the sight of this value at this offset, made if it is the first. */
  #note(batch: Batch, i: number, cells: Int32Array, cell: number): number {
    const value = batch.value[i]!;
    let last = -1;
    for (let s = cells[cell]!; s >= 0; s = this.#next[s]!) {
      if (this.#value[s] === value) return s;
      last = s;
    }
    if (this.#n === this.#key.length) this.#grow();
    const s = this.#n++;
    this.#key[s] = batch.key[i]!;
    this.#offset[s] = batch.offset[i]!;
    this.#value[s] = value;
    this.#by[s] = batch.f[i] === F.poll ? 1 : batch.f[i] === F.final ? 2 : 3;
    this.#op[s] = batch.op[i]!;
    this.#process[s] = batch.process[i]!;
    this.#node[s] = batch.node[i]!;
    this.#epoch[s] = batch.epoch[i]!;
    this.#timeNs[s] = batch.timeNs[i]!;
    if (value === foreignValue) this.#texts.set(s, batch.texts.get(i) ?? '');
    if (last < 0) cells[cell] = s;
    else this.#next[last] = s;
    return s;
  }

  #copy(w: number, offset: number, sight: () => Sight): void {
    let offsets = this.#copied.get(w);
    if (!offsets) this.#copied.set(w, (offsets = new Set()));
    if (offsets.has(offset)) return;
    offsets.add(offset);
    this.copies.push(sight());
  }

  /** Makes room for as many writes. */
  #cover(writes: number): void {
    if (writes <= this.readAt.length) return;
    this.readAt = grown(this.readAt, writes);
    this.polledBy = grown(this.polledBy, writes);
  }

  /** Adds the acks, once each is known, and finds where sights disagree. */
  finish(leaders: Leaders): void {
    this.#leaders = leaders;
    const writes = this.#writes;
    this.#cover(writes.n);
    for (let w = 0; w < writes.n; w++) {
      if (isAcked(writes, w)) this.#ack(w);
    }
    this.#pages.forEach((pages, key) => {
      for (const [page, cells] of pages) this.#compare(key, page, cells);
    });
    this.conflicts.sort((a, b) => a.key - b.key || a.offset - b.offset);
  }

  #ack(w: number): void {
    const offset = this.#writes.offset[w]!;
    const { acked } = this.#page(this.#writes.key[w]!, offset);
    const cell = offset % pageSize;
    this.#acks++;
    if (acked[cell]! < 0) acked[cell] = w;
    else {
      let last = acked[cell]!;
      for (let v = last; v >= 0; v = this.#nextAck.get(v) ?? -1) last = v;
      this.#nextAck.set(last, w);
    }
    if (this.readAt[w]! >= 0 && this.readAt[w] !== offset)
      this.#copy(w, offset, () => this.#ackSight(w));
  }

  #compare(key: number, page: number, { read, acked }: Page): void {
    for (let c = 0; c < pageSize; c++) {
      const [r, a] = [read[c]!, acked[c]!];
      const two = (r >= 0 && this.#next[r]! >= 0) || (a >= 0 && this.#nextAck.has(a));
      const differ = r >= 0 && a >= 0 && this.#value[r] !== this.#writes.value[a];
      if (two || differ) this.conflicts.push({ key, offset: page * pageSize + c });
    }
  }

  #page(key: number, offset: number): Page {
    const pages = (this.#pages[key] ??= new Map<number, Page>());
    const number = Math.floor(offset / pageSize);
    let page = pages.get(number);
    if (!page) pages.set(number, (page = newPage()));
    return page;
  }

  at(key: number, offset: number): Sight[] {
    const page = this.#pages[key]?.get(Math.floor(offset / pageSize));
    if (!page || offset < 0) return [];
    const found: Sight[] = [];
    for (let s = page.read[offset % pageSize]!; s >= 0; s = this.#next[s]!)
      found.push(this.#sight(s));
    for (let w = page.acked[offset % pageSize]!; w >= 0; w = this.#nextAck.get(w) ?? -1)
      found.push(this.#ackSight(w));
    return found.sort((a, b) => a.timeNs - b.timeNs);
  }

  each(look: (sight: Sight, text: string | undefined) => void): void {
    for (let s = 0; s < this.#n; s++) look(this.#sight(s), this.#texts.get(s));
  }

  #sight(s: number): Sight {
    return {
      key: this.#key[s]!,
      offset: this.#offset[s]!,
      value: this.#value[s]!,
      op: this.#op[s]!,
      process: this.#process[s]!,
      node: this.#node[s]!,
      epoch: this.#epoch[s]!,
      timeNs: this.#timeNs[s]!,
      by: sources[this.#by[s]! & 3]!,
    };
  }

  #ackSight(w: number): Sight {
    const { key, offset, value, op, process, node, completeNs } = this.#writes;
    return {
      key: key[w]!,
      offset: offset[w]!,
      value: value[w]!,
      op: op[w]!,
      process: process[w]!,
      node: node[w]!,
      epoch: this.#leaders ? epochOf(this.#leaders, node[w]!, key[w]!, completeNs[w]!) : -1,
      timeNs: completeNs[w]!,
      by: 'ack',
    };
  }

  #grow(): void {
    const need = this.#n + 1;
    this.#key = grown(this.#key, need);
    this.#offset = grown(this.#offset, need);
    this.#value = grown(this.#value, need);
    this.#op = grown(this.#op, need);
    this.#process = grown(this.#process, need);
    this.#node = grown(this.#node, need);
    this.#epoch = grown(this.#epoch, need);
    this.#timeNs = grown(this.#timeNs, need);
    this.#by = grown(this.#by, need, 0);
    this.#next = grown(this.#next, need);
  }
}

/** A Produce answer carries no epoch: what the node claimed by the probes, else the key's newest. */
export const epochOf = (leaders: Leaders, node: number, key: number, timeNs: number): number =>
  leaders.claimOf(node, key, timeNs)?.epoch ?? -1;
