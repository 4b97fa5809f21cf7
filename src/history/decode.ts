/** One record batch: whether its lengths fit, and its columns as typed arrays. */
import { MessageHeader, type Message } from 'apache-arrow';
import { type Batch, columns, messageOf } from '../model/index.js';
import { columnNames, type Columns } from './schema.js';

type Layout = ReturnType<Message<MessageHeader.RecordBatch>['header']>;

/** Each column has a validity and a value buffer; `text`, the last, has offsets between them. */
const valueBuffer = (column: number) => 2 * column + 1;
const textBuffer = 2 * columnNames.length;
const widths = columnNames.map((name) => columns[name].BYTES_PER_ELEMENT);

/** What a message says of its batch, or why it is no batch of our columns that fits its body. */
export function layoutOf(message: Message): Layout | string {
  if (message.headerType !== MessageHeader.RecordBatch) return 'a message is no record batch';
  let batch: Layout;
  try {
    batch = message.header() as Layout;
  } catch (error) {
    return `a batch cannot be decoded: ${messageOf(error)}`;
  }
  const { length: n, nodes, buffers } = batch;
  if (batch.compression !== null) return 'a batch is compressed';
  if (nodes.length !== columnNames.length + 1 || buffers.length !== textBuffer + 3)
    return `a batch has ${nodes.length} columns in ${buffers.length} buffers`;
  const fits = (buffer: number, bytes: number) =>
    buffers[buffer]!.offset >= 0 &&
    buffers[buffer]!.length >= bytes &&
    buffers[buffer]!.offset + buffers[buffer]!.length <= message.bodyLength;
  const whole =
    n >= 0 &&
    nodes.every(
      (node, i) => node.length === n && (i === columnNames.length || node.nullCount === 0),
    ) &&
    widths.every((width, i) => fits(valueBuffer(i), n * width)) &&
    fits(textBuffer, nodes.at(-1)!.nullCount === 0 ? 0 : (n + 7) >> 3) &&
    fits(textBuffer + 1, n === 0 ? 0 : 4 * (n + 1)) &&
    fits(textBuffer + 2, 0);
  return whole ? batch : `the columns of a batch of ${n} rows do not fit its body`;
}

/** The columns are views of `body`; those that are not aligned are copies. */
export function decodeBatch(layout: Layout, body: Buffer<ArrayBuffer>, base: number): Batch {
  const { length: n, nodes, buffers } = layout;
  const cells = Object.fromEntries(
    columnNames.map((name, i) => {
      const { offset, length } = buffers[valueBuffer(i)]!;
      const at = body.byteOffset + offset;
      if (at % widths[i]! === 0) return [name, new columns[name](body.buffer, at, n)];
      // Arrow asks for multiples of 8 within a message, but a file may have been written by others.
      const copy = new Uint8Array(body.subarray(offset, offset + length));
      return [name, new columns[name](copy.buffer, 0, n)];
    }),
  ) as Columns;
  const nulls = nodes.at(-1)!.nullCount;
  return { base, n, ...cells, texts: nulls === n ? noTexts : decodeTexts(n, nulls, buffers, body) };
}

const noTexts: ReadonlyMap<number, string> = new Map();

function decodeTexts(n: number, nulls: number, buffers: Layout['buffers'], body: Buffer) {
  const [validity, offsets, data] = buffers.slice(textBuffer).map((region) => region.offset);
  const texts = new Map<number, string>();
  for (let row = 0; row < n; row++) {
    if (nulls > 0) {
      const byte = body[validity! + (row >> 3)]!;
      if (byte === 0) row |= 7;
      if ((byte & (1 << (row & 7))) === 0) continue;
    }
    const from = body.readInt32LE(offsets! + 4 * row);
    const to = body.readInt32LE(offsets! + 4 * row + 4);
    texts.set(row, body.toString('utf8', data! + from, data! + to));
  }
  return texts;
}
