/** Reads a history batch by batch, also one that is cut, or still being recorded. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { Message, MessageHeader } from 'apache-arrow';
import { type Batch, messageOf, SchismError } from '../model/index.js';
import { decodeBatch, layoutOf } from './decode.js';
import { type Cut, type Frame, readFrame, Source } from './messages.js';
import { formatKey, formatVersion, schema, schemaBytes } from './schema.js';

export interface History {
  /**
   * The whole batches in order, from the first, anew with each call. Their columns are typed arrays
   * over memory of their own, so they may be kept. One batch is in memory at a time.
   * With `reuse` they share their memory, which is faster: each is good until the next is asked for.
   */
  batches(options?: { reuse?: boolean }): Generator<Batch>;
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
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw noHistory(file, 'something that is no file');
    const source = new Source(fd, stat.size, true);
    const start = readStart(source, file);
    if (typeof start === 'object') return { start: 0, end: 0, rows: 0, cut: start };
    return { start, ...scan(source, start) };
  });
  function* batches({ reuse = false } = {}): Generator<Batch> {
    const fd = open(file);
    try {
      const source = new Source(fd, end, reuse);
      let base = 0;
      for (let at = start; at < end;) {
        const frame = readFrame(source, at);
        const layout = typeof frame === 'object' ? layoutOf(frame) : '';
        if (typeof frame !== 'object' || typeof layout === 'string')
          throw new SchismError(
            'history',
            `Expected ${file} to stay as it was while it is read, got another message at ${at}.`,
          );
        const batch = decodeBatch(
          layout,
          source.bytes(frame.bodyAt, frame.end - frame.bodyAt),
          base,
        );
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

const noHistory = (file: string, got: string): SchismError =>
  new SchismError(
    'history',
    `Expected ${file} to be a Schism history (an Arrow IPC stream), got ${got}.`,
  );

/** Where the first batch begins, or the cut of a file that was cut within its schema. */
function readStart(source: Source, file: string): number | Cut {
  const { size } = source;
  if (size === 0) throw noHistory(file, 'an empty file');
  if (size < schemaBytes.length) {
    const bytes = source.bytes(0, size);
    if (Buffer.compare(bytes, schemaBytes.subarray(0, size)) === 0)
      return { byte: 0, reason: `the file ends ${size} bytes into its schema` };
  }
  const frame = readFrame(source, 0);
  if (typeof frame === 'string') throw noHistory(file, `a file in which ${frame}`);
  if (frame === undefined || frame.type !== (MessageHeader.Schema as number))
    throw noHistory(file, 'a stream without a schema');
  const found = readSchema(frame, file);
  const version = found.metadata.get(formatKey);
  if (version === undefined)
    throw noHistory(file, `an Arrow stream without \`${formatKey}\` in its metadata`);
  if (version !== formatVersion)
    throw new SchismError(
      'history',
      `Expected ${file} to be a history of format ${formatVersion}, got format ${version}.`,
    );
  if (describe(found) !== describe(schema)) throw noHistory(file, `the columns ${describe(found)}`);
  return frame.end;
}

function readSchema(frame: Frame, file: string): typeof schema {
  try {
    return Message.decode(frame.message.bytes).header() as typeof schema;
  } catch (error) {
    throw noHistory(file, `a schema that cannot be decoded (${messageOf(error)})`);
  }
}

const describe = (of: typeof schema): string =>
  of.fields.map((field) => `${field.name} ${String(field.type)}`).join(', ');

/** Counts the rows of the whole batches and finds where they end. */
function scan(source: Source, start: number): { end: number; rows: number; cut?: Cut } {
  let rows = 0;
  for (let at = start; ;) {
    const frame = readFrame(source, at);
    if (frame === undefined) return { end: at, rows };
    if (typeof frame === 'string') return { end: at, rows, cut: { byte: at, reason: frame } };
    const layout = layoutOf(frame);
    if (typeof layout === 'string') return { end: at, rows, cut: { byte: at, reason: layout } };
    rows += layout.n;
    at = frame.end;
  }
}
