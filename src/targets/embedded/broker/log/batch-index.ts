import type { Head } from '../batch.js';

/** Where the batches of a log end, in columns: 24 bytes a batch, 30 at most while they grow. */
export class BatchIndex {
  /** Batches. */
  n = 0;
  /** The offset after each batch. */
  #ends: Float64Array = new Float64Array(16);
  /** The position after each batch, as if all segments were one file. */
  #tails: Float64Array = new Float64Array(16);
  #times: Float64Array = new Float64Array(16);
  /** Each epoch and the offset where it begins. */
  readonly #epochs: { epoch: number; start: number }[] = [];

  get end(): number {
    return this.n === 0 ? 0 : this.#ends[this.n - 1]!;
  }
  get lastEpoch(): number {
    return this.#epochs.at(-1)?.epoch ?? 0;
  }
  /** The position after the first `n` batches. */
  tail(n: number): number {
    return n === 0 ? 0 : this.#tails[n - 1]!;
  }

  /** Whether a batch can be the next one. Terms begin at 1. */
  follows({ base, epoch }: Head): boolean {
    return base === this.end && epoch >= Math.max(1, this.lastEpoch);
  }
  add(batch: Head): void {
    if (this.n === this.#ends.length) this.#grow();
    if (batch.epoch !== this.lastEpoch)
      this.#epochs.push({ epoch: batch.epoch, start: batch.base });
    this.#tails[this.n] = this.tail(this.n) + batch.size;
    this.#ends[this.n] = batch.end;
    this.#times[this.n] = batch.maxTimestampMs;
    this.n++;
  }

  #grow(): void {
    const grown = (column: Float64Array): Float64Array => {
      const larger = new Float64Array(Math.ceil(this.n * 1.25));
      larger.set(column);
      return larger;
    };
    this.#ends = grown(this.#ends);
    this.#tails = grown(this.#tails);
    this.#times = grown(this.#times);
  }

  /** Keeps the first `n` batches. */
  cut(n: number): void {
    this.n = n;
    while ((this.#epochs.at(-1)?.start ?? -1) >= this.end) this.#epochs.pop();
  }

  /** How many batches end at or below an offset. */
  endingBy(offset: number): number {
    return countUpTo(this.#ends, this.n, offset);
  }
  /** How many batches end at or below a position. */
  fittingIn(position: number): number {
    return countUpTo(this.#tails, this.n, position);
  }
  /** The newest time stamp in batch `i`. */
  timestampMs(i: number): number {
    return this.#times[i]!;
  }

  epochAt(offset: number): number {
    if (offset >= this.end) return offset < 0 ? 0 : -1;
    return this.#epochs.findLast(({ start }) => start <= offset)?.epoch ?? 0;
  }
  endOfEpoch(epoch: number): { epoch: number; end: number } {
    const at = this.#epochs.findLastIndex((one) => one.epoch <= epoch);
    if (at < 0) return { epoch: 0, end: 0 };
    return { epoch: this.#epochs[at]!.epoch, end: this.#epochs[at + 1]?.start ?? this.end };
  }
}

/** How many of the first `n` rising numbers are at most `bound`. */
function countUpTo(rising: Float64Array, n: number, bound: number): number {
  let [low, high] = [0, n];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
