/** Client ops of an imported history, with what each sent and polled, as columns. */
import { F, importedValue, isHead, Kind, type Batch, type Ops } from '../model/index.js';
import { grown } from './columns.js';
import { OrderTable, type Choose } from './order.js';

/** An op in flight. */
interface Open {
  process: number;
  op: number;
  f: number;
  timeNs: number;
  at: number;
  /** What it sends, v: needed only if it never ends. The first `n` count. */
  sends: number[];
  n: number;
}

export class OpTable implements Ops {
  n = 0;
  op = new Float64Array(0);
  process = new Int32Array(0);
  f = new Uint8Array(0);
  outcome = new Uint8Array(0);
  invokeNs = new Float64Array(0);
  completeNs = new Float64Array(0);
  invoked = new Int32Array(0);
  completed = new Int32Array(0);
  committed = new Uint8Array(0);
  firstSend = new Int32Array(1);
  sendValue = new Int32Array(0);
  sendOffset = new Float64Array(0);
  firstSegment = new Int32Array(1);
  segmentKey = new Int32Array(0);
  segmentTop = new Float64Array(0);
  firstRead = new Int32Array(1);
  reads = new Int32Array(0);
  readonly order = new OrderTable();
  #sends = 0;
  #segments = 0;
  #read = 0;
  /** Heads of invocations and completions that came. */
  #heads = 0;
  /** By process: its op in flight; `op` -1: none. */
  readonly #open: Open[] = [];
  readonly #keys = new Map<number, number[]>();
  readonly #rebalanced = new Map<number, Set<number>>();
  /** By key, as a set is slow to be asked for each row. */
  readonly #polled: boolean[] = [];

  sendKey(s: number): number {
    return this.order.key[this.sendValue[s]!]!;
  }
  keysOf(o: number): readonly number[] {
    return this.#keys.get(o) ?? [];
  }
  rebalanced(o: number, key: number): boolean {
    return this.#rebalanced.size > 0 && this.#rebalanced.get(o)?.has(key) === true;
  }

  step(batch: Batch): void {
    const { n, kind, f } = batch;
    for (let i = 0; i < n; i++) {
      const k = kind[i]!;
      if (k === Kind.record) i = this.#records(batch, i) - 1;
      else if (k > Kind.info || f[i]! > F.rebalance) continue;
      else if (k === Kind.invoke) this.#invoke(batch, i);
      else this.#complete(batch, i);
    }
  }

