/**
 * A node named an older leader epoch of a key (or of the metadata quorum) than it had named before,
 * within one incarnation of its process. Another node's older view proves nothing, nor does one
 * from before a restart.
 */
import { keyKind, num, rowsOf, sec } from '../src/analysis/index.js';
import { F, Kind, NodeState, type Batch, type Checker, type Facts } from '../src/model/index.js';

interface Named {
  epoch: number;
  timeNs: number;
  probe: number;
}
interface State {
  facts: Facts;
  /** Every restart is in the history; else a silence may have been one. */
  told: boolean;
  /** Node -> key (-1 the quorum) -> what it named last. */
  named: Map<number, Map<number, Named>>;
  /** Node -> since when its process runs; answers from before are another one's. */
  sinceNs: Map<number, number>;
  found: { key: number; node: number; before: Named; after: Named }[];
  checked: number;
}

const checker: Checker<State> = {
  meta: {
    id: 'epoch-regress',
    help: 'an epoch that one node named went back',
    anomalies: ['epoch-regress'],
    facts: [],
    shard: 'whole',
  },
  start: (run, facts) => ({
    facts,
    told: run.evidence.incarnations === true,
    named: new Map(),
    sinceNs: new Map(),
    found: [],
    checked: 0,
  }),
  step(state, batch) {
    for (const i of rowsOf(batch).others) {
      const [kind, f] = [batch.kind[i]!, batch.f[i]!];
      if (kind === Kind.fault && f === F.node) restart(state, batch, i);
      else if (kind !== Kind.probe) continue;
      else if (f === F.view || f === F.quorum) look(state, batch, i);
      else if (f === F.silent && !state.told) state.named.delete(batch.node[i]!);
    }
  },
  finish({ facts, found, checked }, emit) {
    for (const { key, node, before, after } of found) {
      const { timeNs } = after;
      const ops = [before.probe, after.probe];
      emit({ type: 'epoch-regress', key, offset: -1, value: -1, timeNs, ops }, () => {
        const what = keyKind(facts, key);
        return {
          ops,
          proof: [before, after].map((one) => ({
            op: one.probe,
            process: -1,
            timeNs: one.timeNs,
            what: 'probe',
            says: `node ${node} names epoch ${one.epoch} of ${what}`,
          })),
          explanation: `Node ${node} named epoch ${before.epoch} of ${what} at ${sec(before.timeNs)} and epoch ${after.epoch} at ${sec(timeNs)}. Its process was the same all the while.`,
          data: { node, before: before.epoch, after: after.epoch },
        };
      });
    }
    if (checked === 0) return { notApplicable: 'no node named an epoch' };
    return { checked, what: `${num(checked)} epochs that nodes named` };
  },
};
export default checker;

function restart(state: State, batch: Batch, i: number): void {
  const node = batch.node[i]!;
  // A process that was paused goes on as the same one, so only what ends or begins one counts.
  const code = batch.code[i]!;
  if (code !== NodeState.down && code !== NodeState.starting) return;
  state.sinceNs.set(node, batch.timeNs[i]!);
  state.named.delete(node);
}

/** Longer than a round of probes lasts: an answer is dated when its round's last part has come. */
const roundNs = 1e9;

function look(state: State, batch: Batch, i: number): void {
  const [node, key, epoch] = [batch.node[i]!, batch.key[i]!, batch.epoch[i]!];
  const timeNs = batch.timeNs[i]!;
  if (epoch < 0 || timeNs < (state.sinceNs.get(node) ?? -Infinity) + roundNs) return;
  state.checked++;
  let keys = state.named.get(node);
  if (!keys) state.named.set(node, (keys = new Map<number, Named>()));
  const before = keys.get(key);
  const after = { epoch, timeNs, probe: batch.op[i]! };
  // Rows of one probe may be written in another order than their answers came.
  if (before && timeNs <= before.timeNs) return;
  if (before && epoch < before.epoch) state.found.push({ key, node, before, after });
  keys.set(key, after);
}
