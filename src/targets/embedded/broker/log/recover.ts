/** What is found on disk when a log is opened: all whole batches up to the first that is none. */
import { checkBatch, headAt, headBytes } from '../batch.js';
import type { Plants, Storage, StoredFile } from '../env.js';
import { BatchIndex } from './batch-index.js';

export interface LogOptions {
  storage: Storage;
  /** The segments stand in it, and nothing of others. */
  folder: string;
  /** A segment that would grow beyond it gets a successor. */
  segmentBytes: number;
  /** Every append outlives a power loss. */
  fsync: boolean;
  plants: Plants;
  /** One line about what recovery did. */
  note: (text: string) => void;
}

/** `<20-digit base offset>.log` */
export interface Segment {
  path: string;
  file: StoredFile;
  /** Position in the log of the file's first byte. */
  from: number;
}

/** Kept small beside the memory of a broker. */
const chunkBytes = 1 << 20;

export const segmentPath = (folder: string, base: number): string =>
  `${folder}/${String(base).padStart(20, '0')}.log`;

/** Fills the index. Cuts off what is no whole batch that follows the one before, and what comes after. */
export function recover(options: LogOptions, index: BatchIndex): Segment[] {
  const { storage, folder, fsync, note } = options;
  const segments: Segment[] = [];
  let cutBytes = 0;
  for (const name of storage.list(folder).filter((name) => /^\d{20}\.log$/.test(name))) {
    const path = `${folder}/${name}`;
    const segment = { path, file: storage.open(path), from: index.tail(index.n) };
    const { file } = segment;
    // After a cut, or a gap, no later segment does.
    const fits = path === segmentPath(folder, index.end);
    const wholeBytes = fits ? scan(file, index) : 0;
    cutBytes += file.size - wholeBytes;
    if (wholeBytes < file.size) file.truncate(wholeBytes);
    // A process that was killed between its write and its sync left what is only in memory.
    if (fsync) file.sync();
    if (fits) segments.push(segment);
    else {
      file.close();
      storage.remove(path);
    }
  }
  if (cutBytes > 0)
    note(`cut off ${cutBytes} bytes from offset ${index.end} on that are no whole batches`);
  return segments;
}

/** Adds whole batches to the index. Returns how many bytes they have. */
function scan(file: StoredFile, index: BatchIndex): number {
  for (let at = 0; ;) {
    const chunk = file.read(at, chunkLength(file, at));
    let used = 0;
    while (checkBatch(chunk, used) === 'whole') {
      const head = headAt(chunk, used);
      if (!index.follows(head)) return at + used;
      index.add(head);
      used += head.size;
    }
    if (used === 0) return at;
    at += used;
  }
}

/** Enough for the batch at `at`; nothing if the file ends within it. */
function chunkLength(file: StoredFile, at: number): number {
  const rest = file.size - at;
  if (rest < headBytes) return 0;
  const batch = 12 + file.read(at + 8, 4).readInt32BE(0);
  return batch > rest ? 0 : Math.min(rest, Math.max(chunkBytes, batch));
}
