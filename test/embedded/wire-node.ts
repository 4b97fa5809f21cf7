/**
 * One broker's handlers over real TCP, with real groups and logs; the other replicas are played
 * here, so that a test decides when they vote and when they ack.
 */
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';
import { freePorts } from '../../src/processes/index.js';
import { heads } from '../../src/targets/embedded/broker/batch.js';
import type { BrokerConfig, PlantName } from '../../src/targets/embedded/broker/env.js';
import { openLog } from '../../src/targets/embedded/broker/log/log.js';
import { createNode } from '../../src/targets/embedded/broker/node.js';
import { createGroup } from '../../src/targets/embedded/broker/raft/group.js';
import type { Group, Message, NodeView, Topic } from '../../src/targets/embedded/broker/types.js';
import { serve } from '../../src/targets/embedded/broker/wire/serve.js';
import { realEnv, type RealEnv } from '../../src/targets/embedded/real-env.js';
import { decodeResponse, encodeRequest, type Body } from './wire-codec.js';
import type { ApiName } from './wire-schema.js';

export const clusterId = 'abcdefghijklmnopqrstuv';
export const topicId = '12345678-1234-1234-1234-123456789abc';
const host = '127.0.0.1';

export const configOf = (port: number, plants: readonly PlantName[] = []): BrokerConfig => ({
  id: 1,
  clusterId,
  listen: { host, port },
  nodes: [{ id: 1, advertised: { host, port }, dial: { host, port } }],
  electionTimeoutMs: 60_000,
  heartbeatMs: 1000,
  fsync: false,
  segmentBytes: 1 << 20,
  plants,
});

const quietEnv = (dataDir: string): RealEnv => ({
  ...realEnv({ dataDir }),
  log: () => undefined,
});

/** A whole broker, alone in its cluster. */
export async function startBroker(t: Test): Promise<{ port: number; view: NodeView }> {
  const [port] = (await freePorts(1)) as [number];
  const env = quietEnv(t.testdir());
  const node = await createNode(configOf(port), env);
  const { view } = node;
  t.teardown(() => {
    node.close();
    env.close();
  });
  await until(view.controller, () => view.controller.isLeader);
  return { port, view };
}

/** Resolves once `ready`, which is asked after each change of the group. */
export function until(group: Group, ready: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!ready()) return;
      end();
      resolve();
    };
    const end = group.onChange(look);
    look();
  });
}

/** A test, or what has a folder and an end too. */
export interface Owner {
  testdir(): string;
  teardown(end: () => unknown): void;
}

export interface Served {
  port: number;
  env: RealEnv;
  view: NodeView;
  /** Of `orders-0`: replicas 1, 2 and 3; this is 1, and leads. */
  group: Group;
  /** From now on the other two ack, also what came before. */
  ack: () => void;
  /** From now on they do not. */
  hold: () => void;
  /** Node 2 leads in the next term, with this log and its commit. */
  depose: () => void;
  messages: Message[];
}

/**
 * Topic `orders`: partition 0 is `group`; 1 is led by node 2 and has no replica here; of 2 no
 * leader is known. While `held` the others vote but ack nothing.
 */
