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

/** Offset in the page -> index of the first read sight there, and of the first ack. */
interface Page {
  read: Int32Array;
  acked: Int32Array;
}
const newPage = (): Page => ({
  read: new Int32Array(pageSize).fill(-1),
  acked: new Int32Array(pageSize).fill(-1),
});

export class LogTable implements Log {
  readonly conflicts: { key: number; offset: number }[] = [];
  readonly copies: Sight[] = [];
  readAt = new Float64Array(0);
  polledBy = new Float64Array(0);
  /** Sights. */
  n = 0;
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
  readonly #pages: Map<number, Page>[] = [];
  readonly #texts = new Map<number, string>();
  readonly #copied = new Map<number, Set<number>>();
  readonly #writes: WriteTable;

  constructor(writes: WriteTable) {
    this.#writes = writes;
  }

  /** A record that a read returned. */
  read(batch: Batch, i: number): void {
    const [key, offset, value] = [batch.key[i]!, batch.offset[i]!, batch.value[i]!];
    if (key < 0 || offset < 0) return;
    const polled = batch.f[i] === F.poll;
    const sight = this.#note(batch, i);
    const w = this.#writes.find(value);
    if (w < 0 || this.#writes.key[w] !== key) return;
    if (w >= this.readAt.length) {
      this.readAt = grown(this.readAt, Math.max(w + 1, this.#writes.n));
      this.polledBy = grown(this.polledBy, this.readAt.length);
    }
    if (polled && batch.code[i] === Kind.ok && this.polledBy[w]! < 0)
      this.polledBy[w] = batch.op[i]!;
    if (this.readAt[w]! < 0) this.readAt[w] = offset;
    else if (this.readAt[w] !== offset) this.#copy(w, sight);
  }

  /** The index of the sight of this value at this offset, made if it is the first. */
  #note(batch: Batch, i: number): number {
    const [key, offset, value] = [batch.key[i]!, batch.offset[i]!, batch.value[i]!];
    const { read } = this.#page(key, offset);
    const first = read[offset % pageSize]!;
    for (let s = first; s >= 0; s = this.#next[s]!) {
      if (this.#value[s] === value) return s;
    }
    const by = batch.f[i] === F.poll ? 1 : batch.f[i] === F.final ? 2 : 3;
    const s = this.#add(key, offset, value, by);
    this.#op[s] = batch.op[i]!;
    this.#process[s] = batch.process[i]!;
    this.#node[s] = batch.node[i]!;
    this.#epoch[s] = batch.epoch[i]!;
    this.#timeNs[s] = batch.timeNs[i]!;
    if (value === foreignValue) this.#texts.set(s, batch.texts.get(i) ?? '');
    if (first < 0) read[offset % pageSize] = s;
    else this.#append(first, s);
    return s;
  }

  #add(key: number, offset: number, value: number, by: number): number {
    if (this.n === this.#key.length) this.#grow();
    const s = this.n++;
    this.#key[s] = key;
    this.#offset[s] = offset;
    this.#value[s] = value;
    this.#by[s] = by;
    return s;
  }

  #append(first: number, s: number): void {
    let last = first;
    while (this.#next[last]! >= 0) last = this.#next[last]!;
    this.#next[last] = s;
  }

  #copy(w: number, s: number): void {
    let offsets = this.#copied.get(w);
    if (!offsets) this.#copied.set(w, (offsets = new Set()));
    if (offsets.has(this.#offset[s]!)) return;
    offsets.add(this.#offset[s]!);
    this.copies.push(this.#sight(s));
  }

  /** Adds the acks, once each is known, and finds where sights disagree. */
  finish(leaders: Leaders): void {
    const writes = this.#writes;
    this.readAt = grown(this.readAt, writes.n);
    this.polledBy = grown(this.polledBy, writes.n);
    for (let w = 0; w < writes.n; w++) {
      if (isAcked(writes, w)) this.#ack(w, leaders);
    }
    this.#pages.forEach((pages, key) => {
      for (const [page, cells] of pages) this.#compare(key, page, cells);
    });
    this.conflicts.sort((a, b) => a.key - b.key || a.offset - b.offset);
  }

  #ack(w: number, leaders: Leaders): void {
    const writes = this.#writes;
    const [key, offset, timeNs] = [writes.key[w]!, writes.offset[w]!, writes.completeNs[w]!];
    const { acked } = this.#page(key, offset);
    const s = this.#add(key, offset, writes.value[w]!, 0);
    this.#op[s] = writes.op[w]!;
    this.#process[s] = writes.process[w]!;
    this.#node[s] = writes.node[w]!;
    this.#epoch[s] = epochOf(leaders, writes.node[w]!, key, timeNs);
    this.#timeNs[s] = timeNs;
    const first = acked[offset % pageSize]!;
    if (first < 0) acked[offset % pageSize] = s;
    else this.#append(first, s);
    if (this.readAt[w]! >= 0 && this.readAt[w] !== offset) this.#copy(w, s);
  }

  #compare(key: number, page: number, { read, acked }: Page): void {
    for (let c = 0; c < pageSize; c++) {
      const [r, a] = [read[c]!, acked[c]!];
      if (r < 0 && a < 0) continue;
      const value = this.#value[r >= 0 ? r : a]!;
      const differs = (s: number): boolean =>
        s >= 0 && (this.#value[s] !== value || this.#next[s]! >= 0);
      if (differs(r) || differs(a)) this.conflicts.push({ key, offset: page * pageSize + c });
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
    for (const column of [page.read, page.acked]) {
      for (let s = column[offset % pageSize]!; s >= 0; s = this.#next[s]!)
        found.push(this.#sight(s));
    }
    return found.sort((a, b) => a.timeNs - b.timeNs);
  }

  each(look: (sight: Sight, text: string | undefined) => void): void {
    for (let s = 0; s < this.n; s++) {
      if (this.#by[s] !== 0) look(this.#sight(s), this.#texts.get(s));
    }
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
      by: sources[this.#by[s]!]!,
    };
  }

  #grow(): void {
    const need = this.n + 1;
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
