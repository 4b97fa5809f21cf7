/**
 * kafkajs's connections of one client, and who leads what. A session is thrown away as soon as
 * anything goes wrong with a connection: what was not yet written by then is never written later.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { KafkaConfig } from 'kafkajs';
import Broker from 'kafkajs/src/broker/index.js';
import { createLogger } from 'kafkajs/src/loggers/index.js';
import ConnectionPool from 'kafkajs/src/network/connectionPool.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import {
  requests,
  type ProduceAnswer,
  type ProduceAsk,
} from 'kafkajs/src/protocol/requests/index.js';
import type { Address } from '../model/index.js';
import { decodeFetch, encodeFetch, fetchKey, type FetchAnswer, type FetchAsk } from './fetch.js';

/** What a user may set of kafkajs's client; the rest is this program's. */
export type ClientSettings = Partial<
  Pick<
    KafkaConfig,
    'ssl' | 'sasl' | 'connectionTimeout' | 'authenticationTimeout' | 'reauthenticationThreshold'
  >
>;

export interface SessionOptions {
  /** Where to ask first, in this order. */
  seeds: readonly Address[];
  /** Where to dial to reach an advertised address. */
  route(address: Address): Address;
  settings: ClientSettings;
  clientId: string;
  /** For one attempt at one broker: to connect, or to get its metadata. */
  attemptMs: number;
}

/** The op that is going on. `written`: a Produce request was handed to a socket. */
export interface OpState {
  written: boolean;
  /** Resolves when the kernel took the whole Produce; rejects if it never did. */
  flushed?: Promise<void>;
}

const produceKey = 0;
const metadataKey = 3;
/**
 * Polls are Fetch v10: from v11 on a follower answers too, so that a client whose leader became a
 * follower would go on reading there and never hear of the new leader.
 */
const newestPoll = 10;
const silent = createLogger({ level: 0, logCreator: () => () => undefined });

export class Session {
  /** Asked for before the next op. */
  stale = true;
  op: OpState | undefined;
  #closed = false;
  readonly #options: SessionOptions;
  readonly #sockets = new Map<Socket, string>();
  readonly #brokers = new Map<string, Broker>();
  readonly #addresses = new Map<number, Address>();
  #leaders = new Map<string, Map<number, number>>();
  #asked = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The node that leads a key as far as is known, or -1. */
  leader(topic: string, partition: number): number {
    return this.#leaders.get(topic)?.get(partition) ?? -1;
  }

