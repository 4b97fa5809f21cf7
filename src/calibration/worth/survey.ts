/** One pass over a history that gathers where changes can be planted; a sample where many. */
import { F, Kind, type Batch, type Random } from '../../model/index.js';
import { picked } from './edit.js';

/** A uniform sample of a stream whose length nobody knows. */
class Reservoir<T> {
  readonly items: T[] = [];
  seen = 0;
  readonly #size: number;
  readonly #random: Random;

  constructor(size: number, random: Random) {
    this.#size = size;
    this.#random = random;
  }

  offer(make: () => T): void {
    this.seen++;
    if (this.items.length < this.#size) this.items.push(make());
    else {
      const at = this.#random.below(this.seen);
      if (at < this.#size) this.items[at] = make();
    }
  }
}

export interface PolledRecord {
  key: number;
  process: number;
  op: number;
  offset: number;
  value: number;
  timeNs: number;
  /** Its number among the records that the process polled of the key. */
  order: number;
  last: boolean;
}
export interface FailedSend {
  key: number;
  value: number;
  timeNs: number;
  /** Above every offset of its key that anybody knew of by then. */
  from: number;
}
/** A high watermark that a leader served, not the first one of its epoch. */
export interface Served {
  key: number;
  node: number;
  epoch: number;
  op: number;
  timeNs: number;
  highWatermark: number;
  /** What it had served before, not 0. */
  before: number;
  /** Its number among those of the key and epoch. */
  order: number;
}

/** Rows of probes beyond these are not kept: about 60 MB. */
const keptRows = 1_000_000;
/** Longer than a round of probes lasts. */
const roundNs = 2e9;

export class Survey {
  readonly polled: Reservoir<PolledRecord>;
  readonly failed: Reservoir<FailedSend>;
  readonly served: Reservoir<Served>;
  /** By key: nodes that were in sync at any time. */
  readonly replicas = new Map<number, Set<number>>();
  /** The rows of probes, faults and the run itself; undefined: too many. */
  probes: Batch[] | undefined = [];
  views = 0;
  /** By node: how often it was asked, from when until when. */
  readonly #asked = new Map<number, { n: number; fromNs: number; toNs: number; op: number }>();
  #kept = 0;
  readonly #records = new Map<number, number>();
  /** By key: the end of its log as far as any row has told. */
  readonly #end: number[] = [];
  readonly #before = new Map<string, Served>();
  /** By key: sends that failed a moment ago. */
  readonly #recent: FailedSend[][] = [];

  constructor(size: number, random: Random) {
    this.polled = new Reservoir(size, random.fork('polled'));
    this.failed = new Reservoir(size, random.fork('failed'));
    this.served = new Reservoir(size, random.fork('served'));
  }

  step(batch: Batch): void {
    for (let i = 0; i < batch.n; i++) {
      const [kind, f] = [batch.kind[i]!, batch.f[i]!];
      if (kind === Kind.probe) this.#probe(batch, i);
      else if (f === F.poll && kind === Kind.ok) this.#poll(batch, i);
      else if (f === F.send && kind === Kind.ok) this.#known(batch.key[i]!, batch.offset[i]! + 1);
      else if (f === F.send && kind === Kind.fail) this.#fail(batch, i);
    }
    this.#keep(batch);
  }

  /** From one question to a node to the next, on average. */
  get everyNs(): number {
    let [spans, gaps] = [0, 0];
    for (const { n, fromNs, toNs } of this.#asked.values()) {
      spans += toNs - fromNs;
      gaps += n - 1;
    }
    return spans / Math.max(1, gaps);
  }

  #keep(batch: Batch): void {
    if (!this.probes) return;
    const rows: number[] = [];
    for (let i = 0; i < batch.n; i++) if (batch.kind[i]! >= Kind.probe) rows.push(i);
    if (rows.length > 0) this.probes.push({ ...picked(batch, rows), base: this.#kept });
    this.#kept += rows.length;
    if (this.#kept > keptRows) this.probes = undefined;
  }

  #known(key: number, end: number): void {
    if (end > (this.#end[key] ?? 0)) this.#end[key] = end;
  }

  #fail(batch: Batch, i: number): void {
    const [key, value, timeNs] = [batch.key[i]!, batch.value[i]!, batch.timeNs[i]!];
    const from = this.#end[key] ?? 0;
    const failed = { key, value, timeNs, from };
    this.failed.offer(() => failed);
    (this.#recent[key] ??= []).push(failed);
  }

  #poll(batch: Batch, at: number): void {
    const [key, process, op] = [batch.key[at]!, batch.process[at]!, batch.op[at]!];
    let to = at + 1;
    while (to < batch.n && batch.kind[to] === Kind.record && batch.op[to] === op) to++;
    this.#known(key, Math.max(batch.offset[at]!, batch.value[at]!));
    const name = process * 65_536 + key;
    const before = this.#records.get(name) ?? 0;
    this.#records.set(name, before + to - at - 1);
    for (let i = at + 1; i < to; i++) {
      if (batch.value[i]! < 0) continue;
      this.polled.offer(() => ({
        key,
        process,
        op,
        offset: batch.offset[i]!,
        value: batch.value[i]!,
        timeNs: batch.timeNs[i]!,
        order: before + i - at,
        last: i === to - 1,
      }));
    }
  }

  #probe(batch: Batch, i: number): void {
    const [f, key, node] = [batch.f[i]!, batch.key[i]!, batch.node[i]!];
    this.#ask(batch, i);
    if (f === F.view) this.views++;
    else if (f === F.isr) {
      const nodes = this.replicas.get(key) ?? new Set();
      this.replicas.set(key, nodes.add(batch.peer[i]!));
    } else if (f === F.watermark && batch.peer[i] === node && batch.epoch[i]! >= 0)
      this.#serve(batch, i);
  }

  #ask(batch: Batch, i: number): void {
    const [node, op, timeNs] = [batch.node[i]!, batch.op[i]!, batch.timeNs[i]!];
    const asked = this.#asked.get(node) ?? { n: 0, fromNs: timeNs, toNs: timeNs, op: -1 };
    this.#asked.set(node, asked);
    if (asked.op !== op) asked.n++;
    asked.toNs = timeNs;
    asked.op = op;
  }

  #serve(batch: Batch, i: number): void {
    const [key, node, epoch] = [batch.key[i]!, batch.node[i]!, batch.epoch[i]!];
    const [timeNs, highWatermark, op] = [batch.timeNs[i]!, batch.offset[i]!, batch.op[i]!];
    this.#known(key, highWatermark);
    // A round is written when its last answer has come: what an earlier one told was known before.
    this.#recent[key] = (this.#recent[key] ?? []).filter((one) => one.timeNs > timeNs - roundNs);
    for (const one of this.#recent[key])
      if (timeNs <= one.timeNs) one.from = Math.max(one.from, highWatermark);
    const name = `${key}/${epoch}`;
    const last = this.#before.get(name);
    const [before, order] = [last?.highWatermark ?? 0, (last?.order ?? 0) + 1];
    const served = { key, node, epoch, op, timeNs, highWatermark, before, order };
    this.#before.set(name, served);
    if (last?.node === node && before > 0 && timeNs > last.timeNs) this.served.offer(() => served);
  }
}
