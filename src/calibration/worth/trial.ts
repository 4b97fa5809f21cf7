/** One kind of change at its places: pass after pass until all were tried or the time is up. */
import { examine } from '../../analysis/index.js';
import {
  messageOf,
  type Batch,
  type Checker,
  type RunInfo,
  type WorthKind,
} from '../../model/index.js';
import { atLeast } from '../statistics.js';
import { Edit } from './edit.js';
import { grouped, type Place, type Plant, type WorthKindOf } from './kind.js';

/** Below this share a result says what the run lacked. */
const low = 0.95;
const listed = 5;

export class Trial {
  /** What its last pass took. */
  passMs: number;
  readonly #kind: WorthKindOf;
  readonly #places: readonly Place[];
  #reason: string | undefined;
  /** By place: whether it was found; undefined: not tried yet. */
  readonly #found: (boolean | undefined)[];

  constructor(kind: WorthKindOf, places: readonly Place[] | string, passMs: number) {
    this.#kind = kind;
    this.#places = typeof places === 'string' ? [] : places;
    this.#reason = typeof places === 'string' ? places : undefined;
    this.#found = this.#places.map(() => undefined);
    this.passMs = passMs;
  }

  get pending(): boolean {
    return this.#reason === undefined && this.#found.includes(undefined);
  }

  /** Tries as many places as do not touch each other. */
  pass(run: RunInfo, batches: Iterable<Batch>, checkers: readonly Checker[]): void {
    const chosen: number[] = [];
    const byKey = new Map<number, Place[]>();
    this.#places.forEach((place, p) => {
      const near = byKey.get(place.key) ?? [];
      if (this.#found[p] !== undefined || near.some((one) => this.#kind.close(one, place))) return;
      chosen.push(p);
      near.push(place);
      byKey.set(place.key, near);
    });
    try {
      const found = tryPlaces(this.#kind, this.#at(chosen), run, batches, checkers);
      for (const p of chosen) this.#found[p] = found.has(this.#places[p]!);
    } catch (error) {
      this.#reason = `a checker threw: ${messageOf(error)}`;
    }
  }

  #at = (numbers: readonly number[]): Place[] => numbers.map((p) => this.#places[p]!);

  /** `none`: why it was not tried, if nothing else hindered it. */
  result(none: string): WorthKind {
    // Places that share no pass with others come late: all up to the first untried one count, lest
    // those that are easy to combine outweigh the rest.
    const untried = this.#found.indexOf(undefined);
    const trials = untried < 0 ? this.#found.length : untried;
    const missed = this.#places.slice(0, trials).filter((_, p) => this.#found[p] === false);
    const found = trials - missed.length;
    const { id, what } = this.#kind;
    const reason = this.#reason ?? (trials === 0 ? none : undefined);
    return {
      id,
      what,
      trials,
      found,
      atLeast: trials === 0 ? 0 : atLeast(found, trials),
      missed: missed
        .slice(0, listed)
        .map(({ key, offset, value, timeNs, why }) => ({ key, offset, value, timeNs, why })),
      ...(found < low * trials && { lacked: lacked(missed) }),
      ...(reason !== undefined && { notMeasured: reason }),
    };
  }
}

/** `a later poll that goes on from that one (28 of 31)` */
function lacked(missed: readonly Place[]): string {
  const lacks = [...grouped(missed, ({ lack }) => lack)].sort((a, b) => b[1].length - a[1].length);
  const [[lack, most]] = lacks as [[string, Place[]]];
  return most.length === missed.length ? lack : `${lack} (${most.length} of ${missed.length})`;
}

/** The places that an anomaly named when all of them were planted at once. */
export function tryPlaces(
  kind: WorthKindOf,
  places: readonly Place[],
  run: RunInfo,
  batches: Iterable<Batch>,
  checkers: readonly Checker[],
): Set<Place> {
  const byKey = grouped(places, ({ key }) => key);
  const found = new Set<Place>();
  examine({
    run,
    batches: planted(batches, kind.plant(places)),
    checkers: checkers.filter(({ meta }) => meta.anomalies.some((one) => kind.types.includes(one))),
    emit(spot) {
      if (!kind.types.includes(spot.type)) return;
      for (const place of byKey.get(spot.key) ?? []) if (kind.names(place, spot)) found.add(place);
    },
  });
  return found;
}

/** The history with changes in it; what it is read from stays as it was. */
export function* planted(batches: Iterable<Batch>, plant: Plant): Generator<Batch> {
  let base = 0;
  for (const batch of batches) {
    const edit = new Edit(batch);
    plant(batch, edit);
    const changed = edit.done(base);
    base += changed.n;
    yield changed;
  }
}
