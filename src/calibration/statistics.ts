/** What a count of so many runs is worth. */

/**
 * The largest share that `found` of `runs` leaves possible at 95 % (Clopper and Pearson, one
 * side). With 0 found it is 1 - 0.05^(1/runs), of which the rule of three (3/runs) is the
 * approximation. No runs: 1.
 */
export function atMost(found: number, runs: number): number {
  if (found >= runs) return 1;
  let [low, high] = [found / runs, 1];
  // Each step halves the interval: 50 are more than a double can tell apart.
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (upTo(found, runs, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

/** The smallest share that `found` of `runs` leaves possible at 95 %. */
export const atLeast = (found: number, runs: number): number => 1 - atMost(runs - found, runs);

/** P(X <= found) of a binomial X. */
function upTo(found: number, runs: number, share: number): number {
  let term = (1 - share) ** runs;
  let sum = term;
  for (let k = 1; k <= found; k++) {
    term *= ((runs - k + 1) / k) * (share / (1 - share));
    sum += term;
  }
  return sum;
}

/** Of an even number the mean of the middle two; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
