/** Writes a history while the run goes on. */
import { closeSync, fsync, openSync, writeSync, writevSync } from 'node:fs';
import { promisify } from 'node:util';
import {
  Kind,
  messageOf,
  type Recorder,
  type Records,
  type Row,
  SchismError,
} from '../model/index.js';
import { type Columns, encodeBatch, endOfStream, makeColumns, schemaBytes } from './schema.js';

export interface RecorderOptions {
  /**
   * How long a row may wait before it is handed to the kernel. The default leaves a busy event
   * loop 150 ms to stay within the 250 ms of history that a killed tester may lose.
   */
  flushMs?: number;
  /** `process.hrtime.bigint()` at time 0; by default, now. */
  start?: bigint;
}

/** A flush of as many rows takes about a millisecond. */
const flushRows = 16_384;
/** Texts wait as strings; this bounds them (in UTF-16 units) where many rows have one. */
const flushText = 4 * 1024 * 1024;

/**
 * Creates `file`, which must not exist, and records into it. Rows wait in typed arrays of a fixed
 * size for at most `flushMs` and are then written synchronously: what write(2) was given survives
 * a kill -9 of this process. Only close() asks the disk to have it (fsync) and ends the stream.
 *
 * If the disk fails, the call that notices throws a SchismError (history), and so does every later
 * append(), complete(), flush() and close(). The timer keeps no process alive.
 */
export function createRecorder(file: string, options: RecorderOptions = {}): Recorder {
  return new ArrowRecorder(file, options);
}

class ArrowRecorder implements Recorder {
  readonly #file: string;
  readonly #fd: number;
  readonly #startSeconds: number;
  readonly #startNs: number;
  readonly #timer: NodeJS.Timeout;
  #armed = false;
  #op = 0;
  #cells: Columns = makeColumns(flushRows);
  #capacity = flushRows;
  /** Rows that wait. */
  #n = 0;
  readonly #texts = new Map<number, string>();
  #textLength = 0;
  #failure: SchismError | undefined;
  #closing: Promise<void> | undefined;

