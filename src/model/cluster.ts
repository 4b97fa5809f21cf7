/** What a target starts, and how it is broken. An optional method is the capability. */
import type { Client } from './client.js';

export interface Address {
  host: string;
  port: number;
}

/** Proven: it was seen. Unproven: it should have been seen and was not. Moot: nobody could look. */
export type ProofState = 'proven' | 'unproven' | 'moot';

/** How a fault, or its end, was seen. `by` is one sentence with figures. */
export interface Proof {
  state: ProofState;
  timeNs: number;
  by: string;
}

/**
 * A fault in force. `proof` resolves once it was seen, at the latest when it is healed, because
 * what proves it may be out of reach for a while (its node killed by another fault). It never
 * rejects.
 */
export interface Applied {
  proof: Promise<Proof>;
  /** Idempotent: a second call returns the first one's promise. */
  heal(): Promise<Healed>;
}

/** The end of a fault was ordered; `proof` resolves once it was seen, or cannot be any more. */
export interface Healed {
  proof: Promise<Proof>;
}

/** A node's id, one client (its worker's number), or all clients. */
export type Endpoint = number | 'clients' | `client-${number}`;

/** Packets from A to B, whoever dialled. */
export interface Pair {
  from: Endpoint;
  to: Endpoint;
}

/** Drop: packets vanish and nobody is told. Refuse: the whole dialled link is closed. */
export type CutHow = 'drop' | 'refuse';

export interface Shape {
  latencyMs?: number;
  jitterMs?: number;
  rateBytesPerSecond?: number;
}

export interface Links {
  /** `toxiproxy 2.12.0` */
  readonly name: string;
  cut(pairs: readonly Pair[], how: CutHow): Promise<Applied>;
  shape(pairs: readonly Pair[], shape: Shape): Promise<Applied>;
}

/** One dialled path: connections that `from` opens to `to` go to `listen`, which leads to `upstream`. */
export interface LinkSpec {
  from: Endpoint;
  to: Endpoint;
  /** What runs through it: `controller`, `broker`, `client`. */
  purpose: string;
  listen: Address;
  upstream: Address;
}

/**
 * Sends one small request of the cluster's protocol to an address and waits for its answer.
 * Rejects if none came within `timeoutMs`. Returns the round trip in milliseconds.
 */
export type Ping = (address: Address, timeoutMs: number) => Promise<number>;

/** What carries links: Toxiproxy, later others. One contract test serves all. */
export interface LinkBackend {
  readonly name: string;
  /** Opens the links and resolves once every one of them listens. */
  open(specs: readonly LinkSpec[], ping: Ping): Promise<Links>;
  /** Removes the links and all that was started for them. Idempotent. */
  close(): Promise<void>;
}

export interface ClusterNode {
  readonly id: number;
  /** By purpose: `client`, `broker`, `controller`; the real ones, behind no link. */
  readonly addresses: Readonly<Record<string, Address>>;
  /** Counts the starts of its process: 1, 2 ... */
  readonly incarnation: number;
  isAlive(): boolean;
  /** SIGKILL; heal starts it again with its data and resolves when the process is there. */
  kill?(): Promise<Applied>;
  /** SIGSTOP; heal is SIGCONT. */
  pause?(): Promise<Applied>;
  /** Graceful stop; heal starts it again. */
  stop?(): Promise<Applied>;
  /** Files with its logs. */
  logs(): readonly string[];
}

/** One topic-partition. Dense ids from 0 in the order of creation. */
export interface KeyName {
  key: number;
  topic: string;
  partition: number;
  topicId: string;
}
/** `orders-0`; a key of an imported history is no partition (-1), and is its topic's text: `key 3`. */
export const keyName = (name: { topic: string; partition: number }): string =>
  name.partition < 0 ? name.topic : `${name.topic}-${name.partition}`;

/** One node's own view, as it answered. */
export interface View {
  node: number;
  /** When its answer came; ns since the run's start. */
  timeNs: number;
  /** Why there is no answer, or no whole one. */
  error?: string;
  partitions: readonly { key: number; leader: number; epoch: number; isr?: readonly number[] }[];
  watermarks: readonly {
    key: number;
    epoch: number;
    highWatermark: number;
    logStart: number;
    /** It answered as the leader of that epoch. */
    asLeader: boolean;
  }[];
  quorum?: { leader: number; epoch: number; highWatermark: number };
}

/** Records of one replica, in offset order. */
export interface ReplicaBatch {
  logStart: number;
  /** This replica's own high watermark when it answered. */
  highWatermark: number;
  /** The next offset to ask for. */
  next: number;
  offsets: Float64Array;
  values: Float64Array;
  epochs: Int32Array;
  n: number;
  foreign?: ReadonlyMap<number, string>;
}

export interface Cluster {
  readonly nodes: readonly ClusterNode[];
  readonly links?: Links;
  /** The target started the processes itself and records every start and end of one. */
  readonly ownsProcesses?: boolean;
  /** Where clients start: advertised addresses. */
  readonly bootstrap: readonly Address[];
  /** Where client `worker` must dial to reach an advertised address; undefined worker: past the links. */
  route(address: Address, worker: number | undefined): Address;
  /** Versions and settings for the report: `Apache Kafka` -> `4.1.0`. */
  readonly facts: Readonly<Record<string, string>>;
  /** Creates topics and waits until each partition has a leader and a full ISR. */
  createTopics(topics: readonly TopicSpec[]): Promise<KeyName[]>;
  /** The own view of each node, or of one, asked in parallel, past the links. Never rejects. */
  views(signal: AbortSignal, node?: number): Promise<View[]>;
  /** One replica's own log from its log start to the high watermark that it knows. */
  replica?(key: number, node: number, signal: AbortSignal): AsyncIterable<ReplicaBatch>;
  /** Whether each living node was seen to dial its peers through its links only. */
  routes?(): Promise<{ node: number; proof: Proof }[]>;
  /** A client for one process; worker undefined: past the links (final reads). */
  client(worker: number | undefined): Promise<Client>;
  /** Ends everything that start() began, links included. Idempotent. */
  stop(): Promise<void>;
}

export interface TopicSpec {
  name: string;
  partitions: number;
  replicationFactor: number;
}
