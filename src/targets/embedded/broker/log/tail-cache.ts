/**
 * The newest bytes of a log. Followers and consumers that keep up read these, so most reads need
 * no file.
 */
const mostBytes = 1 << 20;

export class TailCache {
  /** Made when it is needed; memory that was never written to costs nothing. */
  #bytes: Buffer | undefined;
  /** Positions in the log: of the first byte kept, and of the one after the last. */
  #from: number;
  #to: number;

  constructor(position: number) {
    this.#from = position;
    this.#to = position;
  }

  add(bytes: Buffer): void {
    const kept = this.#to - this.#from;
    this.#bytes ??= Buffer.allocUnsafeSlow(mostBytes);
    if (bytes.length > mostBytes / 2) {
      this.#from = this.#to + bytes.length;
    } else if (kept + bytes.length > mostBytes) {
      // Half is kept when it is full, so that not each append moves all the rest.
      this.#from = Math.max(this.#from, this.#to - mostBytes / 2);
      this.#bytes.copyWithin(0, kept - (this.#to - this.#from), kept);
    }
    if (this.#from <= this.#to) bytes.copy(this.#bytes, this.#to - this.#from);
    this.#to += bytes.length;
  }

  cut(position: number): void {
    this.#to = Math.min(this.#to, position);
    this.#from = Math.min(this.#from, position);
  }

  /** A copy, since later appends move the bytes; undefined if they are not all here. */
  read(from: number, to: number): Buffer | undefined {
    if (from < this.#from || to > this.#to) return undefined;
    return this.#bytes && Buffer.from(this.#bytes.subarray(from - this.#from, to - this.#from));
  }
}
