/** Quantiles of latencies in memory that does not grow with the length of a run. */
import type { Stats } from '../model/index.js';

/** As many are kept as they are; of more, each goes into the class of its size. */
const exact = 65_536;
/** Classes of one doubling: a quantile is off by 0.3 % at most. */
const perDoubling = 256;
const classOf = (ns: number): number => Math.max(0, Math.round(Math.log2(ns) * perDoubling));

export class Latencies {
  #n = 0;
  #max = 0;
  readonly #kept = new Float64Array(exact);
  readonly #classes = new Float64Array(64 * perDoubling);

  add(ns: number): void {
    if (ns > this.#max) this.#max = ns;
    if (this.#n < exact) this.#kept[this.#n] = ns;
    else {
      if (this.#n === exact) for (const one of this.#kept) this.#classes[classOf(one)]!++;
      this.#classes[classOf(ns)]!++;
    }
    this.#n++;
  }

  figures(): Stats['latencyMs'] {
    const kept = this.#kept.slice(0, this.#n).sort();
    const at = (q: number): number => {
      const rank = Math.min(this.#n - 1, Math.floor(q * this.#n));
      if (this.#n <= exact) return (kept[rank] ?? 0) / 1e6;
      let below = 0;
      const found = this.#classes.findIndex((count) => (below += count) > rank);
      return 2 ** (found / perDoubling) / 1e6;
    };
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: this.#max / 1e6 };
  }
}
