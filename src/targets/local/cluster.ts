/** A running cluster of processes on this machine, as the runner sees it. */
import { createTopics } from '../../kafka/admin.js';
import { createClient } from '../../kafka/client.js';
import { createProbes } from '../../kafka/probes.js';
import {
  SchismError,
  type Address,
  type Cluster,
  type KeyName,
  type Links,
  type OptionValues,
  type Recorder,
} from '../../model/index.js';
import type { Layout } from './layout.js';
import type { LocalNode } from './node.js';
import { proveRoute } from './routes.js';

export interface ClusterParts {
  layout: Layout;
  nodes: readonly LocalNode[];
  links: Links | undefined;
  options: OptionValues;
  recorder: Recorder;
  facts: Record<string, string>;
  removeData(): Promise<void>;
}

const topicsMs = 60_000;
/** A node that is paused says nothing; it is asked no more often than this. */
const viewMs = 1000;

export function localCluster(parts: ClusterParts): Cluster {
  const { layout, nodes, links, recorder, facts } = parts;
  const number = (name: string, otherwise: number): number =>
    Number(parts.options[name] ?? otherwise);
  const { bootstrap } = layout;
  const probes = createProbes({ now: () => recorder.now() });
  const route = (address: Address, worker: number | undefined): Address =>
    layout.route(address, worker);
  let keys: readonly KeyName[] = [];
  let stopping: Promise<void> | undefined;

  return {
    nodes,
    ownsProcesses: true,
    bootstrap,
    facts,
    route,
    async createTopics(topics) {
      const made = await createTopics({
        bootstrap,
        route: (address) => route(address, undefined),
        topics,
        timeoutMs: topicsMs,
      });
      keys = made;
      return made;
    },
    views: (signal, only) =>
      Promise.all(
        nodes
          .filter(({ id }) => id === (only ?? id))
          .map((node) =>
            probes.askView({
              node: node.id,
              address: node.addresses.client,
              controllerAddress: node.addresses.controller,
              keys,
              timeoutMs: viewMs,
              signal,
            }),
          ),
      ),
    replica(key, id, signal) {
      const node = nodes.find((one) => one.id === id);
      const name = keys[key];
      if (!node || !name)
        throw new SchismError('cluster', `Expected a key and a node, got ${key} and ${id}.`);
      return probes.readReplica({ node: id, address: node.addresses.client, key: name, signal });
    },
    client: (worker) =>
      createClient({
        bootstrap,
        route,
        worker,
        settings: {},
        keys: () => keys,
        requestTimeoutMs: number('requestTimeout', 3000),
        valueBytes: number('valueBytes', 0),
        pollBytes: number('pollBytes', 1 << 20),
        pollWaitMs: number('pollWaitMs', 100),
        clientId: worker === undefined ? 'schism-final' : `schism-${worker}`,
      }),
    stop: () =>
      (stopping ??= (async () => {
        probes.close();
        await Promise.all(nodes.map((node) => node.close()));
        await parts.removeData();
      })()),
    ...(links && {
      links,
      routes: () =>
        Promise.all(
          nodes.map(async (node) => ({
            node: node.id,
            proof: await proveRoute(node, layout, () => recorder.now()),
          })),
        ),
    }),
  };
}
