/** Every value that was sent: by whom, how that ended, where it was acked. */
import {
  importedWorkers,
  Kind,
  valueSequence,
  valueWorker,
  type Batch,
  type Writes,
} from '../model/index.js';
import { grown } from './columns.js';

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
  /** Worker -> sequence -> index. Sequences are dense, so no hash is computed for a value. */
  readonly #dense: Int32Array[] = [];
  /** The same of imported histories, by key. */
  readonly #imported: Int32Array[] = [];
  /** For sequences that jump. */
  readonly #sparse = new Map<number, number>();

  find(value: number): number {
    if (value < 0) return -1;
    const worker = valueWorker(value);
    const list =
      worker < importedWorkers ? this.#dense[worker] : this.#imported[worker - importedWorkers];
    const found = list?.[valueSequence(value)] ?? -1;
    return found < 0 && this.#sparse.size > 0 ? (this.#sparse.get(value) ?? -1) : found;
  }

  invoke(batch: Batch, i: number): void {
    const value = batch.value[i]!;
    // A value that is sent again keeps its first sender: later rows could not be told apart.
    if (value < 0 || this.find(value) >= 0) return;
    if (this.n === this.value.length) this.#grow();
    const w = this.n++;
    this.value[w] = value;
    this.op[w] = batch.op[i]!;
    this.process[w] = batch.process[i]!;
    this.key[w] = batch.key[i]!;
    this.invokeNs[w] = batch.timeNs[i]!;
    this.outcome[w] = Kind.invoke;
    this.#place(value, w);
  }

  complete(batch: Batch, i: number): void {
    const w = this.find(batch.value[i]!);
    if (w < 0 || this.op[w] !== batch.op[i]) return;
    this.completeNs[w] = batch.timeNs[i]!;
    this.outcome[w] = batch.kind[i]!;
    this.offset[w] = batch.kind[i] === Kind.ok ? batch.offset[i]! : -1;
    this.node[w] = batch.node[i]!;
  }

  #place(value: number, w: number): void {
    const [all, sequence] = [valueWorker(value), valueSequence(value)];
    const [dense, worker] =
      all < importedWorkers ? [this.#dense, all] : [this.#imported, all - importedWorkers];
    const list = dense[worker] ?? new Int32Array(0);
    if (worker >= 65_536 || sequence > 2 * list.length + 65_536) {
      this.#sparse.set(value, w);
      return;
    }
    dense[worker] = sequence < list.length ? list : grown(list, sequence + 1);
    dense[worker][sequence] = w;
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
