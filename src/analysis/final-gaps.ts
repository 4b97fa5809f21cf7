/** Which keys' final reads say less than they should. A short read is unknown, never a loss. */
import type { Facts, ReplicaRead, RunInfo } from '../model/index.js';
import { list } from './words.js';

/** One sentence a key; one for all when no key was read. Empty: all are complete. */
export function finalGaps(run: RunInfo, facts: Facts): string[] {
  const keys = [...facts.keys.keys()];
  if (facts.finals.keys.size === 0) return ['no key had a final read'];
  const gaps: string[] = [];
  const absent = keys.filter((key) => !facts.finals.keys.has(key)).map((key) => facts.keyText(key));
  if (absent.length > 0) gaps.push(`${list(absent)} had no final read`);
  for (const read of facts.finals.keys.values()) {
    if (read.complete) continue;
    const name = facts.keyText(read.key);
    const why = read.why === undefined ? '' : `: ${read.why}`;
    gaps.push(
      read.highWatermark < 0
        ? `the final read of ${name} did not begin${why}`
        : `the final read of ${name} reached offset ${read.reached} of ${read.highWatermark}${why}`,
    );
  }
  return gaps;
}

/** Why the read of a replica does not suffice. */
export const replicaGap = (facts: Facts, read: ReplicaRead): string =>
  `the log of ${facts.keyText(read.key)} on node ${read.node} was read to offset ${read.reached}: ${read.why ?? 'it has not caught up'}`;

/** What a checker of final reads says when it found nothing but could not judge every key. */
export function finalsFinish(
  run: RunInfo,
  facts: Facts,
  checked: number,
  what: string,
): { checked: number; what: string } | { notApplicable: string } | { unknown: string } {
  if (!run.evidence.finalReads) return { notApplicable: 'this history has no final reads' };
  const gaps = finalGaps(run, facts);
  return gaps.length > 0 ? { unknown: gaps.join('; ') } : { checked, what };
}
