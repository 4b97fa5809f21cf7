/** What a kind of change is, and a place where one is planted. */
import type { Facts, Batch, Emit, Random, RunInfo, WorthId } from '../../model/index.js';
import type { Edit } from './edit.js';
import type { Survey } from './survey.js';

/** Where one change goes. What the columns mean beyond their names, each kind says. */
export interface Place {
  key: number;
  /** -1: not about one offset; `value`, `node`, `op` and `epoch` the same. */
  offset: number;
  value: number;
  node: number;
  op: number;
  epoch: number;
  timeNs: number;
  /** Two places of one key that are closer than the kind demands do not share a pass. */
  order: number;
  /** Why nobody can have seen it, should nobody have seen it. */
  why: string;
  /** What the run lacks then: `a poll that goes on from there`. */
  lack: string;
}

export interface About {
  run: RunInfo;
  facts: Facts;
  survey: Survey;
  random: Random;
}

/** Writes the changes of all places into one batch. Batches come in order, each once. */
export type Plant = (batch: Batch, edit: Edit) => void;
export type Spot = Parameters<Emit>[0];

export interface WorthKindOf {
  id: WorthId;
  what: string;
  /** Types of anomalies that can name such a place. */
  types: readonly string[];
  /** It changes probe rows only, so those alone tell whether it is found. */
  probesOnly?: true;
  /** Up to `wanted` different places in random order, or why there is none. */
  places(about: About, wanted: number): Place[] | string;
  /** Whether the one could hide or change what is found of the other. */
  close(a: Place, b: Place): boolean;
  plant(places: readonly Place[]): Plant;
  /** Whether an anomaly of one of `types`, of the place's key, is about this very place. */
  names(place: Place, spot: Spot): boolean;
}

/** Different whole numbers from 0 to below `n`, at most `wanted`, in random order. */
export function sample(n: number, wanted: number, random: Random): number[] {
  if (n <= 2 * wanted)
    return random.shuffle(Array.from({ length: n }, (_, i) => i)).slice(0, wanted);
  const chosen = new Set<number>();
  while (chosen.size < wanted) chosen.add(random.below(n));
  return [...chosen];
}

export const grouped = <K, T>(items: readonly T[], by: (item: T) => K): Map<K, T[]> => {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(by(item));
    if (group) group.push(item);
    else groups.set(by(item), [item]);
  }
  return groups;
};
