/** When the faults of one nemesis begin and how long they last. */
import type { PlanOptions, Random } from '../model/index.js';

/** Every fault is healed this long before the time limit, so that the load sees the recovery. */
const healedBeforeMs = 2000;
/** The first fault waits for the load to warm up: a tenth of the run, within these. */
const warmUpMs = [3000, 5000] as const;
/** A shorter one would be over before anybody could look at it (unless it was asked for). */
const shortestMs = 2000;
/** From the heal of one fault to the next of its kind. */
const gapMs = 1000;

export interface When {
  atMs: number;
  durationMs: number;
}

/**
 * Starts are `intervalMs` apart, jittered by a fifth; durations are jittered by 0.7 to 1.3. No two
 * overlap. `durationMs` stands in for the option where a kind of fault needs longer.
 */
export function planTimes(
  random: Random,
  options: PlanOptions,
  durationMs = options.durationMs,
): When[] {
  const end = options.timeLimitMs - healedBeforeMs;
  const shortest = Math.min(shortestMs, durationMs);
  const warmUp = Math.min(warmUpMs[1], Math.max(warmUpMs[0], options.timeLimitMs / 10), end / 2);
  const latest = end - shortest;
  const stagger = 0.3 * Math.min(options.intervalMs, Math.max(0, latest - warmUp));
  let atMs = Math.max(0, Math.round(Math.min(warmUp + random.between(0, stagger), latest)));
  const times: When[] = [];
  while (atMs <= latest) {
    const wanted = Math.max(shortest, durationMs * random.between(0.7, 1.3));
    const lastsMs = Math.floor(Math.min(wanted, end - atMs));
    times.push({ atMs, durationMs: lastsMs });
    const next = atMs + options.intervalMs * random.between(0.8, 1.2);
    atMs = Math.round(Math.max(next, atMs + lastsMs + gapMs));
  }
  return times;
}

/** A number that a fault keeps, so that what is picked by chance is picked again in a replay. */
export const planChoice = (random: Random): number => random.below(1_000_000);
