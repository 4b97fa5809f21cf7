/** One pass over a history: its client ops as columns, and when each node was silent. */
import { F, isHead, Kind } from '../model/index.js';
import type { Batch, RunInfo } from '../model/index.js';

/** The columns of an op; all in invoke order. */
const opColumns = {
  id: Float64Array,
  process: Int32Array,
  /** process % concurrency; -1 for reads of the end of the run. */
  worker: Int32Array,
  f: Uint8Array,
  /** ok, fail or info. An op without completion is info and ends with the history. */
  out: Uint8Array,
  key: Int32Array,
  node: Int16Array,
  /** Seconds. */
  t0: Float64Array,
  t1: Float64Array,
  /** Send: offset acked, or -1. Poll: offset asked for. */
  from: Float64Array,
  /** Exclusive. */
  to: Float64Array,
  /** Values sent, records returned. */
  count: Int32Array,
  /** First value sent, or -1. */
  value: Float64Array,
  /** Index into `errors`, or -1. */
  error: Int32Array,
} as const;
type Columns = { [C in keyof typeof opColumns]: InstanceType<(typeof opColumns)[C]> };

export interface OpTable extends Columns {
  n: number;
  errors: string[];
  /** Row of an op, or -1. */
  rowOf(op: number): number;
  /** Spans in which a node gave no answer to probes, seconds. */
  silent: { node: number; t0: number; t1: number }[];
  /** When each node was first and last asked by a probe. */
  probed: { node: number; t0: number; t1: number }[];
  /** Seconds of the last row. */
  last: number;
}

/** The first records of some polls. */
export type Polled = Map<number, [offset: number, value: number][]>;

const errorLimit = 2_000;
const recordLimit = 500;
const sec = (ns: number): number => ns / 1e9;

class Collector {
  readonly table: Columns;
  n = 0;
  readonly errors: string[] = [];
  private readonly errorIndex = new Map<string, number>();
  private rows = new Int32Array(4096).fill(-1);
  private capacity = 4096;
  private readonly run: RunInfo;

  constructor(run: RunInfo) {
    this.run = run;
    this.table = Object.fromEntries(
      Object.entries(opColumns).map(([name, Column]) => [name, new Column(this.capacity)]),
    ) as unknown as Columns;
  }

  rowOf = (op: number): number => (op >= 0 && op < this.rows.length ? this.rows[op]! : -1);

  private add(op: number): number {
    if (op >= this.rows.length) {
      const grown = new Int32Array(Math.max(op + 1, this.rows.length * 2)).fill(-1);
      grown.set(this.rows);
      this.rows = grown;
    }
    if (this.n === this.capacity) {
      this.capacity *= 2;
      for (const [name, Column] of Object.entries(opColumns)) {
        const grown = new Column(this.capacity);
        grown.set(this.table[name as keyof Columns]);
        Object.assign(this.table, { [name]: grown });
      }
    }
    this.rows[op] = this.n;
    return this.n++;
  }

  invoke(batch: Batch, i: number): void {
    const op = batch.op[i]!;
    const t = this.table;
    const known = this.rowOf(op);
    if (known >= 0) {
      if (batch.f[i] === F.send) t.count[known]!++;
      return;
    }
    // What a nemesis of an imported history did is no client's.
    if (batch.f[i] === F.other && batch.process[i]! < 0) return;
    const row = this.add(op);
    const process = batch.process[i]!;
    t.id[row] = op;
    t.process[row] = process;
    t.worker[row] = process < 0 ? -1 : process % Math.max(1, this.run.concurrency);
    t.f[row] = batch.f[i]!;
    t.out[row] = Kind.invoke;
    t.key[row] = batch.key[i]!;
    t.node[row] = batch.node[i]!;
    t.t0[row] = t.t1[row] = sec(batch.timeNs[i]!);
    t.from[row] = t.to[row] = batch.offset[i]!;
    const send = batch.f[i] === F.send;
    t.count[row] = send ? 1 : 0;
    t.value[row] = send ? batch.value[i]! : -1;
    t.error[row] = -1;
  }

