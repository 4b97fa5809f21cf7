/** Which topics there are: commands on the controller group's log, applied by every node in order. */
import { heads, recordBatch, recordValues } from './batch.js';
import type { BrokerConfig, Env } from './env.js';
import { codes } from './handlers/codes.js';
import { isTopicName, type Group, type NewTopic } from './types.js';

/** A topic as all nodes know it. */
export interface TopicRecord {
  name: string;
  /** A UUID with dashes. */
  id: string;
  /** Of each partition, the nodes that have a replica; the first is the one that should lead. */
  partitions: readonly (readonly number[])[];
}

/** `request` tells the one who waits for it. */
type Command = { request: string } & (
  { type: 'createTopic'; topic: TopicRecord } | { type: 'deleteTopic'; name: string }
);

/** Topics after all commands below the offset `applied`. */
interface State {
  applied: number;
  topics: readonly TopicRecord[];
}

export interface Controller {
  topics(): readonly TopicRecord[];
  /** As NodeView has it. */
  createTopic(topic: NewTopic, timeoutMs: number, validateOnly: boolean): Promise<number>;
  deleteTopic(name: string, timeoutMs: number): Promise<number>;
}

/** Kafka's bound for the partitions of one request. */
const mostPartitions = 10_000;
/** Of all topics: each replica is a file and a timer of its node. */
const mostInAll = 1000;
const readBytes = 1 << 20;

/**
 * What it applied it remembers on disk, so that a restarted node knows its topics, and opens its
 * replicas, before there is a controller. The file is written before `changed` is called: whoever
 * dies in between finds at the next start which topics should be, and what is left of others.
 */
export function createController(options: {
  group: Group;
  config: BrokerConfig;
  env: Env;
  statePath: string;
  changed: (topics: readonly TopicRecord[]) => void;
}): Controller {
  const { group, config, env, statePath, changed } = options;
  const stored = env.storage.read(statePath);
  let state: State =
    stored === undefined ? { applied: 0, topics: [] } : (JSON.parse(stored.toString()) as State);
  const waiting = new Map<string, (code: number) => void>();

  group.onChange(() => {
    if (group.commit <= state.applied) return;
    const topics = new Map(state.topics.map((topic) => [topic.name, topic]));
    const answers: (() => void)[] = [];
    let applied = state.applied;
    while (applied < group.commit) {
      const batches = group.log.read(applied, group.commit, readBytes);
      if (batches.length === 0) break;
      for (const head of heads(batches)) {
        applied = head.end;
        if (head.control) continue;
        for (const value of recordValues(batches.subarray(head.at, head.at + head.size))) {
          const command = JSON.parse(value.toString()) as Command;
          const code = applyTo(topics, command);
          answers.push(() => waiting.get(command.request)?.(code));
        }
      }
    }
    state = { applied, topics: [...topics.values()] };
    if (answers.length === 0) return;
    env.storage.replace(statePath, Buffer.from(JSON.stringify(state)), config.fsync);
    changed(state.topics);
    for (const answer of answers) answer();
  });

  const request = (command: (id: string) => Command, timeoutMs: number): Promise<number> =>
    new Promise((resolve) => {
      const id = uuid(env);
      const stops: (() => void)[] = [];
      const answer = (code: number): void => {
        waiting.delete(id);
        for (const stop of stops) stop();
        resolve(code);
      };
      // Before the proposal: a single node commits and applies within it.
      waiting.set(id, answer);
      const batch = recordBatch([Buffer.from(JSON.stringify(command(id)))], env.wallMs());
      const proposed = group.propose(batch);
      if (proposed === undefined) {
        answer(codes.notController);
        return;
      }
      if (!waiting.has(id)) return;
      stops.push(env.after(timeoutMs, () => answer(codes.requestTimedOut)));
      stops.push(
        group.whenCommitted(proposed.end, (committed) => {
          if (!committed) answer(codes.notController);
        }),
      );
    });

  return {
    topics: () => state.topics,
    async createTopic(wanted, timeoutMs, validateOnly) {
      if (!group.isLeader) return codes.notController;
      const { name } = wanted;
      const partitions = wanted.partitions === -1 ? 1 : wanted.partitions;
      const nodes = config.nodes.map((node) => node.id).sort((a, b) => a - b);
      const factor =
        wanted.replicationFactor === -1 ? Math.min(3, nodes.length) : wanted.replicationFactor;
      if (!isTopicName(name)) return codes.invalidTopic;
      const there = state.topics.reduce((sum, topic) => sum + topic.partitions.length, 0);
      const wrong =
        wrongCounts(partitions, factor, nodes.length) ||
        (there + partitions > mostInAll ? codes.policyViolation : codes.none);
      // As in Kafka, that a topic exists is told before its counts are looked at.
      if (wrong !== codes.none || validateOnly) return conflict(state.topics, name) || wrong;
      const topic: TopicRecord = {
        name,
        id: uuid(env),
        // Each partition begins at another node, so that leaders are spread.
        partitions: Array.from({ length: partitions }, (_, p) =>
          Array.from({ length: factor }, (_, i) => nodes[(p + i) % nodes.length]!),
        ),
      };
      return request((id) => ({ request: id, type: 'createTopic', topic }), timeoutMs);
    },
    deleteTopic: (name, timeoutMs) =>
      request((id) => ({ request: id, type: 'deleteTopic', name }), timeoutMs),
  };
}

function wrongCounts(partitions: number, factor: number, nodes: number): number {
  if (partitions < 1) return codes.invalidPartitions;
  if (partitions > mostPartitions) return codes.policyViolation;
  return factor < 1 || factor > nodes ? codes.invalidReplicationFactor : codes.none;
}

/** Whether a name is free is decided here, in the log's order: the same on every node. */
function applyTo(topics: Map<string, TopicRecord>, command: Command): number {
  if (command.type === 'deleteTopic')
    return topics.delete(command.name) ? codes.none : codes.unknownTopicOrPartition;
  const code = conflict(topics.values(), command.topic.name);
  if (code === codes.none) topics.set(command.topic.name, command.topic);
  return code;
}

/** As in Kafka, `a.b` and `a_b` exclude each other: metrics write both alike. */
function conflict(topics: Iterable<TopicRecord>, name: string): number {
  const plain = (text: string): string => text.replaceAll('.', '_');
  let code: number = codes.none;
  for (const topic of topics) {
    if (topic.name === name) return codes.topicExists;
    if (plain(topic.name) === plain(name)) code = codes.invalidTopic;
  }
  return code;
}

function uuid(env: Env): string {
  const bytes = Buffer.from(Array.from({ length: 16 }, () => Math.floor(env.random() * 256)));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
