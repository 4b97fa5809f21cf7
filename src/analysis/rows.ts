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

/** One batch is stepped by all before the next one comes. */
let last: { batch: Batch; index: RowIndex } | undefined;

export function rowsOf(batch: Batch): RowIndex {
  if (last?.batch !== batch) last = { batch, index: indexOf(batch) };
  return last.index;
}

function indexOf({ n, kind, op, key }: Batch): RowIndex {
  const starts = new Int32Array(n + 1);
  const ops = new Int32Array(n);
  const others = new Int32Array(n);
  let [nStarts, nOps, nOthers] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const k = kind[i]!;
    starts[nStarts++] = i;
    if (k < Kind.record) ops[nOps++] = i;
    else if (k > Kind.record) others[nOthers++] = i;
    else {
      const [o, one] = [op[i]!, key[i]!];
      while (i + 1 < n && kind[i + 1] === Kind.record && op[i + 1] === o && key[i + 1] === one) i++;
    }
  }
  // The end of the last run.
  starts[nStarts] = n;
  return {
    starts: starts.subarray(0, nStarts + 1),
    ops: ops.subarray(0, nOps),
    others: others.subarray(0, nOthers),
  };
}
