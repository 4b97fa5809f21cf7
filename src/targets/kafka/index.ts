import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pingKafka } from '../../kafka/ping.js';
import {
  type Capability,
  type Cluster,
  type Links,
  type OptionValues,
  type Target,
  type TargetContext,
} from '../../model/index.js';
import { freePorts, run, watch } from '../../processes/index.js';
import { LocalNode } from '../local/node.js';
import { dataOf, startCluster } from '../local/start.js';
import { brokerConfig, logging, overrides, properties, settingFacts } from './config.js';
import { hostsFile, kafkaLayout, type KafkaLayout } from './layout.js';
import { defaultVersion, fetchJars, findSoftware, type Software } from './software.js';

const options: Target['meta']['options'] = {
  nodes: {
    type: 'number',
    default: 3,
    min: 3,
    max: 7,
    integer: true,
    help: 'brokers, each of them a controller too',
  },
  kafkaVersion: {
    type: 'string',
    default: defaultVersion,
    placeholder: 'version',
    help: 'version of Apache Kafka, 3.9 or newer',
  },
  kafkaHome: {
    type: 'string',
    placeholder: 'folder',
    help: 'an unpacked Kafka to run instead of jars by Maven',
  },
  brokerConfig: {
    type: 'list',
    placeholder: 'key=value',
    help: "a line for every broker's server.properties, repeatable; the last one of a key wins",
  },
  minInsyncReplicas: {
    type: 'number',
    default: 2,
    min: 1,
    max: 7,
    integer: true,
    help: 'min.insync.replicas',
  },
  heapMb: {
    type: 'number',
    default: 512,
    min: 128,
    integer: true,
    placeholder: 'MB',
    help: "each broker's largest heap",
  },
};

const target: Target = {
  meta: {
    id: 'kafka',
    help: 'Apache Kafka in KRaft mode, started here: 3 to 7 brokers that are controllers too',
    options,
  },
  capabilities: (): readonly Capability[] => ['links', 'kill', 'pause', 'stop'],
  async check(values, cacheDir) {
    overrides(values);
    await findSoftware(values, cacheDir);
  },
  start,
};
export default target;

async function start(context: TargetContext): Promise<Cluster> {
  const { options: values, signal } = context;
  // First of all, so that what follows is cleaned up whatever happens.
  watch();
  const found = await findSoftware(values, context.cacheDir);
  if (found.libs === undefined) context.progress(`fetching Apache Kafka ${found.kafkaVersion}`);
  const libs = found.libs ?? (await fetchJars(found.kafkaVersion, context.cacheDir, signal));
  const [client, broker, controller] = (await freePorts(3)) as [number, number, number];
  const layout = kafkaLayout({
    nodes: Array.from({ length: Number(values['nodes'] ?? 3) }, (_, i) => i + 1),
    ports: { client, broker, controller },
    linked: context.links !== undefined,
  });
  let links: Links | undefined;
  if (context.links) {
    context.progress('opening links');
    links = await context.links.open(layout.linkSpecs(context.concurrency), pingKafka);
  }

  const { length } = layout.nodes;
  context.progress(`starting ${length} nodes of Apache Kafka ${found.kafkaVersion}`);
  const nodes = await prepare(context, layout, { ...found, libs });
  const config = brokerConfig(layout, 1, '', values);
  return startCluster(context, {
    layout,
    nodes,
    links,
    facts: {
      'Apache Kafka': found.kafkaVersion,
      Java: found.javaVersion,
      Nodes: `${length} combined broker-controllers`,
      Links: links?.name ?? 'none',
      ...settingFacts(config, values),
    },
  });
}

/** Writes each node's files and formats its storage. */
async function prepare(
  context: TargetContext,
  layout: KafkaLayout,
  software: Software & { libs: string },
): Promise<LocalNode[]> {
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const work = layout.nodes.map(async (id) => {
    const folder = join(context.dir, 'nodes', String(id));
    const file = (name: string): string => join(folder, name);
    await mkdir(folder, { recursive: true });
    const config = properties(brokerConfig(layout, id, dataOf(context, id), context.options));
    const files = { ...logging, hosts: hostsFile(layout, id), 'server.properties': config };
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(file(name), text)));
    const java = [
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-Xshare:auto',
      '-Djava.net.preferIPv4Stack=true',
      '-Dsun.net.inetaddr.ttl=0',
      `-Djdk.net.hosts.file=${file('hosts')}`,
      `-Dlog4j.configuration=file:${file('log4j.properties')}`,
      `-Dlog4j2.configurationFile=${file('log4j2.properties')}`,
      '-cp',
      join(software.libs, '*'),
    ];
    const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c'];
    await run(software.java, [...java, ...format, file('server.properties')], {
      timeoutMs: 120_000,
      signal: context.signal,
    });
    return new LocalNode({
      id,
      addresses: layout.real(id),
      command: software.java,
      args: [...heap(context.options), ...java, 'kafka.Kafka', file('server.properties')],
      logFile: file('broker.log'),
      recorder: context.recorder,
    });
  });
  // None is left at work when one of them fails.
  await Promise.allSettled(work);
  return Promise.all(work);
}

function heap(values: OptionValues): string[] {
  const most = Number(values['heapMb'] ?? 512);
  return [`-Xms${Math.min(256, most)}m`, `-Xmx${most}m`];
}
