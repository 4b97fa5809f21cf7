/** What lines of imported and of recorded histories have in common. */
import { type Batch, F } from '../../model/index.js';

/** The rows of one op's invocation or completion, and the records that it returned. */
export interface Group {
  batch: Batch;
  /** The first row. */
  at: number;
  /** Where its records begin. */
  records: number;
  /** Behind its last record. */
  end: number;
}

const kindWords: readonly string[] = [':invoke', ':ok', ':fail', ':info'];
const fWords = new Map<number, string>([
  [F.send, ':send'],
  [F.poll, ':poll'],
  [F.txn, ':txn'],
  [F.subscribe, ':subscribe'],
  [F.assign, ':assign'],
  [F.crash, ':crash'],
]);

/** `rest`: what follows `:type`. */
export const entry = (index: number, timeNs: number, kind: number, rest: string): string =>
  `{:index ${index}, :time ${timeNs}, :type ${kindWords[kind]!}, ${rest}}`;

export const about = (process: number, f: number, value: string): string =>
  `:process ${process}, :f ${fWords.get(f)!}, :value ${value}`;
