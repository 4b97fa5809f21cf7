/**
 * The history is one flat table of rows; a Batch is a run of consecutive rows. Offsets are
 * inclusive, high watermarks exclusive, times are nanoseconds since the begin of the load on one
 * monotonic clock (rows of the start have negative times). -1 means "none" or "unknown" in every column but `kind`, `f`, `timeNs` and `code`.
 *
 * What each column means, by kind and f (the table is the contract):
 *
 * | row            | process | op | key | offset | value | node | epoch | peer | code |
 * |----------------|---------|----|-----|--------|-------|------|-------|------|------|
 * | invoke send    | process | id | key | -1 | value sent | -1 | -1 | -1 | acks (-1 all) |
 * | ok send        | same | same | same | offset acked, or -1 (acks=0) | value | node that acked | -1 | -1 | 0 |
 * | fail/info send | same | same | same | -1 | value | node asked | -1 | -1 | reason |
 * | invoke poll    | process | id | key | offset asked for | -1 | -1 | -1 | -1 | 0 |
 * | ok poll        | same | same | same | next offset to ask for | high watermark in the answer | node | -1 | -1 | 0 |
 * | fail/info poll | same | same | same | -1 | -1 | node asked | -1 | -1 | reason |
 * | record         | its op's | its op's | key | offset | value | node read | epoch of its batch | -1 | Kind of its op's completion |
 * | invoke final   | -1 | id | key | log start | high watermark to reach | -1 | epoch it was told in | -1 | 0 |
 * | ok/fail final  | -1 | id | key | next offset (reached) | high watermark | node | -1 | -1 | reason |
 * | invoke replica | -1 | id | key | log start of that replica | high watermark to reach | node read | -1 | -1 | 0 |
 * | ok/fail replica| -1 | id | key | next offset (reached) | high watermark of that replica | node read | -1 | -1 | reason |
 * | probe view     | -1 | probe id | key | -1 | -1 | node asked | epoch named | leader named | 0 |
 * | probe watermark| -1 | probe id | key | high watermark | log start | node asked | leader epoch asked with | leader, if it answered as leader; else -1 | 0 |
 * | probe quorum   | -1 | probe id | -1 | high watermark | -1 | node asked | quorum epoch | quorum leader named | 0 |
 * | probe isr      | -1 | probe id | key | -1 | -1 | node asked | epoch | one in-sync node | 0 |
 * | probe silent   | -1 | probe id | -1 | -1 | -1 | node asked | -1 | -1 | 0 |
 * | fault *        | -1 | fault id | -1 | -1 | -1 | node, if one | incarnation (f node) | -1 | ProofCode or NodeState |
 * | meta *         | -1 | -1 | key (f key) | -1 | -1 | -1 | -1 | -1 | 0 |
 *
 * Rows of one op's invocation are consecutive, and so are those of its completion; neither
 * straddles two batches. An op with several rows (a send of several values, a txn with its
 * micro-ops) repeats kind and op; its first row is its head (`isHead`). Record rows follow their
 * op's completion rows directly.
 *
 * In imported histories:
 * - a send row of any completion has the offset that it was told, or -1;
 * - a poll is of all assigned keys: its invocation has key -1 and offset -1; its completion has one
 *   poll row for each key that it names, also with no record, or one with key -1 if it names none;
 * - a txn's rows: a head with f txn and key -1, then its sends and polls in order; of several polls
 *   of one txn each key has one row;
 * - records are grouped by key, in the order of the poll rows;
 * - subscribe and assign: one row for each key, or one with key -1; code 1: it seeks to the beginning;
 * - rebalance rows, one a key, stand behind the other completion rows of their op;
 * - an op's id is the `:index` of its invocation; an op that no checker reads has f other.
 */
export interface Batch {
  /** Number of the first row in the history. */
  readonly base: number;
  /** Rows. */
  readonly n: number;
  readonly kind: Uint8Array;
  readonly f: Uint8Array;
  readonly process: Int32Array;
  readonly op: Float64Array;
  readonly timeNs: Float64Array;
  readonly key: Int32Array;
  readonly offset: Float64Array;
  readonly value: Float64Array;
  readonly node: Int16Array;
  readonly epoch: Int32Array;
  readonly peer: Int16Array;
  readonly code: Int16Array;
  /** Row within the batch -> text; most rows have none. */
  readonly texts: ReadonlyMap<number, string>;
}

/** The numeric columns, in the order in which they are stored. */
export const columns = {
  kind: Uint8Array,
  f: Uint8Array,
  process: Int32Array,
  op: Float64Array,
  timeNs: Float64Array,
  key: Int32Array,
  offset: Float64Array,
  value: Float64Array,
  node: Int16Array,
  epoch: Int32Array,
  peer: Int16Array,
  code: Int16Array,
} as const;
export type Column = keyof typeof columns;

/** One row as it is recorded; a missing column is -1 (`code`: 0). */
export interface Row {
  kind: number;
  f: number;
  timeNs: number;
  process?: number;
  op?: number;
  key?: number;
  offset?: number;
  value?: number;
  node?: number;
  epoch?: number;
  peer?: number;
  code?: number;
  text?: string | undefined;
}

/** Polled records as columns; only the first `n` of each array count. */
export interface Records {
  n: number;
  offsets: Float64Array;
  values: Float64Array;
  epochs: Int32Array;
  /** Where they are of several keys; otherwise all are of the completion's. */
  keys?: Int32Array;
  /** Index -> first bytes of a record whose value is foreignValue. */
  foreign?: ReadonlyMap<number, string>;
}

/** Whether row `i` is the first of its op's invocation or completion. */
export const isHead = (batch: Batch, i: number): boolean =>
  i === 0 || batch.op[i] !== batch.op[i - 1] || batch.kind[i] !== batch.kind[i - 1];

/** Where a run's rows go. Implemented by src/history. */
export interface Recorder {
  /** Nanoseconds since the begin of the load. */
  now(): number;
  /** A new op id, unique in the run: 0, 1, 2 ... */
  nextOp(): number;
  /** Appends rows that belong together: they never straddle two batches. */
  append(rows: readonly Row[]): void;
  /** Appends the completion rows of one op and the records that it returned, together. */
  complete(completion: Row | readonly Row[], records: Records): void;
  /** Writes all that was appended to the file. */
  flush(): void;
  /** Flushes, syncs and closes the file. Idempotent. */
  close(): Promise<void>;
}
