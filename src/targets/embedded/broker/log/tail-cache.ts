/**
 * The newest bytes of a log. Followers and consumers that keep up read these, so most reads need
 * no file.
 */
const firstBytes = 4096;
const mostBytes = 1 << 20;

export class TailCache {
  #bytes = Buffer.alloc(0);
  /** Positions in the log: of the first byte kept, and of the one after the last. */
  #from: number;
  #to: number;

  constructor(position: number) {
    this.#from = position;
    this.#to = position;
  }

  add(bytes: Buffer): void {
    const kept = this.#to - this.#from;
    if (kept + bytes.length > this.#bytes.length) {
      // Half is kept when it is full, so that not each append moves all the rest.
      const full = kept + bytes.length > mostBytes;
      const keep = full
        ? Math.min(kept, mostBytes / 2, Math.max(0, mostBytes - bytes.length))
        : kept;
      const size = Math.min(mostBytes, Math.max(firstBytes, 2 * (keep + bytes.length)));
      this.#move(kept - keep, kept, Math.max(size, bytes.length));
      this.#from = this.#to - keep;
    }
    bytes.copy(this.#bytes, this.#to - this.#from);
    this.#to += bytes.length;
  }

  #move(from: number, to: number, size: number): void {
    const old = this.#bytes;
    if (size !== old.length) this.#bytes = Buffer.allocUnsafe(size);
    old.copy(this.#bytes, 0, from, to);
  }

  cut(position: number): void {
    this.#to = Math.min(this.#to, position);
    this.#from = Math.min(this.#from, position);
  }

  /** A copy, since later appends move the bytes; undefined if they are not all here. */
  read(from: number, to: number): Buffer | undefined {
    if (from < this.#from || to > this.#to) return undefined;
    return Buffer.from(this.#bytes.subarray(from - this.#from, to - this.#from));
  }
}
