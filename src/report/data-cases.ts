/** Anomalies as the page's lanes, marks and strips need them. */
import { noValue, valueName } from '../model/index.js';
import type { Anomaly, Case, Facts, ProofStep } from '../model/index.js';
import type { OpTable, Watched } from './data-ops.js';
import { pack } from './page/pack.js';
import type { PackedPoints, PageCase, StripPlan, WitnessStep } from './page/types.js';

const sec = (ns: number): number => Math.round(ns / 1e3) / 1e6;
const widestStrip = 12;

/**
 * The numbers of a witness's steps in the picture and in the card's table: 1, 2, 3 ... for those
 * that are a client's operation, undefined for probes, faults and reads of the end.
 */
export function numberedSteps(proof: readonly ProofStep[]): (number | undefined)[] {
  let n = 0;
  return proof.map((step) => (step.op >= 0 && step.process >= 0 && n < 9 ? ++n : undefined));
}

export function pageCase(one: Case, facts: Facts, ops: OpTable, watched: Watched): PageCase {
  const points = pointsOf(one, facts, ops, watched);
  const first = one.anomalies[0];
  const span = one.type === 'split-brain' ? (first?.spanNs ?? one.spanNs) : first?.spanNs;
  const steps = first ? stepsOf(first) : [];
  // A lost write is seen at the end of the run: what it is about happened when it was acked.
  const whole = points.length === 0 || span !== undefined;
  let t0 = whole ? sec(one.spanNs[0]) : points[0]!.t;
  let t1 = whole ? sec(one.spanNs[1]) : points[0]!.t;
  for (const point of points) {
    t0 = Math.min(t0, point.t);
    t1 = Math.max(t1, point.t);
  }
  for (const step of steps) if (step.t < t1 + 20) t1 = Math.max(t1, step.t);
  return {
    id: one.id,
    type: one.type,
    keys: one.keys,
    count: one.count,
    faults: one.faults,
    t0,
    t1,
    ...(span && { span: [sec(span[0]), sec(span[1])] as [number, number] }),
    points: packPoints(points),
    steps,
    strip: stripOf(one, steps, points, ops),
  };
}

const stepsOf = (anomaly: Anomaly): WitnessStep[] => {
  const numbers = numberedSteps(anomaly.proof);
  return anomaly.proof.flatMap((step, i) =>
    numbers[i] === undefined
      ? []
      : [{ n: numbers[i], op: step.op, t: sec(step.timeNs), says: saysOf(step, anomaly) }],
  );
};
/** `w5.103 acked at offset 333, node 1, epoch 4`: the picture says the subject too, if it lacks. */
const saysOf = (step: ProofStep, anomaly: Anomaly): string =>
  step.what === 'ok' && anomaly.value >= 0 && step.says.startsWith('at ')
    ? `${valueName(anomaly.value)} acked ${step.says}`
    : step.says;

interface Point {
  t: number;
  op: number;
  key: number;
  offset: number;
  value: number;
  now: number;
  read: number;
}
function pointsOf(one: Case, facts: Facts, ops: OpTable, watched: Watched): Point[] {
  return one.all
    .map(([offset, value, timeNs]) => {
      const write = value >= 0 ? facts.writes.find(value) : -1;
      const key = write >= 0 ? facts.writes.key[write]! : (one.keys[0] ?? -1);
      const op = write >= 0 ? facts.writes.op[write]! : -1;
      const row = ops.rowOf(op);
      return {
        t: one.type === 'lost-write' && row >= 0 ? ops.t1[row]! : sec(timeNs),
        op,
        key,
        offset,
        value,
        now: valueAt(facts, key, offset),
        read: watched.otherwise.get(`${key}/${offset}`) ?? -1,
      };
    })
    .sort((a, b) => a.t - b.t);
}

/** What the final read has at an offset. */
export function valueAt(facts: Facts, key: number, offset: number): number {
  const read = facts.finals.keys.get(key);
  if (!read || offset < 0) return noValue;
  let a = 0;
  let b = read.n;
  while (a < b) {
    const m = (a + b) >> 1;
    if (read.offsets[m]! < offset) a = m + 1;
    else b = m;
  }
  return a < read.n && read.offsets[a] === offset ? read.values[a]! : noValue;
}

const packPoints = (points: readonly Point[]): PackedPoints => {
  const column = (of: (p: Point) => number): string => pack(points.map(of));
  return {
    n: points.length,
    t: column((p) => Math.round(p.t * 1e6)),
    op: column((p) => p.op),
    key: column((p) => p.key),
    offset: column((p) => p.offset),
    value: column((p) => p.value),
    now: column((p) => p.now),
    read: column((p) => p.read),
  };
};

/** The lanes of the first witness, and of a few more of the same. */
function stripOf(
  one: Case,
  steps: readonly WitnessStep[],
  points: readonly Point[],
  ops: OpTable,
): StripPlan {
  const span = one.anomalies[0]?.spanNs;
  const keys = one.keys.slice(0, 2);
  const nodes = new Set<number>();
  const clients = new Set<number>();
  const client = (op: number): void => {
    const row = ops.rowOf(op);
    if (row >= 0 && ops.worker[row]! >= 0) clients.add(ops.worker[row]!);
  };
  for (const step of steps) client(step.op);
  for (const point of points) {
    if (clients.size >= 4) break;
    client(point.op);
  }
  if (one.type === 'split-brain' || clients.size === 0)
    for (const step of one.anomalies[0]?.proof ?? [])
      for (const m of step.says.matchAll(/\bnode (\d+)/g)) nodes.add(Number(m[1]));
  const first = span ? sec(span[0]) : (steps[0]?.t ?? points[0]?.t ?? sec(one.spanNs[0]));
  const last = span ? Math.min(sec(span[1]), first + 2) : (steps.at(-1)?.t ?? first);
  const before = span ? 2 : Math.max(0.3, Math.min(1, (last - first) / 3));
  return {
    t0: Math.max(0, first - before),
    t1: Math.min(Math.max(last + before, first + 1), first + widestStrip),
    keys,
    nodes: [...nodes].slice(0, 3).sort((a, b) => a - b),
    clients: [...clients].sort((a, b) => a - b),
  };
}
