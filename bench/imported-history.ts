/**
 * A valid transactional history as an import of Jepsen's gives it: half the entries are invocations,
 * half completions; ops of 1 to 4 micro-ops, some of them of unknown outcome or failed; markers take
 * offsets; consumers are assigned all keys in use and read each value once.
 */
import { createRecorder } from '../src/history/index.js';
import {
  F,
  importedValue,
  Kind,
  seeded,
  type Recorder,
  type Row,
  type RunInfo,
} from '../src/model/index.js';

/** Each value is polled by each worker, which makes about 7.4 million pairs of 500,000 ops. */
const workers = 12;
const keysInUse = 10;
const valuesOfKey = 1024;
/** Records of one key in one poll. */
const pollRecords = 500;

interface Log {
  key: number;
  /** Values sent, visible or not. */
  sent: number;
  end: number;
  offsets: number[];
  values: number[];
}
interface Worker {
  process: number;
  atNs: number;
  /** Key -> records that it has read. */
  positions: Map<number, number>;
  assigned: boolean;
  /** The op in flight. */
  op: Op | undefined;
}
interface Op {
  id: number;
  f: number;
  sends: { log: Log; value: number }[];
  polls: number;
  keys: number[];
}

/** Writes `ops` ops, each with its completion. Gives how it was run, and what it holds. */
export async function importedHistory(
  file: string,
  ops: number,
): Promise<{ run: RunInfo; pairs: number }> {
  const recorder = createRecorder(file, { flushMs: 1e6 });
  const clients = new Clients(recorder);
  clients.load(ops);
  await recorder.close();
  return { run: run(clients.logs.length, clients.nowNs), pairs: clients.pairs };
}

