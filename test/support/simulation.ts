/**
 * Histories of a cluster that keeps its promises, from a seed: concurrent sends and polls, refusals,
 * sends whose end is unknown and that take effect at once, late or never, leaders that change,
 * stale views, watermarks that are lower on a new leader, control records, retention, restarts.
 * One defect may be planted in it.
 */
import { foreignValue, makeValue, seeded, type Random } from '../../src/model/index.js';
import { History, type Rec } from './history.js';

export interface Plan {
  seed: number;
  keys: number;
  workers: number;
  steps: number;
  /** Whether what is old expires; clients alone cannot tell that from a loss. Default: true. */
  retention?: boolean;
}

interface Key {
  key: number;
  log: Rec[];
  end: number;
  start: number;
  leader: number;
  epoch: number;
  /** Sends of unknown outcome that will take effect later. */
  late: number[][];
}
interface Worker {
  worker: number;
  process: number;
  sequence: number;
  /** Ends the op in flight. */
  finish: (() => void) | undefined;
  /** By key: where it would go on. */
  next: Map<number, number>;
}

export class Simulation {
  readonly history: History;
  readonly random: Random;
  readonly keys: Key[];
  readonly failed: [key: number, value: number][] = [];
  /** Values that were acked: `[key, offset, value]`. */
  readonly acked: [key: number, offset: number, value: number][] = [];
  readonly workers: Worker[];
  readonly plan: Plan;
  #fault = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    this.history = new History({ keys: plan.keys, concurrency: plan.workers });
    this.random = seeded(plan.seed);
    this.keys = Array.from({ length: plan.keys }, (_, key) => ({
      key,
      log: [],
      end: 0,
      start: 0,
      leader: 1 + (key % 3),
      epoch: 0,
      late: [],
    }));
    this.workers = Array.from({ length: plan.workers }, (_, worker) => ({
      worker,
      process: worker,
      sequence: 0,
      finish: undefined,
      next: new Map<number, number>(),
    }));
  }

  run(): this {
    for (const node of [1, 2, 3]) this.history.node(node, 'up').route(node, 'proven');
    this.probe();
    this.history.phase('load').fault(++this.#fault);
    this.probe();
    // Whatever the seed does, there is something to judge.
    for (const key of this.keys) {
      this.history.send(0, key.key, this.value(this.workers[0]!)).ok(this.append(key), key.leader);
      this.acked.push([key.key, ...(key.log.at(-1)!.slice(0, 2) as [number, number])]);
    }
    for (let i = 0; i < this.plan.steps; i++) this.step();
    for (const worker of this.workers) worker.finish?.();
    this.history.heal(this.#fault).phase('heal');
    for (const key of this.keys) for (const values of key.late.splice(0)) this.append(key, values);
    this.probe();
    this.history.phase('recover').at(this.history.ms + 20_000);
    return this;
  }

  /** The final reads, and each replica's log. */
  end(): History {
    this.history.phase('final');
    for (const { key, log, start, end } of this.keys)
      this.history.final(key, log, { logStart: start, hw: end });
    this.history.phase('replicas');
    for (const key of this.keys) {
      for (const node of [1, 2, 3])
        this.history.replica(key.key, node, key.log, { logStart: key.start, hw: key.end });
      this.history.isr(key.leader, key.key, key.epoch, 1, 2, 3);
    }
    return this.history;
  }

  value(worker: Worker): number {
    return makeValue(worker.worker, worker.sequence++);
  }

  /** Takes effect now; without values those of worker 0's last send. Gives the first offset. */
  append(key: Key, values = [makeValue(0, this.workers[0]!.sequence - 1)]): number {
    const first = key.end;
    for (const value of values) key.log.push([key.end++, value, key.epoch]);
    return first;
  }

  private step(): void {
    const { random, history } = this;
    const dice = random.below(100);
    const key = random.pick(this.keys);
    if (dice < 80) this.work(random.pick(this.workers), key);
    else if (dice < 84) this.probe();
    else if (dice < 87) this.lead(key);
    else if (dice < 90) {
      const values = key.late.shift();
      if (values) this.append(key, values);
    } else if (dice < 92) key.end++;
    else if (dice < 93) {
      if (this.plan.retention === false) return;
      key.start = Math.max(key.start, key.end - 3);
      key.log = key.log.filter(([offset]) => offset >= key.start);
    } else if (dice < 95) history.heal(this.#fault).fault(++this.#fault);
    else if (dice < 96) history.silent(1 + random.below(3));
  }

  private lead(key: Key): void {
    const { random, history } = this;
    const old = { ...key };
    key.epoch += 1 + random.below(2);
    key.leader = 1 + random.below(3);
    history.view(key.leader, key.key, key.leader, key.epoch);
    // It has not yet heard what its followers have (KIP-207).
    history.watermark(key.leader, key.key, key.epoch, Math.max(0, key.end - random.below(4)));
    if (old.leader !== key.leader) history.view(old.leader, key.key, old.leader, old.epoch);
    history.view(1 + (key.leader % 3), key.key, -1, key.epoch);
    const down = 1 + random.below(3);
    if (random.below(3) === 0)
      history.node(down, 'down').node(down, 'starting', 2).node(down, 'up', 2);
  }

  private probe(): void {
    for (const { key, leader, epoch, end } of this.keys) {
      for (const node of [1, 2, 3]) {
        this.history.view(node, key, leader, epoch);
        const hw = node === leader ? end : Math.max(0, end - this.random.below(3));
        this.history.watermark(node, key, epoch, hw, node === leader);
      }
    }
  }

  private work(worker: Worker, key: Key): void {
    if (worker.finish) {
      worker.finish();
      worker.finish = undefined;
    } else if (this.random.below(3) > 0) this.send(worker, key);
    else this.poll(worker, key);
  }

  private send(worker: Worker, key: Key): void {
    const values = Array.from({ length: 1 + this.random.below(3) }, () => this.value(worker));
    const send = this.history.send(worker.process, key.key, ...values);
    const dice = this.random.below(10);
    const early = dice < 7 && this.random.below(2) === 0 ? this.append(key, values) : undefined;
    worker.finish = () => {
      if (dice < 7) {
        const offset = early ?? this.append(key, values);
        send.ok(offset, key.leader);
        values.forEach((value, i) => this.acked.push([key.key, offset + i, value]));
      } else if (dice < 8) {
        send.fail();
        for (const value of values) this.failed.push([key.key, value]);
      } else {
        send.info();
        worker.process += this.plan.workers;
        worker.next.clear();
        const fate = this.random.below(3);
        if (fate === 0) this.append(key, values);
        else if (fate === 1) key.late.push(values);
      }
    };
  }

  private poll(worker: Worker, key: Key): void {
    const on = worker.next.get(key.key);
    const anywhere = key.start + this.random.below(Math.max(1, key.end - key.start));
    const asked = on !== undefined && this.random.below(4) > 0 ? on : anywhere;
    const poll = this.history.poll(worker.process, key.key, asked);
    worker.finish = () => {
      if (asked < key.start || this.random.below(10) === 0) {
        poll.fail();
        return;
      }
      const records = key.log.filter(([offset]) => offset >= asked);
      const got = records.slice(0, this.random.below(5));
      const next = got.length > 0 ? got.at(-1)![0] + 1 : asked;
      poll.ok(got, { next, node: key.leader });
      worker.next.set(key.key, next);
    };
  }
}

/** A process that no worker has, so that a defect stands alone. */
const other = 9001;

/** Each plants one defect in a run that is over but for its final reads. */
export const defects: Readonly<Record<string, (s: Simulation) => void>> = {
  'lost-write': (s) => {
    const [key, offset] = acked(s);
    s.keys[key]!.log = s.keys[key]!.log.filter((rec) => rec[0] !== offset);
  },
  unseen: (s) => {
    const { history, keys } = s;
    history.send(other, 0, makeValue(77, 0)).ok(keys[0]!.end++, keys[0]!.leader);
  },
  duplicate: (s) => {
    const [key, , value] = acked(s);
    s.append(s.keys[key]!, [value]);
  },
  G1a: (s) => {
    s.history.send(other, 0, makeValue(77, 0)).fail();
    s.append(s.keys[0]!, [makeValue(77, 0)]);
  },
  'phantom-read': (s) => s.append(s.keys[0]!, [s.random.pick([foreignValue, makeValue(78, 3)])]),
  'inconsistent-offsets': (s) => {
    const [key, offset] = acked(s);
    s.history.send(other, key, makeValue(77, 0)).info();
    s.history.poll(other + 1, key, offset).ok([[offset, makeValue(77, 0)]]);
  },
  'int-poll-skip': (s) => {
    const recs = three(s);
    s.history.poll(other, 0, recs[0]![0]).ok([recs[0]!, recs[2]!]);
  },
  'int-nonmonotonic-poll': (s) => {
    const recs = three(s);
    s.history.poll(other, 0, recs[0]![0]).ok([recs[0]!, recs[2]!, recs[1]!]);
  },
  'poll-skip': (s) => {
    const [a, b, c] = three(s) as [Rec, Rec, Rec];
    s.history.poll(other, 0, a[0]).ok([a]).poll(other, 0, b[0]).ok([c]);
  },
  'nonmonotonic-poll': (s) => {
    const [a, b] = three(s) as [Rec, Rec];
    s.history.poll(other, 0, a[0]).ok([a, b], { next: b[0] }).poll(other, 0, b[0]).ok([b]);
  },
  'nonmonotonic-send': (s) => {
    const key = s.keys[0]!;
    const offset = s.append(key, [makeValue(77, 1), makeValue(77, 0)]);
    s.history.send(other, 0, makeValue(77, 0)).ok(offset + 1, key.leader);
    s.history.send(other, 0, makeValue(77, 1)).ok(offset, key.leader);
  },
  'int-nonmonotonic-send': (s) => {
    s.history.send(other, 0, makeValue(77, 0), makeValue(77, 1)).info();
    s.append(s.keys[0]!, [makeValue(77, 1), makeValue(77, 0)]);
  },
  'split-brain': (s) => {
    const { key, epoch, leader } = s.keys[0]!;
    s.history.view(1, key, 1 + (leader % 3), epoch);
  },
  'epoch-regress': (s) => {
    const { key, epoch, leader } = s.keys[0]!;
    s.history.view(2, key, leader, epoch + 1).view(2, key, leader, epoch);
  },
  'watermark-regress': (s) => {
    const { key, epoch, leader, end } = s.keys[0]!;
    s.history.watermark(leader, key, epoch, end + 5);
  },
  'replica-divergence': (s) => {
    const { key, log, end, start } = s.keys[0]!;
    const [offset] = log.at(-1)!;
    const others = log.map((rec): Rec => (rec[0] === offset ? [offset, rec[1], 9999] : rec));
    s.history.replica(key, 4, others, { logStart: start, hw: end });
  },
  'stale-replica': (s) => {
    const { key, epoch, start, end } = s.keys[0]!;
    s.history.send(other, 0, makeValue(77, 0)).ok(s.append(s.keys[0]!, [makeValue(77, 0)]), 1);
    s.history.at(s.history.ms + 30_000);
    s.history.replica(key, 4, [], { logStart: start, hw: start, wanted: end });
    s.keys[0]!.epoch = epoch;
    const finish = s.end.bind(s);
    s.end = () => finish().isr(1, key, epoch, 1, 2, 3, 4);
  },
};

/** An acked record that retention has left. */
function acked(s: Simulation): [key: number, offset: number, value: number] {
  const kept = s.acked.filter(([key, offset]) => offset >= s.keys[key]!.start);
  if (kept.length > 0) return s.random.pick(kept);
  const key = s.keys[0]!;
  const value = makeValue(76, 0);
  const offset = s.append(key, [value]);
  s.history.send(other + 7, 0, value).ok(offset, key.leader);
  return [0, offset, value];
}

/** Three records that follow each other and that nobody else has polled. */
function three(s: Simulation): Rec[] {
  const values = [0, 1, 2].map((i) => makeValue(75, i));
  const offset = s.append(s.keys[0]!, values);
  s.history.send(other + 8, 0, ...values).ok(offset, s.keys[0]!.leader);
  return s.keys[0]!.log.slice(-3);
}
