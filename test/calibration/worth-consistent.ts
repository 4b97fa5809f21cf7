/** What any recorded history keeps to, whatever its cluster did: no checker is asked. */
import { F, Kind, valueName, type Batch } from '../../src/model/index.js';

/** All cells, to see that nothing was written to. */
export const snapshot = (batches: readonly Batch[]): unknown =>
  batches.map(({ texts, ...cells }) => [Object.values(cells).map(String), [...texts]]);

const isRead = (f: number): boolean => f === F.poll || f === F.final || f === F.replica;

/**
 * What is wrong with it: rows that are not numbered on, reads that do not ascend or that return
 * what they did not ask for, a record read before it was sent, an offset with two values or a value
 * at two offsets (`exchanged`: those two are what was planted).
 */
export function consistent(batches: readonly Batch[], exchanged: boolean): string[] {
  const wrong: string[] = [];
  const asked = new Map<number, number>();
  const sentNs = new Map<number, number>();
  const valueAt = new Map<string, number>();
  const placeOf = new Map<number, string>();
  const holds = (key: number, offset: number, value: number): void => {
    const place = `${key}@${offset}`;
    const [before, where] = [valueAt.get(place) ?? value, placeOf.get(value) ?? place];
    if (!exchanged && (before !== value || where !== place))
      wrong.push(`${valueName(value)} at ${place}, ${where}; there: ${valueName(before)}`);
    valueAt.set(place, value);
    placeOf.set(value, place);
  };
  let base = 0;
  for (const batch of batches) {
    if (batch.base !== base) wrong.push(`batch at ${batch.base}, not ${base}`);
    base += batch.n;
    for (let i = 0; i < batch.n; i++) {
      const [kind, f, op] = [batch.kind[i]!, batch.f[i]!, batch.op[i]!];
      const [key, offset, value] = [batch.key[i]!, batch.offset[i]!, batch.value[i]!];
      if (kind === Kind.invoke && isRead(f)) asked.set(op, offset);
      if (kind === Kind.invoke && f === F.send) sentNs.set(value, batch.timeNs[i]!);
      if (kind === Kind.ok && f === F.send && offset >= 0) holds(key, offset, value);
      if (kind === Kind.record) {
        holds(key, offset, value);
        if (batch.timeNs[i]! < sentNs.get(value)!) wrong.push(`${valueName(value)} read too early`);
      } else if (kind <= Kind.info && isRead(f)) read(batch, i, asked.get(op)!, wrong);
    }
  }
  return wrong;
}

/** The read whose completion is row `at`. */
function read(batch: Batch, at: number, asked: number, wrong: string[]): void {
  const next = batch.offset[at]!;
  let last = asked - 1;
  for (let i = at + 1; i < batch.n && batch.kind[i] === Kind.record; i++) {
    if (batch.op[i] !== batch.op[at]) wrong.push(`a record of op ${batch.op[i]!} elsewhere`);
    const offset = batch.offset[i]!;
    if (offset <= last || offset >= next)
      wrong.push(`op ${batch.op[at]!}: ${offset} after ${last}, asked ${asked}, next ${next}`);
    last = offset;
  }
}
