/**
 * A history as our runner writes it: the real queue workload against a log that keeps every
 * promise, with probes, partitions, changes of leaders, sends of unknown outcome, final reads and
 * replica reads. As in a real 30 s run against Kafka a value is polled some 60 to 80 times, because
 * every worker reads every key and goes back now and then.
 */
import { createRecorder } from '../src/history/index.js';
import {
  F,
  Kind,
  makeValue,
  ProofCode,
  seeded,
  type ClientOp,
  type ClientOutcome,
  type FaultText,
  type Random,
  type Recorder,
  type Records,
  type RunInfo,
} from '../src/model/index.js';
import queue from '../workloads/queue.js';

const nodes = [1, 2, 3];
const keys = 3;
const workers = 10;
/** What a poll of 64 KiB returns at most. */
const pollRecords = 2600;
/** As measured: an op every 6 ms of each worker. */
const opNs = 6e6;
const secondNs = 1e9;

interface Log {
  key: number;
  records: Records;
  leader: number;
  epoch: number;
}
interface Worker {
  process: number;
  generator: Generator<ClientOp, void, ClientOutcome>;
  op: ClientOp;
  id: number;
  /** When it does its next thing. */
  atNs: number;
  invoked: boolean;
}

/** Writes a history with at least `polled` polled records. Gives how it was run. */
export async function recordedHistory(file: string, polled: number): Promise<RunInfo> {
  const recorder = createRecorder(file, { flushMs: 1e6 });
  const cluster = new Cluster(recorder);
  cluster.begin();
  while (cluster.polled < polled) cluster.step();
  cluster.end();
  await recorder.close();
  return run(cluster.nowNs);
}

class Cluster {
  polled = 0;
  nowNs = 0;
  readonly #recorder: Recorder;
  readonly #random: Random = seeded(1);
  readonly #logs: Log[] = Array.from({ length: keys }, (_, key) => ({
    key,
    records: grow(undefined),
    leader: nodes[key % nodes.length]!,
    epoch: 0,
  }));
  readonly #workers: Worker[] = [];
  #probedNs = 0;
  #fault = 0;
  #faultNs = 5 * secondNs;
  #inForce = false;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    for (let worker = 0; worker < workers; worker++) {
      let sequence = 0;
      const generator = queue.worker({
        ...{ worker, concurrency: workers, keys, random: this.#random.fork(`worker/${worker}`) },
        options: { polls: 0.5, batch: 1 },
        nextValue: () => makeValue(worker, sequence++),
      });
      const op = generator.next().value as ClientOp;
      this.#workers.push({ process: worker, generator, op, id: 0, atNs: worker, invoked: false });
    }
  }

  begin(): void {
    for (const node of nodes) {
      this.#fact({ f: F.node, node, epoch: 1, code: 2 });
      this.#fact({ f: F.route, node, code: ProofCode.proven, text: 'the socket table' });
    }
    this.#phase('load');
  }

  /** The worker whose time has come begins or ends its op. */
  step(): void {
    const worker = this.#workers.reduce((a, b) => (b.atNs < a.atNs ? b : a));
    this.nowNs = worker.atNs;
    if (this.nowNs >= this.#probedNs) this.#probe();
    if (this.nowNs >= this.#faultNs) this.#nemesis();
    worker.atNs += this.#random.between(0.5, 1.5) * (worker.invoked ? opNs / 10 : opNs);
    if (!worker.invoked) {
      worker.invoked = this.#invoke(worker);
      return;
    }
    worker.invoked = false;
    worker.op = worker.generator.next(this.#end(worker)).value as ClientOp;
  }

  #invoke(worker: Worker): boolean {
    const { op, process } = worker;
    if (op.f === 'sleep') {
      worker.op = worker.generator.next({ type: 'ok', slept: true }).value as ClientOp;
      return false;
    }
    const id = (worker.id = this.#recorder.nextOp());
    const about = { kind: Kind.invoke, process, op: id, timeNs: this.nowNs, key: op.key };
    if (op.f === 'poll') this.#recorder.append([{ ...about, f: F.poll, offset: op.offset }]);
    else
      this.#recorder.append(op.values.map((value) => ({ ...about, f: F.send, value, code: -1 })));
    return true;
  }

  #end(worker: Worker): ClientOutcome {
    const { op, id, process } = worker;
    if (op.f === 'sleep') return { type: 'ok', slept: true };
    const log = this.#logs[op.key]!;
    const about = { process, op: id, timeNs: this.nowNs, key: op.key, node: log.leader };
    if (op.f === 'poll') {
      const { records } = log;
      const to = Math.min(records.n, op.offset + pollRecords);
      const got = part(records, op.offset, to);
      const completion = { ...about, f: F.poll, kind: Kind.ok, offset: to, value: records.n };
      this.#recorder.complete(completion, got);
      this.polled += got.n;
      return { type: 'ok', node: log.leader, records: got, next: to, highWatermark: records.n };
    }
    const dice = this.#inForce ? this.#random.below(200) : 2;
    const type = dice === 0 ? 'info' : dice === 1 ? 'fail' : 'ok';
    const offset = log.records.n;
    // Of those whose end is unknown, some took effect.
    if (type === 'ok' || (type === 'info' && this.#random.below(2) === 0)) add(log, op.values);
    this.#recorder.append(
      op.values.map((value, i) => ({
        ...{ ...about, f: F.send, kind: Kind[type], value },
        ...(type === 'ok' ? { offset: offset + i } : { code: 1001, text: 'timed-out: no answer' }),
      })),
    );
    if (type === 'ok') return { type, node: log.leader, offset };
    if (type === 'info') worker.process += workers;
    return { type, code: 1001, reason: 'timed-out', error: 'no answer', node: log.leader };
  }

  #probe(): void {
    this.#probedNs = this.nowNs + secondNs / 2;
    const op = this.#recorder.nextOp();
    const about = { kind: Kind.probe, op, timeNs: this.nowNs };
    for (const { key, leader, epoch, records } of this.#logs) {
      for (const node of nodes) {
        const mine = { ...about, key, node, epoch };
        const [peer, offset] = [node === leader ? leader : -1, records.n];
        this.#recorder.append([
          { ...mine, f: F.view, peer: leader },
          { ...mine, f: F.watermark, offset, value: 0, peer },
          ...(node === leader ? nodes.map((one) => ({ ...mine, f: F.isr, peer: one })) : []),
        ]);
      }
    }
  }

  /** A partition of 5 s every 10 s; each moves the leader of a key. */
  #nemesis(): void {
    this.#faultNs = this.nowNs + 5 * secondNs;
    if (this.#inForce) {
      this.#inForce = false;
      this.#faultRows([F.healStart, F.healed, F.healProof]);
      return;
    }
    this.#inForce = true;
    this.#fault++;
    const log = this.#random.pick(this.#logs);
    const text: FaultText = {
      ...{ nemesis: 'partition', title: 'isolate leader', what: `node ${log.leader}` },
      ...{ nodes: [log.leader], keys: [log.key], kind: 'cut', params: {}, resolved: {} },
    };
    const op = this.#fault;
    this.#fact({ f: F.faultStart, op, text: JSON.stringify(text) });
    this.#faultRows([F.faultApplied, F.faultProof]);
    log.epoch++;
    log.leader = (log.leader % nodes.length) + 1;
  }
  #faultRows(fs: readonly number[]): void {
    for (const f of fs)
      this.#fact({ f, op: this.#fault, code: ProofCode.proven, text: '20 of 20 requests say so' });
  }

  end(): void {
    if (this.#inForce) this.#nemesis();
    this.#phase('heal');
    this.nowNs += 30 * secondNs;
    this.#probe();
    this.#phase('final');
    for (const log of this.#logs) this.#read(log, F.final, log.leader);
    this.#phase('replicas');
    for (const log of this.#logs) for (const node of nodes) this.#read(log, F.replica, node);
    this.#probe();
  }

  #read({ key, records, epoch }: Log, f: number, node: number): void {
    const about = { f, op: this.#recorder.nextOp(), key, node, timeNs: this.nowNs };
    const invoke = { ...about, kind: Kind.invoke, offset: 0, value: records.n };
    this.#recorder.append([{ ...invoke, ...(f === F.final && { node: -1, epoch }) }]);
    const completion = { ...about, kind: Kind.ok, offset: records.n, value: records.n };
    this.#recorder.complete(completion, records);
  }

  #phase(text: string): void {
    this.#recorder.append([{ kind: Kind.meta, f: F.phase, timeNs: this.nowNs, text }]);
  }
  #fact(row: {
    f: number;
    op?: number;
    node?: number;
    epoch?: number;
    code?: number;
    text?: string;
  }): void {
    this.#recorder.append([{ kind: Kind.fault, timeNs: this.nowNs, ...row }]);
  }
}

