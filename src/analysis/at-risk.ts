/** How many acks each fault could have cost: what a valid verdict is worth. */
import type { AtRisk, Facts, RunInfo, Stats } from '../model/index.js';
import { lowerBound } from './columns.js';
import { ackTimes } from './stats.js';

const secondNs = 1e9;

/** Values acked while a fault was in force, or in the second before a leader change in it. */
export function acksAtRisk(run: RunInfo, facts: Facts, stats: Stats): AtRisk[] {
  if (facts.faults.spans.length === 0) return [];
  const acks = ackTimes(facts);
  return facts.faults.spans
    .filter((span) => span.refused === undefined)
    .flatMap((span) => {
      const endNs = span.healedNs < 0 ? facts.phases.lastNs : span.healedNs;
      const recovery = stats.recoveries.find((one) => one.fault === span.id);
      const overNs = recovery?.toNs ?? endNs + run.recoveryBoundMs * 1e6;
      return [...facts.keys.keys()].map((key): AtRisk => {
        const times = acks.get(key) ?? new Float64Array(0);
        const below = (timeNs: number): number => lowerBound(times, times.length, timeNs);
        const changes = facts.leaders.changes.filter(
          (change) =>
            change.key === key && change.timeNs >= span.startNs && change.timeNs <= overNs,
        );
        return {
          fault: span.id,
          key,
          inForce: below(endNs + 1) - below(span.startNs),
          beforeLeaderChange: inWindows(
            changes.map((change) => change.timeNs),
            below,
          ),
        };
      });
    });
}

/** Each ack once, also where the seconds before two changes overlap. */
function inWindows(changes: readonly number[], below: (timeNs: number) => number): number {
  let count = 0;
  let counted = 0;
  for (const timeNs of changes) {
    const from = Math.max(counted, below(timeNs - secondNs));
    const to = below(timeNs + 1);
    count += Math.max(0, to - from);
    counted = Math.max(counted, to);
  }
  return count;
}
