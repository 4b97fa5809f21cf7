/**
 * A history like that of a real acks=1 run whose leaders are cut off, made from a seed and kept
 * physically consistent: offsets come from the log of the node that took the write, a reader sees
 * nothing above the high watermark, and what an isolated leader took is gone after the heal.
 */
import {
  columns,
  F,
  Kind,
  makeValue,
  NodeState,
  ProofCode,
  seeded,
  type Batch,
  type Column,
  type FaultText,
  type Row,
  type RunInfo,
} from '../../src/model/index.js';

export interface MadeOptions {
  seconds: number;
  concurrency: number;
  keys: number;
  /** Ops a second of each worker. */
  rate: number;
  nodes?: number;
  acks?: 1 | -1;
  seed?: string;
}
export interface Lost {
  op: number;
  key: number;
  offset: number;
  value: number;
  ackNs: number;
  process: number;
}
export interface MadeRun {
  run: RunInfo;
  batches: Batch[];
  /** In order of their acks. */
  lost: Lost[];
  ops: number;
  at: { cut: number; elect: number; heal: number; learn: number };
}

const ns = (s: number): number => Math.round(s * 1e9);

/** Rows as batches of at most `size`; rows of one op stay together. */
export function toBatches(rows: readonly Row[], size = 4096): Batch[] {
  const batches: Batch[] = [];
  for (let from = 0; from < rows.length;) {
    let to = Math.min(rows.length, from + size);
    while (to < rows.length && rows[to]!.op === rows[to - 1]!.op) to++;
    batches.push(toBatch(rows.slice(from, to), from));
    from = to;
  }
  return batches;
}
function toBatch(rows: readonly Row[], base: number): Batch {
  const table = Object.fromEntries(
    (Object.keys(columns) as Column[]).map((name) => [
      name,
      columns[name].from(rows.map((row) => row[name] ?? (name === 'code' ? 0 : -1))),
    ]),
  ) as unknown as { [C in Column]: Batch[C] };
  const texts = new Map(
    rows.flatMap((row, i) => (row.text === undefined ? [] : [[i, row.text] as const])),
  );
  return { base, n: rows.length, ...table, texts };
}

interface Key {
  log: { value: number; epoch: number; at: number }[];
  fork: { value: number; op: number; process: number; ackNs: number }[];
  /** [since, leader, epoch]; leader 0: none. */
  lead: [number, number, number][];
}

export function makeRun(options: MadeOptions): MadeRun {
  const maker = new Maker(options);
  maker.clients();
  maker.faults();
  maker.probes();
  return maker.finish();
}

class Maker {
  readonly rows: Row[] = [];
  readonly keys: Key[] = [];
  readonly lost: Lost[] = [];
  readonly nodes: number[];
  readonly at: MadeRun['at'];
  readonly kill: { t: number; elect: number; up: number };
  readonly o: Required<MadeOptions>;
  private op = 0;

  constructor(options: MadeOptions) {
    this.o = { nodes: 3, acks: 1, seed: 'made', ...options };
    this.nodes = Array.from({ length: this.o.nodes }, (_, i) => i + 1);
    const s = this.o.seconds;
    this.at = { cut: s * 0.3, elect: s * 0.3 + 2.1, heal: s * 0.45, learn: s * 0.45 + 0.19 };
    this.kill = { t: s * 0.6, elect: s * 0.6 + 1.9, up: s * 0.72 };
    for (let key = 0; key < this.o.keys; key++) {
      const leader = (key % this.o.nodes) + 1;
      const next = (leader % this.o.nodes) + 1;
      const lead: Key['lead'] = [[0, leader, 4]];
      if (leader === 1) lead.push([this.at.elect, this.o.nodes, 5]);
      if (leader === 2)
        lead.push([this.kill.t, 0, 4], [this.kill.elect, next, 5], [this.kill.up + 3, 2, 6]);
      this.keys.push({ log: [], fork: [], lead });
    }
  }
  leader(key: number, t: number): [number, number] {
    const step = this.keys[key]!.lead.findLast(([since]) => since <= t)!;
    return [step[1], step[2]];
  }