export async function startServed(
  t: Owner,
  options: { plants?: PlantName[]; held?: boolean } = {},
): Promise<Served> {
  const env = quietEnv(t.testdir());
  const [port] = (await freePorts(1)) as [number];
  const others = new Others();
  if (options.held === true) others.held = [];
  const open = (name: string, replicas: number[]): Group =>
    createGroup({
      ...{ name, self: 1, replicas, env, statePath: `${name}/vote.json`, fsync: false },
      log: openLog({
        ...{ storage: env.storage, folder: `${name}/log`, segmentBytes: 1 << 20, fsync: false },
        ...{ plants: new Set(), note: () => undefined },
      }),
      timing: { electionTimeoutMs: 60_000, heartbeatMs: 1000 },
      plants: new Set(),
      send: (to, message) => others.take(to, message),
    });
  const group = open(`${topicId}-0`, [1, 2, 3]);
  const controller = open('controller', [1]);
  others.group = group;
  const view: NodeView = {
    id: 1,
    clusterId,
    nodes: [1, 2, 3].map((id) => ({ id, host, port: id === 1 ? port : id })),
    controller,
    topics: new Map([['orders', ordersOf(group)]]),
    createTopic: () => Promise.resolve(41),
    deleteTopic: () => Promise.resolve(41),
  };
  const messages: Message[] = [];
  const config = configOf(port, options.plants);
  await env.listen({ host, port }, (connection) => {
    serve(connection, view, env, config, { raft: (message) => void messages.push(message) });
  });
  t.teardown(() => {
    group.close();
    controller.close();
    env.close();
  });
  await until(controller, () => controller.isLeader);
  await until(group, () => group.isLeader && (options.held === true || group.commit > 0));
  return {
    ...{ port, env, view, group, messages },
    ack: () => others.release(),
    hold: () => void (others.held = []),
    depose: () =>
      group.receive({
        ...{ group: group.name, from: 2, term: group.term + 1, kind: 'append', isr: [1, 2] },
        ...{ base: group.log.end, prevEpoch: group.log.lastEpoch, commit: group.commit },
        entries: Buffer.alloc(0),
      }),
  };
}

const ordersOf = (group: Group): Topic => ({
  name: 'orders',
  id: topicId,
  partitions: [
    {
      index: 0,
      replicas: group.replicas,
      group,
      leadership: () => ({ leader: group.leader, epoch: group.term, isr: group.isr }),
    },
    ...[2, -1].map((leader, i) => ({
      index: i + 1,
      replicas: [2, 3],
      group: undefined,
      leadership: () => ({ leader, epoch: 5, isr: [2] }),
    })),
  ],
});

/** Replicas 2 and 3: they vote for everybody, and ack what they are sent unless it is held. */
class Others {
  group: Group | undefined;
  held: (() => void)[] | undefined;

  take(from: number, message: Message): void {
    const { group, term } = message;
    const answer = (of: Message): void => void setImmediate(() => this.group?.receive(of));
    if (message.kind === 'vote')
      answer({ group, from, term, kind: 'voted', pre: message.pre, granted: true });
    if (message.kind !== 'append') return;
    const end = [...heads(message.entries)].at(-1)?.end ?? message.base;
    const run = (): void =>
      answer({ group, from, term, kind: 'appended', ok: true, end, epoch: 0 });
    if (this.held) this.held.push(run);
    else run();
  }

  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const run of held) run();
  }
}

/** One connection that keeps its answers, in their order. */
export class Raw {
  readonly socket: Socket;
  /** Resolves when the broker closed the connection. */
  readonly closed: Promise<void>;
  #bytes = Buffer.alloc(0);
  #wake = (): void => undefined;
  #over = false;
  #correlation = 0;

  constructor(t: Test, port: number) {
    this.socket = connect(port, host);
    t.teardown(() => this.socket.destroy());
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.#over = true;
        this.#wake();
        resolve();
      });
    });
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** The next answer without its size. Rejects if the connection is closed instead. */
  async next(): Promise<Buffer> {
    for (;;) {
      if (this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readInt32BE(0)) {
        const frame = this.#bytes.subarray(4, 4 + this.#bytes.readInt32BE(0));
        this.#bytes = this.#bytes.subarray(4 + frame.length);
        return frame;
      }
      if (this.#over) throw new Error('closed');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  send(name: ApiName, version: number, body: Body): number {
    this.write(encodeRequest(name, version, ++this.#correlation, body));
    return this.#correlation;
  }

  /** The answer to a request that nothing else was asked before. */
  async ask(name: ApiName, version: number, body: Body): Promise<Body> {
    const sent = this.send(name, version, body);
    const answer = decodeResponse(name, version, await this.next());
    if (answer.correlation !== sent) throw new Error(`answer to ${answer.correlation}`);
    return answer.body;
  }
}
