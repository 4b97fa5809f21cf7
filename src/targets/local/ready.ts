/** Waiting for brokers that were started. */
import { waitReady } from '../../kafka/admin.js';
import { SchismError } from '../../model/index.js';
import type { LocalNode } from './node.js';

/** Resolves when every node names all nodes; rejects with the ends of their logs. */
export async function ready(nodes: readonly LocalNode[], signal: AbortSignal): Promise<void> {
  // A busy machine takes long; a node that died is noticed at once.
  const timeoutMs = 30_000 + 20_000 * nodes.length;
  const died = new AbortController();
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
  } catch (error) {
    signal.throwIfAborted();
    const dead = nodes.filter((node) => !node.isAlive());
    if (dead.length > 0) throw fault('Expected all nodes to start', dead, error);
    throw fault(`Expected all nodes to be up within ${timeoutMs / 1000} s`, nodes, error);
  } finally {
    clearInterval(timer);
  }
}

const fault = (what: string, nodes: readonly LocalNode[], cause: unknown): SchismError => {
  const logs = nodes.map((node) => node.troubles());
  return new SchismError('cluster', `${what}, and they did not.\n${logs.join('\n')}`, { cause });
};
