import { seeded } from '../src/model/index.js';

export function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}
export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

/** 95 % interval of the median, by resampling. */
export function interval(numbers: readonly number[]): [number, number] {
  const random = seeded(1).fork('bootstrap');
  const medians = Array.from({ length: 10_000 }, () =>
    median(numbers.map(() => random.pick(numbers))),
  );
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}
