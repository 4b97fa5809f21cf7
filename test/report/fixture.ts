/** A run's folder as a real run would leave it: a leader is cut off, goes on acking, is replaced. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from '../../src/analysis/index.js';
import { createRecorder, files, openRun, writeJson } from '../../src/history/index.js';
import {
  F,
  Kind,
  makeValue,
  ProofCode,
  seeded,
  type Checker,
  type Recorder,
  type Records,
  type Row,
  type RunInfo,
  type Verdict,
} from '../../src/model/index.js';

const s = 1e9;
export const [electedAt, healedAt, endAt] = [11.2 * s, 16 * s, 30 * s];
const [cutAt, knownAt] = [10 * s, 16.4 * s];

export interface FixtureOptions {
  keys?: number;
  workers?: number;
  /** Mean time from one op of a worker to its next, ms. */
  everyMs?: number;
  /** Node 1 goes on acking what it will lose. */
  lossy?: boolean;
  /** No op at all. */
  empty?: boolean;
  unproven?: boolean;
  topic?: string;
  error?: string;
}

export function runInfo(options: FixtureOptions = {}): RunInfo {
  const topic = options.topic ?? 'orders';
  return {
    format: 1,
    schism: '0.1.0',
    startedAt: '2026-03-14T02:17:05.000Z',
    target: 'kafka',
    workload: 'queue',
    nemesis: 'partition',
    seed: '23718',
    options: {
      replicationFactor: 3,
      acks: '1',
      topics: 1,
      brokerConfig: [topic],
      timeLimit: 25_000,
    },
    command: ['schism', 'test', '--target', 'kafka@4.1.0', '--workload', 'queue', '--acks', '1']
      .concat(['--nemesis', 'partition', '--concurrency', '6', '--time-limit', '25'])
      .concat(['--prefix', options.topic ?? 'a b', '--seed', '23718']),
    concurrency: options.workers ?? 6,
    acks: options.lossy === true ? 1 : -1,
    nodes: [1, 2, 3],
    keys: Array.from({ length: options.keys ?? 3 }, (_, key) => ({
      key,
      topic,
      partition: key,
      topicId: `id-${key}`,
    })),
    facts: {
      'Apache Kafka': '4.1.0',
      Java: '17.0.14',
      Links: 'toxiproxy 2.12.0',
      kafkajs: '2.2.4',
    },
    evidence: { watermarks: true, finalReads: true, replicas: true, views: true },
    origin: 'recorded',
    ended: { how: 'complete', timeNs: endAt },
    recoveryBoundMs: 10_000,
    timings: { heal: 120, recover: 2210, final: 430, replicas: 610, stop: 900 },
  };
}

interface Written {
  value: number;
  epoch: number;
}
export interface World {
  run: RunInfo;
  /** By key: what stays. */
  logs: Written[][];
  /** What node 1 acked alone, from offset `forkAt` of key 0. */
  fork: { value: number; op: number; offset: number; timeNs: number; process: number }[];
  forkAt: number;
  ops: { ok: number; fail: number; info: number };
  acked: number;
}

const records = (from: number, rows: readonly Written[]): Records => ({
  n: rows.length,
  offsets: Float64Array.from(rows, (_, i) => from + i),
  values: Float64Array.from(rows, (row) => row.value),
  epochs: Int32Array.from(rows, (row) => row.epoch),
});

/** Events in order of time, each appends its rows. */
type Event = [timeNs: number, run: () => void];

