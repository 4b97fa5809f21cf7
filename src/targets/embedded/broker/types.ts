/** How the parts of a broker see each other: log, Raft group, node, request handlers. */

/**
 * The batches of one replica, in Kafka's format, in segment files. Batches stand without gaps:
 * each begins at the end of the one before. Offsets inclusive, ends exclusive. Epoch = Raft term.
 */
export interface Log {
  /** Offset of the first record. 0: nothing expires. */
  readonly start: number;
  /** The offset that the next record will have. */
  readonly end: number;
  /** Epoch of the last batch; 0 if there is none (terms begin at 1). */
  readonly lastEpoch: number;
  /** Epoch of the record at `offset`; 0 below the start, -1 at the end or beyond. */
  epochAt(offset: number): number;
  /** The largest epoch in the log that is not above `epoch`, and the end of its records; 0 and start if none. */
  endOfEpoch(epoch: number): { epoch: number; end: number };
  /** Whole batches, stamped with offsets from `end` on and with their epochs. Written when it returns. */
  append(batches: Buffer): void;
  /**
   * Whole batches, from the one that holds `from`, while they end at or below `to` and fit into
   * `maxBytes`; the first comes whatever its size. Empty: there is none.
   */
  read(from: number, to: number, maxBytes: number): Buffer;
  /** Removes all batches that end above `to`. */
  truncate(to: number): void;
  /** The first record below `to` that is not older; -1, -1 if there is none. */
  offsetOfTime(timestampMs: number, to: number): { offset: number; timestampMs: number };
  /** Closes its files. */
  close(): void;
}

/** One way, never answered as such: Raft's requests and answers are all messages of their own. */
export type Message = {
  /** `controller`, or `<topic id>-<partition>` */
  group: string;
  from: number;
  term: number;
} & (
  | { kind: 'vote'; pre: boolean; end: number; lastEpoch: number }
  | { kind: 'voted'; pre: boolean; granted: boolean }
  /** `entries` begin at `base`; the record before it has epoch `prevEpoch` (0: there is none). */
  | {
      kind: 'append';
      base: number;
      prevEpoch: number;
      commit: number;
      isr: number[];
      entries: Buffer;
    }
  /** Taken: the log is the leader's up to `end`. Not taken: `epoch` and `end` as endOfEpoch(prevEpoch). */
  | { kind: 'appended'; ok: boolean; end: number; epoch: number }
  /** To nodes that have no replica: who leads, in which term. */
  | { kind: 'leads'; isr: number[] }
);

/** One replica of a Raft group. */
export interface Group {
  readonly name: string;
  readonly replicas: readonly number[];
  readonly log: Log;
  readonly term: number;
  /** The leader of this term as far as is known; -1. */
  readonly leader: number;
  readonly isLeader: boolean;
  /** High watermark: all below is on a majority, as far as this replica knows. Never falls. */
  readonly commit: number;
  /** On the leader: replicas that answered within an election time-out and lack little. On others: as told. */
  readonly isr: readonly number[];
  /** Stamps and appends a batch on the leader; undefined on others. */
  propose(batch: Buffer): { base: number; end: number; term: number } | undefined;
  /**
   * Calls back once: true when all below `end` is committed, false when that can no longer be
   * told here (another term). May call back before it returns. Returns what cancels it.
   */
  whenCommitted(end: number, done: (committed: boolean) => void): () => void;
  /** Called when the commit, the log's end, the leader or the term changed. Returns what ends it. */
  onChange(run: () => void): () => void;
  receive(message: Message): void;
  /** Stops its timers and closes its log. */
  close(): void;
}

/** What request handlers know of the node. */
export interface NodeView {
  readonly id: number;
  readonly clusterId: string;
  readonly nodes: readonly { id: number; host: string; port: number }[];
  /** Group `controller`, which every node has a replica of. */
  readonly controller: Group;
  readonly topics: ReadonlyMap<string, Topic>;
  /**
   * On the controller's leader: resolves with an error code of Kafka once the topic is there or
   * gone on this node (0), or cannot be (36 exists, 3 unknown, 41 not controller, 7 timed out,
   * 38 replication factor, 37 partitions, 17 name).
   */
  createTopic(topic: NewTopic, timeoutMs: number, validateOnly: boolean): Promise<number>;
  deleteTopic(name: string, timeoutMs: number): Promise<number>;
}

/** Whether Kafka lets a topic have this name. */
export const isTopicName = (name: string): boolean =>
  /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..';

export interface NewTopic {
  name: string;
  /** -1: one. */
  partitions: number;
  /** -1: three, or all nodes if they are fewer. */
  replicationFactor: number;
}
export interface Topic {
  readonly name: string;
  /** With dashes: `0f3c...-...`. */
  readonly id: string;
  readonly partitions: readonly Partition[];
}
export interface Partition {
  readonly index: number;
  readonly replicas: readonly number[];
  /** Undefined: this node has no replica of it. */
  readonly group: Group | undefined;
  /** From its own replica, or from what leaders told. -1: unknown. */
  leadership(): { leader: number; epoch: number; isr: readonly number[] };
}
