/** Gathers anomalies: all are counted, many are kept compact, the first ones whole. */
import type { Anomaly, Emit } from '../model/index.js';

type At = Parameters<Emit>[0];
export interface Found extends At {
  /** Only of those that are kept whole. */
  whole?: Anomaly;
}

/** Of one type, key and cause. */
const keptWhole = 200;
export const keptCompact = 100_000;

export class Collector {
  /** By type, in the order of discovery. */
  readonly found = new Map<string, Found[]>();
  /** Type -> key -> anomalies that were counted and not kept. */
  readonly beyond = new Map<string, Map<number, number>>();
  readonly #wholes = new Map<string, number>();
  readonly #cause: (timeNs: number) => string;

  /** `cause` names what may have caused something then, so that each card has whole anomalies. */
  constructor(cause: (timeNs: number) => string) {
    this.#cause = cause;
  }

  /** For one checker; `count` says how many it handed over, and how many are permitted. */
  emitter(permitted: (type: string) => boolean = () => false): {
    emit: Emit;
    count: () => { all: number; permitted: number };
  } {
    const counts = { all: 0, permitted: 0 };
    const emit: Emit = (at, whole) => {
      counts.all++;
      if (permitted(at.type)) counts.permitted++;
      this.#add(at, whole);
    };
    return { emit, count: () => counts };
  }

  #add(at: At, whole: Parameters<Emit>[1]): void {
    const list = this.found.get(at.type) ?? [];
    this.found.set(at.type, list);
    if (list.length >= keptCompact) {
      const keys = this.beyond.get(at.type) ?? new Map<number, number>();
      this.beyond.set(at.type, keys.set(at.key, (keys.get(at.key) ?? 0) + 1));
      return;
    }
    const found: Found = { ...at };
    // Before the thunk is called: what it tells must count also if it throws.
    list.push(found);
    const name = `${at.type}/${at.key}/${this.#cause(at.timeNs)}`;
    const wholes = this.#wholes.get(name) ?? 0;
    if (wholes >= keptWhole) return;
    this.#wholes.set(name, wholes + 1);
    const { type, key, offset, value, timeNs } = at;
    found.whole = { type, key, offset, value, timeNs, ...whole() };
  }
}
