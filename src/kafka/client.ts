/** The client of one process: kafkajs without retries, one partition a request, one outcome an op. */
import type Broker from 'kafkajs/src/broker/index.js';
import type { ProduceAnswer } from 'kafkajs/src/protocol/requests/index.js';
import {
  messageOf,
  type Address,
  type Client,
  type KeyName,
  type NotOk,
  type PollOutcome,
  type PollRequest,
  type SendOutcome,
  type SendRequest,
} from '../model/index.js';
import { fromCode, fromTrouble, staleCodes, type Trouble } from './outcomes.js';
import { readRecords } from './records.js';
import { Session, type ClientSettings, type OpState } from './session.js';
import { encodeValue } from './values.js';

export interface ClientOptions {
  bootstrap: readonly Address[];
  /** Where client `worker` must dial to reach an advertised address. */
  route(address: Address, worker: number | undefined): Address;
  worker: number | undefined;
  settings: ClientSettings;
  /** By key id; read anew for each op. */
  keys: () => readonly KeyName[];
  /** No op takes longer. */
  requestTimeoutMs: number;
  /** Least size of a record's value. */
  valueBytes: number;
  /** Most bytes of one poll; a larger first batch comes whole. */
  pollBytes: number;
  /** How long a broker may wait for records when there are none. */
  pollWaitMs: number;
  clientId: string;
}

/** Resolves at once: connections are made in the first op, whose outcome tells if they could. */
export function createClient(options: ClientOptions): Promise<Client> {
  return Promise.resolve(new KafkaClient(options));
}

/** Where a run of an op stands; what goes wrong is judged by it. */
interface Progress extends OpState {
  node: number;
  stage: 'metadata' | 'connect' | 'request';
}

const finalBytes = 1 << 20;

/** New clients begin with different brokers: one that is cut off must not be asked by all. */
let created = 0;

class KafkaClient implements Client {
  readonly #options: ClientOptions;
  #session: Session | undefined;
  #seeds: readonly Address[];
  #closed = false;

  constructor(options: ClientOptions) {
    const { bootstrap } = options;
    const first = created++ % Math.max(1, bootstrap.length);
    this.#options = options;
    this.#seeds = [...bootstrap.slice(first), ...bootstrap.slice(0, first)];
  }

