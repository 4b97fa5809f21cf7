/**
 * All that a broker touches of the world. Broker code uses nothing else (a lint rule sees to it),
 * so that the very same code runs over real TCP and files, and in virtual time.
 */
import type { Address } from '../../../model/index.js';

export interface Env {
  /** Monotonic, ms. */
  now(): number;
  /** Wall clock, ms since 1970; for time stamps only. */
  wallMs(): number;
  /** Calls back once, never before this call has returned. Returns what cancels it. */
  after(ms: number, run: () => void): () => void;
  /** From 0 to below 1. */
  random(): number;
  /** Rejects if the address is taken. */
  listen(address: Address, accept: (connection: Connection) => void): Promise<void>;
  /** What is written before it is connected waits. A failure to connect closes it. */
  dial(address: Address): Connection;
  storage: Storage;
  /** One line, without a time. */
  log(text: string): void;
}

export interface Connection {
  /** Bytes in order; after the close nothing happens. */
  write(bytes: Buffer): void;
  /** Written bytes that the other side's kernel did not yet take. */
  unsent(): number;
  /** At most one handler of each; data that come before there is one wait. */
  onData(handle: (bytes: Buffer) => void): void;
  /** Stops (false) or goes on (true) handing data over: what is not read holds the sender up. */
  reading(on: boolean): void;
  /** Once, also after close(). */
  onClose(handle: () => void): void;
  /** At once; nothing unsent is sent any more. Idempotent. */
  close(): void;
}

/**
 * Files of one node, by path relative to its folder. Calls are done when they return: what was
 * written outlives the process; a power loss only what was synced. Errors of the disk throw.
 */
export interface Storage {
  /** Names in a folder; none if there is no such folder. */
  list(folder: string): string[];
  /** The whole file, or undefined. */
  read(path: string): Buffer | undefined;
  /** Atomically: after a crash it is the old or the new one. `sync`: outlives a power loss. */
  replace(path: string, bytes: Buffer, sync: boolean): void;
  /** Opens, or creates with its folders. */
  open(path: string): StoredFile;
  /** A file, or a folder with all in it. */
  remove(path: string): void;
}

export interface StoredFile {
  size: number;
  append(bytes: Buffer): void;
  /** Exactly `length` bytes; throws if there are fewer. */
  read(position: number, length: number): Buffer;
  truncate(size: number): void;
  sync(): void;
  close(): void;
}

/** What one broker is started with. */
export interface BrokerConfig {
  id: number;
  /** 22 letters, as Kafka's. Raft messages of another cluster close their connection. */
  clusterId: string;
  listen: Address;
  /** All nodes of the cluster, this one too: where clients find them, and where this one dials them. */
  nodes: readonly { id: number; advertised: Address; dial: Address }[];
  /** A follower that heard nothing for one to two times as long asks for votes. */
  electionTimeoutMs: number;
  heartbeatMs: number;
  /** Every append outlives a power loss before it is acked. */
  fsync: boolean;
  segmentBytes: number;
  plants: readonly PlantName[];
}

/** Defects that can be switched on; what each does is told in plants.ts. */
export type PlantName =
  | 'ack-before-replicate'
  | 'vote-forgotten'
  | 'stale-log-elected'
  | 'no-truncate'
  | 'read-uncommitted-tail'
  | 'watermark-regress'
  | 'no-epoch-fencing'
  | 'reorder-batch'
  | 'torn-tail-served'
  | 'follower-drops';
export type Plants = ReadonlySet<PlantName>;