class Clients {
  pairs = 0;
  nowNs = 0;
  readonly logs: Log[] = [];
  readonly #recorder: Recorder;
  readonly #random = seeded(1);
  readonly #inUse: Log[] = [];
  readonly #workers: Worker[] = Array.from({ length: workers }, (_, process) => ({
    ...{ process, atNs: process, assigned: false, op: undefined },
    positions: new Map<number, number>(),
  }));
  #entries = 0;
  #begun = 0;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    while (this.#inUse.length < keysInUse) this.#inUse.push(this.#newKey());
  }

  load(ops: number): void {
    // The last ops are polls and assigns: the final reads of all.
    const finals = 4 * workers;
    while (this.#begun < ops || this.#workers.some((worker) => worker.op)) {
      const worker = this.#workers.reduce((a, b) => (b.atNs < a.atNs ? b : a));
      this.nowNs = worker.atNs;
      worker.atNs += this.#random.between(1e6, 4e6);
      if (worker.op) this.#complete(worker, worker.op);
      else if (this.#begun < ops) this.#invoke(worker, this.#begun >= ops - finals);
      else worker.atNs = Infinity;
    }
  }

  #newKey(): Log {
    const log = { key: this.logs.length, sent: 0, end: 0, offsets: [], values: [] };
    this.logs.push(log);
    return log;
  }

  #invoke(worker: Worker, final: boolean): void {
    const op: Op = { id: this.#entries, f: F.txn, sends: [], polls: 0, keys: [] };
    const stale = !worker.assigned || this.#random.below(100) === 0;
    if (stale) {
      op.f = F.assign;
      op.keys = this.#assignable(worker);
    } else {
      for (let left = final ? 1 : 1 + this.#random.below(4); left > 0; left--) {
        if (final || this.#random.next() < 0.48) op.polls++;
        else op.sends.push(this.#send());
      }
      if (op.sends.length === 0) op.f = F.poll;
      else if (op.polls === 0) op.f = F.send;
    }
    worker.op = op;
    this.#begun++;
    const rows = this.#head(op, Kind.invoke);
    rows.push(...this.#sendRows(op, Kind.invoke));
    for (let i = 0; i < op.polls; i++) rows.push({ kind: Kind.invoke, f: F.poll, timeNs: 0 });
    this.#append(worker, op, rows);
  }

  /** What is in use, and what it has not read to the end. */
  #assignable({ positions }: Worker): number[] {
    const open = [...positions].filter(([key, at]) => at < this.logs[key]!.values.length);
    return [...new Set([...this.#inUse.map((log) => log.key), ...open.map(([key]) => key)])];
  }

  #send(): Op['sends'][number] {
    const i = this.#random.below(keysInUse);
    const log = this.#inUse[i]!;
    const value = log.sent++;
    if (log.sent === valuesOfKey) this.#inUse[i] = this.#newKey();
    return { log, value };
  }

  #complete(worker: Worker, op: Op): void {
    worker.op = undefined;
    const dice = op.f === F.assign ? 100 : this.#random.below(100);
    const kind = dice < 1 ? Kind.info : dice < 4 ? Kind.fail : Kind.ok;
    const rows = this.#head(op, kind);
    const records = kind === Kind.ok && op.polls > 0 ? this.#poll(worker) : [];
    const commits = kind === Kind.ok || (kind === Kind.info && dice === 0 && op.id % 2 === 0);
    const offsets = commits ? this.#commit(op) : [];
    rows.push(...this.#sendRows(op, kind, kind === Kind.ok ? offsets : []));
    if (op.polls > 0) {
      const keys = [...new Set(records.map((row) => row.key!))];
      for (const key of keys) rows.push({ kind, f: F.poll, timeNs: 0, key });
      if (keys.length === 0) rows.push({ kind, f: F.poll, timeNs: 0 });
    }
    if (op.f === F.assign) {
      worker.assigned = true;
      worker.positions = new Map(op.keys.map((key) => [key, worker.positions.get(key) ?? 0]));
    }
    this.#append(worker, op, [...rows, ...records]);
    if (kind !== Kind.info) return;
    worker.process += workers;
    worker.assigned = false;
  }

  /** Everything below the commit of this op: it never reads what it sent itself. */
  #poll(worker: Worker): Row[] {
    const rows: Row[] = [];
    for (const [key, from] of worker.positions) {
      const { values, offsets } = this.logs[key]!;
      const to = Math.min(values.length, from + pollRecords);
      for (let i = from; i < to; i++) {
        const value = importedValue(key, values[i]!);
        rows.push({
          kind: Kind.record,
          f: F.poll,
          timeNs: 0,
          key,
          offset: offsets[i]!,
          value,
          code: Kind.ok,
        });
      }
      worker.positions.set(key, to);
    }
    this.pairs += rows.length;
    return rows;
  }

  #commit({ sends }: Op): number[] {
    const offsets = sends.map(({ log, value }) => {
      log.offsets.push(log.end);
      log.values.push(value);
      return log.end++;
    });
    for (const log of new Set(sends.map((send) => send.log))) log.end++;
    return offsets;
  }

  #head({ f, keys }: Op, kind: number): Row[] {
    if (f === F.txn) return [{ kind, f, timeNs: 0 }];
    return f === F.assign ? keys.map((key) => ({ kind, f, timeNs: 0, key })) : [];
  }
  #sendRows({ sends }: Op, kind: number, offsets: readonly number[] = []): Row[] {
    return sends.map(({ log, value }, i) => ({
      ...{ kind, f: F.send, timeNs: 0, key: log.key, offset: offsets[i] ?? -1 },
      value: importedValue(log.key, value),
    }));
  }
  #append({ process }: Worker, { id }: Op, rows: Row[]): void {
    this.#entries++;
    for (const row of rows) Object.assign(row, { process, op: id, timeNs: this.nowNs });
    this.#recorder.append(rows);
  }
}

const run = (keys: number, endNs: number): RunInfo => ({
  format: 1,
  schism: '0',
  startedAt: '2025-03-14T02:17:05.000Z',
  ...{ target: 'imported', workload: 'imported', nemesis: 'imported', seed: '' },
  options: { subVia: 'assign', wwDeps: true },
  ...{ command: [], concurrency: workers, acks: -1, nodes: [], facts: {} },
  keys: Array.from({ length: keys }, (_, key) => ({
    ...{ key, topic: `key ${key}`, partition: -1, topicId: String(key) },
  })),
  evidence: { watermarks: false, finalReads: false, replicas: false, views: false },
  origin: 'imported',
  ended: { how: 'complete', timeNs: endNs },
  recoveryBoundMs: 10_000,
});
