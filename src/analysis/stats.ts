/** Counts, latencies, gaps and recoveries: figures, never a judgement. */
import {
  F,
  fName,
  Kind,
  NodeState,
  type Batch,
  type Counts,
  type Facts,
  type FaultSpan,
  type Stats,
} from '../model/index.js';
import { grown, lowerBound } from './columns.js';
import { Latencies } from './latencies.js';
import { rowsOf } from './rows.js';
import { isAcked } from './writes.js';

const outcomes = { [Kind.ok]: 'ok', [Kind.fail]: 'fail', [Kind.info]: 'info' } as const;

interface IsrSeen {
  timeNs: number;
  key: number;
  size: number;
}

export class StatsTable {
  readonly #byF: (Counts | undefined)[] = [];
  /** By process, which has one op in flight. */
  readonly #open: { op: number; f: number; timeNs: number }[] = [];
  readonly #latencies = new Latencies();
  #polled = 0;
  #final = 0;
  readonly #reasons = new Map<string, { type: 'fail' | 'info'; reason: string; count: number }>();
  /** In-sync replicas of a key as its leader lists them, one entry for each probe that lists them. */
  readonly #isrs: IsrSeen[] = [];
  /** Probe rows of the load by f (before it all nodes answer): evidence that may be absent. */
  readonly probes = { views: 0, watermarks: 0, silent: 0 };
  /** 1 in the load, and in histories that tell no phases. */
  #loading = 1;
  readonly notices: string[] = [];
  /** Ok polls. */
  polls = 0;
  rows = 0;

  step(batch: Batch): void {
    this.rows += batch.n;
    const { kind, f, texts } = batch;
    const { heads, runs, others } = rowsOf(batch);
    for (let j = 0; j < runs.length; j += 2) {
      const n = runs[j + 1]! - runs[j]!;
      if (f[runs[j]!] === F.poll) this.#polled += n;
      else if (f[runs[j]!] === F.final) this.#final += n;
    }
    for (const i of heads) if (f[i]! <= F.crash) this.#client(batch, i, kind[i]!, f[i]!);
    for (const i of others) {
      if (kind[i] === Kind.probe) this.#probe(batch, i, f[i]!);
      else if (f[i] === F.phase) this.#phase(texts.get(i) ?? '');
      else if (f[i] === F.notice) this.notices.push(texts.get(i) ?? '');
    }
  }