  clients(): void {
    const { o, at } = this;
    const random = seeded(o.seed);
    const around = (median: number): number => median * Math.exp(random.between(-0.9, 0.9));
    const workers = Array.from({ length: o.concurrency }, (_, w) => ({
      w,
      process: w,
      next: random.between(0.01, 0.1),
      sequence: 0,
      positions: new Array<number>(o.keys).fill(0),
    }));
    for (;;) {
      const worker = workers.reduce((a, b) => (b.next < a.next ? b : a));
      const t0 = worker.next;
      if (t0 >= o.seconds - 3) break;
      const key = random.below(o.keys);
      const [leader, epoch] = this.leader(key, t0);
      const cut = t0 >= at.cut && t0 < at.heal && this.keys[key]!.lead[0]![1] === 1;
      // A client finds out about a new leader some time after it was elected.
      const stale = cut && random.next() < (t0 < at.elect ? 1 : 0.15);
      const op = this.op++;
      const head = { op, process: worker.process, key };
      if (random.next() < 0.5) {
        const value = makeValue(worker.w, worker.sequence++);
        this.rows.push({
          ...head,
          f: F.send,
          kind: Kind.invoke,
          timeNs: ns(t0),
          value,
          code: o.acks,
        });
        const row = this.send({ ...head, value }, t0, stale, leader, epoch, around, random.next());
        this.rows.push(row);
        worker.next = row.timeNs / 1e9;
        if (row.kind === Kind.info) worker.process += o.concurrency;
      } else worker.next = this.poll(head, worker.positions, t0, stale ? 0 : leader, epoch, around);
      worker.next += around(1 / o.rate);
    }
  }

  private send(
    head: { op: number; process: number; key: number; value: number },
    t0: number,
    stale: boolean,
    leader: number,
    epoch: number,
    around: (median: number) => number,
    chance: number,
  ): Row {
    const key = this.keys[head.key]!;
    const done = (kind: number, took: number, rest: Partial<Row>): Row => ({
      ...{ ...head, f: F.send, kind, timeNs: ns(t0 + took) },
      ...rest,
    });
    if (stale && this.o.acks === 1) {
      const took = around(0.006);
      const { value, op, process } = head;
      key.fork.push({ value, op, process, ackNs: ns(t0 + took) });
      return done(Kind.ok, took, { node: 1, offset: -9 });
    }
    if (stale || chance < 0.0004)
      return done(Kind.info, 2.5, {
        node: 1,
        code: 7,
        text: 'timed-out: no answer within 2500 ms',
      });
    if (leader === 0)
      return done(Kind.fail, around(0.003), {
        node: 2,
        code: 3,
        text: 'ECONNREFUSED: no connection to node 2',
      });
    key.log.push({ value: head.value, epoch, at: t0 + 0.002 });
    return done(Kind.ok, around(0.006), { node: leader, offset: key.log.length - 1 });
  }

  private poll(
    head: { op: number; process: number; key: number },
    positions: number[],
    t0: number,
    leader: number,
    epoch: number,
    around: (median: number) => number,
  ): number {
    const { log } = this.keys[head.key]!;
    const from = positions[head.key]!;
    const base = { ...head, f: F.poll };
    this.rows.push({ ...base, kind: Kind.invoke, timeNs: ns(t0), offset: from });
    let to = from;
    // What was written last is not committed yet.
    while (to < log.length && to - from < 60 && log[to]!.at + 0.006 <= t0) to++;
    const fails = leader === 0 && t0 >= this.kill.t;
    const t1 = t0 + (fails ? around(0.003) : to > from ? around(0.008) : 0.05 + around(0.004));
    const timeNs = ns(t1);
    if (fails)
      this.rows.push({
        ...base,
        kind: Kind.fail,
        timeNs,
        node: 2,
        code: 3,
        text: 'ECONNREFUSED: no connection to node 2',
      });
    else {
      this.rows.push({
        ...base,
        kind: Kind.ok,
        timeNs,
        offset: to,
        value: log.length,
        node: leader,
      });
      positions[head.key] = to;
      for (let offset = from; offset < to; offset++)
        this.rows.push({
          ...base,
          kind: Kind.record,
          timeNs,
          offset,
          value: log[offset]!.value,
          node: leader,
          epoch,
          code: Kind.ok,
        });
    }
    return t1;
  }

  private fault(
    id: number,
    text: Omit<FaultText, 'params' | 'resolved' | 'keys'>,
    t0: number,
    t1: number,
    code: number = ProofCode.proven,
  ): void {
    const push = (f: number, t: number, rest: Partial<Row> = {}): void => {
      this.rows.push({ kind: Kind.fault, f, op: id, timeNs: ns(t), ...rest });
    };
    const whole: FaultText = { ...text, keys: [], params: {}, resolved: {} };
    push(F.faultStart, t0, { text: JSON.stringify(whole) });
    push(F.faultApplied, t0 + 0.01);
    push(F.faultProof, t0 + 0.11, {
      code,
      text:
        code === ProofCode.proven
          ? 'requests through 1 \u2192 2 and 1 \u2192 3 got no answer in 100 ms'
          : '40 requests of 40 were answered',
    });
    push(F.healStart, t1 - 0.01);
    push(F.healed, t1);
    push(F.healProof, t1 + 0.06, {
      code: ProofCode.proven,
      text: 'the same paths answered, slowest 6 ms',
    });
  }
  faults(): void {
    const { at, kill, o } = this;
    const s = o.seconds;
    const cut = {
      nemesis: 'partition',
      title: 'isolate leader',
      what: 'node 1 | 2 3',
      nodes: [1],
      kind: 'cut' as const,
    };
    this.fault(1, cut, at.cut, at.heal);
    this.fault(
      2,
      { nemesis: 'kill', title: 'kill', what: 'node 2', nodes: [2], kind: 'kill' },
      kill.t,
      kill.up - 1.5,
    );
    this.fault(
      3,
      { nemesis: 'pause', title: 'pause', what: 'node 3', nodes: [3], kind: 'pause' },
      kill.t + 2,
      kill.t + 4,
    );
    this.fault(
      4,
      { ...cut, what: 'node 3 | 1 2 <b>', nodes: [3] },
      s * 0.85,
      s * 0.9,
      ProofCode.unproven,
    );
    const node = (id: number, code: number, t: number): void => {
      this.rows.push({ kind: Kind.fault, f: F.node, op: -1, node: id, code, timeNs: ns(t) });
    };
    for (const id of this.nodes) node(id, NodeState.up, 0);
    node(2, NodeState.down, kill.t);
    node(2, NodeState.starting, kill.up - 1.5);
    node(2, NodeState.up, kill.up);
    node(3, NodeState.paused, kill.t + 2);
    node(3, NodeState.up, kill.t + 4);
    for (const [text, t] of [
      ['load', 0],
      ['heal', s - 3],
      ['recover', s - 2.9],
      ['final', s - 2],
    ] as const)
      this.rows.push({ kind: Kind.meta, f: F.phase, timeNs: ns(t), text });
  }