  constructor(file: string, options: RecorderOptions) {
    this.#file = file;
    const start = options.start ?? process.hrtime.bigint();
    this.#startSeconds = Number(start / 1_000_000_000n);
    this.#startNs = Number(start % 1_000_000_000n);
    try {
      this.#fd = openSync(file, 'wx');
    } catch (error) {
      throw new SchismError('history', `Expected to create ${file}, got ${messageOf(error)}.`, {
        cause: error,
      });
    }
    this.#timer = setTimeout(() => this.#tick(), options.flushMs ?? 100).unref();
    try {
      this.#write([schemaBytes]);
    } catch (error) {
      clearTimeout(this.#timer);
      closeSync(this.#fd);
      throw error;
    }
  }

  now(): number {
    // Not hrtime.bigint(): this is asked twice an op, and a BigInt each time would be garbage.
    const [seconds, ns] = process.hrtime();
    return (seconds - this.#startSeconds) * 1e9 + (ns - this.#startNs);
  }

  nextOp(): number {
    return this.#op++;
  }

  append(rows: readonly Row[]): void {
    if (rows.length === 0) return;
    const first = this.#reserve(rows.length);
    for (let r = 0; r < rows.length; r++) this.#put(first + r, rows[r]!);
    // After all rows have passed, so that a refused group leaves no text behind.
    for (let r = 0; r < rows.length; r++) this.#putText(first + r, rows[r]!.text);
    this.#commit(rows.length);
  }

  complete(completion: Row | readonly Row[], records: Records): void {
    const rows = Array.isArray(completion) ? (completion as readonly Row[]) : [completion as Row];
    const n = records.n;
    const first = this.#reserve(rows.length + n);
    for (let r = 0; r < rows.length; r++) this.#put(first + r, rows[r]!);
    for (let r = 0; r < rows.length; r++) this.#putText(first + r, rows[r]!.text);
    const from = first + rows.length;
    const to = from + n;
    const cells = this.#cells;
    cells.kind.fill(Kind.record, from, to);
    cells.f.fill(cells.f[first]!, from, to);
    cells.process.fill(cells.process[first]!, from, to);
    cells.op.fill(cells.op[first]!, from, to);
    cells.timeNs.fill(cells.timeNs[first]!, from, to);
    if (records.keys === undefined) cells.key.fill(cells.key[first]!, from, to);
    else cells.key.set(records.keys.subarray(0, n), from);
    cells.offset.set(records.offsets.subarray(0, n), from);
    cells.value.set(records.values.subarray(0, n), from);
    cells.node.fill(cells.node[first]!, from, to);
    cells.epoch.set(records.epochs.subarray(0, n), from);
    cells.peer.fill(-1, from, to);
    cells.code.fill(cells.kind[first]!, from, to);
    if (records.foreign !== undefined) {
      const foreign = [...records.foreign].sort(([a], [b]) => a - b);
      for (const [index, text] of foreign) if (index < n) this.#putText(from + index, text);
    }
    this.#commit(rows.length + n);
  }

  flush(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#n === 0) return;
    this.#write(encodeBatch(this.#cells, this.#n, this.#texts));
    this.#n = 0;
    this.#texts.clear();
    this.#textLength = 0;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      this.flush();
      this.#write([endOfStream]);
      await promisify(fsync)(this.#fd).catch((error: unknown) => {
        throw this.#fail(error);
      });
    } finally {
      closeSync(this.#fd);
    }
  }

  /** Makes room for a group that must not straddle two batches; returns its first row. */
  #reserve(rows: number): number {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing !== undefined)
      throw new Error(`Expected no rows for ${this.#file} after it was closed, got ${rows}.`);
    if (this.#n + rows > this.#capacity) {
      this.flush();
      if (rows > this.#capacity) {
        this.#capacity = rows;
        this.#cells = makeColumns(rows);
      }
    }
    return this.#n;
  }

  #put(i: number, row: Row): void {
    const cells = this.#cells;
    const node = row.node ?? -1;
    const peer = row.peer ?? -1;
    cells.kind[i] = row.kind;
    cells.f[i] = row.f;
    cells.process[i] = row.process ?? -1;
    cells.op[i] = row.op ?? -1;
    cells.timeNs[i] = row.timeNs;
    cells.key[i] = row.key ?? -1;
    cells.offset[i] = row.offset ?? -1;
    cells.value[i] = row.value ?? -1;
    cells.node[i] = node;
    cells.epoch[i] = row.epoch ?? -1;
    cells.peer[i] = peer;
    cells.code[i] = row.code ?? 0;
    // A node id that wraps round would put the blame on another node.
    if (cells.node[i] !== node || cells.peer[i] !== peer)
      throw new SchismError(
        'history',
        `Expected the ids of nodes to be whole numbers from 0 to 32767, got ${node} and ${peer}.`,
      );
  }

  #putText(i: number, text: string | undefined): void {
    if (text === undefined) return;
    this.#texts.set(i, text);
    this.#textLength += text.length;
  }

  #commit(rows: number): void {
    this.#n += rows;
    if (this.#n >= flushRows || this.#textLength >= flushText) this.flush();
    else if (!this.#armed) {
      this.#armed = true;
      this.#timer.refresh();
    }
  }

  #tick(): void {
    this.#armed = false;
    if (this.#closing !== undefined || this.#failure !== undefined) return;
    try {
      this.flush();
    } catch {
      // Kept in #failure: whoever appends next is told.
    }
  }

  #write(parts: readonly Uint8Array[]): void {
    try {
      const done = writevSync(this.#fd, parts);
      // A disk that is nearly full takes a part; the next call says why.
      let rest = parts.reduce((bytes, part) => bytes + part.length, -done);
      while (rest > 0) rest -= writeSync(this.#fd, Buffer.concat(parts).subarray(-rest));
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #fail(error: unknown): SchismError {
    this.#failure ??= new SchismError(
      'history',
      `Expected to write the history to ${this.#file}, got ${messageOf(error)}.`,
      { cause: error },
    );
    return this.#failure;
  }
}
