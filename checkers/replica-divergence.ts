/**
 * The committed prefix differs between replicas of a key: from the highest log start to the lowest
 * high watermark that two replicas know, each offset must hold the same record in the same epoch.
 */
import { num, recordAt, rowsOf } from '../src/analysis/index.js';
import {
  F,
  Kind,
  valueName,
  type Checker,
  type Emit,
  type Facts,
  type ReplicaRead,
} from '../src/model/index.js';

interface State {
  facts: Facts;
  /** `node/key` -> the log start that the node told last. */
  starts: Map<string, number>;
}

const checker: Checker<State> = {
  meta: {
    id: 'replica-divergence',
    help: 'the committed prefix differs between replicas',
    anomalies: ['replica-divergence'],
    facts: ['finals'],
    shard: 'key',
  },
  start: (_run, facts) => ({ facts, starts: new Map() }),
  step({ starts }, batch) {
    for (const i of rowsOf(batch).others) {
      if (batch.kind[i] !== Kind.probe || batch.f[i] !== F.watermark || batch.value[i]! < 0)
        continue;
      starts.set(`${batch.node[i]!}/${batch.key[i]!}`, batch.value[i]!);
    }
  },
  finish({ facts, starts }, emit) {
    const byKey = new Map<number, ReplicaRead[]>();
    for (const read of facts.finals.replicas) {
      if (end(read) <= 0 && read.highWatermark !== 0) continue;
      byKey.set(read.key, [...(byKey.get(read.key) ?? []), read]);
    }
    let checked = 0;
    let keys = 0;
    for (const reads of byKey.values()) {
      if (reads.length < 2) continue;
      keys++;
      checked += compare(facts, starts, reads, emit);
    }
    if (keys === 0) return { notApplicable: 'no key had two replicas that could be read' };
    const what = `the replicas of ${keys} ${keys === 1 ? 'key' : 'keys'} at the end, ${num(checked)} records compared`;
    return { checked, what };
  },
};
export default checker;

/** What this read can speak of: what the replica knows to be committed, as far as it was read. */
const end = (read: ReplicaRead): number => Math.min(read.highWatermark, read.reached);

/** Compares each replica with the one that knows most. Gives the records compared. */
function compare(
  facts: Facts,
  starts: ReadonlyMap<string, number>,
  reads: readonly ReplicaRead[],
  emit: Emit,
): number {
  const best = reads.reduce((a, b) => (end(b) > end(a) ? b : a));
  const start = Math.max(
    ...reads.map((read) => Math.max(read.logStart, starts.get(`${read.node}/${read.key}`) ?? 0)),
  );
  const offsets = new Set<number>();
  let checked = 0;
  for (const read of reads) {
    if (read === best) continue;
    checked += differences(best, read, start, Math.min(end(read), end(best)), offsets);
  }
  for (const offset of [...offsets].sort((a, b) => a - b)) report(facts, reads, offset, emit);
  return checked;
}

function differences(
  a: ReplicaRead,
  b: ReplicaRead,
  from: number,
  to: number,
  into: Set<number>,
): number {
  let [i, j, checked] = [0, 0, 0];
  const at = (read: ReplicaRead, k: number): number => (k < read.n ? read.offsets[k]! : Infinity);
  for (;;) {
    const offset = Math.min(at(a, i), at(b, j));
    if (offset >= to) return checked;
    const [here, there] = [at(a, i) === offset, at(b, j) === offset];
    if (offset >= from) {
      checked++;
      if (!here || !there || a.values[i] !== b.values[j] || otherEpoch(a, i, b, j))
        into.add(offset);
    }
    if (here) i++;
    if (there) j++;
  }
}

const otherEpoch = (a: ReplicaRead, i: number, b: ReplicaRead, j: number): boolean =>
  a.epochs[i]! >= 0 && b.epochs[j]! >= 0 && a.epochs[i] !== b.epochs[j];

function report(facts: Facts, reads: readonly ReplicaRead[], offset: number, emit: Emit): void {
  const committed = reads.filter((read) => offset < end(read));
  const held = committed.map((read) => ({ read, record: recordAt(read, offset) }));
  const first = held.find(({ record }) => record)!;
  const { key, timeNs } = first.read;
  const value = first.record?.value ?? -1;
  const ops = committed.map((read) => read.op);
  emit({ type: 'replica-divergence', key, offset, value, timeNs, ops }, () => {
    const says = held.map(({ read, record }) => ({
      read,
      text: record
        ? `${valueName(record.value)}${record.epoch < 0 ? '' : ` of epoch ${record.epoch}`}`
        : 'no record',
    }));
    return {
      ops,
      proof: says.map(({ read, text }) => ({
        op: read.op,
        process: -1,
        timeNs: read.timeNs,
        what: 'replica',
        says: `offset ${offset} on node ${read.node}, high watermark ${read.highWatermark}: ${text}`,
      })),
      explanation: `At the end, offset ${offset} of ${facts.keyText(key)} is below every high watermark (${says.map(({ read }) => `${read.highWatermark} on node ${read.node}`).join(', ')}), and yet its replicas differ: ${says.map(({ read, text }) => `node ${read.node} has ${text}`).join('; ')}.`,
      data: {
        nodes: committed.map((read) => read.node),
        values: held.map(({ record }) => record?.value ?? -1),
      },
    };
  });
}
