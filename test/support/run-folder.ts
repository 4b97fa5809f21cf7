/** A small recorded run on disk, as a real one would be: sends, polls, a fault, probes, final reads. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRecorder, files, writeJson } from '../../src/history/index.js';
import {
  F,
  Kind,
  makeValue,
  ProofCode,
  type Records,
  type Row,
  type RunInfo,
} from '../../src/model/index.js';

const second = 1e9;

export interface FolderOptions {
  /** This many of the last acked values are in no final read. */
  lose?: number;
  /** The fault's start was not seen. */
  unproven?: boolean;
  sends?: number;
}

export function runInfo(): RunInfo {
  return {
    format: 1,
    schism: '0.0.0',
    startedAt: '2026-01-02T03:04:05.000Z',
    target: 'kafka',
    workload: 'queue',
    nemesis: 'kill',
    seed: '7',
    options: {},
    command: ['npm', 'run', 'jepsen', '--', '--seed', '7'],
    concurrency: 2,
    acks: -1,
    nodes: [1, 2, 3],
    keys: [{ key: 0, topic: 'orders', partition: 0, topicId: 'aaaa' }],
    facts: {},
    evidence: { watermarks: true, finalReads: true, replicas: true, views: true },
    origin: 'recorded',
    ended: { how: 'complete', timeNs: 20 * second },
    recoveryBoundMs: 10_000,
  };
}

const records = (values: readonly number[]): Records => ({
  n: values.length,
  offsets: Float64Array.from(values, (_, i) => i),
  values: Float64Array.from(values),
  epochs: new Int32Array(values.length).fill(1),
});

export async function makeRunFolder(dir: string, options: FolderOptions = {}): Promise<string> {
  mkdirSync(dir, { recursive: true });
  writeJson(join(dir, files.run), runInfo());
  const recorder = createRecorder(join(dir, files.history));
  const append = (...rows: Row[]): void => recorder.append(rows);
  const meta = (f: number, timeNs: number, text: string, key = -1): void =>
    append({ kind: Kind.meta, f, timeNs, text, key });
  const fault = (f: number, timeNs: number, code = 0, text?: string): void =>
    append({ kind: Kind.fault, f, op: 1, timeNs, code, text });
  const probe = (timeNs: number, highWatermark: number): void => {
    for (const node of [1, 2, 3]) {
      append({ kind: Kind.probe, f: F.view, op: 1e6, timeNs, node, key: 0, epoch: 1, peer: 1 });
    }
    const at = { kind: Kind.probe, op: 1e6, timeNs, node: 1, key: 0, epoch: 1 };
    append({ ...at, f: F.watermark, peer: 1, offset: highWatermark, value: 0 });
    for (const peer of [1, 2, 3]) append({ ...at, f: F.isr, peer });
  };

  meta(F.key, -second, JSON.stringify(runInfo().keys[0]), 0);
  meta(F.phase, 0, 'load');
  probe(1, 0);
  const n = options.sends ?? 100;
  const values = Array.from({ length: n }, (_, i) => makeValue(0, i));
  values.forEach((value, i) => {
    const op = recorder.nextOp();
    const timeNs = second + i * 1e7;
    const about = { f: F.send, process: 0, op, key: 0, value };
    append({ ...about, kind: Kind.invoke, timeNs, code: -1 });
    append({ ...about, kind: Kind.ok, timeNs: timeNs + 1e6, offset: i, node: 1 });
    if (i === Math.floor(n / 2)) {
      fault(F.faultStart, timeNs, 0, JSON.stringify(faultText));
      fault(F.faultApplied, timeNs + 1e6);
      const code = options.unproven === true ? ProofCode.unproven : ProofCode.proven;
      fault(F.faultProof, timeNs + 2e6, code, 'process 4711 gone; its port refuses');
      fault(F.healStart, timeNs + 3e8);
      fault(F.healed, timeNs + 4e8);
      fault(F.healProof, timeNs + 5e8, ProofCode.proven, 'process 4712 answers');
    }
  });
  const kept = values.slice(0, n - (options.lose ?? 0));
  const end = second + n * 1e7 + second;
  const poll = { f: F.poll, process: 1, op: recorder.nextOp(), key: 0 };
  append({ ...poll, kind: Kind.invoke, timeNs: end, offset: 0 });
  recorder.complete(
    { ...poll, kind: Kind.ok, timeNs: end + 1e6, offset: kept.length, value: kept.length, node: 1 },
    records(kept),
  );
  probe(end + 2e6, kept.length);
  for (const [f, node] of [
    [F.final, 1],
    [F.replica, 1],
    [F.replica, 2],
    [F.replica, 3],
  ] as const) {
    const about = { f, op: recorder.nextOp(), key: 0, node };
    append({ ...about, kind: Kind.invoke, timeNs: end + 3e6, offset: 0, value: kept.length });
    recorder.complete(
      { ...about, kind: Kind.ok, timeNs: end + 4e6, offset: kept.length, value: kept.length },
      records(kept),
    );
  }
  meta(F.phase, end + 5e6, 'end');
  await recorder.close();
  return dir;
}

const faultText = {
  nemesis: 'kill',
  title: 'kill',
  what: 'node 2',
  nodes: [2],
  keys: [],
  kind: 'kill',
  params: {},
  resolved: {},
};
