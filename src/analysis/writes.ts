/** Every value that was sent: by whom, how that ended, where it was acked. */
import { Kind, type Batch, type Ops, type VersionOrder, type Writes } from '../model/index.js';
import { grown } from './columns.js';
import { ValueIndex } from './value-index.js';

export class WriteTable implements Writes {
  n = 0;
  value = new Float64Array(0);
  op = new Float64Array(0);
  process = new Int32Array(0);
  key = new Int32Array(0);
  invokeNs = new Float64Array(0);
  completeNs = new Float64Array(0);
  outcome = new Uint8Array(0);
  offset = new Float64Array(0);
  node = new Int16Array(0);
  readonly #index = new ValueIndex();

  find(value: number): number {
    return value < 0 ? -1 : this.#index.find(value);
  }

  invoke({ value, op, process, key, timeNs }: Batch, i: number): void {
    this.#add(value[i]!, op[i]!, process[i]!, key[i]!, timeNs[i]!);
  }

  /** Gives its index; -1: it is none, or was sent before. */
  #add(value: number, op: number, process: number, key: number, invokeNs: number): number {
    // A value that is sent again keeps its first sender: later rows could not be told apart.
    if (value < 0 || this.find(value) >= 0) return -1;
    if (this.n === this.value.length) this.#grow();
    const w = this.n++;
    this.value[w] = value;
    this.op[w] = op;
    this.process[w] = process;
    this.key[w] = key;
    this.invokeNs[w] = invokeNs;
    this.outcome[w] = Kind.invoke;
    this.#index.set(value, w);
    return w;
  }

  complete(batch: Batch, i: number): void {
    const w = this.find(batch.value[i]!);
    if (w < 0 || this.op[w] !== batch.op[i]) return;
    this.completeNs[w] = batch.timeNs[i]!;
    this.outcome[w] = batch.kind[i]!;
    this.offset[w] = batch.kind[i] === Kind.ok ? batch.offset[i]! : -1;
    this.node[w] = batch.node[i]!;
  }

  /** Those of an imported history, for who wants them: its checkers have `ops`. */
  from(ops: Ops, order: VersionOrder): this {
    for (let o = 0; o < ops.n; o++) {
      for (let s = ops.firstSend[o]!; s < ops.firstSend[o + 1]!; s++) {
        const v = ops.sendValue[s]!;
        const [value, key, op] = [order.value[v]!, order.key[v]!, ops.op[o]!];
        const w = this.#add(value, op, ops.process[o]!, key, ops.invokeNs[o]!);
        if (w < 0) continue;
        this.completeNs[w] = ops.completeNs[o]!;
        this.outcome[w] = ops.outcome[o]!;
        this.offset[w] = this.outcome[w] === Kind.ok ? ops.sendOffset[s]! : -1;
      }
    }
    return this;
  }

  #grow(): void {
    const need = this.n + 1;
    this.value = grown(this.value, need);
    this.op = grown(this.op, need);
    this.process = grown(this.process, need);
    this.key = grown(this.key, need);
    this.invokeNs = grown(this.invokeNs, need);
    this.completeNs = grown(this.completeNs, need);
    this.outcome = grown(this.outcome, need, 0);
    this.offset = grown(this.offset, need);
    this.node = grown(this.node, need);
  }
}

/** Acked: told that it took effect, and where. With acks=0 nobody is told. */
export const isAcked = (writes: Writes, w: number): boolean =>
  writes.outcome[w] === Kind.ok && writes.offset[w]! >= 0;
