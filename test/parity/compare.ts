/** Our anomalies and Jepsen's cases in one form, and what may differ between them, with reasons. */
import { Kind, F, valueSequence, type Anomaly, type Ops } from '../../src/model/index.js';
import type { Imported } from '../../src/analysis/index.js';
import type { Case, Reference } from './corpus.js';

/** Anomalies of types without a cycle, all of them, whole. */
export interface Ours {
  facts: Imported;
  found: Anomaly[];
  /** Dense key -> the key's number in the history. */
  keys: readonly number[];
  /** Invocation -> completion. */
  completions: ReadonlyMap<number, number>;
}

/** A difference that a rule explains; its text is the reason why ours is the true answer. */
export interface Difference {
  rule: keyof typeof reasons;
  type: string;
  what: string;
}
export const reasons = {
  'unseen-but-read':
    'Jepsen reports as unseen a value that the last ok op of the history polled, if no ok send had named its key: it was read, so it is not unseen',
  'empty-graph':
    'Jepsen calls a history without any dependency invalid (empty-transaction-graph): a graph without edges has no cycle',
  'torn-info':
    'Jepsen asks of ok sends only whether they were ever read: an op of unknown outcome of which one write was read by an ok op has committed, so its other writes must be read too',
  'unsure-reader':
    'Jepsen counts readers that ended ok only: a poll that returned a failed write has shown it, whatever became of the op that the poll was part of',
  'empty-list':
    'Jepsen forgets where a process was in a key when a poll names the key with an empty list: an empty answer moves nobody',
  'assigned-between':
    "Jepsen forgets what a process sent when it assigns or subscribes: that concerns its consumer, its producer's order must hold",
} as const;

const int = valueSequence;

/** Our cases of one type as Jepsen writes them; with each the anomaly. */
export function casesOf(ours: Ours, type: string): Map<string, Anomaly> {
  const { found, keys, completions } = ours;
  const cases = new Map<string, Anomaly>();
  const op = (id: number): number => completions.get(id) ?? -1;
  for (const one of found) {
    if (one.type !== type) continue;
    const key = keys[one.key]!;
    const numbers = (name: string): number[] => (one.data[name] as number[]).map(int);
    const by = one.data['delta'] as number;
    const text = (form: Case): unknown => cases.set(JSON.stringify(form), one);
    if (type === 'duplicate') text([key, int(one.value), (one.data['offsets'] as number[]).length]);
    else if (type === 'inconsistent-offsets')
      text([key, one.offset, numbers('values').sort((a, b) => a - b)]);
    else if (type.startsWith('int-')) text([key, op(one.ops[0]!), by, numbers('values')]);
    else if (type === 'precommitted-read') text([op(one.ops[0]!)]);
    else if (type.endsWith('-poll') || type.endsWith('-skip') || type.endsWith('-send'))
      text([key, one.ops.map(op), by]);
    else text([key, int(one.value)]);
  }
  return cases;
}

/** Jepsen's cases in the same form. */
export function theirCases(reference: Reference, type: string): Set<string> {
  const cases = reference.errors?.[type]?.cases ?? [];
  if (type === 'unseen')
    return new Set(
      cases.flatMap(([key, values]) =>
        (values as number[]).map((value) => JSON.stringify([key, value])),
      ),
    );
  if (type === 'precommitted-read') return new Set(cases.map(([op]) => JSON.stringify([op])));
  return new Set(cases.map((one) => JSON.stringify(one)));
}

/** Why a case that only we report is true; undefined: nothing explains it. */
export function whyOurs(ours: Ours, type: string, one: Anomaly): keyof typeof reasons | undefined {
  const { ops } = ours.facts;
  if (type === 'unseen') return isTorn(ours, one) ? 'torn-info' : undefined;
  if (type === 'G1a') {
    const readers = one.data['readers'] as number[];
    const byOk = readers.some((id) => ops.outcome[indexOf(ops, id)] === Kind.ok);
    return byOk ? undefined : 'unsure-reader';
  }
  if (type === 'poll-skip' || type === 'nonmonotonic-poll')
    return between(ops, one, (o) => emptyOf(ops, o, one.key)) ? 'empty-list' : undefined;
  if (type === 'nonmonotonic-send')
    return between(
      ops,
      one,
      (o) =>
        (ops.f[o] === F.assign || ops.f[o] === F.subscribe) &&
        ops.outcome[o] !== Kind.fail &&
        !ops.keysOf(o).includes(one.key),
    )
      ? 'assigned-between'
      : undefined;
  return undefined;
}

/** Why a case that only Jepsen reports is none. */
export function whyTheirs(
  ours: Ours,
  type: string,
  text: string,
): keyof typeof reasons | undefined {
  if (type === 'empty-transaction-graph') return 'empty-graph';
  if (type !== 'unseen') return undefined;
  const [key, value] = JSON.parse(text) as [number, number];
  const { order } = ours.facts;
  for (let v = 0; v < order.n; v++) {
    if (ours.keys[order.key[v]!] !== key || int(order.value[v]!) !== value) continue;
    return (order.readBy[v]! & 1) === 1 ? 'unseen-but-read' : undefined;
  }
  return undefined;
}

const indexOf = (ops: Ops, id: number): number => ops.op.subarray(0, ops.n).indexOf(id);

/** Its op is of unknown outcome, and an ok op read another of its writes. */
function isTorn({ facts: { ops, order } }: Ours, one: Anomaly): boolean {
  const o = indexOf(ops, one.ops[0]!);
  if (ops.outcome[o] === Kind.ok || ops.outcome[o] === Kind.fail) return false;
  for (let s = ops.firstSend[o]!; s < ops.firstSend[o + 1]!; s++)
    if ((order.readBy[ops.sendValue[s]!]! & 1) === 1) return true;
  return false;
}

function between(ops: Ops, one: Anomaly, is: (o: number) => boolean): boolean {
  const [from, to] = [indexOf(ops, one.ops[0]!), indexOf(ops, one.ops[1]!)];
  for (let o = from + 1; o < to; o++)
    if (ops.process[o] === ops.process[from] && is(o)) return true;
  return false;
}

/** An ok op that names a key without a record of it. */
function emptyOf(ops: Ops, o: number, key: number): boolean {
  if (ops.outcome[o] !== Kind.ok) return false;
  for (let s = ops.firstSegment[o]!; s < ops.firstSegment[o + 1]!; s++)
    if (ops.segmentKey[s] === key && ops.firstRead[s] === ops.firstRead[s + 1]) return true;
  return false;
}
