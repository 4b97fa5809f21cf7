/**
 * The stage on which the conformance script plays: a running cluster, kafkajs as users have it,
 * raw requests, and answers made comparable. What no two clusters share (ids, which node leads,
 * the number of an epoch) is put into words; offsets count records of clients only, because a
 * leader may write records of its own, which take offsets.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Reader, ResponseError, type Writer } from '@platformatic/kafka';
import * as platformatic from '@platformatic/kafka';
import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import { messageOf, type Address, type Cluster } from '../../src/model/index.js';
import { batchesOf, encodeFetches, decodeFetches } from '../embedded/conformance-codec.js';

export type Answers = Record<string, unknown>;
/** A request module of @platformatic/kafka, of a flexible version. */
interface Module<Args extends unknown[], T> {
  api: { key: number; version: number };
  createRequest(...args: Args): Writer;
  parseResponse(correlation: number, key: number, version: number, reader: Reader): T;
}
export interface Leadership {
  leader: number;
  epoch: number;
  isr: readonly number[];
  replicas: readonly number[];
}
const answerMs = 15_000;

/** One connection on which frames of any kind can be written. */
export class Wire {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(address: Address) {
    this.#socket = connect(address);
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#wake();
    });
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** What follows the size of the next frame; or that the other side closed, or says nothing. */
  async answer(): Promise<Buffer | 'closed' | 'silent'> {
    const end = performance.now() + answerMs;
    for (;;) {
      const size = this.#bytes.length >= 4 ? this.#bytes.readInt32BE(0) : Infinity;
      if (this.#bytes.length >= 4 + size) {
        const frame = this.#bytes.subarray(4, 4 + size);
        this.#bytes = this.#bytes.subarray(4 + size);
        return frame;
      }
      if (this.#closed) return 'closed';
      const left = end - performance.now();
      if (left <= 0) return 'silent';
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A whole request: its size, its header, its body. */
export function frame(
  key: number,
  version: number,
  body: Buffer,
  options: { flexible?: boolean; correlation?: number; clientId?: string | null } = {},
): Buffer {
  const { flexible = false, correlation = 7, clientId = 'conformance' } = options;
  const name = Buffer.from(clientId ?? '');
  const header = Buffer.alloc(14 + name.length + (flexible ? 1 : 0));
  header.writeInt32BE(header.length - 4 + body.length, 0);
  header.writeInt16BE(key, 4);
  header.writeInt16BE(version, 6);
  header.writeInt32BE(correlation, 8);
  header.writeInt16BE(clientId === null ? -1 : name.length, 12);
  name.copy(header, 14);
  return Buffer.concat([header, body]);
}

export class Stage {
  readonly answers: Answers = {};
  readonly cluster: Cluster;
  readonly nodes: readonly number[];
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.nodes = cluster.nodes.map(({ id }) => id);
  }

  /** Runs one step and keeps what came of it; what kafkajs throws is an answer too. */
  async step(name: string, run: () => Promise<unknown>): Promise<void> {
    if (name in this.answers) throw new Error(`two steps are called ${name}`);
    try {
      this.answers[name] = plain(await run());
    } catch (error) {
      const answer = error instanceof Error && error.name.startsWith('KafkaJS');
      this.answers[name] = answer ? { error: plain(error) } : { broke: messageOf(error) };
    }
  }

  /** kafkajs, unmodified. By default it does not retry, so that the first answer shows. */
  kafka(retries = 0): Kafka {
    return new kafkajs.Kafka({
      clientId: 'conformance',
      brokers: this.cluster.bootstrap.map(({ host, port }) => `${host}:${port}`),
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries, initialRetryTime: 100 },
      requestTimeout: answerMs,
      socketFactory: ({ host, port, onConnect }) =>
        connect(this.cluster.route({ host, port }, undefined), onConnect),
    });
  }

  /** A connected producer of kafkajs that ends with the stage. */
  async producer(options: Parameters<Kafka['producer']>[0] = {}, retries = 0): Promise<Producer> {
    const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;
    const producer = this.kafka(retries).producer({ createPartitioner, ...options });
    this.onEnd(() => producer.disconnect());
    await producer.connect();
    return producer;
  }

  onEnd(close: () => Promise<void>): void {
    this.#closers.push(close);
  }
  async end(): Promise<void> {
    for (const close of this.#closers.reverse()) await close().catch(() => undefined);
  }

  address(node: number): Address {
    const found = this.cluster.nodes.find(({ id }) => id === node)?.addresses['client'];
    if (!found) throw new Error(`there is no node ${node}`);
    return found;
  }

  /** Runs an exchange on a connection of its own. */
  async on<T>(node: number, run: (wire: Wire) => Promise<T>): Promise<T> {
    const wire = new Wire(this.address(node));
    try {
      return await run(wire);
    } finally {
      wire.close();
    }
  }

  /** The answer without its correlation id, or `closed`, or `silent`. */
  raw(node: number, request: Buffer): Promise<Buffer | 'closed' | 'silent'> {
    return this.on(node, async (wire) => {
      wire.write(request);
      const answer = await wire.answer();
      return typeof answer === 'string' ? answer : answer.subarray(4);
    });
  }

  /** By a request module of the library, which throws answers away that hold an error code. */
  async ask<Args extends unknown[], T>(
    node: number,
    module: Module<Args, T>,
    ...args: Args
  ): Promise<T | 'closed' | 'silent'> {
    const { key, version } = module.api;
    const body = module.createRequest(...args).buffer;
    return this.send(node, { key, version, body }, (reader) =>
      module.parseResponse(0, key, version, reader),
    );
  }

  /** A flexible request. */
  async send<T>(
    node: number,
    { key, version, body }: { key: number; version: number; body: Buffer },
    parse: (reader: Reader) => T,
  ): Promise<T | 'closed' | 'silent'> {
    const answer = await this.raw(node, frame(key, version, body, { flexible: true }));
    if (typeof answer === 'string') return answer;
    try {
      return parse(Reader.from(answer.subarray(1)));
    } catch (error) {
      if (error instanceof ResponseError) return error['response'] as T;
      throw error;
    }
  }

  async leadership(topic: string, partition: number, node = this.nodes[0]!): Promise<Leadership> {
    const answer = await this.ask(node, platformatic.metadataV12, [topic], false, false);
    if (typeof answer === 'string') return nobody;
    const found = answer.topics[0]?.partitions.find((one) => one.partitionIndex === partition);
    if (!found) return nobody;
    const { leaderId: leader, leaderEpoch: epoch, isrNodes: isr, replicaNodes: replicas } = found;
    return { leader, epoch, isr, replicas };
  }

  /** Waits until all nodes name the same leader and all replicas in sync. */
  async settle(topic: string, partitions: number, nodes = this.nodes): Promise<void> {
    for (let partition = 0; partition < partitions; partition++)
      await until(`${topic}-${partition} is settled`, async () => {
        const seen = await Promise.all(
          nodes.map((node) => this.leadership(topic, partition, node)),
        );
        const [{ leader, epoch }] = seen as [Leadership];
        return seen.every(
          (one) =>
            one.leader >= 0 &&
            one.leader === leader &&
            one.epoch === epoch &&
            one.isr.length === one.replicas.length,
        );
      });
  }

  /** Waits until no node knows the topic. */
  gone(topic: string): Promise<void> {
    return until(`${topic} is gone`, async () => {
      const seen = await Promise.all(this.nodes.map((node) => this.leadership(topic, 0, node)));
      return seen.every((one) => one === nobody);
    });
  }

  /** An offset as if the log held nothing but records of clients. */
  async counted(topic: string, partition: number, offset: bigint | string | number) {
    const whole = Number(offset);
    if (whole < 0) return whole;
    const own = await this.ownRecords(topic, partition);
    return whole - own.filter((one) => one < whole).length;
  }

  /** Offsets of the records that leaders wrote themselves. */
  async ownRecords(topic: string, partition: number): Promise<number[]> {
    const { leader } = await this.leadership(topic, partition, this.alive());
    const own: number[] = [];
    for (let offset = 0; ;) {
      const ask = { topic, partition, offset };
      const answer = await this.raw(leader, frame(1, 10, encodeFetches([ask], 10, {})));
      if (typeof answer === 'string') throw new Error(`${topic}-${partition}: ${answer}`);
      const [found] = decodeFetches(answer, 10).partitions;
      if (!found || found.errorCode !== 0)
        throw new Error(`${topic}-${partition}: error ${found?.errorCode ?? 'unknown'}`);
      const batches = batchesOf(found.records);
      for (const batch of batches)
        if (batch.control) for (let i = batch.base; i < batch.end; i++) own.push(i);
      const next = batches.at(-1)?.end ?? offset;
      if (next <= offset || next >= found.highWatermark) return own;
      offset = next;
    }
  }

  alive(): number {
    return this.cluster.nodes.find((node) => node.isAlive())!.id;
  }
}
const nobody: Leadership = { leader: -1, epoch: -1, isr: [], replicas: [] };

/** Waits for what must come; a busy machine may take its time. */
export async function until(what: string, seen: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await seen()) return;
    await sleep(100);
  }
  throw new Error(`waited in vain until ${what}`);
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** JSON without what differs from run to run. */
export function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' && uuid.test(value))
    return /^[0-]*$/.test(value) ? 'no id' : 'an id';
  if (Buffer.isBuffer(value)) return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Error) {
    const { name, type, code, retriable, topic, errors, partitions, cause } =
      value as unknown as Record<string, unknown>;
    const all = { name, type, code, retriable, topic, errors, partitions, cause };
    return plain(Object.fromEntries(Object.entries(all).filter(([, one]) => one !== undefined)));
  }
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  return value;
}
