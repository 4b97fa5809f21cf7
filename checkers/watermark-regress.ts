/**
 * A high watermark went back: as served by the node that leads that epoch, within one epoch; or the
 * final one lies below one that a leader had served. A new leader's may be lower for a while
 * (KIP-207), and so may a follower's.
 */
import { num, rowsOf, sec } from '../src/analysis/index.js';
import { F, Kind, type Checker, type Emit, type Facts } from '../src/model/index.js';

interface Served {
  node: number;
  epoch: number;
  highWatermark: number;
  timeNs: number;
  probe: number;
}
interface State {
  facts: Facts;
  /** `key/epoch` -> what its leader served last. */
  last: Map<string, Served>;
  /** Key -> the highest that any leader served. */
  highest: Map<number, Served>;
  found: { key: number; before: Served; after: Served }[];
  checked: number;
}

const checker: Checker<State> = {
  meta: {
    id: 'watermark-regress',
    help: 'a high watermark that a leader served went back',
    anomalies: ['watermark-regress'],
    facts: ['finals'],
    shard: 'key',
  },
  start: (_run, facts) => ({
    facts,
    last: new Map(),
    highest: new Map(),
    found: [],
    checked: 0,
  }),
  step(state, batch) {
    for (const i of rowsOf(batch).others) {
      if (batch.kind[i] !== Kind.probe || batch.f[i] !== F.watermark) continue;
      const [key, node, epoch] = [batch.key[i]!, batch.node[i]!, batch.epoch[i]!];
      const highWatermark = batch.offset[i]!;
      if (batch.peer[i] !== node || epoch < 0 || highWatermark < 0) continue;
      state.checked++;
      const name = `${key}/${epoch}`;
      const served = { node, epoch, highWatermark, timeNs: batch.timeNs[i]!, probe: batch.op[i]! };
      const before = state.last.get(name);
      if (before && served.timeNs <= before.timeNs) continue;
      if (before?.node === node && highWatermark < before.highWatermark)
        state.found.push({ key, before, after: served });
      state.last.set(name, served);
      if (highWatermark > (state.highest.get(key)?.highWatermark ?? -1))
        state.highest.set(key, served);
    }
  },
  finish({ facts, found, highest, checked }, emit) {
    for (const { key, before, after } of found) fell(facts, key, before, after, emit);
    for (const [key, served] of highest) final(facts, key, served, emit);
    if (checked === 0) return { notApplicable: 'no leader told its high watermark' };
    return { checked, what: `${num(checked)} high watermarks that leaders served` };
  },
};
export default checker;

const step = (served: Served) => ({
  op: served.probe,
  process: -1,
  timeNs: served.timeNs,
  what: 'probe',
  says: `node ${served.node}, leader in epoch ${served.epoch}: high watermark ${served.highWatermark}`,
});

function fell(facts: Facts, key: number, before: Served, after: Served, emit: Emit): void {
  const { timeNs, highWatermark: offset } = after;
  const ops = [before.probe, after.probe];
  emit({ type: 'watermark-regress', key, offset, value: -1, timeNs, ops }, () => ({
    ops,
    proof: [step(before), step(after)],
    explanation: `Node ${after.node}, leader of ${facts.keyText(key)} in epoch ${after.epoch}, served the high watermark ${before.highWatermark} at ${sec(before.timeNs)} and, in the same epoch, ${offset} at ${sec(timeNs)}.`,
    data: { node: after.node, epoch: after.epoch, before: before.highWatermark, after: offset },
  }));
}

function final(facts: Facts, key: number, served: Served, emit: Emit): void {
  const read = facts.finals.keys.get(key);
  // What was served after the read began may be of a write that took effect late.
  if (!read?.complete || served.timeNs > read.invokeNs) return;
  if (read.highWatermark >= served.highWatermark) return;
  const { timeNs, highWatermark: offset } = read;
  const ops = [served.probe, read.op];
  emit({ type: 'watermark-regress', key, offset, value: -1, timeNs, ops }, () => ({
    ops,
    proof: [
      step(served),
      {
        op: read.op,
        process: -1,
        timeNs,
        what: 'final',
        says: `high watermark ${offset}`,
      },
    ],
    explanation: `Node ${served.node}, leader of ${facts.keyText(key)} in epoch ${served.epoch}, served the high watermark ${served.highWatermark} at ${sec(served.timeNs)}. The final read of the key, after all was healed, was told ${offset}.`,
    data: { node: served.node, epoch: served.epoch, before: served.highWatermark, after: offset },
  }));
}
