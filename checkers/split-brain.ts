/**
 * Two different nodes were named leader for one key and epoch; or one offset was acked by two nodes
 * for different values. A leader of -1 claims nothing, and a stale leader that acked nothing is
 * shown on the timeline and is no anomaly.
 */
import { num, rowsOf, sec, sightStep } from '../src/analysis/index.js';
import {
  F,
  Kind,
  type Checker,
  type Claim,
  type Emit,
  type Facts,
  type ProofStep,
  type Sight,
} from '../src/model/index.js';

/** The first and the last time that somebody named this leader of a key in an epoch. */
interface Named {
  leader: number;
  by: number;
  probe: number;
  fromNs: number;
  toNs: number;
}
interface State {
  facts: Facts;
  /** `key/epoch` -> the leaders named. */
  named: Map<string, { key: number; epoch: number; leaders: Named[] }>;
  checked: number;
}

const checker: Checker<State> = {
  meta: {
    id: 'split-brain',
    help: 'two leaders in one epoch, or one offset acked by two nodes for different values',
    anomalies: ['split-brain'],
    facts: ['writes', 'log', 'leaders'],
    shard: 'key',
  },
  start: (_run, facts) => ({ facts, named: new Map(), checked: 0 }),
  step(state, batch) {
    for (const i of rowsOf(batch).others) {
      if (batch.kind[i] !== Kind.probe || batch.f[i] !== F.view) continue;
      state.checked++;
      const [key, epoch, leader] = [batch.key[i]!, batch.epoch[i]!, batch.peer[i]!];
      if (leader < 0 || epoch < 0) continue;
      const name = `${key}/${epoch}`;
      let term = state.named.get(name);
      if (!term) state.named.set(name, (term = { key, epoch, leaders: [] }));
      const [by, probe, timeNs] = [batch.node[i]!, batch.op[i]!, batch.timeNs[i]!];
      const same = term.leaders.find((one) => one.leader === leader);
      if (same) same.toNs = Math.max(same.toNs, timeNs);
      else term.leaders.push({ leader, by, probe, fromNs: timeNs, toNs: timeNs });
    }
  },
  finish({ facts, named, checked }, emit) {
    for (const { key, epoch, leaders } of named.values()) {
      const [first, second] = leaders;
      if (first && second) oneEpoch(facts, key, epoch, first, second, emit);
    }
    for (const pair of pairs(facts)) twoAcks(facts, pair, emit);
    let acks = 0;
    for (let w = 0; w < facts.writes.n; w++) if (facts.writes.offset[w]! >= 0) acks++;
    if (checked === 0 && acks === 0)
      return { notApplicable: 'no node named a leader and no write was acknowledged' };
    return {
      checked: checked + acks,
      what: `${num(checked)} views of nodes and ${num(acks)} acks`,
    };
  },
};
export default checker;

function oneEpoch(
  facts: Facts,
  key: number,
  epoch: number,
  first: Named,
  second: Named,
  emit: Emit,
): void {
  const timeNs = second.fromNs;
  const ops = [first.probe, second.probe];
  emit({ type: 'split-brain', key, offset: -1, value: -1, timeNs, ops }, () => ({
    ops,
    proof: [first, second].map((one) => ({
      op: one.probe,
      process: -1,
      timeNs: one.fromNs,
      what: 'probe',
      says: `node ${one.by} names node ${one.leader} leader in epoch ${epoch}`,
    })),
    explanation: `Two nodes were named leader of ${facts.keyText(key)} in epoch ${epoch}: node ${first.leader} (by node ${first.by} at ${sec(first.fromNs)}) and node ${second.leader} (by node ${second.by} at ${sec(second.fromNs)}).`,
    spanNs: [second.fromNs, Math.max(second.fromNs, Math.min(first.toNs, second.toNs))],
    data: { epoch, nodes: [first.leader, second.leader] },
  }));
}

interface Pair {
  key: number;
  /** The acks of the first offset. */
  a: Sight;
  b: Sight;
  offsets: number[];
  fromNs: number;
  toNs: number;
}

