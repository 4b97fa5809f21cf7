/** A node of the virtual world: a process that is killed, started again and paused, with a disk. */
import type { Random } from '../../../src/model/index.js';
import type { Env, PlantName } from '../../../src/targets/embedded/broker/env.js';
import { openLog } from '../../../src/targets/embedded/broker/log/log.js';
import { createGroup } from '../../../src/targets/embedded/broker/raft/group.js';
import type { Group, Message } from '../../../src/targets/embedded/broker/types.js';
import type { Clock } from './clock.js';
import { MemoryStorage } from './storage.js';

export const timing = { electionTimeoutMs: 500, heartbeatMs: 100 };

export interface NodeOptions {
  id: number;
  replicas: readonly number[];
  clock: Clock;
  random: Random;
  plants: ReadonlySet<PlantName>;
  send: (to: number, message: Message) => void;
  /** After anything that this node did. */
  after: (node: VirtualNode) => void;
  log: (text: string) => void;
  /** Something that ends the process was thrown. */
  died: (node: VirtualNode, error: unknown) => void;
}

export class VirtualNode {
  readonly id: number;
  readonly storage = new MemoryStorage();
  group: Group | undefined;
  /** Counts its starts. */
  incarnation = 0;
  #paused = false;
  /** What happened to it while it was paused. */
  #waiting: ((group: Group) => void)[] = [];
  readonly #options: NodeOptions;

  constructor(options: NodeOptions) {
    this.id = options.id;
    this.#options = options;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  start(): void {
    if (this.group) return;
    this.incarnation++;
    const { id, replicas, plants, send, log } = this.#options;
    const { storage } = this;
    const { incarnation } = this;
    this.group = createGroup({
      name: 'g',
      self: id,
      replicas,
      log: openLog({
        storage,
        folder: 'logs/g',
        segmentBytes: 1 << 14,
        fsync: false,
        plants,
        note: log,
      }),
      env: this.#env(incarnation),
      statePath: 'state/g',
      timing,
      fsync: false,
      plants,
      // A dead process sends nothing.
      send: (to, message) => {
        if (this.incarnation === incarnation && this.group) send(to, message);
      },
    });
    this.#options.after(this);
  }

  /** SIGKILL: nothing of it runs any more, and what waits for it is lost. */
  kill(): void {
    this.group = undefined;
    this.#paused = false;
    this.#waiting = [];
  }

  pause(): void {
    if (this.group) this.#paused = true;
  }

  /** All that came meanwhile happens now, one after another. */
  resume(): void {
    this.#paused = false;
    const { incarnation } = this;
    for (const run of this.#waiting.splice(0))
      this.#options.clock.after(0, () => this.act(incarnation, run));
  }

  /** Runs in the process, unless it is another one by now. */
  act(incarnation: number, run: (group: Group) => void): void {
    if (this.incarnation !== incarnation || !this.group) return;
    const { group } = this;
    if (this.#paused) {
      this.#waiting.push(run);
      return;
    }
    try {
      run(group);
      this.#options.after(this);
    } catch (error) {
      this.kill();
      this.#options.died(this, error);
    }
  }

  receive(message: Message): void {
    this.act(this.incarnation, (group) => group.receive(message));
  }

  #env(incarnation: number): Env {
    const { clock, random, log } = this.#options;
    const draws = random.fork(`start ${incarnation}`);
    return {
      now: () => clock.now,
      wallMs: () => 1_700_000_000_000 + Math.floor(clock.now),
      after: (ms, run) => {
        let cancelled = false;
        clock.after(ms, () =>
          this.act(incarnation, () => {
            if (!cancelled) run();
          }),
        );
        return () => {
          cancelled = true;
        };
      },
      random: () => draws.next(),
      listen: () => Promise.reject(new Error('no connections in this world')),
      dial: () => {
        throw new Error('no connections in this world');
      },
      storage: this.storage,
      log: (text) => log(`node ${this.id}: ${text}`),
    };
  }
}
