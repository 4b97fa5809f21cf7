/** One real replica in virtual time, node 1 of three, whose peers are the test. */
import { recordBatch, stamp } from '../../src/targets/embedded/broker/batch.js';
import type { Env, PlantName } from '../../src/targets/embedded/broker/env.js';
import { openLog } from '../../src/targets/embedded/broker/log/log.js';
import { createGroup } from '../../src/targets/embedded/broker/raft/group.js';
import type { Group, Message } from '../../src/targets/embedded/broker/types.js';
import { Clock } from '../support/virtual/clock.js';
import { MemoryStorage } from '../support/virtual/storage.js';

export type Of<K extends Message['kind']> = Message & { kind: K };
export const electionTimeoutMs = 1000;
export const heartbeatMs = 100;

export class Replica {
  readonly clock = new Clock();
  readonly storage = new MemoryStorage();
  readonly replaced: string[] = [];
  sent: (Message & { to: number })[] = [];
  /** Nothing leaves for it, and it is known. */
  away = -1;
  group: Group;
  readonly #replicas: readonly number[];
  readonly #plants: readonly PlantName[];

  constructor(replicas: readonly number[] = [2, 1, 3], plants: readonly PlantName[] = []) {
    this.#replicas = replicas;
    this.#plants = plants;
    this.group = this.open();
  }

  open(): Group {
    const { clock, storage, replaced } = this;
    const plants = new Set(this.#plants);
    const env: Env = {
      now: () => clock.now,
      wallMs: () => 5,
      after(ms, run) {
        let on = true;
        clock.after(ms, () => on && run());
        return () => (on = false);
      },
      random: () => 0.5,
      listen: () => Promise.reject(new Error('not here')),
      dial: () => {
        throw new Error('not here');
      },
      storage: new Proxy(storage, {
        get: (of, name) =>
          name === 'replace'
            ? (path: string, bytes: Buffer) => {
                replaced.push(bytes.toString());
                of.replace(path, bytes, false);
              }
            : (Reflect.get(of, name) as (...input: unknown[]) => unknown).bind(of),
      }),
      log: () => undefined,
    };
    const note = () => undefined;
    const options = { storage, folder: 'g', segmentBytes: 1 << 20, fsync: false, plants, note };
    this.group = createGroup({
      name: 'g',
      self: 1,
      replicas: this.#replicas,
      log: openLog(options),
      env,
      statePath: 'term',
      timing: { electionTimeoutMs, heartbeatMs },
      fsync: false,
      plants,
      send: (to, message) => {
        this.sent.push({ ...message, to });
        return to !== this.away;
      },
    });
    return this.group;
  }
  restart(): Group {
    this.group.close();
    return this.open();
  }

  run(ms: number): void {
    this.clock.runUntil(this.clock.now + ms);
  }
  /** What was sent since the last call. */
  take<K extends Message['kind']>(kind: K): (Of<K> & { to: number })[] {
    const sent = this.sent as (Message & { to: number })[];
    this.sent = [];
    return sent.filter((message): message is Of<K> & { to: number } => message.kind === kind);
  }

  vote(from: number, term: number, more: Partial<Of<'vote'>> = {}): Of<'voted'> {
    const { end, lastEpoch } = this.group.log;
    const base = { group: 'g', from, term, kind: 'vote', pre: false, end, lastEpoch } as const;
    this.group.receive({ ...base, ...more });
    return this.take('voted').at(-1)!;
  }
  append(from: number, term: number, more: Partial<Of<'append'>> = {}): Of<'appended'> {
    const base = { group: 'g', from, term, kind: 'append' as const, isr: [from], commit: 0 };
    this.group.receive({ ...base, base: 0, prevEpoch: 0, entries: Buffer.alloc(0), ...more });
    return this.take('appended').at(-1)!;
  }
  appended(from: number, end: number, more: Partial<Of<'appended'>> = {}): void {
    const { term } = this.group;
    const base = { group: 'g', from, term, kind: 'appended', ok: true, epoch: 0 } as const;
    this.group.receive({ ...base, end, ...more });
  }
  /** Wins the next election with the voice of node 2. */
  lead(): void {
    const { group } = this;
    this.run(1.5 * electionTimeoutMs);
    const term = group.term + 1;
    for (const pre of [true, false])
      group.receive({ group: 'g', from: 2, term, kind: 'voted', pre, granted: true });
  }
}

/** Batches of one record each, in these epochs, from an offset on. */
export const batches = (base: number, ...epochs: number[]): Buffer =>
  Buffer.concat(
    epochs.map((epoch, i) => {
      const batch = recordBatch([Buffer.from(`${base + i} in ${epoch}`)], 0);
      stamp(batch, base + i, epoch);
      return batch;
    }),
  );
export const one = () => recordBatch([Buffer.from('x')], 0);
