/** One connection to one named broker or controller, kept open between calls, for probes and admin. */
import { isIP } from 'node:net';
import {
  Connection,
  metadataV12,
  ResponseError,
  Writer,
  type ConnectionOptions,
} from '@platformatic/kafka';
import { messageOf, SchismError, type Address } from '../model/index.js';
import { decodeFetch, encodeFetch, fetchKey, type FetchAnswer, type FetchAsk } from './fetch.js';
import { errorName } from './outcomes.js';
import type { ClientSettings } from './session.js';

/** How long a call may take, and what ends it early. */
export interface Limit {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export type Metadata = metadataV12.MetadataResponse;
type Security = Pick<ConnectionOptions, 'tls' | 'sasl'>;

/**
 * kafkajs's settings in the words of the library that probes. Throws a SchismError (usage) for a
 * SASL mechanism that only kafkajs can do.
 */
export function securityOf({ ssl, sasl }: ClientSettings): Security {
  const tls = ssl === undefined || ssl === false ? {} : { tls: ssl === true ? {} : ssl };
  if (!sasl) return tls;
  const mechanism = sasl.mechanism.toUpperCase();
  if ('username' in sasl && 'password' in sasl) {
    const { username, password } = sasl;
    if (mechanism === 'PLAIN') return { ...tls, sasl: { mechanism, username, password } };
    if (mechanism === 'SCRAM-SHA-256' || mechanism === 'SCRAM-SHA-512')
      return { ...tls, sasl: { mechanism, username, password } };
  }
  if (mechanism === 'OAUTHBEARER' && 'oauthBearerProvider' in sasl) {
    const token = async (): Promise<string> => (await sasl.oauthBearerProvider()).value;
    return { ...tls, sasl: { mechanism, token } };
  }
  throw new SchismError(
    'usage',
    `Expected \`sasl.mechanism\` to be plain, scram-sha-256, scram-sha-512 or oauthbearer for probes, got \`${sasl.mechanism}\`.`,
  );
}

export class NodeConnection {
  readonly #address: Address;
  readonly #clientId: string;
  readonly #settings: ClientSettings;
  #connection: Connection | undefined;

  constructor(address: Address, settings: ClientSettings, clientId: string) {
    this.#address = address;
    this.#settings = settings;
    this.#clientId = clientId;
  }

  /** Metadata as this node has it; error codes are in the answer and throw nothing. */
  metadata(topics: readonly string[], limit: Limit): Promise<Metadata> {
    return this.call(limit, async (connection) => {
      try {
        return await metadataV12.api.async(connection, [...topics], false, false);
      } catch (error) {
        // The library throws an answer away in which one partition has no leader.
        const answer = error instanceof ResponseError ? (error['response'] as unknown) : undefined;
        if (answer === undefined) throw error;
        return answer as Metadata;
      }
    });
  }

  /** The library's own Fetch cannot ask in versions below 12. */
  fetch(ask: FetchAsk, version: number, limit: Limit): Promise<FetchAnswer> {
    return this.call(
      limit,
      (connection) =>
        new Promise((resolve, reject) => {
          connection.send<FetchAnswer>(
            fetchKey,
            version,
            () => Writer.create().append(encodeFetch(ask, version)),
            (_correlation, _key, _version, reader) =>
              decodeFetch(reader.buffer.slice(reader.position), version),
            false,
            false,
            (error, answer) => {
              if (answer) resolve(answer);
              else reject(error ?? new Error('an empty answer'));
            },
          );
        }),
    );
  }

  /** Runs one exchange under its limit. A connection that was too slow or broke is not used again. */
  async call<T>(limit: Limit, run: (connection: Connection) => Promise<T>): Promise<T> {
    const { host, port } = this.#address;
    const connection = (this.#connection ??= this.#open(limit.timeoutMs));
    let stop: ((error: Error) => void) | undefined;
    const stopped = new Promise<never>((_resolve, reject) => (stop = reject));
    const abort = (): void => stop?.(new Error(`${host}:${port} was not waited for any longer`));
    const timer = setTimeout(
      () => stop?.(new Error(`${host}:${port} did not answer within ${limit.timeoutMs} ms`)),
      limit.timeoutMs,
    );
    limit.signal?.addEventListener('abort', abort, { once: true });
    if (limit.signal?.aborted === true) abort();
    try {
      return await Promise.race([this.#run(connection, run), stopped]);
    } catch (error) {
      // An error code in a whole answer leaves the connection as good as it was.
      if (!(error instanceof ResponseError)) this.#drop(connection);
      throw error;
    } finally {
      clearTimeout(timer);
      limit.signal?.removeEventListener('abort', abort);
    }
  }

  async #run<T>(connection: Connection, run: (connection: Connection) => Promise<T>): Promise<T> {
    const { host, port } = this.#address;
    if (!connection.isConnected()) {
      const connected = connection.connect(host, port);
      // The library listens for the first error of a socket only; a second one would end the process.
      connection.socket.on('error', () => undefined);
      await connected;
    }
    return run(connection);
  }

  #open(timeoutMs: number): Connection {
    const connection = new Connection(this.#clientId, {
      ...securityOf(this.#settings),
      ...(isIP(this.#address.host) === 0 && { tlsServerName: true }),
      connectTimeout: timeoutMs,
    });
    connection.on('error', () => {
      this.#drop(connection);
    });
    connection.on('close', () => {
      this.#drop(connection);
    });
    return connection;
  }

  #drop(connection: Connection): void {
    if (this.#connection === connection) this.#connection = undefined;
    // Before its first connect it has no socket, whatever its type says.
    (connection.socket as Connection['socket'] | undefined)?.destroy();
  }

  close(): void {
    if (this.#connection) this.#drop(this.#connection);
  }
}

/** `NOT_CONTROLLER`, or what else went wrong, with its cause: the library's own message says little. */
export function explain(error: unknown): string {
  if (error instanceof ResponseError) {
    const names = error.errors.map((one: unknown) =>
      one instanceof Error && 'apiCode' in one ? errorName(Number(one.apiCode)) : messageOf(one),
    );
    return names.join(', ');
  }
  const cause = error instanceof Error && error.cause ? ` (${messageOf(error.cause)})` : '';
  return `${messageOf(error)}${cause}`;
}