function loadEvents(world: World, recorder: Recorder, options: FixtureOptions): Event[] {
  const { run } = world;
  const random = seeded(7);
  const events: Event[] = [];
  for (let worker = 0; worker < run.concurrency; worker++) {
    let process = worker;
    let sequence = 0;
    for (let t = random.between(0, 0.2 * s); t < 25 * s;) {
      const key = random.below(run.keys.length);
      const took = random.between(2e6, 20e6) * (random.next() < 0.02 ? 20 : 1);
      const isolated = key === 0 && t > cutAt && t < healedAt;
      const own = process;
      const [from, to] = [t, t + took];
      if (random.next() < 0.6) {
        const value = makeValue(worker, sequence++);
        let op = -1;
        const about = { f: F.send, process: own, key, value };
        events.push([
          from,
          () => {
            op = recorder.nextOp();
            recorder.append([{ ...about, op, kind: Kind.invoke, timeNs: from, code: run.acks }]);
          },
        ]);
        const lossy = isolated && from < electedAt + 0.8 * s;
        if (lossy && options.lossy !== true) {
          process += run.concurrency;
          events.push([
            from + 3 * s,
            () =>
              end(world, recorder, { ...about, op, timeNs: from + 3 * s }, 'info', options.error),
          ]);
          t = from + 3.1 * s;
          continue;
        }
        if (random.next() < 0.01)
          events.push([
            to,
            () => end(world, recorder, { ...about, op, timeNs: to }, 'fail', options.error),
          ]);
        else events.push([to, () => ack(world, recorder, { ...about, op, timeNs: to }, lossy)]);
      } else {
        let op = -1;
        let offset = 0;
        const about = { f: F.poll, process: own, key };
        events.push([
          from,
          () => {
            op = recorder.nextOp();
            offset = Math.max(0, (world.logs[key]?.length ?? 0) - 5);
            if (isolated && from > electedAt + 0.9 * s) offset = Math.max(0, world.forkAt);
            recorder.append([{ ...about, op, kind: Kind.invoke, timeNs: from, offset }]);
          },
        ]);
        events.push([to, () => polled(world, recorder, { ...about, op, timeNs: to }, offset)]);
      }
      t = to + random.between(0.2, 1.8) * (options.everyMs ?? 60) * 1e6;
    }
  }
  return events;
}

function end(
  world: World,
  recorder: Recorder,
  row: Omit<Row, 'kind'>,
  how: 'fail' | 'info',
  error?: string,
): void {
  world.ops[how]++;
  recorder.append([
    {
      ...row,
      kind: Kind[how],
      node: 1,
      code: 7,
      text: error ?? 'timed-out: no answer within 3000 ms',
    },
  ]);
}
function ack(world: World, recorder: Recorder, row: Omit<Row, 'kind'>, lossy: boolean): void {
  const key = row.key ?? 0;
  const log = world.logs[key]!;
  world.ops.ok++;
  world.acked++;
  const value = row.value ?? -1;
  if (lossy) {
    if (world.fork.length === 0) world.forkAt = log.length;
    const offset = world.forkAt + world.fork.length;
    world.fork.push({
      value,
      op: row.op ?? -1,
      offset,
      timeNs: row.timeNs,
      process: row.process ?? -1,
    });
    recorder.append([{ ...row, kind: Kind.ok, offset, node: 1 }]);
    return;
  }
  const later = key === 0 && row.timeNs > electedAt;
  recorder.append([
    {
      ...row,
      kind: Kind.ok,
      offset: log.length,
      node: key === 0 ? (later ? 3 : 1) : (key % 3) + 1,
    },
  ]);
  log.push({ value, epoch: later ? 5 : 4 });
}
function polled(world: World, recorder: Recorder, row: Omit<Row, 'kind'>, offset: number): void {
  const log = world.logs[row.key ?? 0]!;
  const rows = log.slice(offset, offset + 8);
  world.ops.ok++;
  recorder.complete(
    { ...row, kind: Kind.ok, offset: offset + rows.length, value: log.length, node: 3 },
    records(offset, rows),
  );
}

function faultEvents(recorder: Recorder, options: FixtureOptions): Event[] {
  const text = {
    nemesis: 'partition',
    title: 'isolate leader',
    what: 'node 1 | 2 3',
    nodes: [1, 2, 3],
    keys: [0],
    kind: 'cut',
    params: {},
    resolved: {},
  };
  const row = (timeNs: number, f: number, code = 0, says?: string): Event => [
    timeNs,
    () => recorder.append([{ kind: Kind.fault, f, op: 1, timeNs, code, text: says }]),
  ];
  return [
    row(cutAt, F.faultStart, 0, JSON.stringify(text)),
    row(cutAt + 2e7, F.faultApplied),
    options.unproven === true
      ? row(
          cutAt + 1.1e8,
          F.faultProof,
          ProofCode.unproven,
          '40 requests of 40 through 1 to 2 got an answer',
        )
      : row(
          cutAt + 1.1e8,
          F.faultProof,
          ProofCode.proven,
          'requests through 1 to 2 and 1 to 3 got no answer in 100 ms',
        ),
    row(healedAt, F.healStart),
    row(healedAt + 2e7, F.healed),
    row(
      healedAt + 6e7,
      F.healProof,
      ProofCode.proven,
      `the same paths answered, slowest 4 ms${options.error ?? ''}`,
    ),
  ];
}

