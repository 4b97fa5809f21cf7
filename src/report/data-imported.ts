/** What the page's script needs of an imported history alone. */
import { Kind, type Facts } from '../model/index.js';
import type { PageData } from './page/types.js';

const most = 20_000;

/** Sends whose value an ok op read: the first of them. */
export function readSends({ ops, order }: Facts): PageData['seen'] {
  if (!ops || !order) return [];
  const seen = new Map<number, number>();
  for (let o = 0; o < ops.n && seen.size < most; o++) {
    if (ops.outcome[o] !== Kind.ok) continue;
    const to = ops.firstRead[ops.firstSegment[o + 1]!]!;
    for (let r = ops.firstRead[ops.firstSegment[o]!]!; r < to; r++) {
      const writer = order.writer[ops.reads[r]!]!;
      if (writer >= 0 && !seen.has(writer)) seen.set(writer, ops.op[o]!);
    }
  }
  return [...seen].map(([o, readBy]) => ({ op: ops.op[o]!, readBy, offset: -1 }));
}
