/**
 * A scripted Kafka broker: real TCP, real bytes, its log in memory. It does what it is told with
 * each Produce and Fetch (append or not, answer, hang up, say nothing), and keeps a log of its own
 * of what it appended and acknowledged when. scripted.ts runs one in a process of its own.
 */
import { createHash } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Reader, Writer } from '@platformatic/kafka';
import { readRecords } from '../../src/kafka/records.js';
import { valueName } from '../../src/model/index.js';
import { batchesFrom, kept, Log, more, type Kept } from './broker-log.js';

export interface Asked {
  api: 'ApiVersions' | 'Metadata' | 'Produce' | 'Fetch' | 'CreateTopics' | 'DeleteTopics';
  topic: string;
  partition: number;
  acks: number;
  /** Requests of this API before this one. */
  nth: number;
}

/** What to do with one request; by default it is appended and answered. */
export interface Script {
  /** Only of a Produce. */
  append?: boolean;
  /** `silence`: no answer ever; `fin`, `rst`: hang up instead of an answer; `exit`: the broker ends. */
  then?: 'answer' | 'silence' | 'fin' | 'rst' | 'exit';
  /** Answer this error code; nothing is appended unless `append` says so. */
  code?: number;
  /** Answer this base offset instead of the true one. */
  baseOffset?: number;
  /** Wait for this before the answer; what is to be appended is appended at once. */
  until?: Promise<unknown>;
  /** Of a Fetch: what lies below has expired. */
  logStart?: number;
}

export interface Entry {
  /** CLOCK_MONOTONIC, the same for all processes of this machine. */
  timeNs: string;
  what: 'append' | 'ack';
  topic: string;
  partition: number;
  offset: number;
  /** `w5.103` */
  values: string[];
}

export interface BrokerOptions {
  port?: number;
  nodeId?: number;
  /** Topics that are there from the start. */
  topics?: Readonly<Record<string, number>>;
  script?: (asked: Asked) => Script | undefined;
  log?: (entry: Entry) => void;
  /** Topics and records are kept in this file, and read from it at the start. */
  keep?: string;
  /** Other brokers that Metadata names, and who leads; by default this one leads everything. */
  peers?: readonly { id: number; host: string; port: number }[];
  leader?: (topic: string, partition: number) => number;
}

const flexibleFrom: Partial<Record<number, number>> = { 3: 9, 19: 5, 20: 4 };
const apis: readonly (readonly [key: number, name: Asked['api'], max: number])[] = [
  [0, 'Produce', 7],
  [1, 'Fetch', 11],
  [3, 'Metadata', 12],
  [18, 'ApiVersions', 2],
  [19, 'CreateTopics', 7],
  [20, 'DeleteTopics', 6],
];

export class Broker {
  readonly host = '127.0.0.1';
  port = 0;
  readonly id: number;
  /** How often each API was asked. */
  readonly asked: Record<string, number> = {};
  readonly #options: BrokerOptions;
  readonly #topics = new Map<string, Log[]>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #keep: ((one: Kept) => void) | undefined;

  constructor(options: BrokerOptions = {}) {
    this.#options = options;
    this.id = options.nodeId ?? 1;
    for (const [name, partitions] of Object.entries(options.topics ?? {}))
      this.#create(name, partitions);
    this.#keep = kept(options.keep, (one) => this.#again(one));
  }

