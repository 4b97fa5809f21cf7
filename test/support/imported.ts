/** Imported histories by hand, as rows. */
import { F, importedValue, Kind, type Row, type RunInfo } from '../../src/model/index.js';
import { History } from './history.js';

/** `[':send', key, value]`, `[':send', key, [offset, value]]`, `[':poll', [[key, [[offset, value]]]]]`. */
export type Micro =
  | readonly [':send', number, number | readonly [number | null, number]]
  | readonly [':poll', readonly (readonly [number, readonly (readonly [number, number])[]])[]]
  | readonly [':poll'];
/** One line of a history. */
export interface Line {
  index: number;
  time: number;
  type: 'invoke' | 'ok' | 'fail' | 'info';
  process: number;
  f: string;
  value: readonly Micro[];
  /** Of an assign or subscribe. */
  keys?: readonly number[];
  seek?: boolean;
  /** Keys whose assignment changed meanwhile. */
  rebalanced?: readonly number[];
}

export function importedHistory(lines: readonly Line[], options: RunInfo['options']): History {
  const history = new History({
    origin: 'imported',
    options: { subVia: 'assign', ...options },
    evidence: { watermarks: false, finalReads: false, replicas: false, views: false },
    keys: 0,
  });
  const open = new Map<number, number>();
  for (const line of lines) {
    if (!(line.f in F)) continue;
    if (line.type === 'invoke') open.set(line.process, line.index);
    const op = open.get(line.process);
    if (op === undefined) throw new Error(`Expected an invocation before ${line.index}.`);
    history.at(line.time / 1e6).rows(...rowsOf(line, op));
  }
  return history;
}

function rowsOf(line: Line, op: number): Row[] {
  const { type, process, f, value, rebalanced = [] } = line;
  const kind = Kind[type];
  const about = { kind, process, op, timeNs: 0 };
  const none = { ...about, f: F[f as keyof typeof F], key: -1 };
  const moved = rebalanced.map((key) => withoutTime({ ...none, f: F.rebalance, key }));
  if (!['send', 'poll', 'txn'].includes(f)) {
    const { keys = [], seek } = line;
    const head = { ...none, code: seek === true ? 1 : 0 };
    return [...(keys.length > 0 ? keys.map((key) => ({ ...head, key })) : [head])]
      .map(withoutTime)
      .concat(moved);
  }
  const rows: Row[] = f === 'txn' ? [none] : [];
  const polled = new Map<number, (readonly [number, number])[]>();
  for (const micro of value) {
    if (micro[0] === ':send') {
      const [, key, sent] = micro;
      const [offset, number] = typeof sent === 'number' ? [null, sent] : sent;
      const about = { offset: offset ?? -1, value: importedValue(key, number) };
      rows.push({ ...none, f: F.send, key, ...about });
    } else
      for (const [key, records] of micro[1] ?? []) {
        if (!polled.has(key)) rows.push({ ...none, f: F.poll, key });
        polled.set(key, [...(polled.get(key) ?? []), ...records]);
      }
  }
  if (rows.length === 0) rows.push(none);
  rows.push(...moved.map((row) => ({ ...row, timeNs: 0 })));
  for (const [key, records] of polled)
    for (const [offset, number] of records) {
      const read = { offset, value: importedValue(key, number), code: kind };
      rows.push({ ...none, kind: Kind.record, f: F.poll, key, ...read });
    }
  return rows.map(withoutTime);
}
/** The history gives the time. */
const withoutTime = ({ timeNs: _, ...row }: Row): Row => row as Row;
