/**
 * Just enough of FlatBuffers to read the head of an Arrow message. Arrow's own reader makes several
 * objects for each buffer of each batch, and believes every count: one damaged byte makes it fill
 * the memory. Here a read outside the bytes throws a RangeError.
 */
export class Table {
  readonly bytes: Buffer;
  readonly #at: number;
  readonly #fields: number;
  readonly #fieldsLength: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.#at = at;
    this.#fields = at - bytes.readInt32LE(at);
    this.#fieldsLength = bytes.readUInt16LE(this.#fields);
  }

  static root(bytes: Buffer): Table {
    return new Table(bytes, bytes.readUInt32LE(0));
  }

  /** Where a field lies, or 0 if it is absent and so has its default. */
  #find(field: number): number {
    const entry = 4 + 2 * field;
    if (entry >= this.#fieldsLength) return 0;
    const offset = this.bytes.readUInt16LE(this.#fields + entry);
    return offset === 0 ? 0 : this.#at + offset;
  }

  has(field: number): boolean {
    return this.#find(field) !== 0;
  }

  uint8(field: number): number {
    const at = this.#find(field);
    return at === 0 ? 0 : this.bytes.readUInt8(at);
  }

  int64(field: number): number {
    const at = this.#find(field);
    return at === 0 ? 0 : readInt64(this.bytes, at);
  }

  table(field: number): Table {
    return new Table(this.bytes, this.#follow(field));
  }

  /** Where the items of a vector begin, and how many they are. */
  vector(field: number): { at: number; n: number } {
    const at = this.#follow(field);
    return { at: at + 4, n: this.bytes.readUInt32LE(at) };
  }

  #follow(field: number): number {
    const at = this.#find(field);
    if (at === 0) throw new RangeError(`Expected field ${field}, got none.`);
    return at + this.bytes.readUInt32LE(at);
  }
}

/** As a Float64: exact below 2^53, and lengths beyond that do not occur. */
export const readInt64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + bytes.readInt32LE(at + 4) * 2 ** 32;