  probes(): void {
    const { at, kill } = this;
    for (let t = 0.1; t < this.o.seconds - 1; t += 0.5)
      for (const node of this.nodes) {
        const op = this.op++;
        const dead = node === 2 && t >= kill.t && t < kill.up;
        const paused = node === 3 && t >= kill.t + 2 && t < kill.t + 4;
        const row = { kind: Kind.probe, op, node, timeNs: ns(t + node * 0.003) };
        if (dead || paused) {
          this.rows.push({
            ...row,
            f: F.silent,
            text: dead ? 'ECONNREFUSED' : 'no answer in 400 ms',
          });
          continue;
        }
        this.keys.forEach(({ lead }, key) => {
          // The isolated node knows nothing of what was decided since.
          const [peer, epoch] = this.leader(
            key,
            node === 1 && t >= at.cut && t < at.learn ? at.cut - 0.01 : t,
          );
          const leader = peer === 0 ? -1 : peer;
          this.rows.push({
            ...row,
            f: F.view,
            key,
            peer: leader,
            epoch: leader < 0 ? lead[0]![2] + 1 : epoch,
          });
        });
      }
  }

  finish(): MadeRun {
    const { o, rows } = this;
    this.keys.forEach(({ log, fork }, key) => {
      // What the cut-off node took sits above the offset at which the new epoch starts.
      const first = log.findIndex((entry) => entry.epoch === 5 && entry.at >= this.at.elect);
      const acks = new Map(fork.map((entry, i) => [entry.op, first + i]));
      for (const row of rows)
        if (row.key === key && row.offset === -9) row.offset = acks.get(row.op!)!;
      fork.forEach((entry, i) => this.lost.push({ ...entry, key, offset: first + i }));
      const op = this.op++;
      const [leader] = this.leader(key, o.seconds);
      const t0 = o.seconds - 2 + key * 0.01;
      const head = { op, key, f: F.final, process: -1 };
      rows.push({ ...head, kind: Kind.invoke, timeNs: ns(t0), offset: 0, value: log.length });
      const timeNs = ns(t0 + 0.5);
      rows.push({
        ...head,
        kind: Kind.ok,
        timeNs,
        offset: log.length,
        value: log.length,
        node: leader,
      });
      log.forEach((entry, offset) =>
        rows.push({
          ...head,
          kind: Kind.record,
          timeNs,
          offset,
          value: entry.value,
          node: leader,
          epoch: entry.epoch,
          code: Kind.ok,
        }),
      );
    });
    // Completions come after later invokes: the history is in the order of its clock. Rows of one
    // completion have one time and stay together, for the sort is stable.
    rows.sort((a, b) => a.timeNs - b.timeNs);
    const run: RunInfo = {
      format: 1,
      schism: '0.1.0',
      startedAt: '2025-03-14T02:17:05.000Z',
      target: 'kafka',
      workload: 'queue',
      nemesis: 'partition,kill,pause',
      seed: o.seed,
      options: {},
      command: ['schism', 'test'],
      concurrency: o.concurrency,
      acks: o.acks,
      nodes: this.nodes,
      keys: this.keys.map((_, key) => ({ key, topic: 'orders', partition: key, topicId: 'x' })),
      facts: {},
      evidence: { watermarks: true, finalReads: true, replicas: false, views: true },
      origin: 'recorded',
      recoveryBoundMs: 10_000,
    };
    this.lost.sort((a, b) => a.ackNs - b.ackNs);
    return { run, batches: toBatches(rows), lost: this.lost, ops: this.op, at: this.at };
  }
}
