/**
 * Plant torn-tail-served. A crash tears the last batch of the newest segment in the middle of its
 * last value, and recovery keeps it: it trusts the batch's head for the length, takes what is
 * missing for zeros, as a file system may leave them, and makes a CRC instead of checking the one
 * that is there. So the batch keeps its offsets and its form, and a poll shows a foreign value.
 */
import { headAt, records, seal } from '../batch.js';
import type { Storage } from '../env.js';
import type { BatchIndex } from './batch-index.js';
import type { LogOptions, Segment } from './recover.js';

const marker = (folder: string): string => `${folder}/closed`;

/** What was closed in order did not crash. */
export const markClosed = (storage: Storage, folder: string): void =>
  storage.replace(marker(folder), Buffer.alloc(0), false);

export function serveTornTail(options: LogOptions, index: BatchIndex, newest?: Segment): void {
  const { storage, folder, note } = options;
  const closed = storage.read(marker(folder)) !== undefined;
  storage.remove(marker(folder));
  if (closed || newest === undefined) return;
  const [from, to] = [index.tail(index.n - 1), index.tail(index.n)];
  const at = from - newest.from;
  if (!tear(newest, at)) return;
  const batch = Buffer.alloc(to - from);
  newest.file.read(at, newest.file.size - at).copy(batch);
  seal(batch);
  newest.file.truncate(at);
  newest.file.append(batch);
  note(`the batch before offset ${index.end} was torn and is kept`);
}

/** What the crash does to the last batch, at `at`. False if it has no value of a client. */
function tear({ file }: Segment, at: number): boolean {
  if (at < 0 || at >= file.size) return false;
  const batch = file.read(at, file.size - at);
  const last = headAt(batch, 0).control ? undefined : [...records(batch)].at(-1);
  if (last?.value == null || last.value.length === 0) return false;
  file.truncate(at + last.valueAt + Math.floor(last.value.length / 2));
  return true;
}
