import { expected, type OptionValues } from '../../model/index.js';
import { advertised, name, purposes, realHost, type KafkaLayout } from './layout.js';

/** What the links and the proofs rest upon. */
const ours = new Set([
  'process.roles',
  'node.id',
  'controller.quorum.voters',
  'listeners',
  'advertised.listeners',
  'listener.security.protocol.map',
  'controller.listener.names',
  'inter.broker.listener.name',
  'log.dirs',
]);

/** `--broker-config key=value`; the last one of a key wins. Throws on a malformed one. */
export function overrides(options: OptionValues): Map<string, string> {
  const list = options['brokerConfig'] ?? [];
  return new Map(
    (Array.isArray(list) ? list : [String(list)]).map((text) => {
      const [, key, value] = /^\s*([\w.-]+)\s*=(.*)$/.exec(text) ?? [];
      if (key === undefined || value === undefined)
        throw expected('`--broker-config`', 'key=value', text);
      if (ours.has(key))
        throw expected('`--broker-config`', 'a setting that the links do not rest upon', text);
      return [key, value.trim()];
    }),
  );
}

/** server.properties of one node: short time-outs, so that a run of a minute sees many changes. */
export function brokerConfig(
  layout: KafkaLayout,
  node: number,
  dataDir: string,
  options: OptionValues,
): Map<string, string> {
  const listeners = (host: (purpose: (typeof purposes)[number]) => string): string =>
    purposes
      .map((purpose) => `${purpose.toUpperCase()}://${host(purpose)}:${layout.ports[purpose]}`)
      .join(',');
  const voters = layout.nodes.map((id) => `${id}@${name(id)}:${layout.ports.controller}`);
  const base: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': node,
    'controller.quorum.voters': voters.join(','),
    listeners: listeners(() => realHost(node)),
    'advertised.listeners': listeners((purpose) => advertised(layout, node, purpose).host),
    'listener.security.protocol.map': purposes
      .map((purpose) => `${purpose.toUpperCase()}:PLAINTEXT`)
      .join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'BROKER',
    'log.dirs': dataDir,
    'default.replication.factor': Number(options['replicationFactor'] ?? 3),
    'min.insync.replicas': Number(options['minInsyncReplicas'] ?? 2),
    'offsets.topic.replication.factor': 3,
    'transaction.state.log.replication.factor': 3,
    'transaction.state.log.min.isr': 2,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.num.partitions': 3,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': 'false',
    'log.cleaner.dedupe.buffer.size': 4194304,
    'controller.quorum.election.timeout.ms': 500,
    'controller.quorum.fetch.timeout.ms': 1000,
    'controller.quorum.request.timeout.ms': 1000,
    'broker.heartbeat.interval.ms': 300,
    'broker.session.timeout.ms': 2000,
    'replica.lag.time.max.ms': 3000,
    'replica.socket.timeout.ms': 2000,
    'replica.fetch.backoff.ms': 200,
    'request.timeout.ms': 3000,
    'controller.socket.timeout.ms': 3000,
    'leader.imbalance.check.interval.seconds': 5,
  };
  const all = new Map(Object.entries(base).map(([key, value]) => [key, String(value)]));
  for (const [key, value] of overrides(options)) all.set(key, value);
  return all;
}

export const properties = (config: ReadonlyMap<string, string>): string =>
  // A backslash begins an escape in a properties file.
  [...config, ['', '']]
    .map(([key, value]) => (key === '' ? '' : `${key}=${value!.replaceAll('\\', '\\\\')}`))
    .join('\n');

/** Settings that decide what a verdict means; shown in the report as they are in force. */
const shown = [
  'min.insync.replicas',
  'unclean.leader.election.enable',
  'broker.session.timeout.ms',
  'controller.quorum.fetch.timeout.ms',
  'replica.lag.time.max.ms',
];

export function settingFacts(config: ReadonlyMap<string, string>, options: OptionValues) {
  const keys = new Set([...shown, ...overrides(options).keys()]);
  return Object.fromEntries(
    [...keys].flatMap((key) => {
      const value = config.get(key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** One file for each logging library: jars by Maven come with reload4j, distributions with either. */
export const logging = {
  'log4j.properties': `log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n
`,
  'log4j2.properties': `rootLogger.level=info
rootLogger.appenderRefs=out
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %m (%c)%n
`,
} as const;
