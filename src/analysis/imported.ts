/** How the ops of an imported history are told, and what its checkers share. */
import { Kind, type Facts, type Ops, type ProofStep, type VersionOrder } from '../model/index.js';
import { sec } from './words.js';

/** Facts of a history that is judged by Jepsen's rules. */
export type Imported = Facts & { ops: Ops; order: VersionOrder };
export const isImported = (facts: Facts): facts is Imported =>
  facts.ops !== undefined && facts.order !== undefined;

/** Jepsen's delta of two places: 1, which is never wrong, where one of them is unknown. */
export const delta = ({ place }: VersionOrder, a: number, b: number): number =>
  place[a]! < 0 || place[b]! < 0 ? 1 : place[b]! - place[a]!;

const words = new Map<number, string>([
  [Kind.ok, 'ok'],
  [Kind.fail, 'fail'],
  [Kind.info, 'info'],
]);
/** How an op ended: `ok`, `fail`, `info`; `nothing` while it is open. */
export const ending = (ops: Ops, o: number): string => words.get(ops.outcome[o]!) ?? 'nothing';

/** When an op ended, or began if it never ended. */
export const endNs = (ops: Ops, o: number): number =>
  ops.completeNs[o]! < 0 ? ops.invokeNs[o]! : ops.completeNs[o]!;

/** One line of a witness about op `o`. */
export const opStep = (ops: Ops, o: number, what: string, says: string): ProofStep => ({
  op: ops.op[o]!,
  process: ops.process[o]!,
  timeNs: endNs(ops, o),
  what,
  says,
});

/** What its sender was told of a value: an offset, or -1. */
export function toldOffset({ ops, order }: Imported, v: number): number {
  const o = order.writer[v]!;
  if (o < 0) return -1;
  for (let s = ops.firstSend[o]!; s < ops.firstSend[o + 1]!; s++)
    if (ops.sendValue[s] === v) return ops.sendOffset[s]!;
  return -1;
}

/** `process 3 sent 8 to key 0 (#57), which ended ok at 1.203 s with offset 14` */
export function sentText(facts: Imported, v: number): string {
  const { ops, order } = facts;
  const o = order.writer[v]!;
  const key = facts.keyText(order.key[v]!);
  if (o < 0) return `nobody sent ${order.text(v)} to ${key}`;
  const offset = toldOffset(facts, v);
  const at = offset < 0 ? 'without an offset' : `with offset ${offset}`;
  const end = {
    ok: `which ended ok at ${sec(ops.completeNs[o]!)} ${at}`,
    fail: `which failed at ${sec(ops.completeNs[o]!)}`,
    info: `whose outcome is unknown`,
    nothing: 'which never ended',
  }[ending(ops, o)]!;
  return `process ${ops.process[o]!} sent ${order.text(v)} to ${key} (#${ops.op[o]!}), ${end}`;
}

/** The send of a value as a step of a witness; nothing if nobody sent it. */
export function sentSteps(facts: Imported, v: number): ProofStep[] {
  const { ops, order } = facts;
  const o = order.writer[v]!;
  if (o < 0) return [];
  const offset = toldOffset(facts, v);
  const says = `${order.text(v)} to ${facts.keyText(order.key[v]!)}: ${ending(ops, o)}${offset < 0 ? '' : `, offset ${offset}`}`;
  return [opStep(ops, o, 'send', says)];
}

/** The ops that polled any of the wanted values, in order; one call for each record. */
export function eachReader(
  { ops, order }: Imported,
  wanted: Iterable<number>,
  look: (v: number, o: number) => void,
): void {
  const want = new Uint8Array(order.n);
  let any = false;
  for (const v of wanted) {
    want[v] = 1;
    any = true;
  }
  if (!any) return;
  for (let o = 0; o < ops.n; o++) {
    const to = ops.firstRead[ops.firstSegment[o + 1]!]!;
    for (let r = ops.firstRead[ops.firstSegment[o]!]!; r < to; r++)
      if (want[ops.reads[r]!] === 1) look(ops.reads[r]!, o);
  }
}

/** What several checkers ask of the same facts is found once. */
export function once<T extends object>(find: (facts: Imported) => T): (facts: Imported) => T {
  const found = new WeakMap<Ops, T>();
  return (facts) => {
    const before = found.get(facts.ops);
    if (before) return before;
    const result = find(facts);
    found.set(facts.ops, result);
    return result;
  };
}

/**
 * The ops of one process after those of another, each in order. What is kept of a process can so lie
 * in columns that all use in turn: each op of unknown outcome makes a new process.
 */
export function eachProcess(ops: Ops, look: (mine: Int32Array) => void): void {
  const numbers = new Map<number, number>();
  const number = new Int32Array(ops.n);
  const counts: number[] = [];
  for (let o = 0; o < ops.n; o++) {
    let p = numbers.get(ops.process[o]!);
    if (p === undefined) numbers.set(ops.process[o]!, (p = counts.push(0) - 1));
    number[o] = p;
    counts[p]!++;
  }
  const ends: number[] = [];
  const order = new Int32Array(ops.n);
  let from = 0;
  for (const count of counts) {
    ends.push(from);
    from += count;
  }
  for (let o = 0; o < ops.n; o++) order[ends[number[o]!]!++] = o;
  for (const [p, count] of counts.entries()) look(order.subarray(ends[p]! - count, ends[p]));
}
