/** Value -> a dense index, as columns about values have it. */
import { importedWorkers, makeValue, valueSequence, valueWorker } from '../model/index.js';
import { grown } from './columns.js';

const noNumbers = new Int32Array(0);
/** Beyond this, and far beyond what came before, a value is looked up by hash. */
const sparseFrom = 65_536;

export class ValueIndex {
  /** Worker -> sequence -> index. Sequences are dense, so no hash is computed for a value. */
  readonly #dense: Int32Array[] = [];
  /** The same of imported histories, by key. */
  readonly #imported: Int32Array[] = [];
  /** For sequences that jump. */
  readonly #sparse = new Map<number, number>();

  /** The index of a value, or -1. */
  find(value: number): number {
    const worker = valueWorker(value);
    const list =
      worker < importedWorkers ? this.#dense[worker] : this.#imported[worker - importedWorkers];
    // Not valueSequence: a remainder of Float64s is slow.
    const found = list?.[value - makeValue(worker, 0)] ?? -1;
    return found < 0 && this.#sparse.size > 0 ? (this.#sparse.get(value) ?? -1) : found;
  }

  /** Number -> index, of an imported key; those that are not there are looked up by `find`. */
  numbers(key: number): Int32Array {
    return this.#imported[key] ?? noNumbers;
  }

  set(value: number, index: number): void {
    const [all, sequence] = [valueWorker(value), valueSequence(value)];
    const [dense, worker] =
      all < importedWorkers ? [this.#dense, all] : [this.#imported, all - importedWorkers];
    const list = dense[worker] ?? noNumbers;
    if (value < 0 || worker >= sparseFrom || sequence > 2 * list.length + sparseFrom) {
      this.#sparse.set(value, index);
      return;
    }
    dense[worker] = sequence < list.length ? list : grown(list, sequence + 1);
    dense[worker][sequence] = index;
  }
}