/** Offsets acked twice by two nodes for different values; those of two leaderships are one pair. */
function pairs({ log, leaders }: Facts): Pair[] {
  const found = new Map<string, Pair>();
  for (const { key, offset } of log.conflicts) {
    const acks = log.at(key, offset).filter((sight) => sight.by === 'ack' && sight.node >= 0);
    const a = acks[0];
    const b = acks.find((sight) => sight.node !== a?.node);
    if (!a || !b) continue;
    const claim = (sight: Sight): number =>
      leaders.claimOf(sight.node, key, sight.timeNs)?.fromNs ?? -1;
    const name = `${key}/${a.node}@${claim(a)}/${b.node}@${claim(b)}`;
    const pair = found.get(name) ?? { key, a, b, offsets: [], fromNs: Infinity, toNs: -Infinity };
    found.set(name, pair);
    pair.offsets.push(offset);
    pair.fromNs = Math.min(pair.fromNs, a.timeNs, b.timeNs);
    pair.toNs = Math.max(pair.toNs, a.timeNs, b.timeNs);
  }
  return [...found.values()];
}

function twoAcks(facts: Facts, pair: Pair, emit: Emit): void {
  const { key, a, b, offsets } = pair;
  const { offset, value } = a;
  const ops = [a.op, b.op];
  const both = overlap(facts, key, a, b);
  const timeNs = b.timeNs;
  emit({ type: 'split-brain', key, offset, value, timeNs, ops }, () => {
    const name = facts.keyText(key);
    const node = (sight: Sight): string =>
      `node ${sight.node}${sight.epoch < 0 ? '' : ` (epoch ${sight.epoch})`}`;
    const led = both
      ? `From ${sec(both.spanNs[0])} to ${sec(both.spanNs[1])} both ${node(a)} and ${node(b)} said that they lead ${name}, and both acknowledged`
      : `${node(a)} and ${node(b)} both acknowledged`;
    const more =
      offsets.length > 1 ? ` The same holds for ${num(offsets.length - 1)} more offsets.` : '';
    const steps = [...(both?.steps ?? []), sightStep(a), sightStep(b)];
    return {
      ops,
      proof: steps.sort((x, y) => x.timeNs - y.timeNs),
      explanation: `${led.charAt(0).toUpperCase()}${led.slice(1)} a write to ${both ? 'it' : name} at offset ${offset}: ${sightStep(a).says.replace(/^offset \d+: /, '')} at ${sec(a.timeNs)}, and ${sightStep(b).says.replace(/^offset \d+: /, '')} at ${sec(b.timeNs)}.${more}`,
      spanNs: both?.spanNs ?? [pair.fromNs, pair.toNs],
      data: { nodes: [a.node, b.node], epochs: [a.epoch, b.epoch], offsets: offsets.length },
    };
  });
}

/** When both said that they lead, if they did at one time. */
function overlap(
  facts: Facts,
  key: number,
  a: Sight,
  b: Sight,
): { spanNs: [number, number]; steps: ProofStep[] } | undefined {
  const ofKey = facts.leaders.claims.filter((claim) => claim.key === key);
  const of = (sight: Sight): readonly Claim[] => ofKey.filter((claim) => claim.node === sight.node);
  for (const first of of(a)) {
    for (const second of of(b)) {
      const spanNs: [number, number] = [
        Math.max(first.fromNs, second.fromNs),
        Math.min(first.toNs, second.toNs),
      ];
      if (spanNs[0] >= spanNs[1] || first.epoch === second.epoch) continue;
      if (!around(first, a) && !around(second, b)) continue;
      const steps = [first, second].map((claim) => ({
        op: -1,
        process: -1,
        timeNs: claim.fromNs,
        what: 'probe',
        says: `node ${claim.node} says that it leads in epoch ${claim.epoch}`,
      }));
      return { spanNs, steps };
    }
  }
  return undefined;
}
const around = (claim: Claim, { timeNs }: Sight): boolean =>
  claim.fromNs <= timeNs && timeNs <= claim.toNs;
