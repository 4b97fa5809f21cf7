/** Changes of what nodes answer to probes: a second leader for a while, a watermark set back. */
import { sec } from '../../analysis/index.js';
import { F, Kind, NodeState, type Facts, type WorthId } from '../../model/index.js';
import { grouped, sample, type About, type Place, type WorthKindOf } from './kind.js';

/**
 * For `ms` a second node claims to lead a key in the epoch of its leader. It acknowledges nothing,
 * so only its answers to probes within that time differ, if it was asked at all. It tells no high
 * watermark: as a follower it does not see itself, and as a leader it has none that others know.
 */
export function doubleLeader(ms: 50 | 200 | 1000): WorthKindOf {
  const spanNs = ms * 1e6;
  const id: WorthId = `double-leader-${ms}`;
  return {
    id,
    what: `a second leader in one epoch for ${ms.toLocaleString('en-US')} ms`,
    types: ['split-brain'],
    probesOnly: true,
    places(about, wanted) {
      if (about.survey.views === 0) return 'no node was asked who leads';
      const places: Place[] = [];
      // A key may be without a leader, and a node that is down claims nothing: then once more.
      for (let i = 0; i < 20 * wanted && places.length < wanted; i++) {
        const place = second(about, spanNs);
        if (place) places.push(place);
      }
      return places.length > 0 ? places : 'no key had a leader and another node that was up';
    },
    // Of one epoch, only the first two leaders are named; of two spans, which one was meant is told
    // by the time.
    close: (a, b) => a.epoch === b.epoch || Math.abs(a.timeNs - b.timeNs) < spanNs,
    plant(places) {
      const keys = grouped(places, ({ key }) => key);
      return (batch, edit) => {
        for (let i = 0; i < batch.n; i++) {
          if (batch.kind[i] !== Kind.probe) continue;
          const [f, node, timeNs] = [batch.f[i]!, batch.node[i]!, batch.timeNs[i]!];
          if (f !== F.view && f !== F.watermark) continue;
          for (const place of keys.get(batch.key[i]!) ?? []) {
            if (node !== place.node || timeNs < place.timeNs || timeNs >= place.timeNs + spanNs)
              continue;
            if (f === F.watermark) edit.drop(i);
            else {
              edit.set('peer', i, node);
              edit.set('epoch', i, place.epoch);
            }
          }
        }
      };
    },
    names: (place, { timeNs }) => timeNs >= place.timeNs && timeNs < place.timeNs + spanNs,
  };
}

function second({ run, facts, survey, random }: About, spanNs: number): Place | undefined {
  const { loadNs, healNs, lastNs } = facts.phases;
  const toNs = healNs >= 0 ? healNs : lastNs;
  const key = random.pick([...facts.keys.keys()]);
  const timeNs = Math.floor(random.between(Math.max(0, loadNs), toNs));
  const now = facts.leaders.at(key, timeNs);
  const others = run.nodes.filter((node) => node !== now?.leader && isUp(facts, node, timeNs));
  if (!now || now.leader < 0 || others.length === 0) return undefined;
  // Whoever takes over within the span says so itself, and must not be set back.
  const after = facts.leaders.at(key, timeNs + spanNs);
  if (after?.epoch !== now.epoch || after.leader !== now.leader) return undefined;
  const node = random.pick(others);
  const [from, to] = [sec(timeNs), sec(timeNs + spanNs)];
  return {
    key,
    offset: -1,
    value: -1,
    op: -1,
    order: 0,
    node,
    timeNs,
    epoch: now.epoch,
    why: `no probe of node ${node} was answered between ${from} and ${to}`,
    lack: `probes closer together: a node was asked every ${Math.round(survey.everyNs / 1e6)} ms`,
  };
}

function isUp(facts: Facts, node: number, timeNs: number): boolean {
  const last = facts.faults.nodeStates.findLast((one) => one.node === node && one.timeNs <= timeNs);
  return !last || last.state === NodeState.up;
}

/** In one answer, a leader's high watermark lies below what it had served before in its epoch. */
export const watermarkBack: WorthKindOf = {
  id: 'watermark-back',
  what: 'a high watermark that a leader set back for one answer',
  types: ['watermark-regress'],
  probesOnly: true,
  places({ survey, random }, wanted) {
    const { items } = survey.served;
    if (items.length === 0) return 'no leader was asked twice in one epoch for its high watermark';
    return sample(items.length, wanted, random).map((i): Place => {
      const { key, node, epoch, op, timeNs, order, before } = items[i]!;
      const offset = Math.max(0, before - 1 - random.below(10));
      const about = { key, node, epoch, op, timeNs, order, offset, value: -1 };
      return { ...about, why: 'no checker named it', lack: 'a checker that compares them' };
    });
  },
  // The answer after it is compared with it.
  close: (a, b) => a.epoch === b.epoch && Math.abs(a.order - b.order) < 2,
  plant(places) {
    const byOp = grouped(places, ({ op }) => op);
    return (batch, edit) => {
      for (let i = 0; i < batch.n; i++) {
        if (batch.kind[i] !== Kind.probe || batch.f[i] !== F.watermark) continue;
        for (const { key, node, offset } of byOp.get(batch.op[i]!) ?? [])
          if (key === batch.key[i] && node === batch.node[i]) edit.set('offset', i, offset);
      }
    };
  },
  names: (place, { offset, timeNs }) => offset === place.offset && timeNs === place.timeNs,
};
