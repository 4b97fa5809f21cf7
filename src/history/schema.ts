/**
 * How a history is laid out on disk: an Apache Arrow IPC stream whose columns are those of
 * `Batch`, by their names and plain types, none of them nullable, and then `text`, nullable UTF-8.
 * The schema's metadata carry the version of the format.
 */
import {
  type Data,
  Field,
  makeData,
  makeVector,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
} from 'apache-arrow';
import { columns, type Column } from '../model/index.js';

export const formatKey = 'schism.history';
export const formatVersion = '1';

export type Columns = { [C in Column]: InstanceType<(typeof columns)[C]> };
export const columnNames = Object.keys(columns) as Column[];

/** A cell for every column and row; what it held before is lost. */
export const makeColumns = (rows: number): Columns =>
  Object.fromEntries(columnNames.map((name) => [name, new columns[name](rows)])) as Columns;

const utf8 = new Utf8();

export const schema = new Schema(
  [
    ...columnNames.map((name) => new Field(name, makeVector(new columns[name](0)).type, false)),
    new Field('text', utf8, true),
  ],
  new Map([[formatKey, formatVersion]]),
);
const struct = new Struct(schema.fields);

/** Continuation marker and length 0: nothing follows. */
export const endOfStream = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

/** What every history begins with. */
export const schemaBytes = tableToIPC(new Table(schema), 'stream').slice(0, -endOfStream.length);

/**
 * One record batch as an IPC message: the first `n` rows, with the texts of some of them in
 * ascending order of row.
 */
export function encodeBatch(cells: Columns, n: number, texts: ReadonlyMap<number, string>) {
  const children: Data[] = columnNames.map(
    (name) => makeVector(cells[name].subarray(0, n)).data[0]!,
  );
  children.push(encodeTexts(n, texts));
  const data = makeData({
    type: struct,
    length: n,
    nullCount: 0,
    children,
  });
  // A writer kept for the whole run would remember the place of every batch (arrow 21.1), so memory
  // would grow; a new one begins with the schema and ends the stream, and both are cut off here.
  const stream = RecordBatchStreamWriter.writeAll([new RecordBatch(schema, data)]);
  return stream.toUint8Array(true).subarray(schemaBytes.length, -endOfStream.length);
}

function encodeTexts(n: number, texts: ReadonlyMap<number, string>) {
  const nullBitmap = new Uint8Array((n + 7) >> 3);
  const valueOffsets = new Int32Array(n + 1);
  const parts: Buffer[] = [];
  let bytes = 0;
  let next = 0;
  for (const [row, text] of texts) {
    valueOffsets.fill(bytes, next, row + 1);
    next = row + 1;
    const part = Buffer.from(text);
    parts.push(part);
    bytes += part.length;
    nullBitmap[row >> 3]! |= 1 << (row & 7);
  }
  valueOffsets.fill(bytes, next);
  const nullCount = n - texts.size;
  const data = Buffer.concat(parts);
  return makeData({ type: utf8, length: n, nullCount, nullBitmap, valueOffsets, data });
}
