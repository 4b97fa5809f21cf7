/**
 * The frames of an Arrow IPC stream: a continuation marker (-1), the length of the metadata, the
 * metadata (a flatbuffer), the body. Arrow has no checksums and its reader believes every length,
 * so each is held against the size of the file before anything is decoded.
 */
import { readSync } from 'node:fs';
import { SchismError } from '../model/index.js';
import { Table } from './flatbuffer.js';

/** Where the whole part of a file ends, and why: `the file ends 5 bytes into a batch of 900`. */
export interface Cut {
  byte: number;
  reason: string;
}

export interface Frame {
  /** The file's byte at which the frame begins. */
  at: number;
  /** A MessageHeader. */
  type: number;
  message: Table;
  bodyAt: number;
  /** Where the next frame begins. */
  end: number;
}

const readAhead = 16 * 1024;
/** Metadata grow with the number of columns only. */
const maxMetadata = 1024 * 1024;

/**
 * Reads one frame. Returns the reason if there is no whole one at `at`, undefined if the stream
 * ends there properly.
 */
export function readFrame(source: Source, at: number): Frame | string | undefined {
  const left = source.size - at;
  if (left === 0) return 'the end-of-stream mark is missing, so the recording was not closed';
  if (left < 8) return `the file ends ${left} bytes into a message`;
  const prefix = source.bytes(at, 8);
  if (prefix.readInt32LE(0) !== -1)
    return `a message must begin with ffffffff, got ${prefix.toString('hex', 0, 4)}`;
  const length = prefix.readInt32LE(4);
  if (length === 0)
    return left === 8 ? undefined : `${left - 8} bytes follow the end-of-stream mark`;
  if (length < 0 || length > maxMetadata)
    return `the metadata of a message must take 1 to ${maxMetadata} bytes, got ${length}`;
  const bodyAt = at + 8 + length;
  if (bodyAt > source.size) return `the file ends ${left} bytes into a message`;
  let message: Table;
  let type: number;
  let bodyLength: number;
  try {
    message = Table.root(source.bytes(at + 8, length));
    [type, bodyLength] = [message.uint8(1), message.int64(3)];
  } catch (error) {
    if (error instanceof RangeError) return 'the metadata of a message cannot be decoded';
    throw error;
  }
  if (bodyLength < 0) return `the body of a message must take 0 bytes or more, got ${bodyLength}`;
  const end = bodyAt + bodyLength;
  if (end > source.size) return `the file ends ${left} bytes into a message of ${end - at}`;
  return { at, type, message, bodyAt, end };
}

/**
 * A file that is read from front to back. What it gives are views of buffers that are used once, so
 * they may be kept; small messages share a buffer, which saves most of the calls to the kernel. With
 * `reuse` there is one buffer, and a view is good until the next one is asked for: new memory costs
 * more than what is read into it.
 */
export class Source {
  readonly #fd: number;
  readonly size: number;
  readonly #reuse: boolean;
  #memory: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #window: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #from = 0;

  constructor(fd: number, size: number, reuse = false) {
    this.#fd = fd;
    this.size = size;
    this.#reuse = reuse;
  }

  /** Throws a SchismError (history) if the file has become shorter than `size`. */
  bytes(at: number, length: number): Buffer<ArrayBuffer> {
    if (at < this.#from || at + length > this.#from + this.#window.length) this.#read(at, length);
    return this.#window.subarray(at - this.#from, at - this.#from + length);
  }

  #read(at: number, length: number): void {
    const need = Math.max(length, Math.min(readAhead, this.size - at));
    // Not of the pool, and so aligned at 0; not zeroed, as every byte is read or the call throws.
    if (!this.#reuse || need > this.#memory.length) this.#memory = Buffer.allocUnsafeSlow(need);
    const window = this.#memory.subarray(0, need);
    for (let done = 0; done < window.length;) {
      const got = readSync(this.#fd, window, done, window.length - done, at + done);
      if (got === 0)
        throw new SchismError(
          'history',
          `Expected the history to keep its ${this.size} bytes while it is read, got ${at + done}.`,
        );
      done += got;
    }
    this.#window = window;
    this.#from = at;
  }
}
