/** Links carried by Toxiproxy: one proxy for each. */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { connect } from 'node:net';
import { SchismError, messageOf } from '../../model/index.js';
import type { LinkBackend, LinkSpec, Links, Ping } from '../../model/index.js';
import { DrivenLinks, busyPort } from '../links.js';
import { inParallel } from '../parallel.js';
import { cleanLink, isClean } from '../state.js';
import type { LinkState } from '../state.js';
import { ApiError, ToxiproxyApi, proxySpec, text } from './api.js';
import { buildToxiproxy, findToxiproxy, version } from './find.js';
import type { FoundToxiproxy } from './find.js';
import { apiAddress, launch } from './server.js';
import type { Launch, OwnServer } from './server.js';

export interface ToxiproxyOptions {
  /** A server that runs already; only proxies made here are touched on it. */
  url?: string | undefined;
  /** Where a server that was built is kept. */
  cacheDir: string;
  /** Nanoseconds since the run's start. */
  now: () => number;
  /** One line for the user. */
  progress: (text: string) => void;
  /** Ends a build or a start that is under way. */
  signal?: AbortSignal | undefined;
  /** The server's own output; without it, it is thrown away. */
  logFile?: string | undefined;
}

/**
 * Finds or builds a server and, unless it is given by its URL, starts it.
 * @throws SchismError (usage) if there is none.
 */
export async function toxiproxyBackend(options: ToxiproxyOptions): Promise<ToxiproxyBackend> {
  const found = await findToxiproxy(options);
  if (found.kind === 'url')
    return new ToxiproxyBackend(options, found.version, new ToxiproxyApi(found.url), undefined);
  const launching: Launch = {
    kind: found.kind === 'docker' ? 'docker' : 'program',
    command: await program(found, options),
    address: await apiAddress(),
    logFile: options.logFile,
    signal: options.signal,
  };
  const server = await launch(launching);
  const told = await server.api.version().catch(() => undefined);
  // A server that `go install` built says `git`.
  const name = told === undefined || told === 'git' ? version : told;
  return new ToxiproxyBackend(options, name, server.api, { server, launching });
}

async function program(
  found: Exclude<FoundToxiproxy, { kind: 'url' }>,
  { cacheDir, progress, signal }: ToxiproxyOptions,
): Promise<string> {
  if (found.kind !== 'go') return found.command;
  progress(`building Toxiproxy ${version}, once`);
  return buildToxiproxy(found.command, cacheDir, signal);
}

