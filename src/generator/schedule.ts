/** The plan of a run's faults: from the seed. */
import {
  seeded,
  type Fault,
  type Nemesis,
  type PlanOptions,
  type Schedule,
  type Topology,
} from '../model/index.js';

/** No fault may still be in force in the last stretch of the load. */
const healedBeforeMs = 2000;

interface ScheduleParts {
  seed: string;
  nemeses: readonly Nemesis[];
  topology: Topology;
  plan: PlanOptions;
}

/**
 * Each nemesis plans from its own fork of the seed, so that adding one leaves the faults of the
 * others as they were. The same seed gives the same schedule, byte for byte.
 */
export function planSchedule({ seed, nemeses, topology, plan }: ScheduleParts): Schedule {
  const end = plan.timeLimitMs - healedBeforeMs;
  const faults = nemeses
    .flatMap((nemesis) =>
      nemesis.plan(seeded(seed).fork(`nemesis/${nemesis.meta.id}`), topology, plan),
    )
    .flatMap((fault) => within(fault, end))
    .sort((a, b) => a.atMs - b.atMs || (a.nemesis < b.nemesis ? -1 : 1))
    .map((fault, i): Fault => ({ id: i + 1, ...fault }));
  return { version: 1, seed, faults };
}

/** A fault that would outlast `end` is shortened; one that begins after it is dropped. */
function within(fault: Omit<Fault, 'id'>, end: number): Omit<Fault, 'id'>[] {
  const durationMs = Math.min(fault.durationMs, end - fault.atMs);
  return fault.atMs < 0 || durationMs <= 0 ? [] : [{ ...fault, durationMs }];
}
