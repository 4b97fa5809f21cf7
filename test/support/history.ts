/** Writes histories by hand, row by row, for tests of what reads them. Times are milliseconds. */
import { columns } from '../../src/model/batch.js';
import {
  F,
  Kind,
  makeValue,
  NodeState,
  ProofCode,
  type Batch,
  type Column,
  type FaultText,
  type Phase,
  type ProofState,
  type Row,
  type RunInfo,
} from '../../src/model/index.js';

/** `[offset, value]` or `[offset, value, epoch]`. */
export type Rec = readonly [offset: number, value: number, epoch?: number];
/** Value `sequence` of a worker. */
export const v = makeValue;

export interface HistoryOptions extends Partial<Omit<RunInfo, 'keys'>> {
  /** Number of keys of topic `orders`. */
  keys?: number;
}

export const runInfo = ({ keys = 1, ...options }: HistoryOptions = {}): RunInfo => ({
  format: 1,
  schism: '0.0.0',
  startedAt: '2025-03-14T02:17:05.000Z',
  target: 'kafka',
  workload: 'queue',
  nemesis: 'partition',
  seed: '1',
  options: {},
  command: ['schism', 'test'],
  concurrency: 10,
  acks: -1,
  nodes: [1, 2, 3],
  keys: Array.from({ length: keys }, (_, key) => ({
    key,
    topic: 'orders',
    partition: key,
    topicId: 'a',
  })),
  facts: {},
  evidence: { watermarks: true, finalReads: true, replicas: true, views: true },
  origin: 'recorded',
  ended: { how: 'complete', timeNs: 60e9 },
  recoveryBoundMs: 10_000,
  ...options,
});

interface Ending {
  node?: number;
}

export class History {
  readonly run: RunInfo;
  /** Groups of rows that never straddle two batches. */
  readonly groups: Row[][] = [];
  #op = 0;
  #ms = 0;

  constructor(options: HistoryOptions = {}) {
    this.run = runInfo(options);
  }

  /** Sets the time of what follows; each row that is written then comes 1 ms later. */
  at(ms: number): this {
    this.#ms = ms;
    return this;
  }
  get ms(): number {
    return this.#ms;
  }

  rows(...rows: Omit<Row, 'timeNs'>[]): this {
    const timeNs = this.#ms * 1e6;
    this.groups.push(rows.map((row) => ({ timeNs, ...row })));
    this.#ms += 1;
    return this;
  }

  nextOp(): number {
    return this.#op++;
  }

  /** Invokes a send; one of ok, fail, info ends it. */
  send(process: number, key: number, ...values: number[]) {
    const op = this.nextOp();
    const rows = (kind: number, more: Partial<Row>, offset = -1): this =>
      this.rows(
        ...values.map((value, i) => ({
          f: F.send,
          kind,
          process,
          op,
          key,
          value,
          ...more,
          ...(offset >= 0 && { offset: offset + i }),
        })),
      );
    rows(Kind.invoke, { code: this.run.acks });
    return {
      op,
      ok: (offset: number, node = 1): this => rows(Kind.ok, { node }, offset),
      fail: (reason = 'NOT_LEADER_OR_FOLLOWER', node = 1): this =>
        rows(Kind.fail, { node, code: 6, text: `${reason}: refused` }),
      info: (reason = 'timed-out', node = 1): this =>
        rows(Kind.info, { node, code: 1001, text: `${reason}: no answer` }),
    };
  }

  /** Invokes a poll; one of ok, fail, info ends it. */
  poll(process: number, key: number, offset: number) {
    const op = this.nextOp();
    const about = { f: F.poll, process, op, key };
    this.rows({ ...about, kind: Kind.invoke, offset });
    const not = (kind: number, text: string): this =>
      this.rows({ ...about, kind, node: 1, code: 1001, text });
    return {
      op,
      ok: (records: readonly Rec[], { node = 1, next }: Ending & { next?: number } = {}): this => {
        const after = next ?? (records.at(-1)?.[0] ?? offset - 1) + 1;
        const completion = { ...about, kind: Kind.ok, node, offset: after, value: after };
        return this.#complete(completion, records);
      },
      fail: (text = 'timed-out: no answer'): this => not(Kind.fail, text),
      info: (text = 'timed-out: no answer'): this => not(Kind.info, text),
    };
  }

