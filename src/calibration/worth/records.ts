/** Changes of records: one lost, one missing or two exchanged on a replica, one skipped by a poll. */
import { isAcked, lowerBound, recordAt } from '../../analysis/index.js';
import { F, Kind, type Facts, type ReplicaRead } from '../../model/index.js';
import { grouped, sample, type About, type Place, type WorthKindOf } from './kind.js';

const nowhere = { offset: -1, value: -1, node: -1, op: -1, epoch: -1, order: 0 };
const noReason = { why: 'no checker named it', lack: 'a checker that uses what was read' };
const recordOf = (place: Place): string => `${place.key}/${place.node}/${place.offset}`;

/**
 * The record is gone from every log from the moment of its ack, and its offset is left empty, as
 * when a batch is dropped at recovery or removed by the cleaner. A truncation that later records
 * fill does not look so: they would be acked at the same offsets, and inconsistent-offsets would
 * see that too. So this is the loss with the least evidence; whatever shows it shows the other.
 */
export const lost: WorthKindOf = {
  id: 'lost',
  what: 'an acknowledged record that no later poll, no final read and no replica has',
  types: ['lost-write', 'unseen'],
  places({ facts, random }, wanted) {
    const { writes } = facts;
    const acked: number[] = [];
    for (let w = 0; w < writes.n; w++) if (isAcked(writes, w)) acked.push(w);
    if (acked.length === 0) return 'no write was acknowledged with an offset';
    return sample(acked.length, wanted, random).map((i) => {
      const w = acked[i]!;
      const [key, offset] = [writes.key[w]!, writes.offset[w]!];
      const [value, timeNs] = [writes.value[w]!, writes.completeNs[w]!];
      return { ...nowhere, key, offset, value, timeNs, ...whyLost(facts, key, offset, timeNs) };
    });
  },
  close: () => false,
  plant(places) {
    const byValue = new Map(places.map((place) => [place.value, place]));
    return (batch, edit) => {
      for (let i = 0; i < batch.n; i++) {
        if (batch.kind[i] !== Kind.record) continue;
        const place = byValue.get(batch.value[i]!);
        if (place?.key === batch.key[i] && batch.timeNs[i]! > place!.timeNs) edit.drop(i);
      }
    };
  },
  names: (place, spot) => spot.value === place.value && spot.offset === place.offset,
};

function whyLost(facts: Facts, key: number, offset: number, timeNs: number) {
  const read = facts.finals.keys.get(key);
  const name = facts.keyText(key);
  if (!read?.complete)
    return { why: `${name} had no complete final read`, lack: 'a complete final read' };
  if (offset < read.logStart)
    return {
      why: `the log of ${name} began at offset ${read.logStart} when it was read at the end`,
      lack: 'a final read before retention removed the record',
    };
  if (timeNs > read.invokeNs)
    return {
      why: `it was acknowledged after the final read of ${name} had begun`,
      lack: 'a final read after the last ack',
    };
  return noReason;
}

/** Draws a record of a final read and a node that has had a replica of its key. */
function onReplicas({ facts, survey, random }: About, wanted: number, pair: boolean) {
  const reads = facts.finals.replicas;
  if (reads.length === 0) return 'no replica was read';
  const cells = [...facts.finals.keys.values()].flatMap((read) => {
    const nodes = new Set(survey.replicas.get(read.key));
    for (const one of reads) if (one.key === read.key) nodes.add(one.node);
    return [...nodes].map((node) => ({ read, node, n: Math.max(0, read.n - (pair ? 1 : 0)) }));
  });
  const ends: number[] = [];
  for (const { n } of cells) ends.push((ends.at(-1) ?? 0) + n);
  const total = ends.at(-1) ?? 0;
  if (total === 0) return 'no final read has a record';
  return sample(total, wanted, random).map((at): Place => {
    const c = lowerBound(ends, ends.length, at + 1);
    const { read, node } = cells[c]!;
    const j = at - (ends[c - 1] ?? 0);
    const [key, offset, value] = [read.key, read.offsets[j]!, read.values[j]!];
    const last = read.offsets[pair ? j + 1 : j]!;
    const about = { key, offset, value, node, timeNs: read.timeNs, order: j };
    return { ...nowhere, ...about, ...whyReplica(facts, reads, key, node, last) };
  });
}

const end = (read: ReplicaRead): number => Math.min(read.highWatermark, read.reached);

