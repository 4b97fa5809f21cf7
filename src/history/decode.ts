/** One record batch: whether its lengths fit, and its columns as typed arrays. */
import { MessageHeader } from 'apache-arrow';
import { type Batch, columns } from '../model/index.js';
import { readInt64, type Table } from './flatbuffer.js';
import type { Frame } from './messages.js';
import { columnNames, type Columns } from './schema.js';

/** Where the buffers of a batch lie in its body. */
interface Layout {
  n: number;
  /** Rows without a text. */
  nulls: number;
  /** Offset of each column's cells. */
  cells: number[];
  validity: number;
  offsets: number;
  text: number;
}

/** Of each column, `text` last: rows and nulls, two int64. */
const nodeBytes = 16;
/** Each column has a validity and a value buffer; `text` has offsets between them. */
const bufferBytes = 16;
const buffers = 2 * columnNames.length + 3;
const textBuffer = buffers - 3;
const widths = columnNames.map((name) => columns[name].BYTES_PER_ELEMENT);

/** What a message says of its batch, or why it is no batch of our columns that fits its body. */
export function layoutOf(frame: Frame): Layout | string {
  if (frame.type !== (MessageHeader.RecordBatch as number)) return 'a message is no record batch';
  try {
    return readLayout(frame.message.table(2), frame.end - frame.bodyAt);
  } catch (error) {
    if (error instanceof RangeError) return 'the head of a batch cannot be decoded';
    throw error;
  }
}

function readLayout(batch: Table, bodyLength: number): Layout | string {
  if (batch.has(3)) return 'a batch is compressed';
  const n = batch.int64(0);
  const nodes = batch.vector(1);
  const regions = batch.vector(2);
  if (nodes.n !== columnNames.length + 1 || regions.n !== buffers)
    return `a batch has ${nodes.n} columns in ${regions.n} buffers`;
  const { bytes } = batch;
  const nullsOf = (column: number) => readInt64(bytes, nodes.at + column * nodeBytes + 8);
  let fits = n >= 0;
  for (let column = 0; column < nodes.n; column++) {
    if (readInt64(bytes, nodes.at + column * nodeBytes) !== n) fits = false;
    if (column < columnNames.length && nullsOf(column) !== 0) fits = false;
  }
  const place = (buffer: number, length: number): number => {
    const at = readInt64(bytes, regions.at + buffer * bufferBytes);
    const has = readInt64(bytes, regions.at + buffer * bufferBytes + 8);
    if (at < 0 || has < length || at + has > bodyLength) fits = false;
    return at;
  };
  const nulls = nullsOf(columnNames.length);
  const layout: Layout = {
    n,
    nulls,
    cells: widths.map((width, column) => place(2 * column + 1, n * width)),
    validity: place(textBuffer, nulls === 0 ? 0 : (n + 7) >> 3),
    offsets: place(textBuffer + 1, n === 0 ? 0 : 4 * (n + 1)),
    text: place(textBuffer + 2, 0),
  };
  return fits ? layout : `the columns of a batch of ${n} rows do not fit its body`;
}

/** The columns are views of `body`; those that are not aligned are copies. */
export function decodeBatch(layout: Layout, body: Buffer<ArrayBuffer>, base: number): Batch {
  const { n } = layout;
  const view = <T>(type: { new (buffer: ArrayBuffer, at: number, n: number): T }, i: number): T => {
    const at = body.byteOffset + layout.cells[i]!;
    if (at % widths[i]! === 0) return new type(body.buffer, at, n);
    // Arrow asks for multiples of 8 within a message, but a file may have been written by others.
    return new type(new Uint8Array(body.subarray(layout.cells[i])).buffer, 0, n);
  };
  const cells = {} as Record<string, unknown>;
  for (let i = 0; i < columnNames.length; i++) {
    const name = columnNames[i]!;
    cells[name] = view<Columns[typeof name]>(columns[name], i);
  }
  return { base, n, ...(cells as Columns), texts: decodeTexts(layout, body) };
}

const noTexts: ReadonlyMap<number, string> = new Map();

function decodeTexts(layout: Layout, body: Buffer): ReadonlyMap<number, string> {
  const { n, nulls, validity, offsets, text } = layout;
  if (nulls === n) return noTexts;
  const texts = new Map<number, string>();
  for (let row = 0; row < n; row++) {
    if (nulls > 0) {
      const byte = body[validity + (row >> 3)]!;
      if (byte === 0) row |= 7;
      if ((byte & (1 << (row & 7))) === 0) continue;
    }
    const from = body.readInt32LE(offsets + 4 * row);
    const to = body.readInt32LE(offsets + 4 * row + 4);
    texts.set(row, body.toString('utf8', text + from, text + to));
  }
  return texts;
}
