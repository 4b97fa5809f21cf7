/** Client ops of an imported history, with what each sent and polled, as columns. */
import { F, importedValue, Kind, type Batch, type Ops } from '../model/index.js';
import { grown } from './columns.js';
import { OrderTable, type Choose } from './order.js';
import { rowsOf } from './rows.js';

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
    const { n, kind, f, op } = batch;
    for (const [row, text] of batch.texts) this.order.learn(batch.value[row]!, text);
    const { heads, runs } = rowsOf(batch);
    let run = 0;
    for (const i of heads) {
      if (f[i]! > F.rebalance) continue;
      const [id, k] = [op[i]!, kind[i]!];
      let to = i + 1;
      while (to < n && op[to] === id && kind[to] === k) to++;
      if (k === Kind.invoke) {
        this.#invoke(batch, i, to);
        continue;
      }
      this.#end(batch, i);
      this.#complete(batch, i, to);
      while (runs[run]! < to) run += 2;
      if (runs[run] === to && op[to] === id) this.#records(batch, to, runs[run + 1]!);
    }
  }

  /** Rows from `from` to below `to`, as below. */
  #invoke(batch: Batch, from: number, to: number): void {
    const process = batch.process[from]!;
    let open = this.#open[process];
    if (!open) {
      open = { process, op: -1, f: 0, timeNs: 0, at: 0, sends: [], n: 0 };
      this.#open[process] = open;
    }
    open.op = batch.op[from]!;
    open.f = batch.f[from]!;
    open.timeNs = batch.timeNs[from]!;
    open.at = this.#heads++;
    open.n = 0;
    for (let i = from; i < to; i++)
      if (batch.f[i] === F.send)
        open.sends[open.n++] = this.order.find(batch.key[i]!, batch.value[i]!);
  }

  #complete(batch: Batch, from: number, to: number): void {
    const { f, key: keys, offset, value } = batch;
    const o = this.n - 1;
    const ok = batch.kind[from] === Kind.ok;
    for (let i = from; i < to; i++) {
      const key = keys[i]!;
      if (key < 0) continue;
      switch (f[i]) {
        case F.poll:
          this.#segment(key);
          if (ok && this.#polled[key] !== true) {
            this.#polled[key] = true;
            this.order.polledKeys.add(key);
          }
          break;
        case F.send: {
          const v = this.order.find(key, value[i]!);
          this.#send(o, v, offset[i]!);
          if (ok && offset[i]! >= 0) this.order.put(key, offset[i]!, v, o);
          break;
        }
        case F.rebalance:
          this.#rebalanced.set(o, (this.#rebalanced.get(o) ?? new Set()).add(key));
          break;
        case F.assign:
        case F.subscribe:
          if (i === from) this.#keys.set(o, []);
          this.#keys.get(o)!.push(key);
          break;
      }
    }
    this.firstSend[this.n] = this.#sends;
    this.firstSegment[this.n] = this.#segments;
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

  /** The records of the op that ended last. */
  #records(batch: Batch, i: number, to: number): void {
    const { order } = this;
    const { key, offset, value } = batch;
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
