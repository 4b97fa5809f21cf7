import type { Records } from './batch.js';

/** One key, n values, in one Produce request, so that the op has one outcome. */
export interface SendRequest {
  key: number;
  values: readonly number[];
  acks: number;
}
/** A fetch of one key from an offset; records below it are dropped before they are returned. */
export interface PollRequest {
  key: number;
  offset: number;
}

/** `reason` is a short stable word (`timed-out`, `NOT_LEADER_OR_FOLLOWER`), `error` a sentence. */
export interface NotOk {
  type: 'fail' | 'info';
  code: number;
  reason: string;
  error: string;
  /** The node that was asked, or -1. */
  node: number;
}
export interface SendOk {
  type: 'ok';
  /** Of the first value; the others follow. -1 with acks=0. */
  offset: number;
  node: number;
}
export interface PollOk {
  type: 'ok';
  node: number;
  records: Records;
  /** The next offset to ask for. */
  next: number;
  /** As told in the answer, or -1. */
  highWatermark: number;
}
export type SendOutcome = SendOk | NotOk;
export type PollOutcome = PollOk | NotOk;

/** One process's client. It never retries by itself. Its calls resolve, they do not reject. */
export interface Client {
  send(request: SendRequest): Promise<SendOutcome>;
  poll(request: PollRequest): Promise<PollOutcome>;
  close(): Promise<void>;
}
