/** What one node says of itself: its view of the leaders, its watermarks, its quorum, its log. */
import { describeQuorumV2, listOffsetsV7 } from '@platformatic/kafka';
import {
  messageOf,
  SchismError,
  type Address,
  type KeyName,
  type ReplicaBatch,
  type View,
} from '../model/index.js';
import { newestFetch, type FetchAsk } from './fetch.js';
import { explain, NodeConnection, type Limit } from './node.js';
import { errorName } from './outcomes.js';
import { readRecords } from './records.js';
import type { ClientSettings } from './session.js';

export interface ViewAsk extends Limit {
  node: number;
  /** A listener that speaks to clients. */
  address: Address;
  /** The node's own CONTROLLER listener: on others the question is forwarded to the leader. */
  controllerAddress?: Address;
  keys: readonly KeyName[];
}
export interface ReplicaAsk {
  node: number;
  address: Address;
  key: KeyName;
  /** Where to begin; by default at 0, or at the log start that a probe saw. */
  from?: number;
  signal: AbortSignal;
}
export interface Probes {
  /** Resolves always; `error` says what is missing. */
  askView(ask: ViewAsk): Promise<View>;
  /**
   * One replica's own log up to its own high watermark, also of a follower, whose uncommitted tail
   * nobody can ask for. Rejects with a SchismError (cluster) if the node refuses or says nothing.
   */
  readReplica(ask: ReplicaAsk): AsyncIterable<ReplicaBatch>;
  /** Closes the connections that are kept between probes. */
  close(): void;
}

/** Leader only, and the last version that needs no answer from a follower: see session.ts. */
const leaderFetch = 10;
const replicaBytes = 1 << 20;
const replicaLimitMs = 5000;
/** An empty answer below the high watermark is asked again this often. */
const emptyAnswers = 20;

/** `now`: ns since the run's start. */
export function createProbes(options: {
  now: () => number;
  settings?: ClientSettings;
  clientId?: string;
}): Probes {
  return new KafkaProbes(options.now, options.settings ?? {}, options.clientId ?? 'schism-probe');
}

class KafkaProbes implements Probes {
  readonly #connections = new Map<string, NodeConnection>();
  /** Key -> an offset that its log has, to ask for a watermark without being sent records. */
  readonly #marks = new Map<number, { highWatermark: number; logStart: number }>();
  readonly #now: () => number;
  readonly #settings: ClientSettings;
  readonly #clientId: string;

  constructor(now: () => number, settings: ClientSettings, clientId: string) {
    this.#now = now;
    this.#settings = settings;
    this.#clientId = clientId;
  }

  async askView(ask: ViewAsk): Promise<View> {
    const { node, controllerAddress } = ask;
    const view: View = { node, timeNs: 0, partitions: [], watermarks: [] };
    const [broker, quorum] = await Promise.allSettled([
      this.#askBroker(ask, view),
      controllerAddress ? this.#askQuorum(controllerAddress, ask) : undefined,
    ]);
    view.timeNs = this.#now();
    if (broker.status === 'rejected') view.error = explain(broker.reason);
    if (quorum.status === 'fulfilled' && quorum.value) view.quorum = quorum.value;
    return view;
  }

  async #askBroker(ask: ViewAsk, view: View): Promise<void> {
    const connection = this.#connection(ask.address);
    const topics = [...new Set(ask.keys.map(({ topic }) => topic))];
    const metadata = await connection.metadata(topics, ask);
    const named = new Map(metadata.topics.map((topic) => [topic.name, topic]));
    const partitions = ask.keys.flatMap(({ key, topic, partition, topicId }) => {
      const answer = named.get(topic);
      // A topic that was made anew under the same name is not the one of this run.
      if (topicId !== '' && answer?.topicId !== topicId) return [];
      const found = answer?.partitions.find((one) => one.partitionIndex === partition);
      if (!found) return [];
      return [{ key, leader: found.leaderId, epoch: found.leaderEpoch, isr: found.isrNodes }];
    });
    view.partitions = partitions;
    const led = partitions.filter(({ leader }) => leader === ask.node);
    const marks = await Promise.all(
      led.map(({ key, epoch }) => this.#askWatermark(connection, ask.keys[key], epoch, ask)),
    );
    view.watermarks = marks.filter((mark) => mark !== undefined);
    if (partitions.length < ask.keys.length)
      view.error = `it names ${partitions.length} of ${ask.keys.length} partitions`;
  }

