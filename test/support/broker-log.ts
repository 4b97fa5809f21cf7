/** The scripted broker's log of one partition, in memory. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

interface Batch {
  base: number;
  count: number;
  bytes: Buffer;
}
/** One partition. */
export class Log {
  readonly batches: Batch[] = [];
  end = 0;
  readonly waiting = new Set<() => void>();

  /** Appends a batch as it is. Gives its base offset. */
  append(bytes: Buffer, epoch: number): number {
    const copy = Buffer.from(bytes);
    const base = this.end;
    const count = copy.readInt32BE(23) + 1;
    copy.writeBigInt64BE(BigInt(base), 0);
    copy.writeInt32BE(epoch, 12);
    this.batches.push({ base, count, bytes: copy });
    this.end += count;
    for (const wake of this.waiting) wake();
    return base;
  }
}

/** Whole batches, the first one whatever its size, as a broker sends them. */
export function batchesFrom(log: Log, offset: number, maxBytes: number): Buffer {
  let at = firstAfter(log.batches, offset);
  const found: Buffer[] = [];
  for (let size = 0; at < log.batches.length; at++) {
    const { bytes } = log.batches[at]!;
    if (found.length > 0 && size + bytes.length > maxBytes) break;
    found.push(bytes);
    size += bytes.length;
  }
  return Buffer.concat(found);
}

function firstAfter(batches: readonly Batch[], offset: number): number {
  let [low, high] = [0, batches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { base, count } = batches[middle]!;
    if (base + count > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Resolves when something was appended, or after `maxWaitMs`. */
export function more(log: Log, maxWaitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      log.waiting.delete(end);
      resolve();
    };
    const timer = setTimeout(end, maxWaitMs);
    log.waiting.add(end);
  });
}

/** One line of a broker's file: a topic made, a batch appended, or (neither) a topic deleted. */
export interface Kept {
  topic: string;
  partitions?: number;
  partition?: number;
  /** base64 */
  bytes?: string;
  epoch?: number;
}

/** Hands over what the file has, and gives what adds to it; without a file nothing. */
export function kept(
  file: string | undefined,
  again: (one: Kept) => void,
): ((one: Kept) => void) | undefined {
  if (file === undefined) return undefined;
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  for (const line of text.split('\n')) if (line !== '') again(JSON.parse(line) as Kept);
  return (one) => appendFileSync(file, `${JSON.stringify(one)}\n`);
}