  send(request: SendRequest): Promise<SendOutcome> {
    return this.#op('send', request.key, async (session, broker, key, progress) => {
      const { valueBytes, requestTimeoutMs } = this.#options;
      const messages = request.values.map((value) => ({
        key: null,
        value: encodeValue(value, valueBytes),
      }));
      const partitions = [{ partition: key.partition, messages }];
      const answer = await session.produce(broker, {
        acks: request.acks,
        // The broker's own limit lies below ours, so that it can still say why.
        timeout: Math.max(1, Math.round(requestTimeoutMs * 0.8)),
        topicData: [{ topic: key.topic, partitions }],
      });
      if (request.acks === 0) {
        await progress.flushed;
        return { type: 'ok', offset: -1, node: progress.node };
      }
      return judgeProduce(answer, progress.node);
    });
  }

  poll(request: PollRequest): Promise<PollOutcome> {
    return this.#op('poll', request.key, async (session, broker, key, { node }) => {
      const { pollBytes, pollWaitMs, worker } = this.#options;
      const { errorCode, highWatermark, records } = await session.fetch(broker, {
        ...key,
        offset: request.offset,
        leaderEpoch: -1,
        // The size of a worker's polls is part of the test; final reads are to be done with.
        maxBytes: worker === undefined ? Math.max(pollBytes, finalBytes) : pollBytes,
        maxWaitMs: pollWaitMs,
        minBytes: 1,
      });
      if (errorCode !== 0) return fromCode('poll', errorCode, node);
      const { next, ...read } = readRecords(records, request.offset);
      return { type: 'ok', node, records: read, next, highWatermark };
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#session?.abandon();
    return Promise.resolve();
  }

  /** Runs one op under its deadline. Never rejects. */
  async #op<Ok extends { type: 'ok' }>(
    f: 'send' | 'poll',
    keyId: number,
    run: (s: Session, b: Broker, key: KeyName, progress: Progress) => Promise<Ok | NotOk>,
  ): Promise<Ok | NotOk> {
    const key = this.#options.keys()[keyId];
    if (this.#closed) return fromTrouble(f, 'unsent', -1, 'the client was closed');
    if (!key) return fromTrouble(f, 'unsent', -1, `there is no key ${keyId}`);
    const session = (this.#session ??= this.#open());
    const progress: Progress = { node: -1, stage: 'metadata', written: false };
    session.op = progress;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), this.#options.requestTimeoutMs);
    });
    let outcome: Ok | NotOk;
    try {
      const first = await Promise.race([this.#steps(session, key, progress, run), late]);
      outcome = first === 'late' ? this.#late(f, session, progress) : first;
      if (outcome.type !== 'ok' && staleCodes.has(outcome.code)) session.stale = true;
    } catch (error) {
      outcome = this.#broken(f, session, progress, error);
    } finally {
      clearTimeout(timer);
      session.op = undefined;
    }
    return outcome;
  }

  async #steps<T>(
    session: Session,
    key: KeyName,
    progress: Progress,
    run: (s: Session, b: Broker, key: KeyName, progress: Progress) => Promise<T>,
  ): Promise<T> {
    if (session.stale) {
      await session.refresh([...new Set(this.#options.keys().map(({ topic }) => topic))]);
    }
    progress.node = session.leader(key.topic, key.partition);
    if (progress.node < 0) throw new NoLeader(`${key.topic}-${key.partition} has no leader`);
    progress.stage = 'connect';
    const broker = await session.connect(progress.node);
    progress.stage = 'request';
    return run(session, broker, key, progress);
  }

  #late(f: 'send' | 'poll', session: Session, progress: Progress): NotOk {
    const { written, node, stage } = progress;
    this.#drop(session);
    const what = `no answer within ${this.#options.requestTimeoutMs} ms (${stage})`;
    return fromTrouble(f, f === 'poll' || written ? 'timedOut' : 'timedOutUnsent', node, what);
  }

  #broken(f: 'send' | 'poll', session: Session, progress: Progress, error: unknown): NotOk {
    const { node } = progress;
    const detail = messageOf(error);
    if (error instanceof NoLeader) {
      session.stale = true;
      return fromTrouble(f, 'noLeader', node, detail);
    }
    this.#drop(session);
    return fromTrouble(f, troubleOf(f, progress, error), node, detail);
  }

  /** The next op begins with new connections and asks anew who leads what. */
  #drop(session: Session): void {
    session.abandon();
    this.#seeds = unique([...this.#seeds.slice(1), ...this.#seeds.slice(0, 1), ...session.known]);
    if (this.#session === session) this.#session = undefined;
  }

  #open(): Session {
    const { worker, settings, clientId, requestTimeoutMs } = this.#options;
    return new Session({
      seeds: this.#seeds,
      route: (address) => this.#options.route(address, worker),
      settings,
      clientId,
      attemptMs: Math.max(100, Math.min(1000, Math.round(requestTimeoutMs / 3))),
    });
  }
}

class NoLeader extends Error {}

function troubleOf(f: 'send' | 'poll', { stage, written }: Progress, error: unknown): Trouble {
  if (stage === 'metadata') return 'noBroker';
  if (stage === 'connect') return 'noConnection';
  if (f === 'send' && !written) return 'unsent';
  const name = error instanceof Error ? error.name : '';
  if (name === 'KafkaJSConnectionClosedError') return 'closed';
  if (name === 'KafkaJSConnectionError') return 'broken';
  return 'badAnswer';
}

function judgeProduce(answer: ProduceAnswer | undefined, node: number): SendOutcome {
  const partitions = answer?.topics.flatMap((topic) => topic.partitions) ?? [];
  const [partition] = partitions;
  if (!partition || partitions.length !== 1) {
    const detail = `node ${node} answered for ${partitions.length} partitions instead of one`;
    return fromTrouble('send', 'badAnswer', node, detail);
  }
  if (partition.errorCode !== 0) return fromCode('send', partition.errorCode, node);
  const offset = Number(partition.baseOffset);
  if (offset >= 0) return { type: 'ok', offset, node };
  return fromTrouble('send', 'noOffset', node, `node ${node} acknowledged without an offset`);
}

function unique(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((one) => [`${one.host}:${one.port}`, one])).values()];
}
