/** A history as a Parquet file, for DuckDB and other tools that read columns. */
import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { type ColumnSource, fileWriter, ParquetWriter } from 'hyparquet-writer';
import { type Batch, messageOf, type RunInfo, SchismError } from '../model/index.js';
import { keyNames, type Line, lineOf } from './jsonl.js';

/** Column -> its type and its name in the JSON lines. */
const columns = {
  row: ['INT64', 'row'],
  time_ns: ['INT64', 'timeNs'],
  kind: ['STRING', 'kind'],
  f: ['STRING', 'f'],
  process: ['INT32', 'process'],
  op: ['INT64', 'op'],
  key: ['STRING', 'key'],
  offset: ['INT64', 'offset'],
  value: ['STRING', 'value'],
  high_watermark: ['INT64', 'highWatermark'],
  log_start: ['INT64', 'logStart'],
  node: ['INT32', 'node'],
  epoch: ['INT32', 'epoch'],
  leader: ['INT32', 'leader'],
  in_sync: ['INT32', 'inSync'],
  peer: ['INT32', 'peer'],
  acks: ['INT32', 'acks'],
  outcome: ['STRING', 'outcome'],
  proof: ['STRING', 'proof'],
  state: ['STRING', 'state'],
  code: ['INT32', 'code'],
  text: ['STRING', 'text'],
} as const;
const entries = Object.entries(columns);
/** Those that every row has. */
const required = new Set(['row', 'time_ns', 'kind', 'f']);

/** Rows of a row group: what is in memory at a time. */
const groupRows = 50_000;

/**
 * Writes a history to `file`: one row for each row of the history, in order, with the fields of the
 * JSON lines (see jsonl.ts for what each holds) as columns of one type each, null where a line lacks
 * the field. Names are those of the lines in snake case.
 *
 * | type   | columns |
 * |--------|---------|
 * | INT64  | `row`, `time_ns` (from the begin of the load), `op`, `offset`, `high_watermark`, `log_start` |
 * | INT32  | `process`, `node`, `epoch`, `leader`, `in_sync`, `peer`, `acks` (-1: all), `code` |
 * | STRING | `kind`, `f`, `key` (`orders-0`; its number if the run does not name it), `value` (`w5.103`), `outcome`, `proof`, `state`, `text` |
 *
 * `file` is the old or the new one, whole, at any moment. Throws a SchismError (usage) if it cannot
 * be written, and what `batches` throws.
 */
export function exportParquet(
  batches: Iterable<Batch>,
  run: Pick<RunInfo, 'keys'>,
  file: string,
): void {
  const there = statSync(file, { throwIfNoEntry: false });
  if (there && !there.isFile()) {
    const got = there.isDirectory() ? 'a directory' : 'a device or the like';
    throw new SchismError('usage', `Expected ${file} to be a file to write, got ${got}.`);
  }
  // A link stays one, and what it leads to is replaced.
  const real = there ? realpathSync(file) : file;
  const temporary = `${real}.${process.pid}.tmp`;
  try {
    attempt(file, () => closeSync(openSync(temporary, 'w')));
    writeGroups(batches, run, temporary, (write) => attempt(file, write));
    attempt(file, () => {
      const fd = openSync(temporary, 'r+');
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, real);
    });
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** A disk that is full, a folder that is not there: the user's to mend. */
function attempt(file: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    const got = messageOf(cause);
    throw new SchismError('usage', `Expected to write ${file}, got ${got}.`, { cause });
  }
}

function writeGroups(
  batches: Iterable<Batch>,
  run: Pick<RunInfo, 'keys'>,
  file: string,
  guard: (write: () => void) => void,
): void {
  const keys = keyNames(run);
  const writer = new ParquetWriter({
    writer: fileWriter(file),
    schema: [
      { name: 'history', num_children: entries.length },
      ...entries.map(([name, [type]]) => ({
        name,
        ...(type === 'STRING'
          ? ({ type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const)
          : { type }),
        repetition_type: required.has(name) ? ('REQUIRED' as const) : ('OPTIONAL' as const),
      })),
    ],
    createdBy: 'schism',
  });
  let lines: Line[] = [];
  const flush = (): void => {
    if (lines.length === 0) return;
    const columnData = entries.map(([name, [type, field]]): ColumnSource => {
      return { name, data: lines.map((line) => cell(type, line[field])) };
    });
    guard(() => void writer.write({ columnData, rowGroupSize: groupRows }));
    lines = [];
  };
  for (const batch of batches)
    for (let i = 0; i < batch.n; i++) {
      lines.push(lineOf(batch, i, keys));
      if (lines.length === groupRows) flush();
    }
  flush();
  guard(() => void writer.finish());
}

function cell(type: 'INT32' | 'INT64' | 'STRING', value: string | number | undefined): unknown {
  if (value === undefined) return null;
  return type === 'INT64'
    ? BigInt(Math.round(Number(value)))
    : type === 'STRING'
      ? String(value)
      : value;
}
