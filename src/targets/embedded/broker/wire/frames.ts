/** Cuts a stream of bytes into frames: a size of four bytes, then so many bytes. */

/** Of a request, and of a message between nodes. */
const mostBytes = 16 << 20;
const smallBytes = 4096;

/**
 * Keeps the pieces as they came until a frame is whole, so that memory is taken only for what has
 * arrived, whatever size was announced.
 */
export class Frames {
  #pieces: Buffer[] = [];
  #size = 0;

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  push(bytes: Buffer): void {
    this.#size += bytes.length;
    let piece = bytes;
    // Each piece costs memory of its own: a frame that comes byte by byte must not take all of it.
    for (let last = this.#pieces.at(-1); last !== undefined; last = this.#pieces.at(-1)) {
      if (last.length >= smallBytes || last.length > piece.length) break;
      this.#pieces.pop();
      piece = Buffer.concat([last, piece]);
    }
    this.#pieces.push(piece);
  }

  /** Without its size; undefined: it is not whole yet. Throws on a size that cannot be. */
  next(): Buffer | undefined {
    if (this.#size < 4) return undefined;
    while (this.#pieces[0]!.length < 4)
      this.#pieces.splice(0, 2, Buffer.concat(this.#pieces.slice(0, 2)));
    const size = this.#pieces[0]!.readInt32BE(0);
    if (size <= 0 || size > mostBytes)
      throw new Error(`Expected a frame of 1 to ${mostBytes} bytes, got ${size}.`);
    if (this.#size < 4 + size) return undefined;
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = all.length > 4 + size ? [all.subarray(4 + size)] : [];
    this.#size -= 4 + size;
    return all.subarray(4, 4 + size);
  }
}
