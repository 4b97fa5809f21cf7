/** Anomalies as the page's lanes, marks and strips need them. */
import { recordAt } from '../analysis/index.js';
import { noValue, valueName } from '../model/index.js';
import type { Anomaly, Case, Facts, ProofStep, Sight } from '../model/index.js';
import type { OpTable } from './data-ops.js';
import { pack } from './page/pack.js';
import type { PackedPoints, PageCase, PointRow, StripPlan, WitnessStep } from './page/types.js';

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

export function pageCase(one: Case, facts: Facts, ops: OpTable): PageCase {
  const points = pointsOf(one, facts);
  const first = one.anomalies[0];
  const span = one.type === 'split-brain' ? (first?.spanNs ?? one.spanNs) : first?.spanNs;
  const steps = first ? stepsOf(first) : [];
  // A lost write is seen at the end of the run: what it is about happened when it was acked.
  const whole = points.length === 0 || span !== undefined;
  const times = points.map((point) => sec(point.timeNs));
  if (whole) times.push(sec(one.spanNs[0]), sec(one.spanNs[1]));
  times.sort((a, b) => a - b);
  const t0 = times[0]!;
  let t1 = times.at(-1)!;
  for (const step of steps) if (step.t < t1 + 20) t1 = Math.max(t1, step.t);
  const { id, type, keys, count, faults } = one;
  return {
    ...{ id, type, keys, count, faults, t0, t1 },
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

/** One anomaly of a case: who was told what, and who first read something else there. */
export interface Point {
  key: number;
  /** -1: not about one offset, one value. */
  offset: number;
  value: number;
  /** The op that sent the value, its process, the node that answered; -1 unknown. */
  op: number;
  process: number;
  node: number;
  /** Of a lost write its ack, else when it was seen. */
  timeNs: number;
  /** What the final read has at that offset; noValue: nothing, or unknown. */
  now: number;
  read: Sight | undefined;
}
/** In order of time. */
export function pointsOf(one: Case, { writes, finals, log }: Facts): Point[] {
  return one.all
    .map(([offset, value, timeNs]): Point => {
      const at = value >= 0 ? writes.find(value) : -1;
      const of = (column: ArrayLike<number>): number => (at >= 0 ? column[at]! : -1);
      const key = at >= 0 ? of(writes.key) : (one.keys[0] ?? -1);
      const acked = one.type === 'lost-write' ? of(writes.completeNs) : -1;
      const final = offset >= 0 ? finals.keys.get(key) : undefined;
      const reads = offset < 0 ? [] : log.at(key, offset).filter((sight) => sight.by === 'poll');
      const read = reads
        .filter((sight) => sight.value !== value)
        .reduce<Sight | undefined>((a, b) => (a && a.timeNs <= b.timeNs ? a : b), undefined);
      return {
        ...{ key, offset, value, op: of(writes.op), process: of(writes.process), read },
        node: of(writes.node),
        timeNs: acked >= 0 ? acked : timeNs,
        now: (final && recordAt(final, offset)?.value) ?? noValue,
      };
    })
    .sort((a, b) => a.timeNs - b.timeNs);
}

const packPoints = (points: readonly Point[]): PackedPoints => {
  const rows = points.map((p): PointRow => {
    const { op, key, offset, value, now } = p;
    return { t: Math.round(p.timeNs / 1e3), op, key, offset, value, now, read: p.read?.op ?? -1 };
  });
  const names = ['t', 'op', 'key', 'offset', 'value', 'now', 'read'] as const;
  const columns = names.map((name) => [name, pack(rows.map((row) => row[name]))] as const);
  const packed = Object.fromEntries(columns) as Record<keyof PointRow, string>;
  return { n: points.length, ...packed };
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
  const first = span ? sec(span[0]) : (steps[0]?.t ?? sec(points[0]?.timeNs ?? one.spanNs[0]));
  const last = span ? Math.min(sec(span[1]), first + 2) : (steps.at(-1)?.t ?? first);
  const before = span ? 2 : Math.max(0.3, Math.min(1, (last - first) / 3));
  return {
    t0: Math.max(0, first - before),
    t1: Math.min(
      Math.max(last + before, first + 1),
      first + widestStrip,
      Math.max(ops.last, last + 0.1),
    ),
    keys,
    nodes: [...nodes].slice(0, 3).sort((a, b) => a - b),
    clients: [...clients].sort((a, b) => a - b),
  };
}
