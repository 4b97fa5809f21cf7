/**
 * At the end, a node that the leader lists in sync does not have records that were acked with
 * acks=all, although all was healed and the recovery bound has passed.
 */
import { isAcked, num, replicaGap, rowsOf, sec } from '../src/analysis/index.js';
import {
  F,
  Kind,
  valueName,
  type Checker,
  type Facts,
  type ReplicaRead,
  type RunInfo,
} from '../src/model/index.js';

/** The in-sync set of a key as its leader listed it last. */
interface Isr {
  probe: number;
  leader: number;
  epoch: number;
  timeNs: number;
  nodes: Set<number>;
}
interface State {
  run: RunInfo;
  facts: Facts;
  isrs: Map<number, Isr>;
}

const checker: Checker<State> = {
  meta: {
    id: 'stale-replica',
    help: 'a node listed in sync lacks acked records after the recovery bound',
    anomalies: ['stale-replica'],
    facts: ['writes', 'finals', 'faults'],
    shard: 'key',
  },
  start: (run, facts) => ({ run, facts, isrs: new Map() }),
  step({ isrs }, batch) {
    for (const i of rowsOf(batch).others) {
      if (batch.kind[i] !== Kind.probe || batch.f[i] !== F.isr) continue;
      const [key, probe, epoch] = [batch.key[i]!, batch.op[i]!, batch.epoch[i]!];
      const [leader, timeNs] = [batch.node[i]!, batch.timeNs[i]!];
      let isr = isrs.get(key);
      // An isolated leader still lists what it believes; the newest epoch's leader decides.
      if (isr && epoch < isr.epoch) continue;
      if (isr?.probe !== probe || isr.leader !== leader || isr.epoch !== epoch)
        isrs.set(key, (isr = { probe, leader, epoch, timeNs, nodes: new Set() }));
      isr.nodes.add(batch.peer[i]!);
    }
  },
  finish({ run, facts, isrs }, emit) {
    if (run.acks !== -1)
      return { notApplicable: 'only acks=all promises that the nodes in sync have a record' };
    if (isrs.size === 0) return { notApplicable: 'no leader listed its in-sync replicas' };
    if (facts.finals.replicas.length === 0) return { notApplicable: 'no replica was read' };
    const readable = readableFrom(run, facts);
    const short: string[] = [];
    let checked = 0;
    for (const read of facts.finals.replicas) {
      const isr = isrs.get(read.key);
      if (!isr?.nodes.has(read.node)) continue;
      const w = highestKept(facts, read);
      if (w < 0) continue;
      const has = Math.min(read.highWatermark, read.reached);
      const offset = facts.writes.offset[w]!;
      // What it says of itself counts; a read that broke off says nothing of the replica.
      const behind = read.highWatermark >= 0 && read.highWatermark <= offset;
      if (has <= offset && (!behind || read.timeNs < readable)) {
        short.push(replicaGap(facts, read));
        continue;
      }
      checked++;
      if (!behind) continue;
      const { key, timeNs } = read;
      const value = facts.writes.value[w]!;
      const ops = [facts.writes.op[w]!, read.op];
      emit({ type: 'stale-replica', key, offset, value, timeNs, ops }, () => ({
        ops,
        proof: [
          {
            op: facts.writes.op[w]!,
            process: facts.writes.process[w]!,
            timeNs: facts.writes.completeNs[w]!,
            what: 'ok',
            says: `${valueName(value)} at offset ${offset}, node ${facts.writes.node[w]!}`,
          },
          {
            op: isr.probe,
            process: -1,
            timeNs: isr.timeNs,
            what: 'probe',
            says: `node ${isr.leader}, leader in epoch ${isr.epoch}, lists node ${read.node} in sync`,
          },
          {
            op: read.op,
            process: -1,
            timeNs,
            what: 'replica',
            says: `node ${read.node}: high watermark ${read.highWatermark}`,
          },
        ].sort((a, b) => a.timeNs - b.timeNs),
        explanation: `Node ${isr.leader}, leader of ${facts.keyText(key)} in epoch ${isr.epoch}, lists node ${read.node} in sync. At ${sec(timeNs)}, more than ${run.recoveryBoundMs / 1000} s after all was healed, node ${read.node} knows a high watermark of ${read.highWatermark} only; offset ${offset} (${valueName(value)}) was acknowledged with acks=all at ${sec(facts.writes.completeNs[w]!)}.`,
        data: {
          node: read.node,
          leader: isr.leader,
          epoch: isr.epoch,
          highWatermark: read.highWatermark,
        },
      }));
    }
    short.push(...unread(facts, isrs));
    if (short.length > 0) return { unknown: short.join('; ') };
    if (checked === 0) return { notApplicable: 'no replica in sync had an acked record to show' };
    return { checked, what: `${num(checked)} replicas in sync against what was acked` };
  },
};
export default checker;

/** Nodes listed in sync at the very end whose logs nobody had read: they joined too late for it. */
function unread({ finals, ...facts }: Facts, isrs: ReadonlyMap<number, Isr>): string[] {
  const read = new Set(finals.replicas.map((one) => `${one.key}/${one.node}`));
  return [...isrs].flatMap(([key, { leader, nodes }]) =>
    [...nodes]
      .filter((node) => !read.has(`${key}/${node}`))
      .map(
        (node) =>
          `the log of ${facts.keyText(key)} on node ${node}, which its leader ${leader} lists in sync, was not read`,
      ),
  );
}

/** From when on a replica must have caught up; Infinity while a fault was never healed. */
function readableFrom(run: RunInfo, { faults, phases }: Facts): number {
  const heals = faults.spans
    .filter((span) => span.refused === undefined)
    .map((span) => (span.healedNs < 0 ? Infinity : span.healedNs));
  return Math.max(phases.healNs, ...heals) + run.recoveryBoundMs * 1e6;
}

/** The acked write at the highest offset that the final read still has: lost ones are not its debt. */
function highestKept({ writes, finals }: Facts, read: ReplicaRead): number {
  const final = finals.keys.get(read.key);
  if (!final) return -1;
  for (let j = final.n - 1; j >= 0; j--) {
    const w = writes.find(final.values[j]!);
    if (
      w >= 0 &&
      writes.key[w] === read.key &&
      isAcked(writes, w) &&
      writes.offset[w] === final.offsets[j]
    )
      return w;
  }
  return -1;
}
