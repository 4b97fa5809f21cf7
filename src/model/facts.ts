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

/** An ok poll of the batch that was stepped last. */
export interface Poll {
  op: number;
  process: number;
  key: number;
  timeNs: number;
  /** The offset that it asked for. */
  asked: number;
  /** Rows of its records: from, to (exclusive). */
  from: number;
  to: number;
  /** The offsets of its records ascend by one. */
  smooth: boolean;
  /** The poll that this one goes on from, if it asked for that one's next offset. */
  last: PollBefore | undefined;
}
export interface PollBefore {
  op: number;
  /** The next offset that it named. */
  next: number;
  /** What a reader that misses nothing sees next: after its last record, or what it asked for. */
  expected: number;
  /** Its last record's offset, or -1. */
  offset: number;
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

/**
 * Client ops by the order of their completion, with all that they sent and polled; open ones last.
 * An index of it is called `o`. Of imported histories only, as is `VersionOrder`.
 */
export interface Ops {
  readonly n: number;
  /** Op id. */
  readonly op: Float64Array;
  readonly process: Int32Array;
  /** F: send, poll, txn, assign, subscribe, crash. */
  readonly f: Uint8Array;
  /** A Kind: ok, fail, info; invoke while the op is open (judged as info). */
  readonly outcome: Uint8Array;
  readonly invokeNs: Float64Array;
  /** -1 while the op is open. */
  readonly completeNs: Float64Array;
  /** Places in the history: of two, the lower one is the earlier. `completed` of an open op is -1. */
  readonly invoked: Int32Array;
  readonly completed: Int32Array;
  /** Ok, or info with at least one of its writes read by an ok op. */
  readonly committed: Uint8Array;
  /** The sends of op o: from firstSend[o] to below firstSend[o + 1]. */
  readonly firstSend: Int32Array;
  /** Index in VersionOrder. */
  readonly sendValue: Int32Array;
  /** -1: not told. */
  readonly sendOffset: Float64Array;
  sendKey(s: number): number;
  /** What op o polled of one key is a segment: from firstSegment[o] to below firstSegment[o + 1]. */
  readonly firstSegment: Int32Array;
  readonly segmentKey: Int32Array;
  /** The highest offset that it returned; -1: no record. */
  readonly segmentTop: Float64Array;
  /** The records of segment s: from firstRead[s] to below firstRead[s + 1]. */
  readonly firstRead: Int32Array;
  /** Index in VersionOrder, in the order in which they were polled. */
  readonly reads: Int32Array;
  /** Keys of an assign or subscribe. */
  keysOf(o: number): readonly number[];
  /** Whether the assignment of a key changed during op o. */
  rebalanced(o: number, key: number): boolean;
}

/**
 * Jepsen's version order: each value of each key, with its place among all that is known of the
 * key's log. Places have no gaps: transaction markers take offsets. An index of it is called `v`.
 */
export interface VersionOrder {
  readonly n: number;
  readonly key: Int32Array;
  readonly value: Float64Array;
  /** The op (o) that sent it, of any outcome; -1: nobody. */
  readonly writer: Int32Array;
  /** The first and the last place that holds it; -1: none. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** Its place in the order of one value each: the last one where it was chosen; -1: none. */
  readonly place: Int32Array;
  /** 1: read by an ok op; 2: read by another op; 3: both. */
  readonly readBy: Uint8Array;
  /** By key: the value (v) chosen at each place, and the place's offset. */
  readonly chain: readonly Int32Array[];
  readonly offsets: readonly Float64Array[];
  /** The op (o) that first showed at which offset a value stands: its reader or its own ack. */
  readonly placer: Int32Array;
  /** Offsets with two or more values (v), and the op (o) that first showed each there. */
  readonly conflicts: readonly {
    key: number;
    offset: number;
    values: readonly number[];
    by: readonly number[];
  }[];
  /** Values (v) at two or more offsets, and the op (o) that first showed each. */
  readonly copies: ReadonlyMap<number, { offsets: readonly number[]; by: readonly number[] }>;
  /** Keys named by an ok poll. */
  readonly polledKeys: ReadonlySet<number>;
  /** `103` */
  text(v: number): string;
}

export interface Facts {
  readonly writes: Writes;
  /** Ok polls of the batch that was stepped last; of recorded histories only. */
  readonly polls: readonly Poll[];
  readonly finals: Finals;
  readonly log: Log;
  readonly leaders: Leaders;
  readonly faults: Faults;
  /** Of imported histories only. */
  readonly ops?: Ops;
  readonly order?: VersionOrder;
  readonly keys: readonly KeyName[];
  /** Begin of the load, its end, and the last row's time; -1 unknown. */
  readonly phases: { loadNs: number; healNs: number; finalNs: number; lastNs: number };
  /** `orders-0` */
  keyText(key: number): string;
}
export type FactId = 'writes' | 'finals' | 'log' | 'leaders' | 'faults' | 'ops' | 'order';
