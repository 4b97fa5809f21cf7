/**
 * Reads record batches (magic 2) straight into columns. The libraries' own readers make an object
 * for each record and forget batches without records, whose last offset a reader must pass.
 */
import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka';
import { foreignValue, type Records } from '../model/index.js';
import { decodeValue, describeForeign } from './values.js';

/** Offsets are exact up to 2^53. */
export const readInt64 = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);

const headBytes = 61;
const controlBit = 0x20;
const compressionBits = 0x07;

/** Records at or above `from`, and the offset that follows the last batch. */
export interface RecordSet extends Records {
  /** `from` if there was no batch. */
  next: number;
}

/**
 * Records below `from` are dropped: a fetch returns whole batches. So are control records, and a
 * batch that was cut off at the end. Throws on bytes that are no record batches.
 */
export function readRecords(bytes: Buffer, from: number): RecordSet {
  const out = new Columns(countRecords(bytes));
  let next = from;
  for (let at = 0; at + headBytes <= bytes.length;) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    if (end < at + headBytes) throw new Error(`a record batch of ${end - at} bytes`);
    if (end > bytes.length) break;
    const magic = bytes[at + 16]!;
    if (magic !== 2) throw new Error(`record batches in format ${magic}, which is not read here`);
    const base = readInt64(bytes, at);
    next = Math.max(next, base + bytes.readInt32BE(at + 23) + 1);
    const attributes = bytes.readInt16BE(at + 21);
    if ((attributes & controlBit) === 0) {
      const count = bytes.readInt32BE(at + 57);
      const body = decompress(bytes.subarray(at + headBytes, end), attributes & compressionBits);
      out.addBatch(body, { base, count, from, epoch: bytes.readInt32BE(at + 12) });
    }
    at = end;
  }
  return { ...out.done(), next };
}

/** A bound: control batches and records below the asked offset are counted too. */
function countRecords(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at + headBytes <= bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
    if (bytes.readInt32BE(at + 8) < headBytes - 12) break;
    count += Math.max(0, bytes.readInt32BE(at + 57));
  }
  return Math.min(count, bytes.length);
}

function decompress(body: Buffer, kind: number): Buffer {
  if (kind === 0) return body;
  const codec = compressionsAlgorithmsByBitmask[String(kind)];
  if (codec?.available !== true) throw new Error(`records compressed with unknown codec ${kind}`);
  return codec.decompressSync(body);
}

class Columns {
  #n = 0;
  #offsets: Float64Array;
  #values: Float64Array;
  #epochs: Int32Array;
  #foreign: Map<number, string> | undefined;

  constructor(capacity: number) {
    this.#offsets = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
    this.#epochs = new Int32Array(capacity);
  }

  addBatch(
    body: Buffer,
    batch: { base: number; count: number; from: number; epoch: number },
  ): void {
    const cursor = new Cursor(body);
    for (let i = 0; i < batch.count; i++) {
      const length = cursor.varInt();
      const end = cursor.at + length;
      if (length < 0 || end > body.length) throw new Error('a record that ends outside its batch');
      cursor.at += 1;
      cursor.skipVarInt();
      const offset = batch.base + cursor.varInt();
      // Not `cursor.at += cursor.varInt()`: that adds to the position from before the read.
      const keyBytes = Math.max(0, cursor.varInt());
      cursor.at += keyBytes;
      const size = cursor.varInt();
      if (offset >= batch.from) this.#add(offset, batch.epoch, body, cursor.at, size);
      cursor.at = end;
    }
  }

  #add(offset: number, epoch: number, body: Buffer, at: number, size: number): void {
    const i = this.#n++;
    const value = size < 0 ? foreignValue : decodeValue(body, at, at + size);
    this.#offsets[i] = offset;
    this.#epochs[i] = epoch;
    this.#values[i] = value;
    if (value === foreignValue) {
      this.#foreign ??= new Map();
      this.#foreign.set(i, describeForeign(size < 0 ? null : body.subarray(at, at + size)));
    }
  }

  done(): Records {
    const foreign = this.#foreign;
    const columns = { offsets: this.#offsets, values: this.#values, epochs: this.#epochs };
    return { n: this.#n, ...columns, ...(foreign && { foreign }) };
  }
}

/** Zig-zag varints. */
class Cursor {
  at = 0;
  readonly #bytes: Buffer;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  varInt(): number {
    let raw = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) break;
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1);
    }
    throw new Error('a record with a broken length');
  }
  /** Timestamps are 64 bits wide and not needed. */
  skipVarInt(): void {
    while (this.#bytes[this.at++]! >= 0x80);
  }
}
