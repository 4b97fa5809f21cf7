/** Verdicts in a form that can be compared. */
import type { Verdict } from '../../src/model/index.js';

/** All of it but what it took. */
export function timeless(verdict: Verdict): string {
  const checkers = verdict.checkers.map((row) => ({ ...row, durationMs: 0 }));
  return JSON.stringify({ ...verdict, checkers, durationMs: 0 });
}

/** Types that were found. */
export const typesOf = ({ cases }: Verdict): Set<string> => new Set(cases.map(({ type }) => type));

/** Which circle of a component is told, and so of which key, is a choice among equals. */
const circles = /^(G0|G1c)(-realtime)?$|-cycle-exists$/;
/** With several values at an offset, or of one at several, the one that came first is named. */
const firsts = ['inconsistent-offsets', 'duplicate', 'int-nonmonotonic-send'];

/** The verdict, and of each anomaly what does not hang on who was first among concurrent ops. */
export function essence(verdict: Verdict): string {
  const found = verdict.cases.flatMap(({ type, keys, all }) =>
    all.map(([offset, value]) => {
      if (circles.test(type)) return type;
      return [type, keys.join(), ...(firsts.includes(type) ? [] : [offset, value])].join(' ');
    }),
  );
  return JSON.stringify([verdict.verdict, found.sort()]);
}

export const why = ({ cases, reasons, sentence }: Verdict): string =>
  [sentence, ...cases.map((one) => `${one.type}: ${one.sentence}`), ...reasons].join('\n');
