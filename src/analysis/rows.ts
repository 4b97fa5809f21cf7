/**
 * Which rows of a batch are what, found in one pass for all who step it: most rows are records,
 * and who needs none of them must not walk over them.
 */
import { Kind, type Batch } from '../model/index.js';

export interface RowIndex {
  /** Each row that is no record, and the first of each run of records. At the end `n`. */
  readonly starts: Int32Array;
  /** Rows of ops: invocations and completions. */
  readonly ops: Int32Array;
  /** The first one of each. */
  readonly heads: Int32Array;
  /** First row and end of each run of records of one op. */
  readonly runs: Int32Array;
  /** Probes, faults and meta rows. */
  readonly others: Int32Array;
}

/** One batch is stepped by all before the next one comes, so there is one index. */
type Column = Int32Array<ArrayBuffer>;
let last: { batch: Batch; index: RowIndex } | undefined;
const columns = () => Array.from({ length: 5 }, () => new Int32Array(size));
let size = 0;
let memory = columns();

/** Good until it is asked for another batch. */
export function rowsOf(batch: Batch): RowIndex {
  if (last?.batch !== batch) last = { batch, index: indexOf(batch) };
  return last.index;
}

function indexOf(batch: Batch): RowIndex {
  const { n, kind, op } = batch;
  if (size <= n) {
    size = 2 * n + 2;
    memory = columns();
  }
  const [starts, ops, heads, runs, others] = memory as [Column, Column, Column, Column, Column];
  let [nStarts, nOps, nHeads, nRuns, nOthers] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const k = kind[i]!;
    starts[nStarts++] = i;
    if (k < Kind.record) {
      ops[nOps++] = i;
      if (i === 0 || op[i] !== op[i - 1] || k !== kind[i - 1]) heads[nHeads++] = i;
    } else if (k > Kind.record) others[nOthers++] = i;
    else {
      runs[nRuns++] = i;
      i = lastOfRun(batch, i);
      runs[nRuns++] = i + 1;
    }
  }
  starts[nStarts] = n;
  return {
    starts: starts.subarray(0, nStarts + 1),
    ops: ops.subarray(0, nOps),
    heads: heads.subarray(0, nHeads),
    runs: runs.subarray(0, nRuns),
    others: others.subarray(0, nOthers),
  };
}

/** Strides that double, then halve: the records of one op stand together. */
function lastOfRun({ n, kind, op }: Batch, first: number): number {
  const o = op[first]!;
  const holds = (i: number): boolean => i < n && op[i] === o && kind[i] === Kind.record;
  let stride = 1;
  let last = first;
  for (; holds(last + stride); stride *= 2) last += stride;
  for (stride >>= 1; stride > 0; stride >>= 1) if (holds(last + stride)) last += stride;
  return last;
}
