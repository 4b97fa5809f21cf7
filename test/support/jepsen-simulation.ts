/**
 * Histories of Jepsen's Kafka workload against a cluster that keeps its promises, from a seed:
 * sends, polls and transactions that interleave, with markers that take offsets and aborted records
 * that nobody sees; ops that fail, whose end is unknown and that take effect at once, late or never,
 * or that never end; consumers that assign keys or subscribe and are rebalanced; crashes; at the end
 * polls that read all. One defect may be planted.
 */
import fc from 'fast-check';
import { seeded, type Random } from '../../src/model/index.js';
import type { History } from './history.js';
import { importedHistory, type Line, type Micro } from './imported.js';

export interface JepsenPlan {
  seed: number;
  keys: number;
  workers: number;
  steps: number;
  subVia: 'assign' | 'subscribe';
  /** Ops of several micro-ops, each a transaction; otherwise of one micro-op without one. */
  txn: boolean;
  wwDeps: boolean;
}

/** Histories of all shapes. */
export const jepsenPlans: fc.Arbitrary<JepsenPlan> = fc.record({
  seed: fc.nat(),
  keys: fc.integer({ min: 1, max: 4 }),
  workers: fc.integer({ min: 1, max: 6 }),
  steps: fc.integer({ min: 0, max: 250 }),
  subVia: fc.constantFrom('assign', 'subscribe'),
  txn: fc.boolean(),
  wwDeps: fc.boolean(),
});

type Type = Line['type'];
/** `[offset, value]` */
export type Pair = readonly [offset: number, value: number];

interface Txn {
  state: 'open' | 'committed' | 'aborted';
  keys: Set<Log>;
}
interface Log {
  key: number;
  records: { offset: number; value: number; txn: Txn }[];
  end: number;
  /** The next value. */
  next: number;
}
interface Op {
  f: string;
  asked: Micro[];
  done: Micro[];
  fate: Type;
  txn: Txn;
  positions: Map<number, number>;
  rebalanced: Set<number>;
  /** Sends of an op without a transaction whose end is unknown: what they will do. */
  effect: 'now' | 'late' | 'never';
}
interface Worker {
  process: number;
  op: Op | undefined;
  /** By key that it holds: where it goes on. */
  positions: Map<number, number>;
  /** Ends an op of another kind. */
  finish: (() => void) | undefined;
  dead: boolean;
}

const committed: Txn = { state: 'committed', keys: new Set() };

export class JepsenSimulation {
  readonly lines: Line[] = [];
  readonly plan: JepsenPlan;
  readonly random: Random;
  readonly logs: Log[];
  readonly #workers: Worker[];
  #late: (() => void)[] = [];
  #time = 0;
  #fresh: number;

