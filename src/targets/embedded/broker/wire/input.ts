/**
 * Reads a request that may say anything: every length is checked against the bytes that are there
 * before it is used. The library's own Reader gives cut strings, skips past the end, and takes any
 * count of elements.
 */

/** In all arrays of one request: an element takes one byte on the wire, and a hundred in memory. */
const mostElements = 100_000;

export class Input {
  readonly #bytes: Buffer;
  #at = 0;
  #elements = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A view, not a copy. */
  take(length: number): Buffer {
    if (length < 0 || length > this.left)
      throw new Error(`Expected ${length} more bytes, got ${this.left}.`);
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }

  int8(): number {
    return this.take(1).readInt8(0);
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int16(): number {
    return this.take(2).readInt16BE(0);
  }

  int32(): number {
    return this.take(4).readInt32BE(0);
  }

  /** Exact up to 2^53. */
  int64(): number {
    return this.int32() * 2 ** 32 + (this.int32() >>> 0);
  }

  /** With dashes. */
  uuid(): string {
    const hex = this.take(16).toString('hex');
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
  }

  uvarint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.take(1)[0]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new Error('Expected a number of at most five bytes, got more.');
  }

  /** Null has length -1, or 0 where lengths are compact. */
  nullableString(compact: boolean): string | null {
    const length = compact ? this.uvarint() - 1 : this.int16();
    return length === -1 ? null : this.take(length).toString();
  }

  string(compact: boolean): string {
    return required(this.nullableString(compact));
  }

  nullableBytes(compact: boolean): Buffer | null {
    const length = compact ? this.uvarint() - 1 : this.int32();
    return length === -1 ? null : this.take(length);
  }

  /** Where lengths are compact, each element that is a struct ends with tagged fields. */
  nullableArray<T>(compact: boolean, read: () => T, struct = true): T[] | null {
    const count = compact ? this.uvarint() - 1 : this.int32();
    if (count === -1) return null;
    this.#elements += count;
    if (count < 0 || count > this.left || this.#elements > mostElements)
      throw new Error(`Expected elements in ${this.left} bytes, got ${count} of them.`);
    const found: T[] = [];
    for (let i = 0; i < count; i++) {
      found.push(read());
      if (compact && struct) this.tags();
    }
    return found;
  }

  array<T>(compact: boolean, read: () => T, struct = true): T[] {
    return required(this.nullableArray(compact, read, struct));
  }

  /** Skips tagged fields: none of them is known here. */
  tags(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint();
      this.take(this.uvarint());
    }
  }
}

function required<T>(value: T | null): T {
  if (value === null) throw new Error('Expected a value, got null.');
  return value;
}
