/** Lost writes one by one: who was told what, and who first read something else there. */
import { noValue, type Case } from '../model/index.js';
import { valueAt } from './data-cases.js';
import { unpack } from './page/pack.js';
import type { Source } from './source.js';

export interface Lost {
  key: number;
  value: number;
  offset: number;
  op: number;
  process: number;
  node: number;
  /** ns; of a value that was only read, when it was read. */
  ackedNs: number;
  /** What the final read has at that offset; noValue: nothing. */
  holdsNow: number;
  read?: { op: number; process: number; timeNs: number };
}

/** In the order in which they were acked. */
export function lostOf({ facts, data, ops }: Source, one: Case): Lost[] {
  const { writes } = facts;
  const points = data.cases.find((found) => found.id === one.id)?.points;
  const readOf = new Map<string, number>();
  if (points) {
    const [value, read] = [unpack(points.value, points.n), unpack(points.read, points.n)];
    const key = unpack(points.key, points.n);
    for (let i = 0; i < points.n; i++) readOf.set(`${key[i]!}/${value[i]!}`, read[i]!);
  }
  return one.all
    .map(([offset, value, timeNs]): Lost => {
      const at = value >= 0 ? writes.find(value) : -1;
      const key = at >= 0 ? writes.key[at]! : (one.keys[0] ?? -1);
      const row = ops.rowOf(readOf.get(`${key}/${value}`) ?? -1);
      const acked = at >= 0 ? writes.completeNs[at]! : -1;
      return {
        key,
        value,
        offset,
        op: at >= 0 ? writes.op[at]! : -1,
        process: at >= 0 ? writes.process[at]! : -1,
        node: at >= 0 ? writes.node[at]! : -1,
        ackedNs: acked >= 0 ? acked : timeNs,
        holdsNow: offset >= 0 ? valueAt(facts, key, offset) : noValue,
        ...(row >= 0 && {
          read: { op: ops.id[row]!, process: ops.process[row]!, timeNs: ops.t1[row]! * 1e9 },
        }),
      };
    })
    .sort((a, b) => a.ackedNs - b.ackedNs);
}
