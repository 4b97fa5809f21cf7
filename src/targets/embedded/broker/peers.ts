/** The way of Raft messages to the other nodes: one dialled connection each, and no answers on it. */
import type { BrokerConfig, Connection, Env } from './env.js';
import type { Message } from './types.js';
import { raftFrame } from './wire/raft.js';

export interface Peers {
  /** False: dropped, as there is no connection. Raft says everything again. */
  send(to: number, message: Message): boolean;
  close(): void;
}

/** So much waits when a link stands still; by then newer messages have made it worthless. */
const mostUnsent = 4 << 20;
/** A connection that took nothing for so long is not trusted to come back. */
const stuckMs = 10_000;
const backoffMs = { from: 50, to: 200 };

export function createPeers(config: BrokerConfig, env: Env): Peers {
  const others = config.nodes.filter((node) => node.id !== config.id);
  const peers = new Map(others.map((node) => [node.id, createPeer(node, config, env)]));
  return {
    send: (to, message) => peers.get(to)?.send(message) === true,
    close() {
      for (const peer of peers.values()) peer.close();
    },
  };
}

function createPeer(
  node: BrokerConfig['nodes'][number],
  { clusterId }: BrokerConfig,
  env: Env,
): { send(message: Message): boolean; close(): void } {
  let connection: Connection | undefined;
  let cancel = (): void => undefined;
  let closed = false;
  /** Bytes that left, and when that number last grew. */
  let written = 0;
  let gone = { bytes: 0, at: 0 };

  const dial = (): void => {
    const dialled = env.dial(node.dial);
    connection = dialled;
    written = 0;
    gone = { bytes: 0, at: env.now() };
    // Nothing comes here, but only who reads learns of the end.
    dialled.onData(() => undefined);
    dialled.onClose(() => lose(dialled));
  };
  const lose = (lost: Connection): void => {
    if (connection !== lost) return;
    connection = undefined;
    if (closed) return;
    const { from, to } = backoffMs;
    cancel = env.after(from + env.random() * (to - from), dial);
  };
  const fault = (): string | undefined => {
    if (connection === undefined) return undefined;
    const unsent = connection.unsent();
    if (unsent > mostUnsent) return `${unsent} bytes are unsent`;
    if (unsent === 0 || written - unsent > gone.bytes)
      gone = { bytes: written - unsent, at: env.now() };
    return env.now() - gone.at > stuckMs ? `nothing went for ${stuckMs} ms` : undefined;
  };
  dial();
  return {
    send(message) {
      if (connection === undefined) return false;
      const why = fault();
      if (why !== undefined) {
        env.log(`redials node ${node.id}: ${why}`);
        const broken = connection;
        lose(broken);
        broken.close();
        return false;
      }
      const frame = raftFrame(clusterId, message);
      written += frame.length;
      connection.write(frame);
      return true;
    },
    close() {
      closed = true;
      cancel();
      connection?.close();
    },
  };
}
