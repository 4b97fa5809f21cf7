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
import { PollTable } from './polls.js';
import { rowsOf } from './rows.js';
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
  const polls = new PollTable();
  const leaders = new LeaderTable();
  const faults = new FaultTable();
  const keys: KeyName[] = [];
  for (const key of run.keys) keys[key.key] = key;
  const phases = { loadNs: -1, healNs: -1, finalNs: -1, lastNs: -1 };

  const clientRow = (batch: Batch, i: number, starts: Int32Array, j: number): void => {
    const [f, invoke] = [batch.f[i]!, batch.kind[i] === Kind.invoke];
    if (f === F.send) {
      if (invoke) writes.invoke(batch, i);
      else writes.complete(batch, i);
    } else if (f === F.final || f === F.replica) {
      if (invoke) finals.invoke(batch, i);
      else finals.complete(batch, i);
    } else if (f === F.poll) polls.row(batch, i, recordsEnd(batch, starts, j));
  };
  const recordRows = (batch: Batch, from: number, to: number): void => {
    if (batch.f[from] === F.poll) {
      const smooth = log.read(batch, from, to);
      const poll = polls.seen.at(-1);
      if (poll?.from === from && poll.to === to) poll.smooth = smooth;
      return;
    }
    const read = finals.records(batch, from, to);
    if (batch.f[from] === F.final) log.read(batch, from, to);
    // Above its high watermark a replica may hold what never was committed.
    else if (read) log.read(batch, from, to, read.highWatermark);
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

  const otherRow = (batch: Batch, i: number): void => {
    const [kind, f] = [batch.kind[i]!, batch.f[i]!];
    if (kind === Kind.fault) faults.row(batch, i);
    else if (kind === Kind.meta) metaRow(batch, i);
    else if (f === F.view) leaders.view(batch, i);
    else if (f === F.watermark) finals.watermark(batch, i);
  };

  return {
    get writes() {
      return ops && writes.n === 0 ? writes.from(ops, ops.order) : writes;
    },
    get polls() {
      return polls.seen;
    },
    finals,
    log,
    leaders,
    faults,
    ...(ops && { ops, order: ops.order }),
    keys,
    phases,
    keyText: (key) => (keys[key] ? keyName(keys[key]) : key < 0 ? 'the cluster' : `key ${key}`),
    step(batch) {
      polls.seen = [];
      const { kind, timeNs } = batch;
      const { starts, heads, others } = rowsOf(batch);
      if (ops) {
        ops.step(batch);
        for (const i of others) otherRow(batch, i);
      }
      for (let j = 0; !ops && j < starts.length - 1; j++) {
        const i = starts[j]!;
        const k = kind[i]!;
        if (k === Kind.record) recordRows(batch, i, starts[j + 1]!);
        else if (k <= Kind.info) clientRow(batch, i, starts, j);
        else otherRow(batch, i);
      }
      // A record's time is its op's.
      for (const i of heads) if (timeNs[i]! > phases.lastNs) phases.lastNs = timeNs[i]!;
      for (const i of others) if (timeNs[i]! > phases.lastNs) phases.lastNs = timeNs[i]!;
    },
    finish() {
      log.finish(leaders);
      finals.finish(log.polledBy, log.readAt);
      ops?.finish(choose);
    },
  };
}

/** Where the records of the op whose completion is row `starts[j]` end. */
function recordsEnd({ n, kind, op }: Batch, starts: Int32Array, j: number): number {
  const next = starts[j + 1]!;
  const own = next < n && kind[next] === Kind.record && op[next] === op[starts[j]!];
  return own ? starts[j + 2]! : next;
}

function nameKey(keys: KeyName[], key: number, text: string): void {
  if (key < 0) return;
  try {
    keys[key] ??= JSON.parse(text) as KeyName;
  } catch {
    // A name that cannot be read leaves the key its number.
  }
}