function probeEvents(world: World, recorder: Recorder): Event[] {
  const events: Event[] = [];
  for (let t = 0; t < endAt; t += 0.5 * s)
    for (const node of [1, 2, 3]) {
      const timeNs = t + node * 1e6;
      events.push([
        timeNs,
        () =>
          recorder.append(
            world.run.keys.flatMap(({ key }) => {
              const moved = key === 0 && (node === 1 ? timeNs > knownAt : timeNs > electedAt);
              const peer = moved ? 3 : key === 0 ? 1 : (key % 3) + 1;
              const row = { kind: Kind.probe, op: timeNs, timeNs, node, key, epoch: moved ? 5 : 4 };
              const isr = [1, 2, 3].map((one) => ({ ...row, f: F.isr, peer: one }));
              const offset =
                key === 0 && !moved && world.forkAt >= 0 ? world.forkAt : world.logs[key]!.length;
              return [
                { ...row, f: F.view, peer },
                ...(node === peer ? [{ ...row, f: F.watermark, peer, offset, value: 0 }] : []),
                ...isr,
              ];
            }),
          ),
      ]);
    }
  return events;
}

function finals(world: World, recorder: Recorder): void {
  for (const { key } of world.run.keys) {
    const log = world.logs[key]!;
    for (const [f, node] of [
      [F.final, 3],
      [F.replica, 1],
      [F.replica, 2],
      [F.replica, 3],
    ] as const) {
      const about = { f, op: recorder.nextOp(), key, node };
      const timeNs = (f === F.final ? 28 : 29) * s + key * 1e6 + node * 1e5;
      recorder.append([
        { ...about, kind: Kind.invoke, timeNs, offset: 0, value: log.length, epoch: 5 },
      ]);
      recorder.complete(
        { ...about, kind: Kind.ok, timeNs: timeNs + 9e4, offset: log.length, value: log.length },
        records(0, log),
      );
    }
  }
}

/** Writes run.json and history.arrow. */
export async function record(dir: string, options: FixtureOptions = {}): Promise<World> {
  mkdirSync(dir, { recursive: true });
  const run = runInfo(options);
  writeJson(join(dir, files.run), run);
  const recorder = createRecorder(join(dir, files.history));
  const world: World = {
    run,
    logs: run.keys.map(() => []),
    fork: [],
    forkAt: -1,
    ops: { ok: 0, fail: 0, info: 0 },
    acked: 0,
  };
  const phase = (timeNs: number, text: string): Event => [
    timeNs,
    () => recorder.append([{ kind: Kind.meta, f: F.phase, timeNs, text }]),
  ];
  const events = [
    phase(0, 'load'),
    ...faultEvents(recorder, options),
    ...probeEvents(world, recorder),
    ...(options.empty === true ? [] : loadEvents(world, recorder, options)),
    phase(28 * s - 1, 'final'),
    phase(25.5 * s, 'heal'),
  ].sort((a, b) => a[0] - b[0]);
  for (const [, run] of events) run();
  if (options.empty !== true) finals(world, recorder);
  await recorder.close();
  return world;
}

/** A checker that throws half-way. */
export const crashing: Checker = {
  meta: { id: 'crashing', help: '', anomalies: ['crash'], facts: [], shard: 'whole' },
  start: () => ({}),
  step: () => undefined,
  finish: () => {
    throw new Error('boom <b>');
  },
};

/** Judges a recorded run by the real checkers and writes its verdict. */
export async function judged(dir: string, more: readonly Checker[] = []): Promise<Verdict> {
  const { info, history } = openRun(dir);
  const names = ['lost-write', 'inconsistent-offsets', 'split-brain', 'duplicate', 'stale-replica'];
  const checkers = await Promise.all(
    names.map(async (name) => {
      const file = (await import(`../../checkers/${name}.js`)) as { default: Checker };
      return file.default;
    }),
  );
  const verdict = judge({
    run: info,
    batches: history.batches(),
    truncated: history.truncated,
    checkers: [...checkers, ...more],
    now: () => 0,
  });
  writeJson(join(dir, files.verdict), verdict);
  return verdict;
}
