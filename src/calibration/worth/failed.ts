/**
 * The value of a failed send made visible: it took effect after all, right before the first record
 * that nobody knew of when it failed, so whatever came later stands one offset higher.
 */
import { lowerBound } from '../../analysis/index.js';
import { F, Kind, type Batch, type Row } from '../../model/index.js';
import type { Edit } from './edit.js';
import { grouped, type About, type Place, type WorthKindOf } from './kind.js';

export const failedVisible: WorthKindOf = {
  id: 'failed-visible',
  what: 'the value of a failed send that was stored all the same',
  types: ['G1a'],
  places({ facts, survey, random }: About) {
    if (survey.failed.seen === 0) return 'no send failed';
    const places = random.shuffle(survey.failed.items).flatMap(({ from, ...failed }): Place[] => {
      const read = facts.finals.keys.get(failed.key);
      const j = read ? lowerBound(read.offsets, read.n, from) : 0;
      // At the very end of a log nobody can say whether it would have been committed.
      if (!read || j >= read.n) return [];
      const why = 'no read of its key went past the place where it stood';
      const lack = 'reads of the key after the failure';
      const offset = read.offsets[j]!;
      const epoch = read.epochs[j]!;
      return [{ ...failed, offset, epoch, node: -1, op: -1, order: 0, why, lack }];
    });
    return places.length > 0 ? places : 'nothing was stored after any failed send';
  },
  close: () => false,
  plant(places) {
    const keys = new Map(
      [...grouped(places, ({ key }) => key)].map(([key, list]) => [key, new Shifted(list)]),
    );
    return (batch, edit) => {
      for (let i = 0; i < batch.n; i++) keys.get(batch.key[i]!)?.row(batch, edit, i);
    };
  },
  names: (place, spot) => spot.value === place.value,
};

/** One key's log with the values in it, each before the record that stood at its offset. */
class Shifted {
  readonly #places: readonly Place[];
  readonly #ats: Float64Array;
  /** Reads that have begun: op -> where. */
  readonly #asked = new Map<number, number>();

  constructor(places: readonly Place[]) {
    // Values of one send stay in their order.
    this.#places = [...places].sort((a, b) => a.offset - b.offset || a.value - b.value);
    this.#ats = Float64Array.from(this.#places, ({ offset }) => offset);
  }

  row(batch: Batch, edit: Edit, i: number): void {
    const [kind, f] = [batch.kind[i]!, batch.f[i]!];
    if (kind === Kind.record || f === F.send) this.#move(batch, edit, i, 'offset', 1);
    else if (f === F.watermark || f === F.poll || f === F.final || f === F.replica) {
      if (kind === Kind.invoke) this.#asked.set(batch.op[i]!, batch.offset[i]!);
      else if (kind <= Kind.info) this.#show(batch, edit, i);
      this.#move(batch, edit, i, 'offset', 0);
      this.#move(batch, edit, i, 'value', 0);
    }
  }

  /** A bound (the next offset, a high watermark, a log start) stays before a value put in there. */
  #move(batch: Batch, edit: Edit, i: number, column: 'offset' | 'value', past: 0 | 1): void {
    const old = batch[column][i]!;
    const by = old < 0 ? 0 : this.#below(old + past);
    if (by > 0) edit.set(column, i, old + by);
  }

  #below = (offset: number): number => lowerBound(this.#ats, this.#ats.length, offset);

  /** The read that ends in row `i` returns the values that lie in what it read. */
  #show(batch: Batch, edit: Edit, i: number): void {
    const op = batch.op[i]!;
    const asked = this.#asked.get(op) ?? Infinity;
    this.#asked.delete(op);
    let to = i + 1;
    while (to < batch.n && batch.kind[to] === Kind.record && batch.op[to] === op) to++;
    let row = i + 1;
    for (let p = this.#below(asked); p < this.#below(batch.offset[i]!); p++) {
      const { offset, value, epoch } = this.#places[p]!;
      while (row < to && batch.offset[row]! < offset) row++;
      const beside = row < to ? row : row - 1;
      const known = beside === i || batch.epoch[beside]! >= 0;
      const record: Row = {
        kind: Kind.record,
        f: batch.f[i]!,
        process: batch.process[i]!,
        op,
        timeNs: batch.timeNs[i]!,
        key: batch.key[i]!,
        offset: offset + p,
        value,
        node: batch.node[i]!,
        epoch: known ? epoch : -1,
        code: batch.kind[i]!,
      };
      edit.insert(row, record);
    }
  }
}