function whyReplica(
  facts: Facts,
  all: readonly ReplicaRead[],
  key: number,
  node: number,
  offset: number,
) {
  const name = facts.keyText(key);
  const reads = all.filter((read) => read.key === key);
  const own = reads.find((read) => read.node === node);
  const lack = 'reads of every replica to the end';
  if (!own) return { why: `the log of ${name} on node ${node} was not read`, lack };
  if (offset >= end(own) || !recordAt(own, offset))
    return {
      why: `the log of ${name} on node ${node} was read up to offset ${end(own)} only`,
      lack,
    };
  const others = reads.filter((read) => read !== own && recordAt(read, offset));
  if (others.length === 0)
    return { why: `no other replica of ${name} was read at offset ${offset}`, lack };
  return noReason;
}

export const missingReplica: WorthKindOf = {
  id: 'missing-replica',
  what: 'a record that one replica does not have',
  types: ['replica-divergence'],
  places: (about, wanted) => onReplicas(about, wanted, false),
  // Several on one offset are named as one.
  close: (a, b) => a.offset === b.offset,
  plant(places) {
    const gone = new Set(places.map(recordOf));
    return (batch, edit) => {
      for (let i = 0; i < batch.n; i++) {
        if (batch.kind[i] !== Kind.record || batch.f[i] !== F.replica) continue;
        if (gone.has(`${batch.key[i]!}/${batch.node[i]!}/${batch.offset[i]!}`)) edit.drop(i);
      }
    };
  },
  names: (place, spot) => spot.offset === place.offset,
};

/** Two neighbours: a record's epoch stays where it was, so only the values tell. */
export const swappedReplica: WorthKindOf = {
  id: 'swapped-replica',
  what: 'two neighbouring records exchanged on one replica',
  types: ['replica-divergence', 'inconsistent-offsets', 'duplicate'],
  places: (about, wanted) => onReplicas(about, wanted, true),
  close: (a, b) => Math.abs(a.order - b.order) < 3,
  plant(places) {
    const first = new Set(places.map(recordOf));
    return (batch, edit) => {
      for (let i = 0; i + 1 < batch.n; i++) {
        if (batch.kind[i] !== Kind.record || batch.f[i] !== F.replica) continue;
        if (batch.op[i + 1] !== batch.op[i]) continue;
        if (!first.has(`${batch.key[i]!}/${batch.node[i]!}/${batch.offset[i]!}`)) continue;
        edit.set('value', i, batch.value[i + 1]!);
        edit.set('value', i + 1, batch.value[i]!);
      }
    };
  },
  names: (place, spot) => spot.offset === place.offset || spot.value === place.value,
};

export const pollSkip: WorthKindOf = {
  id: 'poll-skip',
  what: 'a record that one poll left out',
  types: ['poll-skip', 'int-poll-skip'],
  places({ facts, survey, random }) {
    if (survey.polled.seen === 0) return 'no poll returned a record';
    return random.shuffle(survey.polled.items).map(({ process, last, ...record }): Place => {
      const reason = whySkipped(facts, record.key, record.offset, last, process);
      return { ...nowhere, ...record, epoch: process, ...reason };
    });
  },
  // One gap that spans both is named once, and so are those of two readers at one offset.
  close: (a, b) =>
    a.offset === b.offset || (a.epoch === b.epoch && Math.abs(a.order - b.order) < 2),
  plant(places) {
    const byOp = grouped(places, ({ op }) => op);
    return (batch, edit) => {
      for (let i = 0; i < batch.n; i++) {
        if (batch.kind[i] !== Kind.record || batch.f[i] !== F.poll) continue;
        const here = byOp.get(batch.op[i]!);
        if (here?.some(({ offset }) => offset === batch.offset[i])) edit.drop(i);
      }
    };
  },
  names: (place, spot) => spot.offset === place.offset,
};

function whySkipped(facts: Facts, key: number, offset: number, last: boolean, process: number) {
  const read = facts.finals.keys.get(key);
  const name = facts.keyText(key);
  if (read && offset < read.logStart)
    return {
      why: `the log of ${name} began at offset ${read.logStart} when it was read at the end`,
      lack: 'a final read before retention removed the record',
    };
  if (last)
    return {
      why: `it was the last record of its poll, and no poll of process ${process} that went on from there returned one`,
      lack: 'a later poll that goes on from that one',
    };
  return noReason;
}
