/** Links carried by a proxy of our own: nothing to install. */
import { setMaxListeners } from 'node:events';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { SchismError } from '../../model/index.js';
import type { LinkBackend, LinkSpec, Links, Ping } from '../../model/index.js';
import { startProcess } from '../../processes/index.js';
import type { ManagedProcess } from '../../processes/index.js';
import { DrivenLinks, busyPort } from '../links.js';
import { cleanLink } from '../state.js';
import type { LinkState } from '../state.js';
import type { LinkPlan } from './link.js';
import type { Answer, Order } from './proxy.js';

export interface BuiltinOptions {
  /** Nanoseconds since the run's start. */
  now: () => number;
  /** One line for the user. */
  progress: (text: string) => void;
  signal?: AbortSignal | undefined;
  /** Where the proxy's errors go; without it, they are thrown away. */
  logFile?: string | undefined;
  /**
   * A connection of which a cut holds something for longer is reset, ms. TCP itself would go on
   * for minutes, but brokers and clients give up within 2 to 30 s. By default 8 s: the usual faults
   * of 5 s deliver late, which finds more, and longer ones reset.
   */
  holdMs?: number;
}

export const builtinBackend = (options: BuiltinOptions): Promise<BuiltinBackend> =>
  Promise.resolve(new BuiltinBackend(options));

/** An order is carried out at once; the bound is for a machine that stands still. */
const answerMs = 20_000;

type Command = Order extends infer O ? (O extends Order ? Omit<O, 'id'> : never) : never;

export class BuiltinBackend implements LinkBackend {
  readonly name = 'builtin';
  readonly #options: BuiltinOptions;
  readonly #closing = new AbortController();
  /** With what each was last told to do, to tell it again to a new process. */
  #plans: (LinkSpec & LinkPlan)[] = [];
  #process: ManagedProcess | undefined;
  /** Resolves once the process carries the links. */
  #ready = Promise.resolve();
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #orders = 0;
  #links: DrivenLinks | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: BuiltinOptions) {
    this.#options = options;
    setMaxListeners(0, this.#closing.signal);
  }

  /** Of the proxy's process. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async open(specs: readonly LinkSpec[], ping: Ping): Promise<Links> {
    if (this.#links || this.#closed) throw new Error('Links are opened once.');
    this.#options.signal?.throwIfAborted();
    this.#plans = specs.map((spec) => ({ ...spec, state: cleanLink }));
    await this.#start();
    this.#links = new DrivenLinks({
      specs,
      ping,
      now: this.#options.now,
      closing: this.#closing.signal,
      driver: {
        name: this.name,
        set: (link, state) => this.#set(link, state),
        held: async (link) => (await this.#order({ to: 'count', link })).held!,
      },
    });
    return this.#links;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#links?.settled();
    await this.#ready.catch(() => undefined);
    await this.#process?.kill();
  }

  async #start(): Promise<void> {
    const child = startProcess({
      name: 'the proxy of the links',
      command: process.execPath,
      args: [fileURLToPath(new URL('./proxy.js', import.meta.url))],
      // What the tester preloads is not meant for it.
      env: { NODE_OPTIONS: '' },
      logFile: this.#options.logFile ?? devNull,
      onMessage: (message) => {
        const answer = message as Answer;
        this.#waiting.get(answer.id)?.(answer);
      },
    });
    this.#process = child;
    void child.exited.then(() => {
      for (const [id, answer] of this.#waiting) answer(failed(id, 'ended by itself'));
    });
    const { holdMs = 8000 } = this.#options;
    try {
      await this.#order({ to: 'open', holdMs, links: this.#plans });
    } catch (error) {
      await child.kill();
      throw error;
    }
    // One that cannot even begin is not started again and again.
    void child.exited.then(() => this.#revive());
  }

  #revive(): void {
    if (this.#closed) return;
    this.#options.progress(
      'the proxy of the links ended by itself; it is started anew, all connections through it are closed',
    );
    this.#ready = this.#start();
    this.#ready.catch((error: unknown) => this.#options.progress(String(error)));
  }

  async #set(link: number, state: LinkState): Promise<void> {
    this.#plans[link]!.state = state;
    await this.#ready;
    // Whoever heals after the end: there is nothing left to heal.
    if (this.#closed) return;
    const told = this.#process;
    try {
      await this.#order({ to: 'set', link, state });
    } catch (error) {
      if (told?.isAlive() !== false) throw error;
      await told.exited;
      // The new process is told what all links are to do, this one too.
      await this.#ready;
    }
  }

  /** @throws SchismError if it is not carried out. */
  async #order(command: Command): Promise<Answer> {
    const id = ++this.#orders;
    let late: NodeJS.Timeout | undefined;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      late = setTimeout(resolve, answerMs, failed(id, 'did not answer'));
      if (this.#process?.send({ id, ...command }) !== true) resolve(failed(id, 'is gone'));
    });
    clearTimeout(late);
    this.#waiting.delete(id);
    if (answer.error) throw this.#error(answer.error);
    return answer;
  }

  #error({ message, code, link }: NonNullable<Answer['error']>): SchismError {
    const spec = link === undefined ? undefined : this.#plans[link];
    if (spec && code === 'EADDRINUSE') return busyPort(spec);
    return new SchismError('cluster', `Could not open or change the links: ${message}.`);
  }
}

const failed = (id: number, how: string): Answer => ({
  id,
  error: { message: `the proxy that carries them ${how}` },
});
