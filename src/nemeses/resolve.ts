/**
 * Symbolic targets. A target is one or more of these words, parted by spaces:
 * `one`, `minority`, `half`, `majority`, `all` (of the living nodes where there are some),
 * `leader(K)`, `followers(K)`, `controller`, `node(N)`, `fault(I).from`; and on a side of a cut
 * `rest`, `clients`, `some-clients`, `client(W)`. K is a key's number, or `away`: the first key
 * whose in-sync replicas do not include the leader of the metadata quorum.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  expected,
  seeded,
  SchismError,
  type ClusterNode,
  type Endpoint,
  type Fault,
  type Scene,
  type Topology,
} from '../model/index.js';
import { field, number } from './params.js';

/** How long a leader, or a living node, is waited for before another target is taken. */
const waitMs = 3000;
const askAgainMs = 200;

interface Word {
  name: string;
  argument: string;
  part: string;
}
const pattern = /^([a-z-]+)(?:\(([^()]*)\))?(?:\.([a-z]+))?$/;

const parse = (target: string): Word[] =>
  target.split(/\s+/).flatMap((word) => {
    const [, name, argument = '', part = ''] = pattern.exec(word) ?? [];
    return name === undefined ? [] : [{ name, argument, part }];
  });

const plain = ['one', 'minority', 'half', 'majority', 'all', 'controller'];
const sidesOnly = ['rest', 'clients', 'some-clients'];
const forms = `${plain.join(', ')}, leader(KEY), followers(KEY), node(ID) or fault(ID).target`;

/** Throws a SchismError that names the field. `side`: clients and `rest` are allowed too. */
export function checkTarget(fault: Fault, name: string, topology: Topology, side = false): void {
  const value = fault.params[name];
  if (value === undefined) return;
  const words = String(value).split(/\s+/);
  for (const text of words) {
    const [word] = parse(text);
    const wanted = side ? `${sidesOnly.join(', ')}, client(N), ${forms}` : forms;
    if (!word || !wordFits(word, fault, topology, side))
      throw expected(field(name), `made of ${wanted}`, value);
  }
}

function wordFits(word: Word, fault: Fault, topology: Topology, side: boolean): boolean {
  const { name, argument, part } = word;
  const whole = /^\d+$/.test(argument) ? Number(argument) : -1;
  if (name === 'fault') return whole > 0 && whole < fault.id && part !== '';
  if (part !== '') return false;
  if (plain.includes(name)) return argument === '';
  if (name === 'leader' || name === 'followers')
    return argument === 'away' || (whole >= 0 && whole < topology.keys);
  if (name === 'node') return topology.nodes.includes(whole);
  if (!side) return false;
  if (sidesOnly.includes(name)) return argument === '';
  return name === 'client' && whole >= 0 && whole < topology.workers;
}

type KeyState = Awaited<ReturnType<Scene['leaders']>>[number];

/** One look at the cluster, so that both sides of a cut are resolved from the same answers. */
export class Sight {
  readonly scene: Scene;
  readonly fault: Fault;
  /** What could not be had, and what was taken instead. */
  readonly notes: string[] = [];
  private states: readonly KeyState[] | undefined;
  private readonly keys = new Map<string, Promise<KeyState | undefined>>();

  constructor(fault: Fault, scene: Scene) {
    this.fault = fault;
    this.scene = scene;
  }

  living(): ClusterNode[] {
    return this.scene.cluster.nodes.filter((node) => node.isAlive());
  }

  /** Keys whose leader is among `nodes`, as far as known. */
  async keysLedBy(nodes: readonly number[]): Promise<number[]> {
    this.states ??= await this.scene.leaders();
    return this.states.filter((state) => nodes.includes(state.leader)).map((state) => state.key);
  }

  /** The nodes and clients that a target means now. */
  async find(target: string): Promise<Endpoint[]> {
    const found: Endpoint[] = [];
    for (const word of parse(target)) found.push(...(await this.word(word)));
    return [...new Set(found)].sort(byName);
  }

  private async word({ name, argument, part }: Word): Promise<readonly Endpoint[]> {
    const { topology } = this.scene;
    const n = topology.nodes.length;
    switch (name) {
      case 'one':
        return [this.one()];
      case 'minority': {
        const size = 1 + this.chance('size').below(Math.max(1, Math.floor((n - 1) / 2)));
        return this.some(size);
      }
      case 'half':
        return this.some(Math.floor(n / 2));
      case 'majority':
        return this.some(Math.floor(n / 2) + 1);
      case 'all':
        return this.candidates();
      case 'node':
        return [Number(argument)];
      case 'controller':
        return this.controller();
      case 'leader':
        return [
          (await this.key(argument))?.leader ?? this.instead(`key ${argument} had no leader`),
        ];
      case 'followers':
        return this.followers(argument);
      case 'fault':
        return this.earlier(Number(argument), part);
      case 'clients':
        return ['clients'];
      case 'some-clients': {
        const workers = Array.from({ length: topology.workers }, (_, worker) => worker);
        const half = this.chance('clients')
          .shuffle(workers)
          .slice(0, Math.ceil(workers.length / 2));
        return half.map((worker): Endpoint => `client-${worker}`);
      }
      default:
        return [`client-${Number(argument)}`];
    }
  }

