/** What planted defects make of the entries that a follower stores. A log has no gaps: each batch follows. */
import { heads, seal, stamp, type Head } from '../batch.js';
import type { Log } from '../types.js';

const attributesAt = 22;
const controlBit = 0x20;

const copy = (entries: Buffer, { at, size }: Head): Buffer =>
  Buffer.from(entries.subarray(at, at + size));

/** follower-drops: in place of the records stand control records, which no reader is given. */
export function hidden(entries: Buffer): Buffer {
  const batches = Array.from(heads(entries), (head) => copy(entries, head));
  for (const batch of batches) {
    batch[attributesAt]! |= controlBit;
    seal(batch);
  }
  return Buffer.concat(batches);
}

/** reorder-batch: the contents of neighbours with equally many records change places. */
export function exchanged(entries: Buffer): Buffer {
  const all = [...heads(entries)];
  const batches = all.map((head) => copy(entries, head));
  for (let i = 1; i < all.length; i++) {
    const [a, b] = [all[i - 1]!, all[i]!];
    if (a.count !== b.count) continue;
    const [first, second] = [batches[i]!, batches[i - 1]!];
    stamp(first, a.base, a.epoch);
    stamp(second, b.base, b.epoch);
    batches.splice(i - 1, 2, first, second);
    i++;
  }
  return Buffer.concat(batches);
}

/** no-truncate: stamped as if they came after what stands there. */
export function behindOwnTail(log: Log, entries: Buffer, lacking: readonly Head[]): Buffer {
  let { end, lastEpoch } = log;
  return Buffer.concat(
    lacking.map((head) => {
      const batch = copy(entries, head);
      lastEpoch = Math.max(lastEpoch, head.epoch);
      stamp(batch, end, lastEpoch);
      end += head.end - head.base;
      return batch;
    }),
  );
}
