/**
 * Which rows of a batch are what, found in one pass for all who step it: most rows are records,
 * and who needs none of them must not walk over them.
 */
import { Kind, type Batch } from '../model/index.js';

export interface RowIndex {
  /** Each row that is no record, and the first of each run of records of one op and key. */
  readonly starts: Int32Array;
  /** Rows of ops: invocations and completions. */
  readonly ops: Int32Array;
  /** Probes, faults and meta rows. */
  readonly others: Int32Array;
}

/** One batch is stepped by all before the next one comes, so there is one index. */
let last: { batch: Batch; index: RowIndex } | undefined;
let memory = { starts: new Int32Array(0), ops: new Int32Array(0), others: new Int32Array(0) };

/** Good until it is asked for another batch. */
export function rowsOf(batch: Batch): RowIndex {
  if (last?.batch !== batch) last = { batch, index: indexOf(batch) };
  return last.index;
}

function indexOf(batch: Batch): RowIndex {
  const { n, kind } = batch;
  if (memory.starts.length <= n) {
    const column = (): Int32Array<ArrayBuffer> => new Int32Array(n + 1);
    memory = { starts: column(), ops: column(), others: column() };
  }
  const { starts, ops, others } = memory;
  let [nStarts, nOps, nOthers] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const k = kind[i]!;
    starts[nStarts++] = i;
    if (k < Kind.record) ops[nOps++] = i;
    else if (k > Kind.record) others[nOthers++] = i;
    else i = lastOfRun(batch, i);
  }
  // The end of the last run.
  starts[nStarts] = n;
  return {
    starts: starts.subarray(0, nStarts + 1),
    ops: ops.subarray(0, nOps),
    others: others.subarray(0, nOthers),
  };
}

/** Strides that double, then halves: the records of one op and key stand together. */
function lastOfRun({ n, kind, op, key }: Batch, first: number): number {
  const [o, k] = [op[first]!, key[first]!];
  const holds = (i: number): boolean =>
    i < n && op[i] === o && kind[i] === Kind.record && key[i] === k;
  let stride = 1;
  let last = first;
  for (; holds(last + stride); stride *= 2) last += stride;
  for (stride >>= 1; stride > 0; stride >>= 1) if (holds(last + stride)) last += stride;
  return last;
}