  /** A stream of its own for each use, from the number that the fault carries. */
  private chance(use: string): ReturnType<typeof seeded> {
    return seeded(`${number(this.fault, 'choice', 0)}/${use}`);
  }

  /** Dead nodes are poor targets: nothing about them could be seen. */
  private candidates(): number[] {
    const living = this.living().map((node) => node.id);
    return living.length > 0 ? living : [...this.scene.topology.nodes];
  }

  private one(): number {
    const nodes = this.candidates();
    return nodes[number(this.fault, 'choice', 0) % nodes.length]!;
  }

  private some(size: number): number[] {
    return this.chance('nodes').shuffle(this.candidates()).slice(0, size);
  }

  private instead(why: string): number {
    const node = this.one();
    this.notes.push(`${why}, so node ${node} was taken`);
    return node;
  }

  private async controller(): Promise<number[]> {
    const found = await this.until(async () => {
      const node = await this.scene.controller();
      return this.living().some(({ id }) => id === node) ? node : undefined;
    });
    return [found ?? this.instead('the metadata quorum had no leader')];
  }

  private async followers(argument: string): Promise<number[]> {
    const state = await this.key(argument);
    const leader = state?.leader ?? this.one();
    const inSync = state?.isr.filter((node) => node !== leader) ?? [];
    if (inSync.length > 0) return inSync;
    this.notes.push(`key ${argument} had no follower in sync, so all other nodes were taken`);
    return this.scene.topology.nodes.filter((node) => node !== leader);
  }

  private key(argument: string): Promise<KeyState | undefined> {
    const known = this.keys.get(argument) ?? this.findKey(argument);
    this.keys.set(argument, known);
    return known;
  }

  /** The state of a key that has a living leader, waited for. */
  private async findKey(argument: string): Promise<KeyState | undefined> {
    const lives = (state: KeyState): boolean =>
      this.living().some((node) => node.id === state.leader);
    const found = await this.until(async () => {
      const states = (this.states ??= await this.scene.leaders());
      const state = await this.pick(argument, states);
      if (state && lives(state)) return state;
      this.states = undefined;
      return undefined;
    });
    if (found || argument !== 'away') return found;
    this.notes.push('every key had the leader of the metadata quorum among its replicas');
    return (await this.scene.leaders()).find(lives);
  }

  private async pick(argument: string, states: readonly KeyState[]): Promise<KeyState | undefined> {
    if (argument !== 'away') return states.find((state) => state.key === Number(argument));
    const controller = await this.scene.controller();
    return states.find((state) => state.isr.length > 1 && !state.isr.includes(controller));
  }

  private earlier(id: number, part: string): Endpoint[] {
    const value = this.scene.earlier(id)?.resolved[part];
    if (value !== undefined) return readEndpoints(value);
    throw new SchismError(
      'cluster',
      `Expected fault ${id} to have been resolved to a \`${part}\` before, got nothing.`,
    );
  }

  private async until<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
    const end = this.scene.now() + waitMs * 1e6;
    for (;;) {
      const found = await look();
      if (found !== undefined || this.scene.now() >= end) return found;
      await sleep(askAgainMs);
    }
  }

  /** Those of `nodes` that live, waited for: a dead process can neither be killed nor paused. */
  async alive(nodes: readonly number[]): Promise<number[]> {
    const found = await this.until(() => {
      const living = this.living().filter((node) => nodes.includes(node.id));
      return Promise.resolve(living.length > 0 ? living : undefined);
    });
    if (found) return found.map((node) => node.id);
    throw new SchismError(
      'cluster',
      `Expected one of ${nodesText(nodes)} to be alive, got none within ${waitMs / 1000} s.`,
    );
  }
}

const byName = (a: Endpoint, b: Endpoint): number =>
  String(a).localeCompare(String(b), 'en', { numeric: true });

/** As stored in `resolved`: `1 2 client-3`. */
export const writeEndpoints = (endpoints: readonly Endpoint[]): string => endpoints.join(' ');
export const readEndpoints = (value: string | number): Endpoint[] =>
  String(value)
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => (/^\d+$/.test(word) ? Number(word) : (word as Endpoint)));

export const isNode = (endpoint: Endpoint): endpoint is number => typeof endpoint === 'number';

/** `node 2`, `nodes 1 3` */
export const nodesText = (nodes: readonly number[]): string =>
  `${nodes.length === 1 ? 'node' : 'nodes'} ${nodes.join(' ')}`;