  #complete(completion: Omit<Row, 'timeNs'>, records: readonly Rec[]): this {
    return this.rows(
      completion,
      ...records.map(([offset, value, epoch = -1]) => ({
        ...completion,
        kind: Kind.record,
        offset,
        value,
        epoch,
        code: completion.kind,
        ...(value === -2 ? { text: 'hello' } : { text: undefined }),
      })),
    );
  }

  /** A final read; complete unless `reached` says less. */
  final(
    key: number,
    records: readonly Rec[],
    options: {
      logStart?: number;
      hw?: number;
      reached?: number;
      why?: string;
      epoch?: number;
    } = {},
  ): this {
    const { logStart = 0, hw = (records.at(-1)?.[0] ?? -1) + 1, reached = hw, why } = options;
    const about = { f: F.final, op: this.nextOp(), key };
    const { epoch = -1 } = options;
    this.rows({ ...about, kind: Kind.invoke, offset: logStart, value: hw, epoch });
    const kind = reached >= hw && why === undefined ? Kind.ok : Kind.fail;
    return this.#complete(
      { ...about, kind, offset: reached, value: hw, node: 1, text: why },
      records,
    );
  }

  /** One replica's own log. `wanted`: the high watermark that it had to reach. */
  replica(
    key: number,
    node: number,
    records: readonly Rec[],
    options: { logStart?: number; hw?: number; reached?: number; wanted?: number } = {},
  ): this {
    const { logStart = 0, hw = (records.at(-1)?.[0] ?? -1) + 1, reached = hw } = options;
    const { wanted = hw } = options;
    const about = { f: F.replica, op: this.nextOp(), key, node };
    this.rows({ ...about, kind: Kind.invoke, offset: logStart, value: wanted });
    const kind = reached >= wanted ? Kind.ok : Kind.fail;
    return this.#complete({ ...about, kind, offset: reached, value: hw }, records);
  }

  view(node: number, key: number, leader: number, epoch: number): this {
    return this.#probe({ f: F.view, node, key, epoch, peer: leader });
  }
  /** As the leader, unless `leads` is false. */
  watermark(node: number, key: number, epoch: number, hw: number, leads = true): this {
    const peer = leads ? node : -1;
    return this.#probe({ f: F.watermark, node, key, epoch, offset: hw, value: 0, peer });
  }
  isr(node: number, key: number, epoch: number, ...nodes: number[]): this {
    const op = this.nextOp();
    return this.rows(
      ...nodes.map((peer) => ({ kind: Kind.probe, f: F.isr, op, node, key, epoch, peer })),
    );
  }
  quorum(node: number, leader: number, epoch: number): this {
    return this.#probe({ f: F.quorum, node, epoch, peer: leader });
  }
  silent(node: number): this {
    return this.#probe({ f: F.silent, node, text: 'no answer' });
  }
  #probe(row: Omit<Row, 'timeNs' | 'kind' | 'op'>): this {
    return this.rows({ kind: Kind.probe, op: this.nextOp(), ...row });
  }

  node(node: number, state: keyof typeof NodeState, incarnation = 1): this {
    return this.rows({
      kind: Kind.fault,
      f: F.node,
      node,
      epoch: incarnation,
      code: NodeState[state],
    });
  }
  route(node: number, state: ProofState): this {
    return this.rows({
      kind: Kind.fault,
      f: F.route,
      node,
      code: ProofCode[state],
      text: 'dials a peer straight',
    });
  }
  /** One row of a fault; `proof` where it is one. */
  faultRow(
    id: number,
    f:
      | 'faultApplied'
      | 'faultProof'
      | 'healStart'
      | 'healed'
      | 'healProof'
      | 'faultOn'
      | 'faultOff'
      | 'faultRefused',
    proof: ProofState = 'proven',
  ): this {
    const text = f === 'faultRefused' ? 'no leader' : `20 of 20 requests say so`;
    return this.rows({ kind: Kind.fault, f: F[f], op: id, code: ProofCode[proof], text });
  }
  faultStart(id: number, more: Partial<FaultText> = {}): this {
    const text: FaultText = {
      nemesis: 'partition',
      title: 'isolate leader',
      what: 'node 1 | 2 3',
      nodes: [1],
      keys: [0],
      kind: 'cut',
      params: {},
      resolved: {},
      ...more,
    };
    return this.rows({ kind: Kind.fault, f: F.faultStart, op: id, text: JSON.stringify(text) });
  }
  /** A fault that begins now and is in force, proven. */
  fault(id: number, proof: ProofState = 'proven', more: Partial<FaultText> = {}): this {
    return this.faultStart(id, more).faultRow(id, 'faultApplied').faultRow(id, 'faultProof', proof);
  }
  heal(id: number, proof: ProofState = 'proven'): this {
    return this.faultRow(id, 'healStart').faultRow(id, 'healed').faultRow(id, 'healProof', proof);
  }
  phase(phase: Phase): this {
    return this.rows({ kind: Kind.meta, f: F.phase, text: phase });
  }
  notice(text: string): this {
    return this.rows({ kind: Kind.meta, f: F.notice, text });
  }

  /** In batches of at least `size` rows; a group is never parted. `cut` decides instead, if given. */
  batches(size = Infinity, cut?: (group: number) => boolean): Batch[] {
    const batches: Batch[] = [];
    let rows: Row[] = [];
    let base = 0;
    const close = (): void => {
      if (rows.length === 0) return;
      batches.push(toBatch(rows, base));
      base += rows.length;
      rows = [];
    };
    this.groups.forEach((group, i) => {
      if (cut?.(i) === true) close();
      rows.push(...group);
      if (rows.length >= size) close();
    });
    close();
    return batches;
  }
}

export const history = (options: HistoryOptions = {}): History => new History(options);

export function toBatch(rows: readonly Row[], base = 0): Batch {
  const n = rows.length;
  const texts = new Map<number, string>();
  rows.forEach(({ text }, i) => text !== undefined && texts.set(i, text));
  const column = (name: Column) => {
    const cells = new columns[name](n);
    rows.forEach((row, i) => (cells[i] = row[name] ?? (name === 'code' ? 0 : -1)));
    return cells;
  };
  const names = Object.keys(columns) as Column[];
  const cells = Object.fromEntries(names.map((name) => [name, column(name)]));
  return { base, n, texts, ...cells } as unknown as Batch;
}
