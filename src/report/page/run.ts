/** The run as the page's code reads it: columns unpacked, anomalies by op, each lane's rare ops. */
import { F, Kind } from '../../model/op.js';
import { unpack } from './pack.js';
import { plainColumns } from './types.js';
import type { PageCase, PageData, PointRow, WitnessStep } from './types.js';

/** Lanes of the reads of the end; clients are their worker's number. */
export const finalLane = -1;
export const replicaLane = -2;

/** One anomaly of a case; `read` is a row of its op (-1: not in this page), as is `row` for `op`. */
export interface Point extends PointRow {
  of: CaseView;
  row: number;
}
export interface CaseView extends Omit<PageCase, 'points'> {
  points: Point[];
}

/** The ops of one client: rows `from` to `to`, sorted by invoke. */
export interface LaneOps {
  lane: number;
  from: number;
  to: number;
  /** Longest op, to know how far before the view one can begin. */
  longest: number;
  /** Rows that are never binned away: fail, info, lost, found, final. */
  rare: Int32Array;
  /** Counts of ops that are not in the page, by bin. */
  rest?: { sends: Float64Array; polls: Float64Array };
}

type Column = (typeof plainColumns)[number] | 't0' | 't1' | 'to' | 'value' | 'lane';
/** Columns of ops by row; `t0`, `t1`: seconds, `value`: -1 unless sent, `lane`: a worker or -1, -2. */
export interface Run extends Record<Column, Float64Array> {
  data: PageData;
  n: number;
  lanes: Map<number, LaneOps>;
  cases: CaseView[];
  /** Row of an op that was acked and lost -> its anomaly. */
  lost: Map<number, Point>;
  /** Rows that other anomalies' witnesses name. */
  found: Map<number, CaseView>;
  rowOf(op: number): number;
}

export const isSend = (run: Run, row: number): boolean => run.f[row] === F.send;
export const outName = (run: Run, row: number): 'ok' | 'fail' | 'info' =>
  run.out[row] === Kind.ok ? 'ok' : run.out[row] === Kind.fail ? 'fail' : 'info';
export const keyText = (run: Run, key: number): string =>
  key < 0 ? '' : (run.data.keys[key] ?? `key ${key}`);

export function openRun(data: PageData): Run {
  const { ops } = data;
  const n = ops.n;
  const column = (text: string): Float64Array => unpack(text, n);
  const plain = Object.fromEntries(plainColumns.map((name) => [name, column(ops[name])])) as Record<
    (typeof plainColumns)[number],
    Float64Array
  >;
  const { f, from, id } = plain;
  const [t0, took, reach] = [column(ops.t0), column(ops.took), column(ops.reach)];
  const rows = new Map<number, number>();
  for (let i = 0; i < n; i++) rows.set(id[i]!, i);
  const run: Run = {
    ...{ data, n, ...plain },
    t0: t0.map((t) => t / 1e6),
    t1: t0.map((t, i) => (t + took[i]!) / 1e6),
    to: from.map((offset, i) => offset + reach[i]!),
    value: sentValues(ops.value, f),
    lane: plain.worker.map((worker, i) =>
      worker >= 0 ? worker : f[i] === F.replica ? replicaLane : finalLane,
    ),
    lanes: new Map(),
    cases: [],
    lost: new Map(),
    found: new Map(),
    rowOf: (op) => rows.get(op) ?? -1,
  };
  openCases(run);
  openLanes(run);
  return run;
}

function sentValues(packed: string, f: Float64Array): Float64Array {
  let sends = 0;
  for (const one of f) if (one === F.send) sends++;
  const sent = unpack(packed, sends);
  const value = new Float64Array(f.length).fill(-1);
  let at = 0;
  for (let i = 0; i < f.length; i++) if (f[i] === F.send) value[i] = sent[at++]!;
  return value;
}

function openCases(run: Run): void {
  for (const one of run.data.cases) {
    const { n, ...packed } = one.points;
    const columns = Object.entries(packed).map(([name, text]) => [name, unpack(text, n)] as const);
    const view: CaseView = { ...one, points: [] };
    for (let i = 0; i < n; i++) {
      const raw = Object.fromEntries(columns.map(([name, column]) => [name, column[i]!]));
      const point = { ...(raw as unknown as PointRow), of: view, row: run.rowOf(raw['op']!) };
      point.t /= 1e6;
      point.read = run.rowOf(point.read);
      view.points.push(point);
      if (point.row < 0) continue;
      if (one.type === 'lost-write') run.lost.set(point.row, point);
      else if (!run.found.has(point.row)) run.found.set(point.row, view);
    }
    for (const step of one.steps) {
      const row = run.rowOf(step.op);
      if (row >= 0 && !run.found.has(row)) run.found.set(row, view);
    }
    run.cases.push(view);
  }
}