  #invoke(batch: Batch, i: number): void {
    const process = batch.process[i]!;
    const open = (this.#open[process] ??= {
      process,
      op: -1,
      f: 0,
      timeNs: 0,
      at: 0,
      sends: [],
      n: 0,
    });
    if (isHead(batch, i)) {
      open.op = batch.op[i]!;
      open.f = batch.f[i]!;
      open.timeNs = batch.timeNs[i]!;
      open.at = this.#heads++;
      open.n = 0;
    }
    if (batch.f[i] === F.send)
      open.sends[open.n++] = this.order.find(batch.key[i]!, batch.value[i]!);
  }

  #complete(batch: Batch, i: number): void {
    if (isHead(batch, i)) this.#end(batch, i);
    const o = this.n - 1;
    const [f, key] = [batch.f[i]!, batch.key[i]!];
    if (f === F.send) {
      const offset = batch.offset[i]!;
      const v = this.order.find(key, batch.value[i]!);
      this.#send(o, v, offset);
      if (batch.kind[i] === Kind.ok && offset >= 0) this.order.put(key, offset, v, o);
    } else if (key < 0) return;
    else if (f === F.poll) {
      this.#segment(key);
      if (batch.kind[i] === Kind.ok && this.#polled[key] !== true) {
        this.#polled[key] = true;
        this.order.polledKeys.add(key);
      }
    } else if (f === F.rebalance) {
      const keys = this.#rebalanced.get(o) ?? new Set();
      this.#rebalanced.set(o, keys.add(key));
    } else if (f === F.assign || f === F.subscribe) {
      const keys = this.#keys.get(o) ?? [];
      this.#keys.set(o, keys);
      keys.push(key);
    }
  }

  /** A new op, from its completion. */
  #end(batch: Batch, i: number): void {
    const process = batch.process[i]!;
    const open = this.#open[process];
    const at = this.#heads++;
    const mine = open?.op === batch.op[i] ? open : undefined;
    const o = this.#add(batch.op[i]!, process, batch.f[i]!);
    this.outcome[o] = batch.kind[i]!;
    this.invokeNs[o] = mine?.timeNs ?? batch.timeNs[i]!;
    this.completeNs[o] = batch.timeNs[i]!;
    this.invoked[o] = mine?.at ?? at;
    this.completed[o] = at;
    if (mine) mine.op = -1;
  }

  #add(op: number, process: number, f: number): number {
    if (this.n === this.op.length) this.#grow();
    const o = this.n++;
    this.op[o] = op;
    this.process[o] = process;
    this.f[o] = f;
    this.firstSend[o + 1] = this.#sends;
    this.firstSegment[o + 1] = this.#segments;
    return o;
  }

  #send(o: number, v: number, offset: number): void {
    if (this.#sends === this.sendValue.length) {
      this.sendValue = grown(this.sendValue, this.#sends + 1);
      this.sendOffset = grown(this.sendOffset, this.#sends + 1);
    }
    this.sendValue[this.#sends] = v;
    this.sendOffset[this.#sends++] = offset;
    this.firstSend[o + 1] = this.#sends;
    this.order.writer[v] = o;
  }

  #segment(key: number): void {
    const s = this.#segments++;
    if (s === this.segmentKey.length) {
      this.segmentKey = grown(this.segmentKey, s + 1);
      this.segmentTop = grown(this.segmentTop, s + 1);
      this.firstRead = grown(this.firstRead, this.segmentKey.length + 1, 0);
    }
    this.segmentKey[s] = key;
    this.firstRead[s + 1] = this.#read;
    this.firstSegment[this.n] = this.#segments;
  }

  /** The records of the op that ended last, from row `i` on. Gives the first row after them. */
  #records(batch: Batch, i: number): number {
    const { order } = this;
    const { key, offset, value } = batch;
    const op = batch.op[i]!;
    let to = i + 1;
    while (to < batch.n && batch.kind[to] === Kind.record && batch.op[to] === op) to++;
    if (this.#read + to - i > this.reads.length)
      this.reads = grown(this.reads, this.#read + to - i);
    const { reads } = this;
    const by = batch.code[i] === Kind.ok ? 1 : 2;
    const mine = this.n - 1;
    let s = this.firstSegment[mine]!;
    if (s === this.#segments) this.#segment(key[i]!);
    const { segmentKey } = this;
    let { readBy, offsetOf } = order;
    let read = this.#read;
    for (let row = i; row < to;) {
      const k = key[row]!;
      while (segmentKey[s] !== k && s < this.#segments - 1) this.firstRead[++s] = read;
      const first = importedValue(k, 0);
      let list = order.numbers(k);
      let top = this.segmentTop[s]!;
      // What is wanted again and again is looked up here, and not in the order.
      for (; row < to && key[row] === k; row++) {
        const o = offset[row]!;
        let v = list[value[row]! - first] ?? -1;
        if (v < 0) {
          v = order.find(k, value[row]!);
          [list, { readBy, offsetOf }] = [order.numbers(k), order];
        }
        reads[read++] = v;
        readBy[v]! |= by;
        if (offsetOf[v] !== o) order.put(k, o, v, mine);
        if (o > top) top = o;
      }
      this.segmentTop[s] = top;
    }
    this.#read = read;
    for (s++; s <= this.#segments; s++) this.firstRead[s] = read;
    return to;
  }

  /** Open ops, writes that must have committed, and the order. */
  finish(choose?: Choose): void {
    const left = Object.values(this.#open).filter((open) => open.op >= 0);
    for (const open of left.sort((a, b) => a.at - b.at)) {
      const o = this.#add(open.op, open.process, open.f);
      this.outcome[o] = Kind.invoke;
      this.invokeNs[o] = open.timeNs;
      this.completeNs[o] = -1;
      this.invoked[o] = open.at;
      this.completed[o] = -1;
      for (const v of open.sends.slice(0, open.n)) this.#send(o, v, -1);
    }
    const { order } = this;
    this.committed = new Uint8Array(this.n);
    for (let o = 0; o < this.n; o++) {
      const outcome = this.outcome[o]!;
      if (outcome === Kind.ok) this.committed[o] = 1;
      if (outcome !== Kind.info && outcome !== Kind.invoke) continue;
      const [from, to] = [this.firstSend[o]!, this.firstSend[o + 1]!];
      for (let s = from; s < to; s++)
        if ((order.readBy[this.sendValue[s]!]! & 1) === 1) this.committed[o] = 1;
      if (this.committed[o] === 0) continue;
      for (let s = from; s < to; s++) {
        const v = this.sendValue[s]!;
        if (this.sendOffset[s]! >= 0) order.put(order.key[v]!, this.sendOffset[s]!, v, o);
      }
    }
    order.finish(choose);
  }

  #grow(): void {
    const need = this.n + 1;
    this.op = grown(this.op, need);
    this.process = grown(this.process, need);
    this.f = grown(this.f, need, 0);
    this.outcome = grown(this.outcome, need, 0);
    this.invokeNs = grown(this.invokeNs, need);
    this.completeNs = grown(this.completeNs, need);
    this.invoked = grown(this.invoked, need);
    this.completed = grown(this.completed, need);
    this.firstSend = grown(this.firstSend, this.op.length + 1, 0);
    this.firstSegment = grown(this.firstSegment, this.op.length + 1, 0);
  }
}
