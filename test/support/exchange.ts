/** The same history, told in another order of what happened at the same time. */
import { F, Kind, type Random, type Row } from '../../src/model/index.js';
import type { History } from './history.js';

const isClient = ({ kind, f }: Row): boolean => kind <= Kind.info && f < F.other;

/** Both begin or both end: then what ended before what began stays as it was. */
export const sameTime = (a: Row, b: Row): boolean =>
  (a.kind === Kind.invoke) === (b.kind === Kind.invoke);

/**
 * Exchanges neighbouring entries of different processes' client ops, again and again, where `may`
 * allows it. Times stay in their places. An entry moves as a whole, with its records.
 */
export function exchange(
  history: History,
  random: Random,
  may: (a: Row, b: Row) => boolean = sameTime,
): History {
  const { groups } = history;
  const at = (rows: readonly Row[], timeNs: number): Row[] =>
    rows.map((row) => ({ ...row, timeNs }));
  for (let round = 0; round < 4; round++) {
    for (let i = 1; i < groups.length; i++) {
      const [a, b] = [groups[i - 1]!, groups[i]!];
      const [first, second] = [a[0]!, b[0]!];
      if (!isClient(first) || !isClient(second) || first.process === second.process) continue;
      if (!may(first, second) || random.below(2) === 0) continue;
      groups[i - 1] = at(b, first.timeNs);
      groups[i] = at(a, second.timeNs);
    }
  }
  return history;
}
