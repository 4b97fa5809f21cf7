/** Changes of one batch. The batch itself stays as it was: columns are copied when first written. */
import { columns, type Batch, type Column, type Row } from '../../model/index.js';

const names = Object.keys(columns) as Column[];
type Cells = { -readonly [C in Column]?: Batch[C] };

export class Edit {
  readonly #batch: Batch;
  readonly #drops = new Set<number>();
  readonly #inserts: { before: number; row: Row }[] = [];
  readonly #cells: Cells = {};

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  drop(i: number): void {
    this.#drops.add(i);
  }

  set(column: Column, i: number, value: number): void {
    const cells = this.#cells as Partial<Record<Column, Batch[Column]>>;
    (cells[column] ??= this.#batch[column].slice())[i] = value;
  }

  /** Several before one row stay in the order of the calls. */
  insert(before: number, row: Row): void {
    this.#inserts.push({ before, row });
  }

  /** The batch with the changes, its first row number `base`. */
  done(base: number): Batch {
    const same = base === this.#batch.base && Object.keys(this.#cells).length === 0;
    const batch = same ? this.#batch : { ...this.#batch, ...this.#cells, base };
    if (this.#drops.size + this.#inserts.length === 0) return batch;
    const inserts = this.#inserts.sort((a, b) => a.before - b.before);
    const from: number[] = [];
    let next = 0;
    for (let i = 0; i <= batch.n; i++) {
      while (inserts[next]?.before === i) from.push(~next++);
      if (i < batch.n && !this.#drops.has(i)) from.push(i);
    }
    return picked(
      batch,
      from,
      inserts.map(({ row }) => row),
    );
  }
}

/** A batch of these rows of another; ~0, ~1 and so on are those of `more`. */
export function picked(batch: Batch, from: readonly number[], more: readonly Row[] = []): Batch {
  const column = (name: Column): Batch[Column] => {
    const [old, absent] = [batch[name], name === 'code' ? 0 : -1];
    const cells = new columns[name](from.length);
    from.forEach((at, i) => (cells[i] = at < 0 ? (more[~at]![name] ?? absent) : old[at]!));
    return cells;
  };
  const texts = new Map<number, string>();
  from.forEach((at, i) => {
    const text = at < 0 ? more[~at]!.text : batch.texts.get(at);
    if (text !== undefined) texts.set(i, text);
  });
  const cells = Object.fromEntries(names.map((name) => [name, column(name)]));
  return { base: batch.base, n: from.length, texts, ...cells } as unknown as Batch;
}
