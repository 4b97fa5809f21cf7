/** The ops that travel with the page: all of them, or of a very long run those that matter. */
import { F, Kind } from '../model/index.js';
import type { OpTable } from './data-ops.js';
import { pack, unpack } from './page/pack.js';
import { plainColumns } from './page/types.js';
import type { PackedOps, PageCase, PageFault, Rest } from './page/types.js';

/** Above this, ok ops far from faults and anomalies travel as counts. About 4 MB of text. */
export const opLimit = 200_000;
const nearSeconds = 2;
/** Cells of counts of all clients together. */
const restCells = 200_000;

export interface Around {
  begin: number;
  end: number;
  cases: readonly PageCase[];
  faults: readonly PageFault[];
}

export function packOps(
  ops: OpTable,
  around: Around,
  limit = opLimit,
): { ops: PackedOps; rest?: Rest } {
  if (ops.n <= limit) return { ops: packRows(ops, allRows(ops)) };
  const kept = choose(ops, around, limit);
  return {
    ops: packRows(
      ops,
      allRows(ops).filter((row) => kept[row] === 1),
    ),
    rest: countRest(ops, around, kept),
  };
}

const allRows = (ops: OpTable): Uint32Array => Uint32Array.from({ length: ops.n }, (_, i) => i);

/** By what a reader of the page needs most, until the limit is reached. */
function choose(ops: OpTable, around: Around, limit: number): Uint8Array {
  const kept = new Uint8Array(ops.n);
  let n = 0;
  const keep = (wanted: (row: number) => boolean): void => {
    for (let row = 0; row < ops.n && n < limit; row++)
      if (kept[row] === 0 && wanted(row)) {
        kept[row] = 1;
        n++;
      }
  };
  const near = (times: readonly number[]): ((row: number) => boolean) => {
    const spans = merged(times);
    return (row) => within(spans, ops.t1[row]!, ops.t0[row]!);
  };
  const witnesses = new Set(around.cases.flatMap((one) => one.steps.map((step) => step.op)));
  const found = around.cases.flatMap((one) => [...unpack(one.points.t, one.points.n)]);
  for (const one of around.cases)
    for (const op of unpack(one.points.op, one.points.n))
      if (witnesses.size < limit / 4) witnesses.add(op);
  keep((row) => ops.worker[row]! < 0 || witnesses.has(ops.id[row]!));
  keep((row) => ops.out[row] === Kind.info);
  keep(near(around.cases.flatMap((one) => [one.t0, ...one.steps.map((step) => step.t)])));
  keep((row) => ops.out[row] === Kind.fail);
  keep(near(found.map((t) => t / 1e6)));
  keep(near(around.faults.flatMap((fault) => [fault.t0, fault.t1])));
  return kept;
}

function merged(times: readonly number[]): [number, number][] {
  const spans: [number, number][] = [];
  for (const t of [...times].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last && t - nearSeconds <= last[1]) last[1] = t + nearSeconds;
    else spans.push([t - nearSeconds, t + nearSeconds]);
  }
  return spans;
}
function within(spans: readonly [number, number][], t1: number, t0: number): boolean {
  let a = 0;
  let b = spans.length;
  while (a < b) {
    const m = (a + b) >> 1;
    if (spans[m]![1] < t0) a = m + 1;
    else b = m;
  }
  return a < spans.length && spans[a]![0] <= t1;
}

function packRows(ops: OpTable, rows: Uint32Array): PackedOps {
  // Invoke order within a worker keeps every column's steps small; reads of the end come last.
  const worker = (row: number): number =>
    ops.worker[row]! >= 0 ? ops.worker[row]! : 2 ** 31 + ops.f[row]!;
  rows.sort((a, b) => (worker(a) === worker(b) ? a - b : worker(a) < worker(b) ? -1 : 1));
  const scratch = new Float64Array(rows.length);
  const column = (of: (row: number) => number): string => {
    for (let i = 0; i < rows.length; i++) scratch[i] = of(rows[i]!);
    return pack(scratch);
  };
  const us = (seconds: number): number => Math.round(seconds * 1e6);
  const plain = plainColumns.map((name) => [name, column((row) => ops[name][row]!)] as const);
  const sends = rows.filter((row) => ops.f[row] === F.send);
  return {
    n: rows.length,
    ...(Object.fromEntries(plain) as Record<(typeof plainColumns)[number], string>),
    t0: column((row) => us(ops.t0[row]!)),
    took: column((row) => us(ops.t1[row]!) - us(ops.t0[row]!)),
    reach: column((row) => ops.to[row]! - ops.from[row]!),
    value: pack(Float64Array.from(sends, (row) => ops.value[row]!)),
  };
}

function countRest(ops: OpTable, around: Around, kept: Uint8Array): Rest {
  let workers = 0;
  for (let row = 0; row < ops.n; row++) workers = Math.max(workers, ops.worker[row]! + 1);
  const span = around.end - around.begin;
  // 1, 4, 16 ms ... : the finest that stays small.
  let step = 0.001;
  while ((span / step) * workers * 2 > restCells) step *= 4;
  const bins = Math.ceil(span / step) + 1;
  const lanes = Array.from({ length: workers }, () => ({
    sends: new Float64Array(bins),
    polls: new Float64Array(bins),
  }));
  let n = 0;
  for (let row = 0; row < ops.n; row++) {
    const lane = lanes[ops.worker[row]!];
    if (kept[row] === 1 || !lane) continue;
    const bin = Math.max(0, Math.floor((ops.t0[row]! - around.begin) / step));
    (ops.f[row] === F.send ? lane.sends : lane.polls)[bin]!++;
    n++;
  }
  return {
    n,
    step,
    bins,
    lanes: lanes.map((lane, worker) => ({
      worker,
      sends: pack(lane.sends),
      polls: pack(lane.polls),
    })),
  };
}