  constructor(plan: JepsenPlan) {
    this.plan = plan;
    this.random = seeded(plan.seed);
    this.#fresh = 1000 * plan.workers;
    this.logs = Array.from({ length: plan.keys }, (_, key) => ({
      key,
      records: [],
      end: 0,
      next: 0,
    }));
    this.#workers = Array.from({ length: plan.workers }, (_, process) => ({
      process,
      op: undefined,
      positions: new Map<number, number>(),
      finish: undefined,
      dead: false,
    }));
  }

  /** The load; afterwards nothing is in flight. */
  run(): this {
    // Whatever the seed does, there is something to judge.
    for (const { key } of this.logs) this.sendOk(key);
    for (let i = 0; i < this.plan.steps; i++) this.#step();
    for (const worker of this.#workers) {
      // Some ops never end.
      const dangling = this.#chance(10);
      while (!worker.dead && (worker.op ?? worker.finish))
        if (dangling && worker.op) this.#dangle(worker, worker.op);
        else this.#work(worker);
    }
    for (const late of this.#late.splice(0)) late();
    return this;
  }

  /** The final polls, each key by one of one or two new processes. */
  end(): this {
    const processes = [this.fresh(), this.fresh()].slice(0, 1 + this.random.below(2));
    for (const process of processes) {
      const keys = this.logs
        .map(({ key }) => key)
        .filter((_, i) => i % processes.length === processes.indexOf(process));
      if (keys.length === 0) continue;
      this.both(process, 'ok', 'assign', [], { keys, seek: true });
      const positions = new Map(keys.map((key) => [key, 0]));
      while (keys.some((key) => this.visible(key, positions.get(key)!).length > 0)) {
        const done = [this.#poll(positions), ...(this.plan.txn ? [this.#poll(positions)] : [])];
        this.both(process, 'ok', 'poll', done);
      }
      this.both(process, 'ok', 'poll', [[':poll', []]]);
    }
    return this;
  }

  history(): History {
    const { subVia, wwDeps } = this.plan;
    return importedHistory(this.lines, { subVia, wwDeps });
  }

  /** As a Jepsen store has it. `name` gives the EDN of a key, `text` of a value. */
  edn(name: (key: number) => string = String, text: (value: number) => string = String): string {
    const micro = (one: Micro): string => {
      if (one[0] === ':send') {
        const [, key, sent] = one;
        if (typeof sent === 'number') return `[:send ${name(key)} ${text(sent)}]`;
        return `[:send ${name(key)} [${sent[0] ?? 'nil'} ${text(sent[1])}]]`;
      }
      if (one[1] === undefined) return '[:poll]';
      const keys = one[1].map(([key, pairs]) => {
        const words = pairs.map(([offset, value]) => `[${offset} ${text(value)}]`);
        return `${name(key)} [${words.join(' ')}]`;
      });
      return `[:poll {${keys.join(', ')}}]`;
    };
    const lines = this.lines.map(({ index, time, type, process, f, value, ...more }) => {
      const rebalanced = (more.rebalanced ?? []).map(name).join(' ');
      const words = [
        `:index ${index}, :time ${time}, :type :${type}`,
        `:process ${process < 0 ? ':nemesis' : process}, :f :${f}`,
        `:value [${(more.keys?.map(name) ?? value.map(micro)).join(' ')}]`,
        ...(more.seek === true ? [':seek-to-beginning? true'] : []),
        ...(rebalanced === '' ? [] : [`:rebalance-log [{:keys [${rebalanced}]}]`]),
      ];
      return `{${words.join(', ')}}`;
    });
    return `${lines.join('\n')}\n`;
  }

  /** A process that no worker has, so that a defect stands alone. */
  fresh(): number {
    return this.#fresh++;
  }
  value(key: number): number {
    return this.logs[key]!.next++;
  }
  /** Appends values that readers see at once; gives each with its offset. */
  append(key: number, ...values: number[]): Pair[] {
    return values.map((value) => this.#append(this.logs[key]!, value, committed));
  }
  /** A new value of a new process, which everybody sees. */
  sendOk(key: number): Pair {
    const pair = this.append(key, this.value(key))[0]!;
    this.both(this.fresh(), 'ok', 'send', [[':send', key, pair]]);
    return pair;
  }
  /** Invocation and completion of one op, one after the other. */
  both(process: number, type: Type, f: string, done: Micro[], more: Partial<Line> = {}): void {
    const { keys, seek } = more;
    const asked = { ...(keys && { keys }), ...(seek === true && { seek }) };
    this.line('invoke', process, f, done.map(askedOf), asked);
    this.line(type, process, f, done, more);
  }
  line(
    type: Type,
    process: number,
    f: string,
    value: readonly Micro[],
    more: Partial<Line> = {},
  ): void {
    this.#time += this.random.below(5) * 1e6;
    this.lines.push({
      index: this.lines.length,
      time: this.#time,
      type,
      process,
      f,
      value,
      ...more,
    });
  }

  /** What a reader of committed records would get from `from` on. */
  visible(key: number, from: number): Pair[] {
    const stable = this.#stable(this.logs[key]!);
    return this.logs[key]!.records.filter(
      ({ offset, txn }) => offset >= from && offset < stable && txn.state === 'committed',
    ).map(({ offset, value }) => [offset, value] as const);
  }
  /** The first offset that may belong to an open transaction. */
  #stable({ records, end }: Log): number {
    return records.find(({ txn }) => txn.state === 'open')?.offset ?? end;
  }
  #append(log: Log, value: number, txn: Txn): Pair {
    log.records.push({ offset: log.end, value, txn });
    if (txn !== committed) txn.keys.add(log);
    return [log.end++, value];
  }
  #finishTxn(txn: Txn, state: 'committed' | 'aborted'): void {
    if (txn.state !== 'open') return;
    txn.state = state;
    // Its marker.
    for (const log of txn.keys) log.end++;
  }
  #chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }
  #someKeys(): number[] {
    const keys = this.logs.map(({ key }) => key).filter(() => this.#chance(60));
    return keys.length > 0 ? keys : [this.random.below(this.logs.length)];
  }

  #step(): void {
    if (this.#late.length > 0 && this.#chance(5)) {
      const [late] = this.#late.splice(this.random.below(this.#late.length), 1);
      late?.();
    } else if (this.#chance(1)) {
      for (let i = 0; i < 2; i++) this.line('info', -1, 'start-partition', []);
    } else this.#work(this.random.pick(this.#workers));
  }

  #work(worker: Worker): void {
    if (worker.finish) {
      const { finish } = worker;
      worker.finish = undefined;
      finish();
    } else if (worker.op) this.#advance(worker, worker.op);
    else if (this.#chance(worker.positions.size === 0 ? 60 : 8)) this.#assign(worker);
    else if (this.#chance(4)) this.#other(worker);
    else this.#begin(worker);
  }

  #replace(worker: Worker): void {
    worker.process += this.plan.workers;
    worker.positions = new Map();
  }

  #assign(worker: Worker): void {
    const keys = this.#someKeys();
    const { subVia } = this.plan;
    const kept = keys.some((key) => worker.positions.has(key));
    const more = { keys, ...(!kept && this.#chance(20) && { seek: true }) };
    this.line('invoke', worker.process, subVia, [], more);
    worker.finish = () => {
      const type = this.random.pick<Type>(['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'fail', 'info']);
      this.line(type, worker.process, subVia, [], more);
      if (type === 'info') this.#replace(worker);
      if (type !== 'ok') return;
      const start = (key: number): number => (more.seek ? 0 : this.#anywhere(key));
      const { positions } = worker;
      worker.positions = new Map(keys.map((key) => [key, positions.get(key) ?? start(key)]));
    };
  }
  #anywhere(key: number): number {
    return this.random.below(this.#stable(this.logs[key]!) + 1);
  }

  /** A crash, or an op that no checker reads. */
  #other(worker: Worker): void {
    const crash = this.#chance(50);
    const f = crash ? 'crash' : 'debug-topic-partitions';
    this.line('invoke', worker.process, f, []);
    worker.finish = () => {
      this.line(crash ? 'info' : 'ok', worker.process, f, []);
      if (crash) this.#replace(worker);
    };
  }

  #begin(worker: Worker): void {
    const length = this.plan.txn ? 1 + this.random.below(4) : 1;
    const asked = Array.from({ length }, (): Micro => {
      if (this.#chance(50)) return [':poll'];
      const key = this.random.below(this.logs.length);
      return [':send', key, this.value(key)];
    });
    const kinds = new Set(asked.map(([kind]) => kind));
    const f = kinds.size > 1 ? 'txn' : kinds.has(':send') ? 'send' : 'poll';
    const fates: Type[] = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'fail', 'info'];
    worker.op = {
      f,
      asked,
      done: [],
      fate: this.random.pick(fates),
      txn: { state: 'open', keys: new Set() },
      positions: new Map(worker.positions),
      rebalanced: new Set(),
      effect: this.random.pick(['now', 'late', 'never']),
    };
    this.line('invoke', worker.process, f, asked);
  }

  /** The next micro-op, or the end of the transaction, or the op's end. */
  #advance(worker: Worker, op: Op): void {
    const next = op.asked[op.done.length];
    if (next && (op.fate === 'ok' || this.#chance(85))) {
      op.done.push(next[0] === ':send' ? this.#send(next, op) : this.#poll(op.positions, op));
      return;
    }
    const whole = !next;
    if (op.fate === 'ok' && op.txn.state === 'open') this.#finishTxn(op.txn, 'committed');
    else this.#complete(worker, op, whole);
  }

  #send(asked: Micro, op: Op): Micro {
    const [, key, value] = asked as [string, number, number];
    const log = this.logs[key]!;
    const told = this.#chance(85);
    if (this.plan.txn) {
      const [offset] = this.#append(log, value, op.txn);
      return [':send', key, [told ? offset : null, value]];
    }
    if (op.fate === 'fail') return [':send', key, value];
    if (op.fate === 'info' && op.effect !== 'now') {
      if (op.effect === 'late') this.#late.push(() => this.append(key, value));
      return [':send', key, value];
    }
    const [offset] = this.append(key, value)[0]!;
    return [':send', key, [told ? offset : null, value]];
  }

  /** What a consumer gets next, of any of its keys. */
  #poll(positions: Map<number, number>, op?: Op): Micro {
    if (op && this.plan.subVia === 'subscribe' && this.#chance(10)) this.#rebalance(positions, op);
    const polled: [number, Pair[]][] = [];
    for (const [key, from] of positions) {
      if (this.#chance(40)) continue;
      const all = this.visible(key, from);
      const got = all.slice(0, this.random.below(5));
      if (got.length > 0) positions.set(key, got.at(-1)![0] + 1);
      if (got.length > 0 || this.#chance(30)) polled.push([key, got]);
    }
    return [':poll', polled];
  }

  /** Some keys change hands; a key that comes begins anywhere. */
  #rebalance(positions: Map<number, number>, op: Op): void {
    for (const key of this.#someKeys()) {
      op.rebalanced.add(key);
      if (!positions.delete(key) || this.#chance(50)) positions.set(key, this.#anywhere(key));
    }
  }

  #complete(worker: Worker, op: Op, whole: boolean): void {
    const { fate, txn } = op;
    worker.op = undefined;
    const hidden = fate !== 'ok' && this.#chance(50);
    const done = op.asked.map((asked, i): Micro => (hidden ? asked : (op.done[i] ?? asked)));
    if (fate !== 'ok') this.#unsure(txn, fate === 'info' && whole);
    const rebalanced = [...op.rebalanced];
    const more = rebalanced.length > 0 ? { rebalanced } : {};
    this.line(fate, worker.process, op.f, done, more);
    if (fate === 'ok') worker.positions = op.positions;
    // A consumer whose transaction was aborted goes back to where it was.
    else if (fate === 'info') this.#replace(worker);
  }

  /** The end of a transaction that nobody was told of, now or later. */
  #unsure(txn: Txn, mayCommit: boolean): void {
    const state = mayCommit && this.#chance(60) ? 'committed' : 'aborted';
    if (this.#chance(50)) this.#finishTxn(txn, state);
    else this.#late.push(() => this.#finishTxn(txn, state));
  }

  #dangle(worker: Worker, op: Op): void {
    worker.dead = true;
    this.#unsure(op.txn, op.done.length === op.asked.length);
  }
}

/** A micro-op as it was asked for. */
function askedOf(done: Micro): Micro {
  if (done[0] === ':poll') return [':poll'];
  const [, key, sent] = done;
  return [':send', key, typeof sent === 'number' ? sent : sent[1]];
}
