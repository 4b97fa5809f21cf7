import type { Env, Plants } from '../env.js';
import type { Log, Message } from '../types.js';

/** What one replica of a group is made of. */
export interface GroupOptions {
  /** `controller`, or `<topic id>-<partition>` */
  name: string;
  /** Id of this node. */
  self: number;
  /** Ids, this one too. The first campaigns at once while the group has no term. */
  replicas: readonly number[];
  /** Belongs to the group from now on. */
  log: Log;
  env: Env;
  /** File with term and vote. */
  statePath: string;
  timing: { electionTimeoutMs: number; heartbeatMs: number };
  /** Term and vote outlive a power loss. */
  fsync: boolean;
  plants: Plants;
  /** Never answers before it returns; may lose messages. False: it knows that it lost this one. */
  send: (to: number, message: Message) => unknown;
}
