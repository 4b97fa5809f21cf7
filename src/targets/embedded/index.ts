import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pingKafka } from '../../kafka/ping.js';
import {
  expected,
  type Capability,
  type Cluster,
  type Links,
  type OptionValues,
  type Target,
  type TargetContext,
} from '../../model/index.js';
import { watch } from '../../processes/index.js';
import { LocalNode } from '../local/node.js';
import { dataOf, startCluster } from '../local/start.js';
import type { BrokerConfig, PlantName } from './broker/env.js';
import { plants } from './broker/plants.js';
import { embeddedLayout, type EmbeddedLayout } from './layout.js';

/** One file with all that a broker runs, made by the build. */
const bundle = fileURLToPath(new URL('../../../broker.js', import.meta.url));
/** A large young generation is worth 20 MB for each broker and nothing in speed. */
const nodeFlags = ['--max-semi-space-size=2'];

const options: Target['meta']['options'] = {
  nodes: { type: 'number', default: 3, min: 3, max: 7, integer: true, help: 'brokers' },
  electionTimeout: {
    type: 'duration',
    default: 500,
    min: 50,
    help: 'a follower that heard nothing for one to two times as long asks for votes',
  },
  heartbeat: {
    type: 'duration',
    default: 100,
    min: 10,
    help: 'how often a leader without news is heard; less than the election time-out',
  },
  fsync: {
    type: 'boolean',
    default: false,
    help: 'what was acked outlives a power loss too, not only a kill',
  },
  segmentBytes: {
    type: 'number',
    default: 16 << 20,
    min: 1024,
    integer: true,
    placeholder: 'bytes',
    help: 'size from which a log goes on in a new file',
  },
  plant: {
    type: 'list',
    choices: Object.keys(plants),
    placeholder: 'names',
    help: 'defects to switch on, with commas between them or repeated; `schism list` shows them',
  },
};

const target: Target = {
  meta: {
    id: 'embedded',
    help: 'a reference cluster with nothing to install: small Raft brokers of its own, 3 to 7 processes',
    options,
    links: 'builtin',
    plants,
  },
  notice(values) {
    const planted = plantsOf(values);
    const defects = planted.length > 0 ? ` Planted defects: ${planted.join(', ')}.` : '';
    return `Reference cluster: this tells nothing about your brokers; try \`--target kafka\`.${defects}`;
  },
  capabilities: (): readonly Capability[] => ['links', 'kill', 'pause', 'stop'],
  check(values) {
    const { electionTimeoutMs, heartbeatMs } = timing(values);
    if (heartbeatMs < electionTimeoutMs) return Promise.resolve();
    const below = `below the election time-out of ${electionTimeoutMs} ms`;
    return Promise.reject(expected('`--heartbeat`', below, `${heartbeatMs}ms`));
  },
  start,
};
export default target;

const plantsOf = (values: OptionValues): PlantName[] => (values['plant'] ?? []) as PlantName[];
const timing = (values: OptionValues) => ({
  electionTimeoutMs: Number(values['electionTimeout'] ?? 500),
  heartbeatMs: Number(values['heartbeat'] ?? 100),
});

async function start(context: TargetContext): Promise<Cluster> {
  const { options: values, concurrency } = context;
  // First of all, so that what follows is cleaned up whatever happens.
  watch();
  const ids = Array.from({ length: Number(values['nodes'] ?? 3) }, (_, i) => i + 1);
  const layout = await embeddedLayout(ids, context.links && concurrency);
  let links: Links | undefined;
  if (context.links) {
    context.progress('opening links');
    links = await context.links.open(layout.linkSpecs(concurrency), pingKafka);
  }
  context.progress(`starting ${ids.length} nodes of the reference cluster`);
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const nodes = ids.map((id) => {
    const config = brokerConfig(layout, id, clusterId, values);
    return new LocalNode({
      id,
      addresses: layout.real(id),
      command: process.execPath,
      args: [...nodeFlags, bundle, JSON.stringify(config), dataOf(context, id)],
      logFile: join(context.dir, 'nodes', String(id), 'broker.log'),
      recorder: context.recorder,
    });
  });
  return startCluster(context, { layout, nodes, links, facts: facts(values, links) });
}

function brokerConfig(
  layout: EmbeddedLayout,
  id: number,
  clusterId: string,
  values: OptionValues,
): BrokerConfig {
  return {
    id,
    clusterId,
    listen: layout.real(id).broker,
    nodes: layout.nodes.map((node) => ({
      id: node,
      advertised: layout.real(node).client,
      dial: layout.dial(id, node),
    })),
    ...timing(values),
    fsync: values['fsync'] === true,
    segmentBytes: Number(values['segmentBytes'] ?? 16 << 20),
    plants: plantsOf(values),
  };
}

function facts(values: OptionValues, links: Links | undefined): Record<string, string> {
  const { electionTimeoutMs, heartbeatMs } = timing(values);
  const planted = plantsOf(values);
  return {
    'Reference cluster': 'one Raft group for each partition, written for this program',
    Nodes: `${Number(values['nodes'] ?? 3)} brokers, each of them a controller too`,
    Links: links?.name ?? 'none',
    'Election time-out': `${electionTimeoutMs} ms`,
    Heartbeat: `${heartbeatMs} ms`,
    fsync: values['fsync'] === true ? 'on' : 'off: a kill loses nothing, a power loss may',
    ...(planted.length > 0 && { 'Planted defects': planted.join(', ') }),
  };
}
