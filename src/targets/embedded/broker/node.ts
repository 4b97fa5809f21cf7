/** One broker: its replicas, what it knows of the others', and its one listener. */
import { createController, type Controller, type TopicRecord } from './controller.js';
import type { BrokerConfig, Connection, Env } from './env.js';
import { openLog } from './log/log.js';
import { createPeers, type Peers } from './peers.js';
import { createGroup } from './raft/group.js';
import type { Group, Message, NodeView, Partition, Topic } from './types.js';
import { serve } from './wire/serve.js';

const controllerName = 'controller';
const partitionsFolder = 'partitions';
const ledRetryMs = 10;
type Leadership = ReturnType<Partition['leadership']>;
const unknown: Leadership = { leader: -1, epoch: -1, isr: [] };

/**
 * Opens all that is on disk, takes part in the groups and serves connections. Rejects if the
 * address is taken or the disk fails; then nothing is left open.
 */
export async function createNode(
  config: BrokerConfig,
  env: Env,
): Promise<{ view: NodeView; close(): void }> {
  const node = new Node(config, env);
  try {
    await env.listen(config.listen, (connection) => node.accept(connection));
  } catch (error) {
    node.close();
    throw error;
  }
  env.log(`node ${config.id} listens on ${config.listen.host}:${config.listen.port}`);
  return { view: node.view, close: () => node.close() };
}

class Node {
  readonly view: NodeView;
  readonly #config: BrokerConfig;
  readonly #env: Env;
  readonly #peers: Peers;
  readonly #controllerGroup: Group;
  readonly #controller: Controller;
  /** Groups that this node has a replica of, but the controller's. */
  readonly #groups = new Map<string, Group>();
  /** Of groups that it has no replica of: what their leaders told. */
  readonly #told = new Map<string, Leadership>();
  readonly #topics = new Map<string, Topic>();
  #cancelBeat = (): void => undefined;
  #closed = false;