  /**
   * Asks with the leader's epoch, so that epoch and watermark come in one answer. Undefined if the
   * node does not lead in that epoch after all.
   */
  async #askWatermark(
    connection: NodeConnection,
    name: KeyName | undefined,
    epoch: number,
    limit: Limit,
  ): Promise<View['watermarks'][number] | undefined> {
    if (!name) return undefined;
    const { key, topic, partition } = name;
    const ask = { topic, partition, leaderEpoch: epoch, maxBytes: 1, maxWaitMs: 0, minBytes: 0 };
    let offset = this.#marks.get(key)?.highWatermark ?? 0;
    for (let attempt = 0; attempt < 2; attempt++) {
      const answer = await connection.fetch({ ...ask, offset }, leaderFetch, limit);
      if (answer.errorCode === 0) {
        const { highWatermark, logStart } = answer;
        this.#marks.set(key, { highWatermark, logStart });
        return { key, epoch, highWatermark, logStart, asLeader: true };
      }
      if (errorName(answer.errorCode) !== 'OFFSET_OUT_OF_RANGE') return undefined;
      // The log was cut at its end or at its start since the last probe.
      offset = await this.#logStart(connection, name, epoch, limit);
    }
    return undefined;
  }

  async #logStart(
    connection: NodeConnection,
    { topic, partition }: KeyName,
    epoch: number,
    limit: Limit,
  ): Promise<number> {
    const partitions = [{ partitionIndex: partition, currentLeaderEpoch: epoch, timestamp: -2n }];
    const answer = await connection.call(limit, (one) =>
      listOffsetsV7.api.async(one, -1, 0, [{ name: topic, partitions }]),
    );
    return Number(answer.topics[0]?.partitions[0]?.offset ?? 0);
  }

  /** Only the leader of the quorum answers; the others say that they are not. */
  async #askQuorum(address: Address, limit: Limit): Promise<View['quorum']> {
    const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];
    const answer = await this.#connection(address).call(limit, (connection) =>
      describeQuorumV2.api.async(connection, topics),
    );
    const partition = answer.topics[0]?.partitions[0];
    if (!partition) return undefined;
    const { leaderId: leader, leaderEpoch: epoch, highWatermark } = partition;
    return { leader, epoch, highWatermark: Number(highWatermark) };
  }

  async *readReplica({
    node,
    address,
    key,
    from,
    signal,
  }: ReplicaAsk): AsyncIterable<ReplicaBatch> {
    // A connection of its own: a long read must not hold up the probes.
    const connection = new NodeConnection(address, this.#settings, this.#clientId);
    const ask = { ...key, leaderEpoch: -1, maxBytes: replicaBytes, maxWaitMs: 50, minBytes: 1 };
    const limit = { timeoutMs: replicaLimitMs, signal };
    let offset = from ?? 0;
    let empty = 0;
    try {
      for (;;) {
        const answer = await connection.fetch({ ...ask, offset }, newestFetch, limit);
        const { errorCode, highWatermark, logStart } = answer;
        if (errorName(errorCode) === 'OFFSET_OUT_OF_RANGE') {
          const start = await this.#ownStart(connection, ask, limit);
          if (start > offset) {
            offset = start;
            continue;
          }
        }
        if (errorCode !== 0) throw refusal(node, `answered ${errorName(errorCode)}`);
        const batch = readRecords(answer.records, offset);
        yield { ...batch, logStart, highWatermark };
        if (batch.next >= highWatermark) return;
        empty = batch.next > offset ? 0 : empty + 1;
        if (empty > emptyAnswers)
          throw refusal(node, `gives nothing from ${offset} on below its own ${highWatermark}`);
        offset = batch.next;
      }
    } catch (error) {
      if (error instanceof SchismError) throw error;
      throw new SchismError('cluster', `Node ${node}: ${explain(error)}.`, { cause: error });
    } finally {
      connection.close();
    }
  }

  /** Each replica deletes its old segments by itself; an answer to a fetch at the end tells. */
  async #ownStart(
    connection: NodeConnection,
    ask: Omit<FetchAsk, 'offset'> & { key: number },
    limit: Limit,
  ) {
    const mark = this.#marks.get(ask.key);
    if (!mark) return -1;
    const end = { ...ask, offset: mark.highWatermark, maxWaitMs: 0, minBytes: 0 };
    const answer = await connection.fetch(end, newestFetch, limit);
    return answer.errorCode === 0 ? answer.logStart : mark.logStart;
  }

  #connection(address: Address): NodeConnection {
    const name = `${address.host}:${address.port}`;
    const known = this.#connections.get(name);
    if (known) return known;
    const connection = new NodeConnection(address, this.#settings, this.#clientId);
    this.#connections.set(name, connection);
    return connection;
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }
}

const refusal = (node: number, what: string): SchismError =>
  new SchismError(
    'cluster',
    `Expected node ${node} to give its log of the key, but it ${messageOf(what)}.`,
  );
