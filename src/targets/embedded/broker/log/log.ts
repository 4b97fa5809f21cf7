/** The log of one replica: segment files, an index of the batches, and the newest bytes in memory. */
import { SchismError } from '../../../../model/index.js';
import { headAt, heads, records, type Head } from '../batch.js';
import type { Log } from '../types.js';
import { BatchIndex } from './batch-index.js';
import { recover, segmentPath, type LogOptions, type Segment } from './recover.js';
import { TailCache } from './tail-cache.js';
import { markClosed, serveTornTail } from './torn-tail.js';

/** Opens or creates; reads all that is there once. Errors of the disk throw. */
export const openLog = (options: LogOptions): Log => new SegmentedLog(options);

class SegmentedLog implements Log {
  readonly start = 0;
  readonly #options: LogOptions;
  readonly #index = new BatchIndex();
  readonly #segments: Segment[];
  readonly #newest: TailCache;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#segments = recover(options, this.#index);
    if (options.plants.has('torn-tail-served'))
      serveTornTail(options, this.#index, this.#segments.at(-1));
    this.#newest = new TailCache(this.#index.tail(this.#index.n));
  }

  get end(): number {
    return this.#index.end;
  }
  get lastEpoch(): number {
    return this.#index.lastEpoch;
  }
  epochAt(offset: number): number {
    return this.#index.epochAt(offset);
  }
  endOfEpoch(epoch: number): { epoch: number; end: number } {
    return this.#index.endOfEpoch(epoch);
  }

  append(batches: Buffer): void {
    const added = [...heads(batches)];
    this.#mustFollow(added);
    const { file } = this.#segmentFor(batches.length);
    file.append(batches);
    if (this.#options.fsync) file.sync();
    for (const head of added) this.#index.add(head);
    this.#newest.add(batches);
  }

  /** Throws before anything is written: what does not follow would be lost at the next start. */
  #mustFollow(added: readonly Head[]): void {
    let { end, lastEpoch } = this;
    for (const { base, end: next, epoch } of added) {
      if (base !== end || next <= base || epoch < Math.max(1, lastEpoch)) {
        const wanted = `Expected a batch at offset ${end} in an epoch from ${lastEpoch} on`;
        throw new SchismError('cluster', `${wanted}, got ${base} in ${epoch}.`);
      }
      [end, lastEpoch] = [next, epoch];
    }
  }

  #segmentFor(bytes: number): Segment {
    const last = this.#segments.at(-1);
    const { storage, folder, segmentBytes } = this.#options;
    if (last && (last.file.size === 0 || last.file.size + bytes <= segmentBytes)) return last;
    const path = segmentPath(folder, this.end);
    const segment = { path, file: storage.open(path), from: this.#index.tail(this.#index.n) };
    this.#segments.push(segment);
    return segment;
  }

  read(from: number, to: number, maxBytes: number): Buffer {
    const index = this.#index;
    const [first, last] = [index.endingBy(from), index.endingBy(to)];
    if (first >= last) return Buffer.alloc(0);
    const start = index.tail(first);
    const n = Math.min(last, Math.max(first + 1, index.fittingIn(start + maxBytes)));
    return this.#bytes(start, index.tail(n));
  }

  /** By position in the log. */
  #bytes(from: number, to: number): Buffer {
    const newest = this.#newest.read(from, to);
    if (newest) return newest;
    const parts: Buffer[] = [];
    for (const segment of this.#segments) {
      const begin = Math.max(from, segment.from);
      const end = Math.min(to, segment.from + segment.file.size);
      if (begin < end) parts.push(segment.file.read(begin - segment.from, end - begin));
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  truncate(to: number): void {
    const n = this.#index.endingBy(to);
    const position = this.#index.tail(n);
    // From the newest on, so that a crash in between leaves a log without a gap.
    for (;;) {
      const last = this.#segments.at(-1);
      if (!last || last.from + last.file.size <= position) break;
      last.file.truncate(Math.max(0, position - last.from));
      if (this.#options.fsync) last.file.sync();
      if (last.from < position) break;
      last.file.close();
      this.#options.storage.remove(last.path);
      this.#segments.pop();
    }
    this.#index.cut(n);
    this.#newest.cut(position);
  }

  offsetOfTime(timestampMs: number, to: number): { offset: number; timestampMs: number } {
    const index = this.#index;
    for (let i = 0, n = index.endingBy(to); i < n; i++) {
      if (index.timestampMs(i) < timestampMs) continue;
      const found = firstSince(this.#bytes(index.tail(i), index.tail(i + 1)), timestampMs);
      if (found) return found;
    }
    return { offset: -1, timestampMs: -1 };
  }

  close(): void {
    const { storage, folder, plants } = this.#options;
    for (const { file } of this.#segments) file.close();
    if (plants.has('torn-tail-served')) markClosed(storage, folder);
  }
}

/**
 * The first record of a client that is not older; of a compressed batch its first one, with its
 * newest time. What a leader writes itself bears the time of its election, not of any client.
 */
function firstSince(
  batch: Buffer,
  timestampMs: number,
): { offset: number; timestampMs: number } | undefined {
  const { base, maxTimestampMs, control } = headAt(batch, 0);
  if (control) return undefined;
  let some = false;
  for (const record of records(batch)) {
    some = true;
    if (record.timestampMs >= timestampMs)
      return { offset: record.offset, timestampMs: record.timestampMs };
  }
  return some ? undefined : { offset: base, timestampMs: maxTimestampMs };
}
