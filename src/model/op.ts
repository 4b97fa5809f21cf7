/**
 * The words of a history. An op is `{index, timeNs, process, type, f, value}`; on the hot path it
 * is one or more rows of a flat table (see batch.ts), so types and functions are small numbers.
 */

/** What a row is. The first four are Jepsen's op types. */
export const Kind = {
  /** An op begins. */
  invoke: 0,
  /** An op ended and took effect. */
  ok: 1,
  /** An op ended and did not take effect. */
  fail: 2,
  /** An op ended and nobody knows whether it took, or will yet take, effect. */
  info: 3,
  /** One record that a poll, a final read or a replica read returned. */
  record: 4,
  /** One thing that one node answered to a probe. */
  probe: 5,
  /** Something the nemesis did or saw, or a state of a node. */
  fault: 6,
  /** About the run itself: names of keys, phases, notices. */
  meta: 7,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** What an op, a probe, a fault or a meta row is about. */
export const F = {
  // Client ops.
  send: 1,
  poll: 2,
  txn: 3,
  subscribe: 4,
  assign: 5,
  commit: 6,
  crash: 7,
  /** Not an op: a key whose assignment changed during the op that the row belongs to. */
  rebalance: 8,
  /** An op of an imported history that no checker reads; text says what it was. */
  other: 9,
  // Ops of the end of a run.
  /** A fresh client reads one key from log start to the high watermark. */
  final: 16,
  /** One replica's own log of one key, read from that node. */
  replica: 17,
  // Probes.
  /** The node asked names `peer` as leader of `key` in `epoch` (peer -1: it names none). */
  view: 32,
  /** The node asked gives `key`'s high watermark (`offset`) and log start (`value`) in `epoch`. */
  watermark: 33,
  /** The node asked names `peer` as leader of the metadata quorum in `epoch`. */
  quorum: 34,
  /** The node asked lists `peer` among the in-sync replicas of `key` in `epoch`. */
  isr: 35,
  /** The node asked gave no answer; text says why. */
  silent: 36,
  // Faults. `op` is the fault's id.
  /** The fault is about to be applied; text is a FaultText as JSON. */
  faultStart: 48,
  /** The order to apply it was carried out. */
  faultApplied: 49,
  /** How it was seen in force: `code` is a ProofCode, text says how. */
  faultProof: 50,
  healStart: 51,
  healed: 52,
  /** How it was seen gone: `code` is a ProofCode, text says how. */
  healProof: 53,
  /** One cut of a flapping fault begins, ends. */
  faultOn: 54,
  faultOff: 55,
  /** The fault could not be applied and undid itself; text says why. */
  faultRefused: 56,
  /** A state of `node`: `code` is a NodeState. */
  node: 57,
  /** Whether `node` was seen to use its links: `code` is a ProofCode. `op` -1. */
  route: 58,
  // Meta.
  /** Names `key`; text is a KeyName as JSON. */
  key: 64,
  /** A phase of the run begins; text is a Phase. */
  phase: 65,
  /** Something a reader of the run must know; text says it. */
  notice: 66,
} as const;
export type F = (typeof F)[keyof typeof F];

const fNames = new Map<number, string>(Object.entries(F).map(([name, id]) => [id, name]));
const kindNames = new Map<number, string>(Object.entries(Kind).map(([name, id]) => [id, name]));
export const fName = (f: number): string => fNames.get(f) ?? `f${f}`;
export const kindName = (kind: number): string => kindNames.get(kind) ?? `kind${kind}`;

/** Phases of a run, in order. Client ops happen in `load` and `settle` only. */
export type Phase = 'start' | 'load' | 'heal' | 'recover' | 'final' | 'replicas' | 'end';

/** `code` of a proof row. */
export const ProofCode = { unproven: 0, proven: 1, moot: 2 } as const;
/** `code` of a node row. */
export const NodeState = { down: 0, starting: 1, up: 2, paused: 3 } as const;

/** Values: worker * 2^32 + sequence, exact in a Float64 for 2^21 workers, half of them real ones. */
const valueBase = 2 ** 32;
/** No value in this row. */
export const noValue = -1;
/** A polled record whose bytes are not a value of this run; the row's text has its first bytes. */
export const foreignValue = -2;
export const makeValue = (worker: number, sequence: number): number =>
  worker * valueBase + sequence;
export const valueWorker = (value: number): number => Math.floor(value / valueBase);
export const valueSequence = (value: number): number => value % valueBase;
/**
 * Values of imported histories are unique within their key only, so the key takes the place of a
 * worker that no run has. Whole numbers below 2^31 keep their number, anything else gets the next
 * one from 2^31 on, and the row that sends it has its text.
 */
export const importedWorkers = 2 ** 20;
export const textValues = 2 ** 31;
export const importedValue = (key: number, number: number): number =>
  makeValue(importedWorkers + key, number);
/** How a value is printed: `w5.103`; of an imported history `103`, or `text 0`. */
export const valueName = (value: number): string => {
  if (value === foreignValue) return 'a foreign record';
  if (value < 0) return 'no value';
  const [worker, sequence] = [valueWorker(value), valueSequence(value)];
  if (worker < importedWorkers) return `w${worker}.${sequence}`;
  return sequence < textValues ? String(sequence) : `text ${sequence - textValues}`;
};