function openLanes(run: Run): void {
  for (const { worker } of run.data.clients)
    run.lanes.set(worker, { lane: worker, from: 0, to: 0, longest: 0, rare: new Int32Array() });
  for (let from = 0; from < run.n;) {
    const lane = run.lane[from]!;
    const rare: number[] = [];
    let longest = 0;
    let to = from;
    for (; to < run.n && run.lane[to] === lane; to++) {
      longest = Math.max(longest, run.t1[to]! - run.t0[to]!);
      if (lane < 0 || run.out[to] !== Kind.ok || run.lost.has(to) || run.found.has(to))
        rare.push(to);
    }
    run.lanes.set(lane, { lane, from, to, longest, rare: Int32Array.from(rare) });
    from = to;
  }
  const rest = run.data.rest;
  for (const counts of rest?.lanes ?? []) {
    const lane = run.lanes.get(counts.worker);
    if (rest && lane)
      lane.rest = {
        sends: unpack(counts.sends, rest.bins),
        polls: unpack(counts.polls, rest.bins),
      };
  }
}

/** The first row of a lane that begins at or after `t`. */
export const firstRow = (run: Run, { from, to }: LaneOps, t: number): number =>
  firstWhere(from, to, (i) => run.t0[i]! >= t);
/** The same among its rare rows: an index into `rare`. */
export const firstRare = (run: Run, { rare }: LaneOps, t: number): number =>
  firstWhere(0, rare.length, (i) => run.t0[rare[i]!]! >= t);
function firstWhere(from: number, to: number, holds: (i: number) => boolean): number {
  let [a, b] = [from, to];
  while (a < b) {
    const m = (a + b) >> 1;
    if (holds(m)) b = m;
    else a = m + 1;
  }
  return a;
}

/** Which outcomes, kinds and keys are shown. */
export interface Filter {
  ok: boolean;
  fail: boolean;
  info: boolean;
  send: boolean;
  poll: boolean;
  /** Keys that are hidden. */
  without: Set<number>;
}
export const noFilter = (): Filter => ({
  ok: true,
  fail: true,
  info: true,
  send: true,
  poll: true,
  without: new Set(),
});
export const passes = (run: Run, filter: Filter, row: number): boolean =>
  filter[outName(run, row)] &&
  (isSend(run, row) ? filter.send : filter.poll) &&
  !filter.without.has(run.key[row]!);

/** What a picture shows besides its lanes. */
export interface Shown {
  filter: Filter;
  /** Row, or -1. */
  selected: number;
  /** Rows that a search found; undefined: none was asked for. */
  hits: ReadonlySet<number> | undefined;
  /** Seconds. */
  cursor: number | undefined;
  steps: readonly WitnessStep[];
}

/** What a picture shows that nobody plays with. */
export const still = (steps: readonly WitnessStep[]): Shown => {
  return { filter: noFilter(), selected: -1, hits: undefined, cursor: undefined, steps };
};

/** What the nodes say: who led `key` at `t` by its own view. */
export const claimAt = (
  run: Run,
  node: number,
  key: number,
  t: number,
): { epoch: number } | undefined =>
  // Probes come now and then: between two of them the last one holds.
  run.data.claims.find(
    (c) => c.node === node && c.key === key && c.t0 - 0.75 <= t && c.t1 + 0.75 >= t,
  );

/** The steps of one anomaly, to be drawn: the case's first witness has its own words. */
export function stepsFor(run: Run, point: Point | undefined): readonly WitnessStep[] {
  if (!point) return [];
  const first = point.of.steps;
  if (point.row < 0 || first.some((step) => step.op === run.id[point.row])) return first;
  const { row, read, offset } = point;
  const steps: WitnessStep[] = [
    { n: 1, op: run.id[row]!, t: run.t0[row]!, says: '' },
    { n: 2, op: run.id[row]!, t: run.t1[row]!, says: `acked at offset ${offset}` },
  ];
  if (read >= 0)
    steps.push({
      n: 3,
      op: run.id[read]!,
      t: run.t1[read]!,
      says: `offset ${offset}: another value`,
    });
  return steps;
}

export const faultsAt = (run: Run, t: number): PageData['faults'] =>
  run.data.faults.filter((f) => t >= f.t0 && t <= f.t1 && f.refused === undefined);
