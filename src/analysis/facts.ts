/** Facts that several checkers share, computed once. They are whole after `finish`. */
import {
  F,
  Kind,
  keyName,
  type Batch,
  type Facts,
  type KeyName,
  type Phase,
  type RunInfo,
} from '../model/index.js';
import { FaultTable } from './faults.js';
import { FinalTable } from './finals.js';
import { LeaderTable } from './leaders.js';
import { LogTable } from './log.js';
import { OpTable } from './ops.js';
import type { Choose } from './order.js';
import { WriteTable } from './writes.js';

export interface SteppedFacts extends Facts {
  step(batch: Batch): void;
  finish(): void;
}

/** `choose` decides between several values at one offset of an imported history. */
export function createFacts(run: RunInfo, choose?: Choose): SteppedFacts {
  const ops = run.origin === 'imported' ? new OpTable() : undefined;
  const writes = new WriteTable();
  const finals = new FinalTable(writes);
  const log = new LogTable(writes);
  const leaders = new LeaderTable();
  const faults = new FaultTable();
  const keys: KeyName[] = [];
  for (const key of run.keys) keys[key.key] = key;
  const phases = { loadNs: -1, healNs: -1, finalNs: -1, lastNs: -1 };

  const clientRow = (batch: Batch, i: number): void => {
    const [f, invoke] = [batch.f[i]!, batch.kind[i] === Kind.invoke];
    if (f === F.send) {
      if (invoke) writes.invoke(batch, i);
      else writes.complete(batch, i);
    } else if (f === F.final || f === F.replica) {
      if (invoke) finals.invoke(batch, i);
      else finals.complete(batch, i);
    }
  };
  const recordRow = (batch: Batch, i: number): void => {
    const f = batch.f[i]!;
    const read = f === F.poll ? undefined : finals.record(batch, i);
    // Above its high watermark a replica may hold what never was committed.
    if (f === F.replica && (read === undefined || batch.offset[i]! >= read.highWatermark)) return;
    log.read(batch, i);
  };
  const metaRow = (batch: Batch, i: number): void => {
    const text = batch.texts.get(i) ?? '';
    if (batch.f[i] === F.key) nameKey(keys, batch.key[i]!, text);
    if (batch.f[i] !== F.phase) return;
    const phase = text as Phase;
    if (phase === 'load') phases.loadNs = batch.timeNs[i]!;
    if (phase === 'heal') phases.healNs = batch.timeNs[i]!;
    if (phase === 'final') phases.finalNs = batch.timeNs[i]!;
  };

  return {
    writes,
    finals,
    log,
    leaders,
    faults,
    ...(ops && { ops, order: ops.order }),
    keys,
    phases,
    keyText: (key) => (keys[key] ? keyName(keys[key]) : key < 0 ? 'the cluster' : `key ${key}`),
    step(batch) {
      ops?.step(batch);
      for (let i = 0; i < batch.n; i++) {
        const kind = batch.kind[i]!;
        if (kind <= Kind.info) clientRow(batch, i);
        else if (kind === Kind.record) {
          if (!ops) recordRow(batch, i);
        } else if (kind === Kind.probe) {
          if (batch.f[i] === F.view) leaders.view(batch, i);
          else if (batch.f[i] === F.watermark) finals.watermark(batch, i);
        } else if (kind === Kind.fault) faults.row(batch, i);
        else metaRow(batch, i);
        if (batch.timeNs[i]! > phases.lastNs) phases.lastNs = batch.timeNs[i]!;
      }
    },
    finish() {
      log.finish(leaders);
      finals.finish(log.polledBy, log.readAt);
      ops?.finish(choose);
    },
  };
}

function nameKey(keys: KeyName[], key: number, text: string): void {
  if (key < 0) return;
  try {
    keys[key] ??= JSON.parse(text) as KeyName;
  } catch {
    // A name that cannot be read leaves the key its number.
  }
}