  /** Addresses of all brokers that were named, then the seeds. */
  get known(): Address[] {
    return [...this.#addresses.values(), ...this.#options.seeds];
  }

  /** Asks one broker after the other, each time beginning with the next one. Rejects if none answers. */
  async refresh(topics: readonly string[]): Promise<void> {
    const places = new Map(this.known.map((one) => [`${one.host}:${one.port}`, one]));
    const list = [...places.entries()];
    const first = this.#asked++;
    let last: unknown = new Error('no broker is known');
    for (let i = 0; i < list.length && !this.#closed; i++) {
      const [name, address] = list[(first + i) % list.length]!;
      try {
        await this.#attempt(name, this.#metadata(address, topics));
        this.stale = false;
        return;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  async #metadata(address: Address, topics: readonly string[]): Promise<void> {
    const broker = await this.#connected(address);
    const ask = broker.lookupRequest(metadataKey, requests.Metadata);
    const call = ask({ topics, allowAutoTopicCreation: false });
    // kafkajs throws the whole answer away if one partition has no leader.
    const answer = await broker.connectionPool.send(asIs(call));
    if (answer.brokers.length === 0) throw new Error('the broker knows no brokers yet');
    for (const { nodeId, host, port } of answer.brokers)
      this.#addresses.set(nodeId, { host, port });
    this.#leaders = new Map(
      answer.topicMetadata.map(({ topic, partitionMetadata }) => [
        topic,
        new Map(partitionMetadata.map((one) => [one.partitionId, one.leader])),
      ]),
    );
  }

  /** A broker that accepts a connection and then says nothing must not eat the op's whole time. */
  async #attempt(name: string, work: Promise<void>): Promise<void> {
    const { attemptMs } = this.#options;
    const late = setTimeout(() => {
      const error = new Error(`${name} did not answer within ${attemptMs} ms`);
      for (const [socket, owner] of this.#sockets) if (owner === name) socket.destroy(error);
    }, attemptMs);
    try {
      await work;
    } finally {
      clearTimeout(late);
    }
  }

  /** Connects to a node that a metadata answer named. */
  async connect(node: number): Promise<Broker> {
    const address = this.#addresses.get(node);
    if (!address) throw new Error(`no address of node ${node} is known`);
    return this.#connected(address);
  }

  /** One Produce; undefined at acks 0. Rejects with what kafkajs throws, but not for error codes. */
  async produce(broker: Broker, ask: ProduceAsk): Promise<ProduceAnswer | undefined> {
    const call = asIs(broker.lookupRequest(produceKey, requests.Produce)(ask));
    return await broker.connectionPool.send(call);
  }

  async fetch(broker: Broker, ask: FetchAsk): Promise<FetchAnswer> {
    const spoken = broker.versions?.[fetchKey];
    const version = Math.min(newestPoll, spoken ? spoken.maxVersion : newestPoll);
    return broker.connectionPool.send<FetchAnswer>({
      request: {
        apiKey: fetchKey,
        apiVersion: version,
        apiName: 'Fetch',
        encode: () => {
          const encoder = new Encoder();
          encoder.writeBufferInternal(encodeFetch(ask, version));
          return Promise.resolve(encoder);
        },
      },
      response: {
        decode: (raw) => Promise.resolve(decodeFetch(raw, version)),
        parse: (answer) => Promise.resolve(answer),
      },
    });
  }

  /** Closes all sockets at once; nothing is written after it. Idempotent. */
  abandon(): void {
    this.#closed = true;
    // With an error: kafkajs forgets its timers and pending requests only then.
    for (const socket of this.#sockets.keys()) socket.destroy(new Error('the session was closed'));
  }

  async #connected(address: Address): Promise<Broker> {
    const name = `${address.host}:${address.port}`;
    let broker = this.#brokers.get(name);
    if (!broker) {
      const { settings, clientId, attemptMs } = this.#options;
      const { authenticationTimeout = attemptMs, connectionTimeout = attemptMs } = settings;
      const connectionPool = new ConnectionPool({
        ...settings,
        ...address,
        ssl: settings.ssl === true ? {} : settings.ssl || null,
        clientId,
        connectionTimeout,
        logger: silent,
        // The client has a deadline of its own for each op.
        enforceRequestTimeout: false,
        socketFactory: (to: SocketAsk) => this.#socket(name, to),
      });
      broker = new Broker({ connectionPool, logger: silent, authenticationTimeout });
      this.#brokers.set(name, broker);
    }
    await broker.connect();
    return broker;
  }

  #socket(name: string, { host, port, ssl, onConnect }: SocketAsk): Socket {
    if (this.#closed) throw new Error('the session was closed');
    const to = this.#options.route({ host, port });
    const servername = isIP(host) ? {} : { servername: host };
    const socket = ssl
      ? connectTls({ ...to, ...servername, ...ssl }, onConnect)
      : connectTcp({ ...to, noDelay: true }, onConnect);
    this.#sockets.set(socket, name);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#watch(socket);
    return socket;
  }

  /** Notes each Produce at the very moment when it goes to the socket. */
  #watch(socket: Socket): void {
    const write: (bytes: Buffer, done?: (error?: Error | null) => void) => boolean =
      socket.write.bind(socket);
    socket.write = (frame: Buffer) => {
      // kafkajs writes one whole request a call: length, API key, version ...
      if (frame.length < 6 || frame.readInt16BE(4) !== produceKey) return write(frame);
      if (this.#closed || !this.op) throw new Error('the op is over');
      this.op.written = true;
      const flushed = new Promise<void>((resolve, reject) => {
        write(frame, (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
      flushed.catch(() => undefined);
      this.op.flushed = flushed;
      return true;
    };
  }
}

interface SocketAsk {
  host: string;
  port: number;
  ssl: ConnectionOptions | null;
  onConnect: () => void;
}

/** The call with its answer as it was decoded: error codes are judged by the table of outcomes. */
function asIs<Decoded>({ request, response }: KafkaJsCall<Decoded>): KafkaJsCall<Decoded> {
  const decode = (raw: Buffer): Promise<Decoded> => response.decode(raw);
  return { request, response: { decode, parse: (decoded) => Promise.resolve(decoded) } };
}
