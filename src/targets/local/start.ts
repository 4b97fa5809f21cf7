/** From prepared nodes to a running cluster. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitReady } from '../../kafka/admin.js';
import { SchismError, type Cluster, type Links, type TargetContext } from '../../model/index.js';
import { localCluster } from './cluster.js';
import type { Layout } from './layout.js';
import type { LocalNode } from './node.js';

/** Where a node's data live while the run lasts. */
export const dataOf = (context: TargetContext, id: number): string =>
  join(context.dataDir, `node-${id}`);

/**
 * Starts the nodes and resolves when each of them names all nodes and the controller has a leader.
 * If they do not come up, they are ended again; rejects with the ends of their logs.
 */
export async function startCluster(
  context: TargetContext,
  parts: {
    layout: Layout;
    nodes: readonly LocalNode[];
    links: Links | undefined;
    facts: Record<string, string>;
  },
): Promise<Cluster> {
  const { layout, nodes } = parts;
  const { options, recorder, signal } = context;
  const cluster = localCluster({
    ...parts,
    options,
    recorder,
    removeData: async () => {
      if (options['keepData'] === true) return;
      await Promise.all(
        layout.nodes.map((id) => rm(dataOf(context, id), { recursive: true, force: true })),
      );
    },
  });
  try {
    for (const node of nodes) node.start();
    await ready(cluster, nodes, signal);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

async function ready(
  cluster: Cluster,
  nodes: readonly LocalNode[],
  signal: AbortSignal,
): Promise<void> {
  // A busy machine takes long; a node that died is noticed at once.
  const timeoutMs = 30_000 + 20_000 * nodes.length;
  const died = new AbortController();
  const late = AbortSignal.timeout(timeoutMs);
  const timer = setInterval(() => {
    if (nodes.some((node) => !node.isAlive())) died.abort();
  }, 200);
  try {
    await waitReady({
      addresses: nodes.map((node) => node.addresses.client),
      count: nodes.length,
      timeoutMs,
      signal: AbortSignal.any([signal, died.signal]),
    });
    await controllerLed(cluster, AbortSignal.any([signal, died.signal, late]));
  } catch (error) {
    signal.throwIfAborted();
    const dead = nodes.filter((node) => !node.isAlive());
    if (dead.length > 0) throw fault('Expected all nodes to start', dead, error);
    throw fault(`Expected all nodes to be up within ${timeoutMs / 1000} s`, nodes, error);
  } finally {
    clearInterval(timer);
  }
}

async function controllerLed(cluster: Cluster, signal: AbortSignal): Promise<void> {
  for (;;) {
    const views = await cluster.views(signal);
    if (views.some(({ quorum }) => quorum !== undefined && quorum.leader >= 0)) return;
    await sleep(50, undefined, { signal });
  }
}

const fault = (what: string, nodes: readonly LocalNode[], cause: unknown): SchismError => {
  const logs = nodes.map((node) => node.troubles());
  return new SchismError('cluster', `${what}, and they did not.\n${logs.join('\n')}`, { cause });
};