  complete(batch: Batch, i: number): void {
    const row = this.rowOf(batch.op[i]!);
    const t = this.table;
    if (row < 0 || t.out[row] !== Kind.invoke) return;
    t.out[row] = batch.kind[i]!;
    t.t1[row] = sec(batch.timeNs[i]!);
    if (batch.node[i]! >= 0) t.node[row] = batch.node[i]!;
    if (t.f[row] === F.send) {
      t.from[row] = batch.offset[i]!;
      t.to[row] = batch.offset[i]! < 0 ? -1 : batch.offset[i]! + t.count[row]!;
    } else if (batch.offset[i]! >= 0) t.to[row] = Math.max(t.from[row]!, batch.offset[i]!);
    const text = batch.texts.get(i);
    if (batch.kind[i] !== Kind.ok && text !== undefined) t.error[row] = this.errorOf(text);
  }

  errorOf(text: string): number {
    const known = this.errorIndex.get(text);
    if (known !== undefined) return known;
    if (this.errors.length >= errorLimit) return errorLimit - 1;
    this.errors.push(this.errors.length === errorLimit - 1 ? 'another error' : text);
    this.errorIndex.set(text, this.errors.length - 1);
    return this.errors.length - 1;
  }

  finish(last: number): void {
    const t = this.table;
    for (let row = 0; row < this.n; row++) {
      if (t.out[row] !== Kind.invoke) continue;
      t.out[row] = Kind.info;
      t.t1[row] = last;
      t.error[row] = this.errorOf('the history ends before its completion');
    }
    for (const name of Object.keys(opColumns) as (keyof Columns)[])
      Object.assign(t, { [name]: t[name].subarray(0, this.n) });
  }
}

/** From the first probe that was not answered to the next that was. */
class Silence {
  readonly spans: OpTable['silent'] = [];
  readonly probed = new Map<number, { node: number; t0: number; t1: number }>();
  private readonly since = new Map<number, number>();

  probe(node: number, f: number, t: number): void {
    const asked = this.probed.get(node);
    if (asked) asked.t1 = t;
    else this.probed.set(node, { node, t0: t, t1: t });
    const t0 = this.since.get(node);
    if (f === F.silent) {
      if (t0 === undefined) this.since.set(node, t);
    } else if (t0 !== undefined) {
      this.spans.push({ node, t0, t1: t });
      this.since.delete(node);
    }
  }
  finish(): void {
    for (const [node, t0] of this.since) {
      const t1 = this.probed.get(node)?.t1 ?? t0;
      if (t1 > t0) this.spans.push({ node, t0, t1 });
    }
  }
}

/** Reads the batches once, in order. */
export function collectOps(
  run: RunInfo,
  batches: Iterable<Batch>,
  /** Polls whose records are wanted. */
  wanted: ReadonlySet<number> = new Set(),
): { ops: OpTable; polled: Polled } {
  const collector = new Collector(run);
  const silence = new Silence();
  const polled: Polled = new Map([...wanted].map((op) => [op, []]));
  let last = 0;
  for (const batch of batches) {
    if (batch.n > 0) last = Math.max(last, sec(batch.timeNs[batch.n - 1]!));
    for (let i = 0; i < batch.n; i++) {
      const kind = batch.kind[i]!;
      if (kind === Kind.invoke) collector.invoke(batch, i);
      else if (kind <= Kind.info) {
        if (isHead(batch, i)) collector.complete(batch, i);
      } else if (kind === Kind.record) {
        const row = collector.rowOf(batch.op[i]!);
        if (row < 0) continue;
        collector.table.count[row]!++;
        const records = batch.process[i]! >= 0 ? polled.get(batch.op[i]!) : undefined;
        if (records && records.length < recordLimit)
          records.push([batch.offset[i]!, batch.value[i]!]);
      } else if (kind === Kind.probe)
        silence.probe(batch.node[i]!, batch.f[i]!, sec(batch.timeNs[i]!));
    }
  }
  collector.finish(last);
  silence.finish();
  return {
    ops: {
      ...collector.table,
      n: collector.n,
      errors: collector.errors,
      rowOf: collector.rowOf,
      silent: silence.spans.sort((a, b) => a.t0 - b.t0),
      probed: [...silence.probed.values()],
      last,
    },
    polled: new Map([...polled].filter(([, records]) => records.length > 0)),
  };
}
