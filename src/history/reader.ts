/** Reads a history batch by batch, also one that is cut, or still being recorded. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { MessageHeader, type Message } from 'apache-arrow';
import { type Batch, columns, messageOf, SchismError } from '../model/index.js';
import { type Cut, type Frame, isSchema, readBytes, readFrame } from './messages.js';
import { columnNames, type Columns, formatKey, formatVersion, schema } from './schema.js';
import { schemaBytes } from './schema.js';

export interface History {
  /**
   * The whole batches in order, from the first, anew with each call. Their columns are typed arrays
   * over memory of their own, so they may be kept. One batch is in memory at a time.
   */
  batches(): Generator<Batch>;
  /** Whether the file lacks its end: the recorder was killed, or the file cut or damaged. */
  readonly truncated: boolean;
  /** The first byte that is not part of a whole batch, and why. */
  readonly truncatedAt?: Cut;
  /** Rows in whole batches. */
  readonly rows: number;
}

/**
 * Opens a history. The frames are walked once, up front, so `rows` and `truncated` are known before
 * the first batch is read; what is appended to the file later is not seen.
 *
 * Throws a SchismError (history) if there is no such file, or if it is empty or no history.
 */
export function readHistory(file: string): History {
  const { start, end, rows, cut } = withFile(file, (fd) => {
    const { size } = fstatSync(fd);
    const start = readStart(fd, file, size);
    if (typeof start !== 'number') return { start: 0, end: 0, rows: 0, cut: start };
    return { start, ...scan(fd, start, size) };
  });
  function* batches(): Generator<Batch> {
    const fd = open(file);
    try {
      let base = 0;
      for (let at = start; at < end;) {
        const frame = readFrame(fd, at, end);
        if (typeof frame !== 'object')
          throw new SchismError(
            'history',
            `Expected ${file} to stay as it was while it is read, got another message at ${at}.`,
          );
        const batch = decode(frame, readBytes(fd, frame.bodyAt, frame.message.bodyLength), base);
        base += batch.n;
        at = frame.end;
        yield batch;
      }
    } finally {
      closeSync(fd);
    }
  }
  return { batches, rows, truncated: cut !== undefined, ...(cut && { truncatedAt: cut }) };
}

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw new SchismError('history', `Expected a history at ${file}, got ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

function withFile<T>(file: string, use: (fd: number) => T): T {
  const fd = open(file);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** Where the first batch begins, or the cut of a file that was cut within its schema. */
function readStart(fd: number, file: string, size: number): number | Cut {
  const not = (got: string) =>
    new SchismError(
      'history',
      `Expected ${file} to be a Schism history (Arrow IPC stream), got ${got}.`,
    );
  if (!fstatSync(fd).isFile()) throw not('something that is no file');
  if (size === 0) throw not('an empty file');
  if (size < schemaBytes.length) {
    const bytes = readBytes(fd, 0, size);
    if (Buffer.compare(bytes, schemaBytes.subarray(0, size)) === 0)
      return { byte: 0, reason: `the file ends ${size} bytes into its schema` };
  }
  const frame = readFrame(fd, 0, size);
  if (typeof frame === 'string') throw not(`a file in which ${frame}`);
  if (frame === undefined || !isSchema(frame.message)) throw not('a stream without a schema');
  const found = frame.message.header() as typeof schema;
  const version = found.metadata.get(formatKey);
  if (version === undefined) throw not(`an Arrow stream without \`${formatKey}\` in its metadata`);
  if (version !== formatVersion)
    throw new SchismError(
      'history',
      `Expected ${file} to be a history of format ${formatVersion}, got format ${version}.`,
    );
  if (describe(found) !== describe(schema)) throw not(`the columns ${describe(found)}`);
  return frame.end;
}

const describe = (of: typeof schema): string =>
  of.fields.map((field) => `${field.name} ${String(field.type)}`).join(', ');

/** Counts the rows of the whole batches and finds where they end. */
function scan(fd: number, start: number, size: number) {
  let rows = 0;
  for (let at = start; ;) {
    const frame = readFrame(fd, at, size);
    if (frame === undefined) return { end: at, rows, cut: undefined };
    const reason = typeof frame === 'string' ? frame : misfit(frame.message);
    if (typeof frame === 'string' || reason !== undefined)
      return { end: at, rows, cut: { byte: at, reason: reason ?? '' } satisfies Cut };
    rows += layout(frame.message).length;
    at = frame.end;
  }
}

type Layout = ReturnType<Message<MessageHeader.RecordBatch>['header']>;
const layout = (message: Message): Layout => message.header() as Layout;

/** Each column has a validity and a value buffer; `text`, the last, has offsets between them. */
const valueBuffer = (column: number) => 2 * column + 1;
const textBuffer = 2 * columnNames.length;
const widths = columnNames.map((name) => columns[name].BYTES_PER_ELEMENT);

/** Why a message is no batch with our columns, if it is none: lengths that do not fit. */
function misfit(message: Message): string | undefined {
  if (message.headerType !== MessageHeader.RecordBatch) return 'a message is no record batch';
  let batch: Layout;
  try {
    batch = layout(message);
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
  return whole ? undefined : `the columns of a batch of ${n} rows do not fit its body`;
}

function decode(frame: Frame, body: Uint8Array<ArrayBuffer>, base: number): Batch {
  const { length: n, nodes, buffers } = layout(frame.message);
  const cells = Object.fromEntries(
    columnNames.map((name, i) => {
      const { offset } = buffers[valueBuffer(i)]!;
      const aligned = offset % widths[i]! === 0;
      // Arrow asks for buffers at multiples of 8, but only recommends it of those that write.
      const from = aligned ? body.buffer : body.slice(offset).buffer;
      return [name, new columns[name](from, aligned ? offset : 0, n)];
    }),
  ) as Columns;
  const nulls = nodes.at(-1)!.nullCount;
  return { base, n, ...cells, texts: nulls === n ? noTexts : decodeTexts(n, nulls, buffers, body) };
}

const noTexts: ReadonlyMap<number, string> = new Map();

function decodeTexts(n: number, nulls: number, buffers: Layout['buffers'], body: Uint8Array) {
  const [validity, offsets, data] = buffers.slice(textBuffer).map((region) => region.offset);
  const view = new DataView(body.buffer);
  const bytes = Buffer.from(body.buffer, data);
  const texts = new Map<number, string>();
  for (let row = 0; row < n; row++) {
    if (nulls > 0) {
      const byte = body[validity! + (row >> 3)]!;
      if (byte === 0) row |= 7;
      if ((byte & (1 << (row & 7))) === 0) continue;
    }
    const from = view.getInt32(offsets! + 4 * row, true);
    texts.set(row, bytes.toString('utf8', from, view.getInt32(offsets! + 4 * row + 4, true)));
  }
  return texts;
}