function grow(old: Records | undefined): Records {
  const size = Math.max(1024, (old?.n ?? 0) * 2);
  const records = {
    n: old?.n ?? 0,
    offsets: new Float64Array(size),
    values: new Float64Array(size),
    epochs: new Int32Array(size),
  };
  if (old) {
    records.offsets.set(old.offsets);
    records.values.set(old.values);
    records.epochs.set(old.epochs);
  }
  return records;
}

function add(log: Log, values: readonly number[]): void {
  for (const value of values) {
    if (log.records.n === log.records.values.length) log.records = grow(log.records);
    const { records } = log;
    records.offsets[records.n] = records.n;
    records.values[records.n] = value;
    records.epochs[records.n++] = log.epoch;
  }
}

const part = ({ offsets, values, epochs }: Records, from: number, to: number): Records => ({
  n: to - from,
  offsets: offsets.subarray(from, to),
  values: values.subarray(from, to),
  epochs: epochs.subarray(from, to),
});

const run = (endNs: number): RunInfo => ({
  format: 1,
  schism: '0',
  startedAt: '2025-03-14T02:17:05.000Z',
  ...{ target: 'kafka', workload: 'queue', nemesis: 'partition', seed: '1', options: {} },
  ...{ command: [], concurrency: workers, acks: -1, nodes, facts: {} },
  keys: Array.from({ length: keys }, (_, key) => ({
    ...{ key, topic: 'orders', partition: key, topicId: 'a' },
  })),
  evidence: {
    ...{ watermarks: true, finalReads: true, replicas: true, views: true, incarnations: true },
  },
  origin: 'recorded',
  ended: { how: 'complete', timeNs: endNs },
  recoveryBoundMs: 10_000,
});
