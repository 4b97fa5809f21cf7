/** Histories of Jepsen's form that no cluster would make, small and full of every kind of fault. */
import { seeded } from '../../src/model/index.js';
import type { Line, Micro } from './imported.js';

type Pair = readonly [number, number];

/** Value v of a key stands at offset 2v, mostly. */
export function junk(seed: number): Line[] {
  const random = seeded(seed);
  const chance = (percent: number): boolean => random.below(100) < percent;
  const noise = random.pick([0, 5, 25]);
  const values = random.pick([4, 8, 16]);
  // Logs of many pages of offsets, and numbers of values that no list would be made for.
  const stretch = random.pick([1, 1, 1500]);
  const far = random.pick([0, 0, 1e6]);
  const at = (value: number): number =>
    stretch * (chance(noise) ? random.below(2 * values) : 2 * (value % 1000));
  const next = [0, 0, 0];
  const key = (): number => random.below(3);
  const value = (k: number): number =>
    far * k + (chance(noise) ? random.below(values) : next[k]!++);
  const read = (k: number): Pair[] => {
    const from = far * k + random.below(values);
    const pairs = Array.from({ length: random.below(5) }, (_, i): Pair => {
      const v = chance(noise) ? far * k + random.below(values) : from + i;
      return [at(v), v];
    });
    return chance(noise) ? pairs.reverse() : pairs;
  };
  const asked = (f: string): Micro[] =>
    Array.from({ length: 1 + random.below(4) }, (): Micro => {
      if (f === 'poll' || (f === 'txn' && chance(50))) return [':poll'];
      const k = key();
      return [':send', k, value(k)];
    });
  const done = (micro: Micro): Micro => {
    if (micro[0] === ':poll') {
      if (chance(10)) return micro;
      const keys = [0, 1, 2].filter(() => chance(50));
      return [':poll', keys.map((k) => [k, read(k)] as const)];
    }
    const [, k, sent] = micro as [':send', number, number];
    return chance(15) ? micro : [':send', k, [chance(20) ? null : at(sent), sent]];
  };
  const lines: Line[] = [];
  let time = 0;
  const add = (line: Omit<Line, 'index' | 'time'>): void => {
    time += random.below(3) * 1e6;
    lines.push({ index: lines.length, time, ...line });
  };
  const open = new Map<number, Omit<Line, 'index' | 'time'>>();
  const steps = random.below(80);
  for (let i = 0; i < steps; i++) {
    const process = random.below(4);
    const begun = open.get(process);
    if (begun) {
      open.delete(process);
      const type = random.pick<Line['type']>(['ok', 'ok', 'ok', 'fail', 'info']);
      const rebalanced = chance(15) ? [key()] : [];
      add({ ...begun, type, value: begun.value.map(done), rebalanced });
      continue;
    }
    const f = random.pick([
      'send',
      'send',
      'poll',
      'poll',
      'txn',
      'txn',
      'assign',
      'subscribe',
      'crash',
    ]);
    const keys = [0, 1, 2].filter(() => chance(60));
    const about = ['assign', 'subscribe'].includes(f)
      ? { value: [], keys }
      : { value: f === 'crash' ? [] : asked(f) };
    const line = { type: 'invoke' as const, process, f, ...about };
    open.set(process, line);
    add(line);
  }
  return lines;
}