  #again({ topic, partitions, partition, bytes, epoch }: Kept): void {
    if (partitions !== undefined) this.#create(topic, partitions);
    else if (bytes === undefined) this.#topics.delete(topic);
    else this.append(topic, partition ?? 0, Buffer.from(bytes, 'base64'), epoch);
  }

  async start(): Promise<this> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    const port = this.#options.port ?? this.port;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, this.host, resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Closes port and connections; the log stays. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** Appends a batch as it is, as another client would have. Gives its base offset. */
  append(topic: string, partition: number, bytes: Buffer, epoch = 0): number {
    const log = this.#topics.get(topic)?.[partition];
    if (!log) throw new Error(`Expected a known partition, got ${topic}-${partition}.`);
    this.#keep?.({ topic, partition, bytes: bytes.toString('base64'), epoch });
    return log.append(bytes, epoch);
  }

  #create(name: string, partitions: number): void {
    this.#topics.set(
      name,
      Array.from({ length: partitions }, () => new Log()),
    );
    this.#keep?.({ topic: name, partitions });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    let bytes = Buffer.alloc(0);
    // One after the other, as a broker does for each connection.
    let turn = Promise.resolve();
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const frame = bytes.subarray(4, 4 + bytes.readInt32BE(0));
        bytes = bytes.subarray(4 + frame.length);
        turn = turn.then(() => this.#answer(socket, frame)).catch(() => void socket.destroy());
      }
    });
  }

  async #answer(socket: Socket, frame: Buffer): Promise<void> {
    const reader = Reader.from(frame);
    const [key, version, correlation] = [
      reader.readInt16(),
      reader.readInt16(),
      reader.readInt32(),
    ];
    const name = apis.find((api) => api[0] === key)?.[1];
    if (!name) throw new Error(`Expected an API that this broker knows, got ${key}.`);
    const flexible = version >= (flexibleFrom[key] ?? Infinity);
    reader.readNullableString(false);
    if (flexible) reader.readTaggedFields();
    const nth = this.asked[name] ?? 0;
    this.asked[name] = nth + 1;
    const ask = { api: name, nth, topic: '', partition: -1, acks: -1 };
    const body = await this.#handle(name, version, reader, ask, socket);
    if (!body) return;
    const head = Writer.create().appendInt32(correlation);
    if (flexible) head.appendTaggedFields();
    socket.write(head.appendFrom(body).prependLength().buffer);
  }

  async #handle(
    name: Asked['api'],
    version: number,
    reader: Reader,
    ask: Asked,
    socket: Socket,
  ): Promise<Writer | undefined> {
    if (name === 'Produce') return this.#produce(reader, ask, socket);
    if (name === 'Fetch') return this.#fetch(version, reader, ask, socket);
    if (!(await this.#follow(this.#options.script?.(ask) ?? {}, socket))) return undefined;
    if (name === 'ApiVersions') return apiVersions(version);
    if (name === 'Metadata') return this.#metadata(version, reader);
    return name === 'CreateTopics' ? this.#createTopics(reader) : this.#deleteTopics(reader);
  }

  /** Does what the script says instead of an answer; true: answer. */
  async #follow(script: Script, socket: Socket): Promise<boolean> {
    await script.until;
    switch (script.then) {
      case 'silence':
        return false;
      case 'fin':
        socket.end();
        return false;
      case 'rst':
        socket.resetAndDestroy();
        return false;
      case 'exit':
        await this.stop();
        return false;
      default:
        return true;
    }
  }

  async #produce(reader: Reader, ask: Asked, socket: Socket): Promise<Writer | undefined> {
    reader.readNullableString(false);
    ask.acks = reader.readInt16();
    reader.skip(4 + 4);
    ask.topic = reader.readString(false);
    reader.skip(4);
    ask.partition = reader.readInt32();
    const bytes = reader.readBytes(false);
    const { topic, partition } = ask;
    const script = this.#options.script?.(ask) ?? {};
    const { code = this.#topics.get(topic)?.[partition] ? 0 : 3 } = script;
    const { values, n } = readRecords(bytes, 0);
    const names = Array.from(values.subarray(0, n), valueName);
    let offset = -1;
    const note = (what: Entry['what']): void => {
      const timeNs = String(process.hrtime.bigint());
      this.#options.log?.({ timeNs, what, topic, partition, offset, values: names });
    };
    if (script.append ?? code === 0) {
      offset = this.append(topic, partition, bytes);
      note('append');
    }
    if (!(await this.#follow(script, socket)) || ask.acks === 0) return undefined;
    if (code === 0) note('ack');
    const base = script.baseOffset ?? (code === 0 ? offset : -1);
    return Writer.create()
      .appendInt32(1)
      .appendString(topic, false)
      .appendInt32(1)
      .appendInt32(partition)
      .appendInt16(code)
      .appendInt64(BigInt(base))
      .appendInt64(-1n)
      .appendInt64(0n)
      .appendInt32(0);
  }

  async #fetch(
    version: number,
    reader: Reader,
    ask: Asked,
    socket: Socket,
  ): Promise<Writer | undefined> {
    reader.skip(4);
    const maxWaitMs = reader.readInt32();
    reader.skip(4 + 4 + 1 + (version >= 7 ? 8 : 0) + 4);
    ask.topic = reader.readString(false);
    reader.skip(4);
    ask.partition = reader.readInt32();
    if (version >= 9) reader.skip(4);
    const offset = Number(reader.readInt64());
    if (version >= 5) reader.skip(8);
    const maxBytes = reader.readInt32();
    const script = this.#options.script?.(ask) ?? {};
    if (!(await this.#follow(script, socket))) return undefined;
    const log = this.#topics.get(ask.topic)?.[ask.partition];
    if (log?.end === offset && maxWaitMs > 0 && script.code === undefined)
      await more(log, maxWaitMs);
    const end = log?.end ?? -1;
    const start = script.logStart ?? 0;
    const code = script.code ?? (!log ? 3 : offset > end || offset < start ? 1 : 0);
    const records = code === 0 && log ? batchesFrom(log, offset, maxBytes) : Buffer.alloc(0);
    const answer = Writer.create().appendInt32(0);
    if (version >= 7) answer.appendInt16(0).appendInt32(0);
    answer.appendInt32(1).appendString(ask.topic, false).appendInt32(1).appendInt32(ask.partition);
    answer.appendInt16(code);
    for (const one of [code === 0 ? end : -1, -1]) answer.appendInt64(BigInt(one));
    if (version >= 5) answer.appendInt64(BigInt(code === 0 ? start : -1));
    answer.appendInt32(0);
    if (version >= 11) answer.appendInt32(-1);
    return answer.appendBytes(records, false);
  }

  #metadata(version: number, reader: Reader): Writer {
    const flexible = version >= 9;
    const wanted = reader.readNullableArray(
      (one) => {
        if (version >= 10) one.skip(16);
        return one.readNullableString(flexible) ?? '';
      },
      flexible,
      flexible,
    );
    const self = { id: this.id, host: this.host, port: this.port };
    const out = Writer.create().appendInt32(0);
    out.appendArray(
      [self, ...(this.#options.peers ?? [])],
      (w, one) => {
        w.appendInt32(one.id).appendString(one.host, flexible).appendInt32(one.port);
        w.appendString(null, flexible);
      },
      flexible,
      flexible,
    );
    out.appendString('scripted', flexible).appendInt32(this.id);
    out.appendArray(
      wanted ?? [...this.#topics.keys()],
      (w, name) => this.#topicMetadata(w, name, version),
      flexible,
      flexible,
    );
    if (version >= 8 && version <= 10) out.appendInt32(-1);
    return flexible ? out.appendTaggedFields() : out;
  }

  #topicMetadata(w: Writer, name: string, version: number): void {
    const flexible = version >= 9;
    const logs = this.#topics.get(name);
    w.appendInt16(logs ? 0 : 3).appendString(name, flexible);
    if (version >= 10) w.appendUUID(idOf(name));
    w.appendBoolean(false).appendArray(
      [...(logs ?? []).keys()],
      (p, partition) => {
        const leader = this.#options.leader?.(name, partition) ?? this.id;
        p.appendInt16(leader < 0 ? 5 : 0)
          .appendInt32(partition)
          .appendInt32(leader);
        if (version >= 7) p.appendInt32(0);
        for (const list of [[this.id], [this.id], []])
          p.appendArray(list, (q, node) => q.appendInt32(node), flexible, false);
      },
      flexible,
      flexible,
    );
    if (version >= 8) w.appendInt32(-2147483648);
  }

  #createTopics(reader: Reader): Writer {
    const topics = reader.readArray((one) => {
      const [name, partitions] = [one.readString(), one.readInt32()];
      one.skip(2);
      one.readArray((assignment) =>
        assignment.skip(4).readArray((q) => q.readInt32(), true, false),
      );
      one.readArray((config) => [config.readString(), config.readNullableString()]);
      return { name, partitions };
    });
    const out = Writer.create().appendInt32(0);
    return out
      .appendArray(topics, (w, { name, partitions }) => {
        const exists = this.#topics.has(name);
        if (!exists) this.#create(name, partitions);
        w.appendString(name)
          .appendUUID(idOf(name))
          .appendInt16(exists ? 36 : 0);
        w.appendString(null)
          .appendInt32(partitions)
          .appendInt16(1)
          .appendArray([], () => undefined);
      })
      .appendTaggedFields();
  }

  #deleteTopics(reader: Reader): Writer {
    const names = reader.readArray((one) => {
      const name = one.readNullableString() ?? '';
      one.skip(16);
      return name;
    });
    const out = Writer.create().appendInt32(0);
    return out
      .appendArray(names, (w, name) => {
        const code = this.#topics.delete(name) ? 0 : 3;
        this.#keep?.({ topic: name });
        w.appendString(name).appendUUID(idOf(name)).appendInt16(code).appendString(null);
      })
      .appendTaggedFields();
  }

  topics(): string[] {
    return [...this.#topics.keys()];
  }
}

function apiVersions(version: number): Writer {
  const out = Writer.create().appendInt16(0);
  out.appendArray(
    [...apis],
    (w, [key, , max]) => w.appendInt16(key).appendInt16(0).appendInt16(max),
    false,
    false,
  );
  return version >= 1 ? out.appendInt32(0) : out;
}

/** The same topic has the same id in every broker. */
function idOf(name: string): string {
  return createHash('md5').update(name).digest('hex');
}