  #phase(name: string): void {
    this.#loading = name === 'load' ? 1 : 0;
    if (name !== 'load') return;
    this.probes.views = this.probes.watermarks = this.probes.silent = 0;
  }

  #client(batch: Batch, i: number, kind: number, f: number): void {
    const [op, process, timeNs] = [batch.op[i]!, batch.process[i]!, batch.timeNs[i]!];
    const open = (this.#open[process] ??= { op: -1, f: -1, timeNs: -1 });
    if (kind === Kind.invoke) {
      if (open.op >= 0) this.#count(open.f, 'info');
      open.op = op;
      open.f = f;
      open.timeNs = timeNs;
      return;
    }
    const mine = open.op === op;
    if (mine) open.op = -1;
    const type = outcomes[kind as keyof typeof outcomes];
    this.#count(f, type);
    if (type === 'ok') {
      if (f === F.poll) this.polls++;
      if (mine) this.#latencies.add(timeNs - open.timeNs);
      return;
    }
    // `timed-out: Request ... timed out`, `[:timed-out "Request"]`: the first word is the stable one.
    const reason =
      /^[[{:]*([^:\s\]}]+)/.exec(batch.texts.get(i) ?? '')?.[1] ?? `code ${batch.code[i]!}`;
    const seen = this.#reasons.get(`${type} ${reason}`) ?? { type, reason, count: 0 };
    seen.count++;
    this.#reasons.set(`${type} ${reason}`, seen);
  }

  #count(f: number, type: keyof Counts): void {
    const counts = (this.#byF[f] ??= { ok: 0, fail: 0, info: 0 });
    counts[type]++;
  }

  #probe(batch: Batch, i: number, f: number): void {
    if (f === F.view) this.probes.views += this.#loading;
    else if (f === F.watermark) this.probes.watermarks += this.#loading;
    else if (f === F.silent) this.probes.silent += this.#loading;
    else if (f === F.isr) {
      const last = this.#isrs.at(-1);
      const [key, timeNs] = [batch.key[i]!, batch.timeNs[i]!];
      if (isHeadOfIsr(batch, i) || !last) this.#isrs.push({ timeNs, key, size: 1 });
      else last.size++;
    }
  }

  finish(facts: Facts): Stats {
    // An op that never completed is judged as info.
    for (const { op, f } of Object.values(this.#open)) if (op >= 0) this.#count(f, 'info');
    const ops: Counts = { ok: 0, fail: 0, info: 0 };
    const byF: Record<string, Counts> = {};
    for (const [f, counts] of this.#byF.entries()) {
      if (!counts) continue;
      byF[fName(f)] = counts;
      ops.ok += counts.ok;
      ops.fail += counts.fail;
      ops.info += counts.info;
    }
    const { fromNs, toNs } = loadSpan(facts);
    const acks = ackTimes(facts);
    return {
      ops,
      byF,
      ackedValues: [...acks.values()].reduce((sum, times) => sum + times.length, 0),
      polledRecords: this.#polled,
      finalRecords: this.#final,
      latencyMs: this.#latencies.figures(),
      perSecond: toNs > fromNs ? ops.ok / ((toNs - fromNs) / 1e9) : 0,
      gaps: gapsOf(facts, acks, fromNs, toNs),
      recoveries: facts.faults.spans.flatMap((span) => this.#recovery(facts, span)),
      reasons: [...this.#reasons.values()].sort((a, b) => b.count - a.count),
    };
  }

  /** Until every key has its full in-sync set again; where no leader lists one, until nodes are up. */
  #recovery(facts: Facts, span: FaultSpan): Stats['recoveries'] {
    const fromNs = span.healedNs;
    if (fromNs < 0 || span.refused !== undefined) return [];
    const whole = this.#wholeSince(fromNs);
    if (whole !== undefined)
      return [{ fault: span.id, fromNs, toNs: whole, what: 'all replicas in sync' }];
    if (this.#isrs.length > 0) return [];
    const ups = span.nodes.map((node) =>
      facts.faults.nodeStates.find(
        (one) => one.node === node && one.state === NodeState.up && one.timeNs >= span.healStartNs,
      ),
    );
    if (ups.length === 0 || ups.some((up) => up === undefined)) return [];
    const toNs = Math.max(fromNs, ...ups.map((up) => up!.timeNs));
    return [{ fault: span.id, fromNs, toNs, what: 'the process was up' }];
  }

  #wholeSince(fromNs: number): number | undefined {
    const full = new Map<number, number>();
    for (const { key, size } of this.#isrs) full.set(key, Math.max(full.get(key) ?? 0, size));
    const sizes = new Map<number, number>();
    const whole = (): boolean => [...full].every(([key, size]) => (sizes.get(key) ?? 0) >= size);
    let i = 0;
    for (; i < this.#isrs.length && this.#isrs[i]!.timeNs <= fromNs; i++)
      sizes.set(this.#isrs[i]!.key, this.#isrs[i]!.size);
    if (full.size === 0) return undefined;
    if (whole()) return fromNs;
    for (; i < this.#isrs.length; i++) {
      sizes.set(this.#isrs[i]!.key, this.#isrs[i]!.size);
      if (whole()) return this.#isrs[i]!.timeNs;
    }
    return undefined;
  }
}

const isHeadOfIsr = (batch: Batch, i: number): boolean =>
  i === 0 ||
  batch.kind[i - 1] !== Kind.probe ||
  batch.f[i - 1] !== F.isr ||
  batch.op[i - 1] !== batch.op[i] ||
  batch.key[i - 1] !== batch.key[i] ||
  batch.node[i - 1] !== batch.node[i];

export function loadSpan({ phases }: Facts): { fromNs: number; toNs: number } {
  const fromNs = Math.max(0, phases.loadNs);
  return { fromNs, toNs: phases.healNs > fromNs ? phases.healNs : Math.max(fromNs, phases.lastNs) };
}

/** Times of acks by key, ascending. */
export function ackTimes(facts: Facts): Map<number, Float64Array> {
  const times: { n: number; column: Float64Array<ArrayBuffer>; sorted: boolean }[] = [];
  const add = (key: number, timeNs: number): void => {
    const one = (times[key] ??= { n: 0, column: new Float64Array(256), sorted: true });
    if (one.n === one.column.length) one.column = grown(one.column, one.n + 1);
    if (one.n > 0 && timeNs < one.column[one.n - 1]!) one.sorted = false;
    one.column[one.n++] = timeNs;
  };
  const { ops } = facts;
  for (let o = 0; ops && o < ops.n; o++) {
    if (ops.outcome[o] !== Kind.ok) continue;
    for (let s = ops.firstSend[o]!; s < ops.firstSend[o + 1]!; s++)
      if (ops.sendOffset[s]! >= 0) add(ops.sendKey(s), ops.completeNs[o]!);
  }
  // What follows would make the writes of an imported history, which nobody else asks for.
  const writes = ops ? undefined : facts.writes;
  for (let w = 0; writes && w < writes.n; w++)
    if (isAcked(writes, w)) add(writes.key[w]!, writes.completeNs[w]!);
  const found = new Map<number, Float64Array>();
  times.forEach(({ n, column, sorted }, key) => {
    const mine = column.subarray(0, n);
    found.set(key, sorted ? mine : mine.sort());
  });
  return found;
}

function gapsOf(
  facts: Facts,
  acks: ReadonlyMap<number, Float64Array>,
  fromNs: number,
  toNs: number,
): Stats['gaps'] {
  return [...facts.keys.keys()].map((key) => {
    const times = acks.get(key) ?? new Float64Array(0);
    const n = lowerBound(times, times.length, toNs);
    let gap = { key, fromNs, toNs: n > 0 ? times[0]! : toNs };
    for (let i = 0; i < n; i++) {
      const next = i + 1 < n ? times[i + 1]! : toNs;
      if (next - times[i]! > gap.toNs - gap.fromNs) gap = { key, fromNs: times[i]!, toNs: next };
    }
    return gap;
  });
}
