/** Facts that several checkers share; computed once, stepped before the checkers. */
import type { FaultText } from './schedule.js';
import type { Proof, KeyName } from './cluster.js';

/** A column that grows; only the first `n` entries of its owner count. */
export interface Writes {
  readonly n: number;
  /** The dense index of a value that was sent, or -1. */
  find(value: number): number;
  readonly value: Float64Array;
  readonly op: Float64Array;
  readonly process: Int32Array;
  readonly key: Int32Array;
  readonly invokeNs: Float64Array;
  /** -1 while the op is open. */
  readonly completeNs: Float64Array;
  /** A Kind: ok, fail, info; invoke while the op is open (judged as info). */
  readonly outcome: Uint8Array;
  /** As acked; -1 unknown. */
  readonly offset: Float64Array;
  readonly node: Int16Array;
}

/** The final read of one key. */
export interface FinalRead {
  key: number;
  op: number;
  logStart: number;
  highWatermark: number;
  /** The next offset that it would have asked for. */
  reached: number;
  /** It reached the high watermark. */
  complete: boolean;
  invokeNs: number;
  /** When it ended; -1: it did not. */
  timeNs: number;
  /** Sorted by offset. */
  n: number;
  offsets: Float64Array;
  values: Float64Array;
  epochs: Int32Array;
  /** Why it is not complete. */
  why?: string;
}
/** The same of one replica's own log. */
export interface ReplicaRead extends FinalRead {
  node: number;
}
export interface Finals {
  /** By key; a key without a final read is missing. */
  readonly keys: ReadonlyMap<number, FinalRead>;
  readonly replicas: readonly ReplicaRead[];
  /** The dense index of a value in a key's final read, or -1. */
  find(key: number, value: number): number;
}

/** What showed that a value stands, or stood, at an offset. */
export interface Sight {
  key: number;
  offset: number;
  value: number;
  op: number;
  process: number;
  /** The node that acked or was read. */
  node: number;
  /** Of a record: its batch's; of an ack: as the probes have it. -1 unknown. */
  epoch: number;
  timeNs: number;
  by: 'ack' | 'poll' | 'final' | 'replica';
}
/**
 * All that was ever seen of each key's log. Reads of replicas count up to the replica's own high
 * watermark. Whole after the last batch only.
 */
export interface Log {
  /** Every different value seen at an offset: its first read and, if it was acked there, the ack. */
  at(key: number, offset: number): Sight[];
  /** Offsets at which two or more different values were seen. */
  readonly conflicts: readonly { key: number; offset: number }[];
  /** Values that were seen at a second offset of their key: the first sight there. */
  readonly copies: readonly Sight[];
  /** By index in Writes: where the value was read first in its own key; -1 nowhere. */
  readonly readAt: Float64Array;
  /** By index in Writes: the first ok poll that returned it in its own key; -1 none. */
  readonly polledBy: Float64Array;
  /** The first read of every value at every offset; `text` of a foreign record. */
  each(look: (sight: Sight, text: string | undefined) => void): void;
  /** Sights that were kept. */
  readonly n: number;
}

/** A node that says of itself that it leads a key, from the first to the last probe that says so. */
export interface Claim {
  node: number;
  key: number;
  epoch: number;
  fromNs: number;
  toNs: number;
}
/** A change of the leader of a key, as the newest epoch seen has it. leader -1: none. */
export interface LeaderChange {
  key: number;
  leader: number;
  epoch: number;
  timeNs: number;
}
export interface Leaders {
  readonly claims: readonly Claim[];
  readonly changes: readonly LeaderChange[];
  /** The newest epoch of a key seen until then, and its leader; undefined before the first probe. */
  at(key: number, timeNs: number): { leader: number; epoch: number } | undefined;
  /** What `node` said it led of `key` by the last probe at or before `timeNs`. */
  claimOf(node: number, key: number, timeNs: number): Claim | undefined;
}

/** One fault, from its rows. */
export interface FaultSpan extends FaultText {
  id: number;
  /** The order began. */
  startNs: number;
  /** The order was carried out; -1: not. */
  appliedNs: number;
  healStartNs: number;
  /** -1: not healed when the history ended. */
  healedNs: number;
  inForce?: Proof;
  gone?: Proof;
  /** Of a flapping fault: when its cuts held. */
  cuts: [number, number][];
  refused?: string;
}
export interface Faults {
  readonly spans: readonly FaultSpan[];
  /** Faults in force at a time (from startNs to healedNs). */
  at(timeNs: number): FaultSpan[];
  readonly routes: readonly { node: number; proof: Proof }[];
  readonly nodeStates: readonly { node: number; state: number; timeNs: number }[];
}

export interface Facts {
  readonly writes: Writes;
  readonly finals: Finals;
  readonly log: Log;
  readonly leaders: Leaders;
  readonly faults: Faults;
  readonly keys: readonly KeyName[];
  /** Begin of the load, its end, and the last row's time; -1 unknown. */
  readonly phases: { loadNs: number; healNs: number; finalNs: number; lastNs: number };
  /** `orders-0` */
  keyText(key: number): string;
}
export type FactId = 'writes' | 'finals' | 'log' | 'leaders' | 'faults';