  constructor(config: BrokerConfig, env: Env) {
    this.#config = config;
    this.#env = env;
    this.#peers = createPeers(config, env);
    const nodes = config.nodes.map(({ id, advertised }) => ({ id, ...advertised }));
    const everywhere = nodes.map(({ id }) => id).sort((a, b) => a - b);
    this.#controllerGroup = this.#open(controllerName, controllerName, everywhere);
    this.#controller = createController({
      group: this.#controllerGroup,
      config,
      env,
      statePath: 'topics.json',
      changed: (topics) => this.#update(topics),
    });
    this.view = {
      id: config.id,
      clusterId: config.clusterId,
      nodes,
      controller: this.#controllerGroup,
      topics: this.#topics,
      createTopic: async (topic, timeoutMs, validateOnly) => {
        const code = await this.#controller.createTopic(topic, timeoutMs, validateOnly);
        if (code === 0 && !validateOnly) await this.#led(topic.name, timeoutMs);
        return code;
      },
      deleteTopic: (name, timeoutMs) => this.#controller.deleteTopic(name, timeoutMs),
    };
    this.#update(this.#controller.topics());
    this.#beat();
  }

  accept(connection: Connection): void {
    if (this.#closed) {
      connection.close();
      return;
    }
    serve(connection, this.view, this.#env, this.#config, {
      raft: (message) => this.#receive(message),
    });
  }

  close(): void {
    this.#closed = true;
    this.#cancelBeat();
    this.#peers.close();
    for (const group of this.#groups.values()) group.close();
    this.#controllerGroup.close();
  }

  #receive(message: Message): void {
    const { group: name, kind, term, from } = message;
    if (name === controllerName) {
      this.#controllerGroup.receive(message);
      return;
    }
    if (kind !== 'leads') return this.#groups.get(name)?.receive(message);
    if (term >= (this.#told.get(name) ?? unknown).epoch)
      this.#told.set(name, { leader: from, epoch: term, isr: message.isr });
  }

  /** Makes groups and files what `topics` say: also after a death in the middle of it. */
  #update(topics: readonly TopicRecord[]): void {
    const { id: self } = this.#config;
    const wanted = new Map<string, { label: string; replicas: readonly number[] }>();
    for (const { name, id, partitions } of topics)
      partitions.forEach((replicas, p) => {
        wanted.set(`${id}-${p}`, { label: `${name}-${p}`, replicas });
      });
    const mine = (name: string): boolean => wanted.get(name)?.replicas.includes(self) === true;
    for (const [name, group] of this.#groups)
      if (!mine(name)) {
        this.#groups.delete(name);
        group.close();
      }
    for (const name of this.#told.keys()) if (!wanted.has(name)) this.#told.delete(name);
    for (const name of this.#env.storage.list(partitionsFolder))
      if (!mine(name)) this.#env.storage.remove(`${partitionsFolder}/${name}`);
    for (const [name, { label, replicas }] of wanted)
      if (mine(name) && !this.#groups.has(name))
        this.#groups.set(name, this.#open(name, label, replicas));
    this.#topics.clear();
    for (const topic of topics) this.#topics.set(topic.name, this.#topicOf(topic));
  }

  #topicOf({ name, id, partitions }: TopicRecord): Topic {
    return {
      name,
      id,
      partitions: partitions.map((replicas, index) => {
        const group = this.#groups.get(`${id}-${index}`);
        return {
          index,
          replicas,
          group,
          leadership: () =>
            group
              ? { leader: group.leader, epoch: group.term, isr: group.isr }
              : (this.#told.get(`${id}-${index}`) ?? unknown),
        };
      }),
    };
  }

  /**
   * Waits a little for a new topic's leaders: in Kafka a topic has them from the first, and clients
   * that do not retry rely on that.
   */
  async #led(name: string, timeoutMs: number): Promise<void> {
    const env = this.#env;
    const until = env.now() + Math.min(timeoutMs, 2 * this.#config.electionTimeoutMs);
    const isLed = (): boolean =>
      this.#topics.get(name)?.partitions.every((one) => one.leadership().leader >= 0) !== false;
    while (!isLed() && env.now() < until && !this.#closed)
      await new Promise<void>((resolve) => env.after(ledRetryMs, resolve));
  }

  /** `label` is its name for people. */
  #open(name: string, label: string, replicas: readonly number[]): Group {
    const { id: self, segmentBytes, fsync, electionTimeoutMs, heartbeatMs } = this.#config;
    const env = this.#env;
    // The ground that the plants stand on is firm: they are about records, not about topics.
    const plants = new Set(name === controllerName ? [] : this.#config.plants);
    const folder = name === controllerName ? name : `${partitionsFolder}/${name}`;
    const group = createGroup({
      name,
      self,
      replicas,
      log: openLog({
        storage: env.storage,
        folder: `${folder}/log`,
        segmentBytes,
        fsync,
        plants,
        note: (text) => env.log(`${label}: ${text}`),
      }),
      env,
      statePath: `${folder}/vote.json`,
      timing: { electionTimeoutMs, heartbeatMs },
      fsync,
      plants,
      send: (to, message) => this.#peers.send(to, message),
    });
    let last = { leader: group.leader, term: group.term };
    group.onChange(() => {
      const { leader, term } = group;
      if (leader === last.leader && term === last.term) return;
      if (leader !== last.leader)
        env.log(`${label}: ${leader < 0 ? 'no leader' : `node ${leader} leads`} in term ${term}`);
      last = { leader, term };
      this.#tell(group);
    });
    return group;
  }

  #beat(): void {
    for (const group of this.#groups.values()) this.#tell(group);
    this.#cancelBeat = this.#env.after(this.#config.heartbeatMs, () => this.#beat());
  }

  /** Whom a leader tells that have no replica, and so would not know. */
  #tell({ name, isLeader, replicas, term, isr }: Group): void {
    if (!isLeader) return;
    const message = { group: name, from: this.#config.id, term, kind: 'leads' as const };
    for (const { id } of this.#config.nodes)
      if (!replicas.includes(id)) this.#peers.send(id, { ...message, isr: [...isr] });
  }
}
