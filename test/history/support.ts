import {
  F,
  foreignValue,
  Kind,
  type Batch,
  type Records,
  type Row,
} from '../../src/model/index.js';
import fc from 'fast-check';
import { columns, type Column, type Recorder } from '../../src/model/index.js';

/** What one append() or complete() was given. */
export type Group = { rows: Row[] } | { completion: Row; records: Records };

export const columnNames = Object.keys(columns) as Column[];

/** A row as it must come back: every column, and its text if it has one. */
export type Whole = Record<Column, number> & { text?: string };

export const whole = (row: Row): Whole => {
  const { text, ...numbers } = row;
  const all = Object.fromEntries(columnNames.map((name) => [name, name === 'code' ? 0 : -1]));
  return { ...all, ...numbers, ...(text !== undefined && { text }) } as Whole;
};

/** The rows of a group, by the words of model/batch.ts. */
export function rowsOf(group: Group): Whole[] {
  if ('rows' in group) return group.rows.map(whole);
  const { completion, records } = group;
  const head = whole(completion);
  const rows = Array.from({ length: records.n }, (_, i): Whole => {
    const text = records.foreign?.get(i);
    return {
      kind: Kind.record,
      f: head.f,
      process: head.process,
      op: head.op,
      timeNs: head.timeNs,
      key: head.key,
      offset: records.offsets[i]!,
      value: records.values[i]!,
      node: head.node,
      epoch: records.epochs[i]!,
      peer: -1,
      code: head.kind,
      ...(text !== undefined && { text }),
    };
  });
  return [head, ...rows];
}

export function record(recorder: Recorder, group: Group): void {
  if ('rows' in group) recorder.append(group.rows);
  else recorder.complete(group.completion, group.records);
}

export function batchRows(batch: Batch): Whole[] {
  return Array.from({ length: batch.n }, (_, i) => {
    const text = batch.texts.get(i);
    const numbers = Object.fromEntries(columnNames.map((name) => [name, batch[name][i]!]));
    return { ...numbers, ...(text !== undefined && { text }) } as Whole;
  });
}

export const readRows = (batches: Iterable<Batch>): Whole[] => [...batches].flatMap(batchRows);

const float = fc.oneof(
  fc.constantFrom(-1, 0, 2 ** 32, 2 ** 53 - 1),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const int32 = fc.integer({ min: -1, max: 2 ** 31 - 1 });
const node = fc.integer({ min: -1, max: 32767 });
const text = fc.oneof(
  fc.constantFrom('', 'é', '𝄞'),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

export const arbitraryRow: fc.Arbitrary<Row> = fc.record(
  {
    kind: fc.integer({ min: 0, max: 7 }),
    f: fc.constantFrom(...Object.values(F)),
    timeNs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    process: int32,
    op: float,
    key: int32,
    offset: float,
    value: float,
    node,
    epoch: int32,
    peer: node,
    code: fc.integer({ min: -32768, max: 32767 }),
    text,
  },
  { requiredKeys: ['kind', 'f', 'timeNs'] },
);

const arbitraryRecords: fc.Arbitrary<Records> = fc
  .array(fc.tuple(float, float, int32, fc.option(text, { freq: 4, nil: undefined })), {
    maxLength: 40,
  })
  .chain((rows) =>
    fc.nat({ max: 5 }).map((spare) => {
      // Arrays that are longer than their records, and foreign records in no order.
      const n = rows.length;
      const offsets = new Float64Array(n + spare).fill(7);
      const values = new Float64Array(n + spare).fill(7);
      const epochs = new Int32Array(n + spare).fill(7);
      const foreign = new Map<number, string>();
      for (let i = n - 1; i >= 0; i--) {
        const [offset, value, epoch, bytes] = rows[i]!;
        offsets[i] = offset;
        values[i] = bytes === undefined ? value : foreignValue;
        epochs[i] = epoch;
        if (bytes !== undefined) foreign.set(i, bytes);
      }
      return { n, offsets, values, epochs, ...(foreign.size > 0 && { foreign }) };
    }),
  );

export const arbitraryGroup: fc.Arbitrary<Group> = fc.oneof(
  fc.record({ rows: fc.array(arbitraryRow, { maxLength: 6 }) }),
  fc.record({ completion: arbitraryRow, records: arbitraryRecords }),
);
