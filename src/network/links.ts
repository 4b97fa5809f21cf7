/** Faults on links: any number at a time, each link doing the strictest of what they want. */
import { SchismError, expected, messageOf } from '../model/index.js';
import type {
  Applied,
  CutHow,
  Healed,
  LinkSpec,
  Links,
  Pair,
  Ping,
  Proof,
  Shape,
} from '../model/index.js';
import { inParallel, pause } from './parallel.js';
import { proveCut, proveHeal, proveShape } from './proof.js';
import { carriers, cleanLink, cleanStream, union } from './state.js';
import type { Carrier, Held, LinkState } from './state.js';
import type { Limits, ProofEnv, Sampled, Subject, Watching } from './watching.js';
import * as words from './words.js';

/** What carries links. It gets whole states, so that it may repeat them after a restart. */
export interface LinkDriver {
  /** `toxiproxy 2.12.0` */
  readonly name: string;
  /**
   * Brings one link (its place in the list of specs) into a state; resolves once it is in force.
   * Bounded in time. For one link, calls never overlap.
   */
  set(link: number, state: LinkState): Promise<void>;
  /** What cuts of this link held, counted since it was opened. */
  held?: (link: number) => Promise<Held>;
}

export const busyPort = ({ from, to, purpose, listen }: LinkSpec): SchismError =>
  new SchismError(
    'cluster',
    `Expected ${listen.host}:${listen.port} to be free for the link from ${from} to ${to} (${purpose}), got a busy port.`,
  );

export interface LinksOptions {
  specs: readonly LinkSpec[];
  ping: Ping;
  driver: LinkDriver;
  /** Nanoseconds since the run's start. */
  now: () => number;
  /** Aborted when the links close: what is not proven by then is settled by what is known. */
  closing: AbortSignal;
  limits?: Partial<Limits>;
}

/** So many clients' links are tried for a fault; of the nodes' links every one is. */
const clientSample = 6;
const healTries = 3;

export class DrivenLinks implements Links {
  readonly name: string;
  readonly #options: LinksOptions;
  /** By link: fault -> what it wants of the link. */
  readonly #wants: Map<number, LinkState>[];
  /** By link: the last order, so that a link's orders never overlap. */
  readonly #turns: Promise<void>[];
  readonly #env: ProofEnv;
  #faults = 0;

