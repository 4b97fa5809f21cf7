/**
 * How a history is laid out on disk: an Apache Arrow IPC stream whose columns are those of
 * `Batch`, by their names and plain types, none of them nullable, and then `text`, nullable UTF-8.
 * The schema's metadata carry the version of the format.
 */
import { Field, makeVector, Message, Schema, Table, tableToIPC, Utf8 } from 'apache-arrow';
import { BufferRegion, FieldNode, RecordBatch } from 'apache-arrow/ipc/metadata/message';
import { columns, type Column } from '../model/index.js';

export const formatKey = 'schism.history';
export const formatVersion = '1';

type Cells = Uint8Array | Int16Array | Int32Array | Float64Array;
export type Columns = { [C in Column]: InstanceType<(typeof columns)[C]> };
export const columnNames = Object.keys(columns) as Column[];

/** Cells for at least `rows` rows, with room for the padding of each column. */
export const makeColumns = (rows: number): Columns =>
  Object.fromEntries(columnNames.map((name) => [name, new columns[name](padTo8(rows))])) as Columns;

export const schema = new Schema(
  [
    ...columnNames.map((name) => new Field(name, makeVector(new columns[name](0)).type, false)),
    new Field('text', new Utf8(), true),
  ],
  new Map([[formatKey, formatVersion]]),
);
/** Continuation marker and length 0: nothing follows. */
export const endOfStream = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

/** What every history begins with. */
export const schemaBytes = tableToIPC(new Table(schema), 'stream').slice(0, -endOfStream.length);

/**
 * One record batch as an IPC message, in parts to be written one after the other: the first `n`
 * rows, with the texts of some of them in ascending order of row. The parts are views of `cells`,
 * so they must be written before the cells change.
 *
 * The layout is ours and not RecordBatchStreamWriter's, because that one copies every column, and
 * remembers the place of every batch, so that memory would grow as long as a run lasts (21.1).
 */
export function encodeBatch(cells: Columns, n: number, texts: ReadonlyMap<number, string>) {
  const parts: Uint8Array[] = [];
  const regions: BufferRegion[] = [];
  let length = 0;
  const add = (part: Uint8Array) => {
    regions.push(new BufferRegion(length, part.length));
    parts.push(part);
    length += part.length;
  };
  for (const name of columnNames) {
    add(noBytes);
    add(padded(cells[name], n));
  }
  const [validity, offsets, data] = encodeTexts(n, texts);
  add(padded(validity, validity.length));
  add(padded(offsets, offsets.length));
  add(padded(data, data.length));
  const nodes = columnNames.map(() => new FieldNode(n, 0));
  nodes.push(new FieldNode(n, n - texts.size));
  const message = Message.from(new RecordBatch(n, nodes, regions, null), length);
  return [frame(Message.encode(message)), ...parts];
}

const noBytes = new Uint8Array(0);

/** Buffers take multiples of 8 bytes. */
const padTo8 = (bytes: number) => (bytes + 7) & ~7;

/** The bytes of the first `n` cells and of zeros behind them. */
function padded(cells: Cells, n: number): Uint8Array {
  const bytes = n * cells.BYTES_PER_ELEMENT;
  if (bytes % 8 === 0) return new Uint8Array(cells.buffer, cells.byteOffset, bytes);
  const whole = new Uint8Array(cells.buffer, cells.byteOffset, padTo8(bytes));
  return whole.fill(0, bytes);
}

/** Continuation marker, length, metadata. */
function frame(metadata: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + padTo8(metadata.length)).fill(255, 0, 4);
  new DataView(bytes.buffer).setInt32(4, bytes.length - 8, true);
  bytes.set(metadata, 8);
  return bytes;
}

/** Validity, offsets and bytes, each with room for its padding. */
function encodeTexts(n: number, texts: ReadonlyMap<number, string>) {
  const validity = new Uint8Array(padTo8((n + 7) >> 3));
  const offsets = new Int32Array(padTo8(4 * (n + 1)) / 4);
  const parts: Buffer[] = [];
  let bytes = 0;
  let next = 0;
  for (const [row, text] of texts) {
    offsets.fill(bytes, next, row + 1);
    next = row + 1;
    const part = Buffer.from(text);
    parts.push(part);
    bytes += part.length;
    validity[row >> 3]! |= 1 << (row & 7);
  }
  if (bytes > 0) offsets.fill(bytes, next, n + 1);
  const data = new Uint8Array(padTo8(bytes));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return [validity, offsets, data] as const;
}
