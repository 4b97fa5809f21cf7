import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createTopics, deleteTopics, describeCluster } from '../../kafka/admin.js';
import { createClient } from '../../kafka/client.js';
import { securityOf } from '../../kafka/node.js';
import { pingOver } from '../../kafka/ping.js';
import { createProbes } from '../../kafka/probes.js';
import {
  messageOf,
  SchismError,
  type Address,
  type Cluster,
  type KeyName,
  type OptionValues,
  type Ping,
  type Target,
  type TargetContext,
} from '../../model/index.js';
import { watch } from '../../processes/index.js';
import { ExternalNode } from './node.js';
import {
  bootstrapOf,
  capabilitiesOf,
  checkTemplates,
  clientConfigOf,
  externalOptions,
  fill,
  templatesOf,
  type ClientConfig,
} from './options.js';

const reachMs = 10_000;
const topicsMs = 60_000;
const deleteMs = 15_000;
const viewMs = 1000;

const target: Target = {
  meta: {
    id: 'external',
    help: 'a cluster that runs already; it is broken only by commands that you give',
    options: externalOptions,
  },
  capabilities: capabilitiesOf,
  async check(options) {
    bootstrapOf(options);
    checkTemplates(options);
    await clientConfigOf(options);
  },
  preview,
  start,
};
export default target;

/** Who is there. A cluster that cannot be reached is a wrong address to the user. */
async function look(options: OptionValues, signal?: AbortSignal) {
  const settings = await clientConfigOf(options);
  const bootstrap = bootstrapOf(options);
  const asked = { bootstrap, settings, timeoutMs: reachMs, ...(signal && { signal }) };
  const found = await describeCluster(asked).catch((error: unknown) => {
    throw new SchismError('usage', messageOf(error), { cause: error });
  });
  return { settings, bootstrap, found };
}

async function preview(options: OptionValues): Promise<{ nodes: number[]; commands: string[] }> {
  const { found } = await look(options);
  const templates = Object.entries(templatesOf(options));
  const commands = found.nodes.flatMap(({ id, address }) =>
    templates.map(([what, template]) => `${what} ${id}: ${fill(template, id, address)}`),
  );
  return { nodes: found.nodes.map(({ id }) => id), commands };
}

async function start(context: TargetContext): Promise<Cluster> {
  const { options, recorder, signal } = context;
  const templates = templatesOf(options);
  if (Object.keys(templates).length > 0) watch();
  context.progress(`looking at the cluster of ${bootstrapOf(options).map(name).join(', ')}`);
  const { settings, bootstrap, found } = await look(options, signal);
  const { tls } = securityOf(settings);
  const ping = pingOver(tls);
  const nodes = found.nodes.map(({ id, address }) => {
    const logFile = join(context.dir, 'nodes', String(id), 'commands.log');
    return new ExternalNode({ id, address, templates, recorder, ping, logFile });
  });
  await Promise.all(nodes.map((node) => mustAnswer(node, ping)));
  const prefix = String(options['topicPrefix'] ?? `schism-${randomBytes(4).toString('hex')}`);
  return externalCluster(
    context,
    { nodes, settings, prefix, bootstrap },
    {
      Cluster: found.clusterId,
      Nodes: `${nodes.length} brokers, not started here`,
      Security: `${tls ? 'TLS' : 'no TLS'}, ${settings.sasl ? settings.sasl.mechanism : 'no SASL'}`,
      Topics: `${prefix}-*`,
    },
  );
}

/** A broker that cannot be reached from here would look like a fault of the cluster. */
async function mustAnswer({ id, addresses }: ExternalNode, ping: Ping): Promise<void> {
  await ping(addresses.client, reachMs).catch((error: unknown) => {
    const why = `Expected node ${id} to answer at ${name(addresses.client)}, where the cluster says it is: ${messageOf(error)}.`;
    throw new SchismError('usage', why, { cause: error });
  });
}

interface Parts {
  nodes: readonly ExternalNode[];
  settings: ClientConfig;
  prefix: string;
  bootstrap: readonly Address[];
}

function externalCluster(
  context: TargetContext,
  { nodes, settings, prefix, bootstrap }: Parts,
  facts: Readonly<Record<string, string>>,
): Cluster {
  const { options, recorder } = context;
  const { clientId = 'schism', ...security } = settings;
  const probes = createProbes({ now: () => recorder.now(), settings, clientId });
  const number = (option: string, otherwise: number): number =>
    Number(options[option] ?? otherwise);
  const admin = { bootstrap, settings, timeoutMs: topicsMs };
  let keys: readonly KeyName[] = [];
  let made: readonly string[] = [];
  let stopping: Promise<void> | undefined;

  /** What cannot be cleaned up is told and no reason to lose the run. */
  async function stop(): Promise<void> {
    probes.close();
    for (const node of nodes) {
      await node.close().catch((error: unknown) => context.progress(messageOf(error)));
    }
    if (options['keepData'] === true) return;
    await deleteTopics({ ...admin, timeoutMs: deleteMs, topics: made }).catch((error: unknown) => {
      context.progress(`topics ${made.join(', ')} are still there: ${messageOf(error)}`);
    });
  }

  return {
    nodes,
    bootstrap,
    facts,
    route: (address) => address,
    async createTopics(topics) {
      const ours = topics.map((topic) => ({ ...topic, name: `${prefix}-${topic.name}` }));
      const names = ours.map((topic) => topic.name);
      // With a prefix that was given, topics that are there already are somebody else's.
      if (options['topicPrefix'] === undefined) made = names;
      keys = await createTopics({ ...admin, topics: ours });
      made = names;
      return [...keys];
    },
    views: (signal, only) =>
      Promise.all(
        nodes
          .filter(({ id }) => id === (only ?? id))
          .map(({ id, addresses }) =>
            probes.askView({
              node: id,
              address: addresses.client,
              keys,
              timeoutMs: viewMs,
              signal,
            }),
          ),
      ),
    replica(key, id, signal) {
      const node = nodes.find((one) => one.id === id);
      const of = keys[key];
      if (!node || !of)
        throw new SchismError('cluster', `Expected a key and a node, got ${key} and ${id}.`);
      return probes.readReplica({ node: id, address: node.addresses.client, key: of, signal });
    },
    client: (worker) =>
      createClient({
        bootstrap,
        route: (address) => address,
        worker,
        settings: security,
        keys: () => keys,
        requestTimeoutMs: number('requestTimeout', 3000),
        valueBytes: number('valueBytes', 0),
        pollBytes: number('pollBytes', 1 << 20),
        pollWaitMs: number('pollWaitMs', 100),
        clientId: worker === undefined ? `${clientId}-final` : `${clientId}-${worker}`,
      }),
    stop: () => (stopping ??= stop()),
  };
}

const name = ({ host, port }: Address): string => `${host}:${port}`;