  constructor(options: LinksOptions) {
    this.name = options.driver.name;
    this.#options = options;
    this.#wants = options.specs.map(() => new Map<number, LinkState>());
    this.#turns = options.specs.map(() => Promise.resolve());
    this.#env = {
      ping: options.ping,
      now: options.now,
      signal: options.closing,
      limits: options.limits ?? {},
    };
  }

  async cut(pairs: readonly Pair[], how: CutHow): Promise<Applied> {
    const found = carriers(this.#options.specs, pairs);
    const dropped = { ...cleanStream, drop: true };
    const wants = found.map(({ link, up, down }): [number, LinkState] => [
      link,
      how === 'refuse'
        ? { ...cleanLink, refuse: true }
        : { refuse: false, up: up ? dropped : cleanStream, down: down ? dropped : cleanStream },
    ]);
    return this.#apply(
      found,
      new Map(wants),
      (subjects, of) => proveCut(subjects, how, of, this.#env),
      how === 'drop',
    );
  }

  async shape(pairs: readonly Pair[], shape: Shape): Promise<Applied> {
    const found = carriers(this.#options.specs, pairs);
    const { latencyMs = 0, jitterMs = 0, rateBytesPerSecond = 0 } = shape;
    if (latencyMs <= 0 && rateBytesPerSecond <= 0)
      throw expected('a shape', 'a latency or a rate above 0', shape);
    if (jitterMs > latencyMs) throw expected('`jitterMs`', 'at most the latency', jitterMs);
    const stream = { drop: false, latencyMs, jitterMs, rateBytesPerSecond };
    const wants = found.map(({ link, up, down }): [number, LinkState] => [
      link,
      { refuse: false, up: up ? stream : cleanStream, down: down ? stream : cleanStream },
    ]);
    return this.#apply(found, new Map(wants), (subjects, of) =>
      proveShape(subjects, of, this.#env),
    );
  }

  /** Puts a fault into force, or undoes itself and throws. */
  async #apply(
    found: readonly Carrier[],
    wants: ReadonlyMap<number, LinkState>,
    prove: (subjects: Subject[], of: Sampled) => Watching,
    counts = false,
  ): Promise<Applied> {
    const fault = ++this.#faults;
    const links = found.map(({ link }) => link);
    const before = counts ? await this.#held(links) : undefined;
    for (const [link, state] of wants) this.#wants[link]!.set(fault, state);
    try {
      await this.#order(links);
    } catch (error) {
      this.#forget(fault, links);
      // What cannot be undone either is told by the first error: it is the same driver.
      await this.#order(links).catch(() => undefined);
      throw error;
    }
    const { sample, of } = this.#sample(links);
    const subjects = sample.map((link): Subject => this.#subject(link, fault, wants.get(link)!));
    const watching = prove(subjects, of);
    let healed: Promise<Healed> | undefined;
    const heal = async (): Promise<Healed> => {
      // First the fault's own proof is settled: what is seen from now on is no evidence.
      watching.stop();
      this.#forget(fault, links);
      const failed = await this.#heal(links);
      if (failed !== undefined) return { proof: Promise.resolve(this.#unhealed(failed)) };
      const counted = counts ? this.#held(links) : undefined;
      const { proof } = proveHeal(subjects, of, this.#env);
      return { proof: proof.then(async (one) => withHeld(one, before, await counted)) };
    };
    const proof = watching.proof.then(async (one) =>
      withHeld(one, before, counts ? await this.#held(links) : undefined, ' by then'),
    );
    return { proof, heal: () => (healed ??= heal()) };
  }

  /** Evidence beside the requests that prove a cut; undefined where nothing is counted. */
  async #held(links: readonly number[]): Promise<Held | undefined> {
    const { held } = this.#options.driver;
    if (!held) return undefined;
    const sum: Held = { connections: 0, bytes: 0 };
    try {
      for (const { connections, bytes } of await Promise.all(links.map(held))) {
        sum.connections += connections;
        sum.bytes += bytes;
      }
      return sum;
    } catch {
      return undefined;
    }
  }

  async #heal(links: readonly number[]): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#order(links);
        return undefined;
      } catch (error) {
        if (tries === healTries || this.#env.signal.aborted) return error;
        await pause(500, this.#env.signal);
      }
    }
  }

  #unhealed(error: unknown): Proof {
    const by = `the fault could not be taken back: ${messageOf(error)}`;
    return { state: 'unproven', timeNs: this.#options.now(), by };
  }

  #forget(fault: number, links: readonly number[]): void {
    for (const link of links) this.#wants[link]!.delete(fault);
  }

  /** Orders of each link what all faults together want of it when its turn comes. */
  #order(links: readonly number[]): Promise<void> {
    return inParallel(links, 4, (link) => {
      const turn = this.#turns[link]!.then(() =>
        this.#options.driver.set(link, union(this.#wants[link]!.values())),
      );
      this.#turns[link] = turn.catch(() => undefined);
      return turn;
    });
  }

  #subject(link: number, fault: number, own: LinkState): Subject {
    const wants = this.#wants[link]!;
    return {
      spec: this.#options.specs[link]!,
      own,
      others: () => union([...wants].flatMap(([id, state]) => (id === fault ? [] : [state]))),
    };
  }

  /** All links between nodes, and a few of the clients', spread evenly. */
  #sample(links: readonly number[]): { sample: number[]; of: Sampled } {
    const ofClient = (link: number): boolean => {
      const { from, to } = this.#options.specs[link]!;
      return typeof from === 'string' || typeof to === 'string';
    };
    const clients = links.filter(ofClient);
    const tried = Math.min(clients.length, clientSample);
    const some = Array.from(
      { length: tried },
      (_, i) => clients[Math.floor((i * clients.length) / tried)]!,
    );
    const sample = [...links.filter((link) => !ofClient(link)), ...some];
    return { sample, of: { tried, clients: clients.length } };
  }

  /** Resolves once no order is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#turns);
  }
}

/** Counts begin anew when what carries the links was started anew: then they say nothing. */
function withHeld(proof: Proof, before?: Held, after?: Held, when = ''): Proof {
  if (!before || !after || after.bytes <= before.bytes) return proof;
  const connections = after.connections - before.connections;
  if (connections <= 0) return proof;
  const by = proof.by + words.held({ connections, bytes: after.bytes - before.bytes }) + when;
  return { ...proof, by };
}
