/** Topics, and waiting for a cluster: what a run needs before its load and after it. */
import { setTimeout as delay } from 'node:timers/promises';
import { createTopicsV7, deleteTopicsV6 } from '@platformatic/kafka';
import { SchismError, type Address, type KeyName, type TopicSpec } from '../model/index.js';
import { explain, NodeConnection, type Metadata } from './node.js';
import type { ClientSettings } from './session.js';

export interface AdminOptions {
  bootstrap: readonly Address[];
  /** Where to dial to reach an advertised address. */
  route?: (address: Address) => Address;
  settings?: ClientSettings;
  /** For everything together. */
  timeoutMs: number;
  signal?: AbortSignal;
}

const attemptMs = 3000;
const betweenMs = 100;
const clientId = 'schism-admin';

/**
 * Creates topics and waits until every bootstrap broker names a leader and a full ISR for each
 * partition: a client that asks another broker than we did must find them too. Key ids are dense,
 * in the order given. Rejects with a SchismError (cluster).
 */
export async function createTopics(
  options: AdminOptions & {
    topics: readonly TopicSpec[];
    configs?: Readonly<Record<string, string>>;
  },
): Promise<KeyName[]> {
  const { topics } = options;
  const configs = Object.entries(options.configs ?? {}).map(([name, value]) => ({ name, value }));
  const specs = topics.map(({ name, partitions, replicationFactor }) => ({
    name,
    numPartitions: partitions,
    replicationFactor,
    assignments: [],
    configs,
  }));
  return withNodes(options, 'topics with a leader and a full ISR', async (nodes, until) => {
    await eventually(until, async (turn) => {
      const node = nodes[turn % nodes.length]!;
      try {
        await node.call(limitOf(options), (connection) =>
          createTopicsV7.api.async(connection, specs, attemptMs, false),
        );
      } catch (error) {
        // An attempt whose answer was lost has made them.
        if (!/^(TOPIC_ALREADY_EXISTS(, )?)+$/.test(explain(error))) throw error;
        if (turn === 0) throw fatal(`Expected new topics, but ${names(topics)} exist already.`);
      }
    });
    const wanted = topics.map(({ name }) => name);
    let answer: Metadata | undefined;
    for (const node of nodes) {
      answer = await eventually(until, async () => {
        const found = await node.metadata(wanted, limitOf(options));
        requireWhole(found, topics);
        return found;
      });
    }
    return keyNames(topics, answer);
  });
}

function requireWhole(answer: Metadata, topics: readonly TopicSpec[]): void {
  for (const { name, partitions, replicationFactor } of topics) {
    const found = answer.topics.find((topic) => topic.name === name)?.partitions ?? [];
    const whole = found.filter(
      ({ leaderId, isrNodes }) => leaderId >= 0 && isrNodes.length >= replicationFactor,
    );
    if (whole.length < partitions)
      throw new Error(`${name}: ${whole.length} of ${partitions} partitions are ready`);
  }
}

function keyNames(topics: readonly TopicSpec[], answer: Metadata | undefined): KeyName[] {
  const ids = new Map(answer?.topics.map(({ name, topicId }) => [name, topicId]));
  return topics
    .flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    )
    .map((one, key) => ({ key, ...one, topicId: ids.get(one.topic) ?? '' }));
}

/** Waits until each address answers and knows `count` brokers. Rejects with a SchismError (cluster). */
export async function waitReady(options: {
  addresses: readonly Address[];
  count: number;
  settings?: ClientSettings;
  timeoutMs: number;
  signal?: AbortSignal;
}): Promise<void> {
  const { addresses, count } = options;
  const what = `${count} brokers that know each other`;
  await withNodes({ ...options, bootstrap: addresses }, what, async (nodes, until) => {
    await Promise.all(
      nodes.map((node) =>
        eventually(until, async () => {
          const { brokers } = await node.metadata([], limitOf(options));
          if (brokers.length < count)
            throw new Error(`it knows ${brokers.length} of ${count} brokers`);
        }),
      ),
    );
  });
}

export interface ClusterDescription {
  clusterId: string;
  nodes: { id: number; address: Address }[];
}

/** Who is there, as the first bootstrap broker that answers has it. Rejects with a SchismError. */
export function describeCluster(options: AdminOptions): Promise<ClusterDescription> {
  return withNodes(options, 'a broker', (nodes, until) =>
    eventually(until, async (turn) => {
      const answer = await nodes[turn % nodes.length]!.metadata([], limitOf(options));
      const list = answer.brokers.map(({ nodeId, host, port }) => ({
        id: nodeId,
        address: { host, port },
      }));
      if (list.length === 0) throw new Error('it knows no brokers yet');
      return { clusterId: answer.clusterId ?? '', nodes: list.sort((a, b) => a.id - b.id) };
    }),
  );
}

/** Deletes topics; one that is gone already is no error. Rejects with a SchismError (cluster). */
export async function deleteTopics(
  options: AdminOptions & { topics: readonly string[] },
): Promise<void> {
  const topics = options.topics.map((name) => ({ name, topicId: null }));
  if (topics.length === 0) return;
  await withNodes(options, 'the topics gone', (nodes, until) =>
    eventually(until, async (turn) => {
      try {
        await nodes[turn % nodes.length]!.call(limitOf(options), (connection) =>
          deleteTopicsV6.api.async(connection, topics, attemptMs),
        );
      } catch (error) {
        if (!/^(UNKNOWN_TOPIC_OR_PARTITION(, )?)+$/.test(explain(error))) throw error;
      }
    }),
  );
}

interface Until {
  endMs: number;
  signal: AbortSignal | undefined;
}

const limitOf = (options: {
  signal?: AbortSignal;
}): { timeoutMs: number; signal?: AbortSignal } => ({
  timeoutMs: attemptMs,
  ...(options.signal && { signal: options.signal }),
});

async function withNodes<T>(
  { bootstrap, route = (address) => address, settings = {}, timeoutMs, signal }: AdminOptions,
  what: string,
  run: (nodes: readonly NodeConnection[], until: Until) => Promise<T>,
): Promise<T> {
  const nodes = bootstrap.map((one) => new NodeConnection(route(one), settings, clientId));
  try {
    return await run(nodes, { endMs: performance.now() + timeoutMs, signal });
  } catch (error) {
    if (error instanceof SchismError) throw error;
    const where = bootstrap.map(({ host, port }) => `${host}:${port}`).join(', ');
    const message = `Expected ${what} at ${where} within ${timeoutMs / 1000} s, got: ${explain(error)}.`;
    throw new SchismError('cluster', message, { cause: error });
  } finally {
    for (const node of nodes) node.close();
  }
}

/** Tries until it succeeds, the time is over or the signal comes; then the last error is thrown. */
async function eventually<T>(until: Until, attempt: (turn: number) => Promise<T>): Promise<T> {
  for (let turn = 0; ; turn++) {
    try {
      return await attempt(turn);
    } catch (error) {
      const over = performance.now() > until.endMs || until.signal?.aborted === true;
      if (over || error instanceof SchismError) throw error;
      await delay(betweenMs);
    }
  }
}

const fatal = (message: string): SchismError => new SchismError('cluster', message);
const names = (topics: readonly TopicSpec[]): string => topics.map(({ name }) => name).join(', ');
