/**
 * One connection: frames in, answers out. Requests are answered in their order, one at a time, as
 * Kafka does. Whatever goes wrong closes this connection and nothing else.
 */
import { Writer } from '@platformatic/kafka';
import { apis } from '../handlers/apis.js';
import type { Request } from '../handlers/request.js';
import type { BrokerConfig, Connection, Env } from '../env.js';
import type { Message, NodeView } from '../types.js';
import { Frames } from './frames.js';
import { Input } from './input.js';
import { decodeMessage, raftKey } from './raft.js';

/** So much waits behind a request that takes its time; then nothing more is read. */
const mostHeld = 1 << 20;
/** A client that does not take its answers is asked for no more requests, and looked at again. */
const mostUnsent = 4 << 20;
const unsentRetryMs = 20;

export interface ServeOptions {
  /** Takes a message of another node of this cluster. */
  raft(message: Message): void;
}

/** Serves a client or another node until either side closes the connection. */
export function serve(
  connection: Connection,
  node: NodeView,
  env: Env,
  config: BrokerConfig,
  options: ServeOptions,
): void {
  const world = { node, env, plants: new Set<string>(config.plants) };
  new Server(connection, world, options).start();
}

type World = Pick<Request, 'node' | 'env' | 'plants'>;

class Server {
  readonly #connection: Connection;
  readonly #world: World;
  readonly #options: ServeOptions;
  readonly #frames = new Frames();
  /** What ends the waiting of the request under way. */
  readonly #ends = new Set<() => void>();
  #busy = false;
  #open = true;

  constructor(connection: Connection, world: World, options: ServeOptions) {
    this.#connection = connection;
    this.#world = world;
    this.#options = options;
  }

  start(): void {
    this.#connection.onClose(() => {
      this.#open = false;
      for (const end of [...this.#ends]) end();
    });
    this.#connection.onData((bytes) => {
      this.#frames.push(bytes);
      this.#go();
    });
  }

  /** Takes up requests until one has to wait, or no whole one is there. */
  #go(): void {
    try {
      while (this.#open && !this.#busy) {
        if (this.#connection.unsent() > mostUnsent) {
          this.#later();
          break;
        }
        const frame = this.#frames.next();
        if (!frame) break;
        const answer = this.#handle(frame);
        if (answer instanceof Promise) this.#await(answer);
        else if (answer) this.#connection.write(answer);
      }
      if (this.#open) this.#connection.reading(!this.#busy || this.#frames.size < mostHeld);
    } catch (error) {
      this.#fail(error);
    }
  }

  #later(): void {
    this.#busy = true;
    const end = (): void => {
      cancel();
      this.#ends.delete(end);
    };
    const cancel = this.#world.env.after(unsentRetryMs, () => {
      end();
      this.#busy = false;
      this.#go();
    });
    this.#ends.add(end);
  }

  #await(answer: Promise<Buffer>): void {
    this.#busy = true;
    answer.then(
      (bytes) => {
        this.#busy = false;
        if (this.#open) this.#connection.write(bytes);
        this.#go();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    if (this.#open) this.#world.env.log(`closes a connection: ${String(error)}`);
    this.#open = false;
    this.#connection.close();
  }

  /** Undefined: there is nothing to say. Throws on a request that no broker would answer. */
  #handle(frame: Buffer): Buffer | Promise<Buffer> | undefined {
    const input = new Input(frame);
    const [key, version, correlation] = [input.int16(), input.int16(), input.int32()];
    if (key === raftKey) {
      this.#raft(input);
      return undefined;
    }
    const api = apis.find((one) => one.key === key);
    if (!api) throw new Error(`Expected an API that is served here, got ${key}.`);
    const known = version >= api.min && version <= api.max;
    if (!known && !api.refuse)
      throw new Error(`Expected ${api.name} ${api.min} to ${api.max}, got ${version}.`);
    const flexible = version >= api.flexible;
    const head = Writer.create().appendInt32(correlation);
    const finish = (body: Writer): Buffer => head.appendFrom(body).prependLength().buffer;
    if (!known && api.refuse) return finish(api.refuse());
    input.nullableString(false);
    if (flexible) input.tags();
    if (flexible && !api.refuse) head.appendTaggedFields();
    const request = { ...this.#world, version, flexible, input, ends: this.#ends };
    const body = api.handle(request);
    return body instanceof Promise ? body.then(finish) : body && finish(body);
  }

  #raft(input: Input): void {
    input.nullableString(false);
    const clusterId = input.string(false);
    if (clusterId !== this.#world.node.clusterId)
      throw new Error(`Expected cluster ${this.#world.node.clusterId}, got ${clusterId}.`);
    this.#options.raft(decodeMessage(input));
  }
}