export class ToxiproxyBackend implements LinkBackend {
  readonly name: string;
  readonly #options: ToxiproxyOptions;
  readonly #api: ToxiproxyApi;
  readonly #launching: Launch | undefined;
  #server: OwnServer | undefined;
  readonly #closing = new AbortController();
  /** So that several runs can use one server. */
  readonly #token = `schism-${randomUUID().slice(0, 8)}`;
  #specs: readonly LinkSpec[] = [];
  /** By link: what it was last told to do, to tell it again to a new server. */
  #wanted: LinkState[] = [];
  /** Counts servers, so that a call that failed on an old one does not kill the new one. */
  #generation = 0;
  #restarting: Promise<void> | undefined;
  #links: DrivenLinks | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    options: ToxiproxyOptions,
    told: string,
    api: ToxiproxyApi,
    own: { server: OwnServer; launching: Launch } | undefined,
  ) {
    this.name = `toxiproxy ${told}`;
    this.#options = options;
    this.#api = api;
    this.#launching = own?.launching;
    this.#server = own?.server;
    setMaxListeners(0, this.#closing.signal);
    if (own) this.#revive(own.server);
  }

  get url(): string {
    return this.#api.url;
  }

  /** Process id of our own server. */
  get pid(): number | undefined {
    return this.#server?.pid;
  }

  async open(specs: readonly LinkSpec[], ping: Ping): Promise<Links> {
    if (this.#links || this.#closed) throw new Error('Links are opened once.');
    this.#specs = specs;
    this.#wanted = specs.map(() => cleanLink);
    try {
      await this.#populate();
      await inParallel(specs, 16, (spec) => this.#listens(spec));
    } catch (error) {
      await this.#removeAll().catch(() => undefined);
      this.#specs = [];
      throw openError(error, specs);
    }
    this.#links = new DrivenLinks({
      specs,
      ping,
      now: this.#options.now,
      closing: this.#closing.signal,
      driver: { name: this.name, set: (link, state) => this.#set(link, state) },
    });
    return this.#links;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#links?.settled();
    await this.#restarting?.catch(() => undefined);
    if (this.#server) await this.#server.kill();
    else await this.#removeAll();
  }

  async #removeAll(): Promise<void> {
    await inParallel([...this.#specs.keys()], 16, (link) => this.#api.remove(this.#proxy(link)));
  }

  #proxy(link: number): string {
    const { from, to, purpose } = this.#specs[link]!;
    return `${this.#token}-${from}-${to}-${purpose}`;
  }

  async #populate(): Promise<void> {
    // A link that is to be cut must not carry anything before its toxics are there.
    await this.#api.populate(
      this.#specs.map((spec, i) => proxySpec(this.#proxy(i), spec, isClean(this.#wanted[i]!))),
    );
    const links = [...this.#specs.keys()].filter((link) => !isClean(this.#wanted[link]!));
    await inParallel(links, 4, (link) => this.#api.bring(this.#proxy(link), this.#wanted[link]!));
  }

  /** That it listens on this machine: a server in a container or elsewhere may not. */
  #listens({ listen }: LinkSpec): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...listen, timeout: 2000 });
      const fail = (why: string): void => {
        socket.destroy();
        const at = `${text(listen)} of this machine`;
        reject(new SchismError('cluster', `Expected ${this.name} to listen on ${at}; ${why}.`));
      };
      socket.once('connect', () => {
        socket.destroy();
        resolve();
      });
      socket.once('error', (error) => fail(error.message));
      socket.once('timeout', () => fail('connecting took more than 2 s'));
    });
  }

  async #set(link: number, state: LinkState): Promise<void> {
    await this.#restarting?.catch(() => undefined);
    this.#wanted[link] = state;
    // Whoever heals after the end: there is nothing left to heal.
    if (this.#closed) return;
    const generation = this.#generation;
    try {
      await this.#api.bring(this.#proxy(link), state);
    } catch (error) {
      const silent = error instanceof ApiError && error.status === undefined;
      if (!silent || !this.#launching)
        throw new SchismError('cluster', `${messageOf(error)}.`, { cause: error });
      // The new server is told what all links are to do, this one too.
      await this.#restart(generation, messageOf(error));
    }
  }

  /** Puts a new server in the place of one that hangs or is gone. */
  #restart(generation: number, why: string): Promise<void> {
    if (generation === this.#generation && !this.#closed) {
      this.#generation++;
      this.#restarting = this.#replace(why).finally(() => {
        this.#restarting = undefined;
      });
    }
    return this.#restarting ?? Promise.resolve();
  }

  async #replace(why: string): Promise<void> {
    this.#options.progress(`${why}; it is started anew, all connections through it are closed`);
    const old = this.#server!;
    await old.kill();
    this.#server = await launch(this.#launching!);
    this.#revive(this.#server);
    await this.#populate();
  }

  /** Starts a new one if it ends by itself. */
  #revive(server: OwnServer): void {
    const generation = this.#generation;
    void server.exited.then(async () => {
      if (this.#closed || generation !== this.#generation) return;
      await this.#restart(generation, `Toxiproxy at ${this.#api.url} ended by itself`).catch(
        (error: unknown) => this.#options.progress(messageOf(error)),
      );
    });
  }
}

/** Toxiproxy says `listen tcp 127.1.1.2:9093: bind: address already in use`. */
function openError(error: unknown, specs: readonly LinkSpec[]): SchismError {
  if (error instanceof SchismError) return error;
  const message = messageOf(error);
  const busy = specs.find(({ listen }) => message.includes(`${text(listen)}: `));
  if (busy && message.includes('in use')) return busyPort(busy);
  return new SchismError('cluster', `Could not open the links: ${message}.`, { cause: error });
}
