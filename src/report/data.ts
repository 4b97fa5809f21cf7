/** What the page's script needs of a run, small enough to travel inside the page. */
import { F, Kind, NodeState, keyName } from '../model/index.js';
import type { Batch, Case, Facts, FaultSpan, Proof, RunInfo, Verdict } from '../model/index.js';
import { collectOps } from './data-ops.js';
import type { OpTable, Polled } from './data-ops.js';
import { pageCase } from './data-cases.js';
import { readSends } from './data-imported.js';
import { packOps } from './data-pack.js';
import type { PageData, PageFault, PageProof } from './page/types.js';

export type { PageData } from './page/types.js';
export type { OpTable } from './data-ops.js';
export { numberedSteps, pointsOf, type Point } from './data-cases.js';

export interface PageSource {
  run: RunInfo;
  facts: Facts;
  /** Without one the page shows no anomaly. */
  verdict?: Verdict;
  batches: Iterable<Batch>;
  /** Ops that travel one by one; default 200,000. */
  limit?: number;
}

const overviewBins = 240;
const sec = (ns: number): number => (ns < 0 ? -1 : ns / 1e9);
/** Six digits of a second are what a person can use, and what the packed columns hold. */
const us = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;
const at = (ns: number): number => us(sec(ns));

/** Reads the batches once; for callers that draw more from the same pass. */
export function extractPage(source: PageSource): { data: PageData; ops: OpTable } {
  const { run, verdict } = source;
  const { ops, polled } = collectOps(run, source.batches, witnessOps(verdict));
  return { data: pageData(source, ops, polled), ops };
}
export const extractPageData = (source: PageSource): PageData => extractPage(source).data;

function pageData(source: PageSource, ops: OpTable, polled: Polled): PageData {
  const { run, facts, verdict } = source;
  const load = sec(facts.phases.loadNs);
  const last = Math.max(ops.last, sec(facts.phases.lastNs), 0.001);
  const first = ops.n > 0 ? ops.t0[0]! : last;
  // The cluster's start is not of the run: the picture begins with the load.
  const begin = Math.min(load >= 0 ? load : first, first);
  const end = Math.max(last, begin + 0.001);
  const faults = facts.faults.spans.map((span) => pageFault(span, end));
  const cases = (verdict?.cases ?? [])
    .filter((one) => one.permitted === undefined)
    .filter((one) => one.partOf === undefined || one.type === 'split-brain')
    .map((one) => pageCase(one, facts, ops));
  const open = opening(begin, end, cases, faults);
  return {
    version: 1,
    imported: run.origin === 'imported',
    begin: us(begin),
    end: us(end),
    phases: { load, heal: sec(facts.phases.healNs), final: sec(facts.phases.finalNs) },
    startedAt: run.startedAt,
    concurrency: run.concurrency,
    keys: nameKeys(run, facts),
    nodes: [...run.nodes],
    clients: replacements(run, ops),
    counts: countOps(ops),
    ...packOps(ops, { begin, end, cases, faults }, source.limit),
    errors: ops.errors,
    overview: overview(ops, begin, end),
    faults,
    nodeStates: nodeStates(facts, ops, begin, end),
    probed: ops.probed.map((p) => ({ node: p.node, t0: us(p.t0), t1: us(p.t1) })),
    claims: facts.leaders.claims.map(({ node, key, epoch, fromNs, toNs }) => {
      return { node, key, epoch, t0: at(fromNs), t1: at(toNs) };
    }),
    leaders: leaderSteps(facts, ops, end),
    overlaps: overlaps(facts, verdict, ops),
    cases,
    seen: facts.ops ? readSends(facts) : seenAfterAll(facts, ops),
    finals: [...facts.finals.keys.values()].map(({ key, op, reached, highWatermark }) => {
      return { key, op, reached, highWatermark };
    }),
    polled: Object.fromEntries(polled),
    open,
  };
}

function nameKeys(run: RunInfo, facts: Facts): string[] {
  const names: string[] = [];
  for (const key of [...run.keys, ...facts.keys]) names[key.key] = keyName(key);
  return Array.from(names, (name, key) => (name as string | undefined) ?? `key ${key}`);
}

const witnessOps = (verdict: Verdict | undefined): Set<number> =>
  new Set(verdict?.cases.flatMap((one) => one.anomalies.slice(0, 20).flatMap(({ ops }) => ops)));

const pageProof = (proof: Proof): PageProof => ({
  state: proof.state,
  t: at(proof.timeNs),
  by: proof.by,
});
function pageFault(span: FaultSpan, end: number): PageFault {
  const { id, nemesis, kind, title, what, nodes, keys, inForce, gone, refused } = span;
  return {
    ...{ id, nemesis, kind, title, what, nodes, keys },
    t0: at(span.startNs),
    t1: us(span.healedNs >= 0 ? sec(span.healedNs) : end),
    healed: span.healedNs >= 0,
    ...(inForce && { inForce: pageProof(inForce) }),
    ...(gone && { gone: pageProof(gone) }),
    cuts: span.cuts.map(([a, b]) => [at(a), us(b < 0 ? end : sec(b))]),
    ...(refused !== undefined && { refused }),
  };
}

function replacements(run: RunInfo, ops: OpTable): PageData['clients'] {
  const clients: PageData['clients'] = [];
  for (let worker = 0; worker < run.concurrency; worker++) clients.push({ worker, processes: [] });
  for (let i = 0; i < ops.n; i++) {
    const list = clients[ops.worker[i]!]?.processes;
    if (list && list.at(-1)?.[0] !== ops.process[i]) list.push([ops.process[i]!, us(ops.t0[i]!)]);
  }
  return clients;
}

const outOf = (kind: number): 'ok' | 'fail' | 'info' =>
  kind === Kind.ok ? 'ok' : kind === Kind.fail ? 'fail' : 'info';
function countOps(ops: OpTable): PageData['counts'] {
  const counts = { ok: 0, fail: 0, info: 0, send: 0, poll: 0 };
  for (let i = 0; i < ops.n; i++) {
    if (ops.worker[i]! < 0 || ops.f[i] === F.other) continue;
    counts[outOf(ops.out[i]!)]++;
    if (ops.f[i] === F.send) counts.send++;
    else counts.poll++;
  }
  return counts;
}

function overview(ops: OpTable, begin: number, end: number): PageData['overview'] {
  const zeros = (): number[] => new Array<number>(overviewBins).fill(0);
  const bins = { ok: zeros(), fail: zeros(), info: zeros() };
  for (let i = 0; i < ops.n; i++) {
    if (ops.worker[i]! < 0) continue;
    const k = Math.floor(((ops.t1[i]! - begin) / (end - begin)) * overviewBins);
    bins[outOf(ops.out[i]!)][Math.max(0, Math.min(overviewBins - 1, k))]!++;
  }
  return bins;
}

const stateNames = new Map<number, 'down' | 'starting' | 'up' | 'paused'>([
  [NodeState.down, 'down'],
  [NodeState.starting, 'starting'],
  [NodeState.up, 'up'],
  [NodeState.paused, 'paused'],
]);
/** Each state lasts until the node's next one. Silence lies over `up`. */
function nodeStates(
  facts: Facts,
  ops: OpTable,
  begin: number,
  end: number,
): PageData['nodeStates'] {
  const spans: PageData['nodeStates'] = [];
  const open = new Map<number, PageData['nodeStates'][number]>();
  for (const { node, state, timeNs } of facts.faults.nodeStates) {
    const name = stateNames.get(state);
    const before = open.get(node);
    if (before) before.t1 = at(timeNs);
    if (!name) continue;
    const span = { node, state: name, t0: at(timeNs), t1: us(end) };
    open.set(node, span);
    spans.push(span);
  }
  // A node that answers probes is up, also where nobody recorded its start (an external cluster).
  for (const { node, t1 } of ops.probed) {
    const first = spans.find((span) => span.node === node)?.t0;
    if (first === undefined) spans.push({ node, state: 'up', t0: us(begin), t1: us(t1) });
    else if (first > begin) spans.push({ node, state: 'up', t0: us(begin), t1: first });
  }
  // Where it is known to be down or paused, silence says nothing more.
  const still = spans.filter((span) => span.state !== 'up').sort((a, b) => a.t0 - b.t0);
  for (const { node, t0, t1 } of ops.silent) {
    let from = t0;
    for (const span of still) {
      if (span.node !== node || span.t1 <= from || span.t0 >= t1) continue;
      if (span.t0 > from) spans.push({ node, state: 'silent', t0: us(from), t1: span.t0 });
      from = span.t1;
    }
    if (from < t1) spans.push({ node, state: 'silent', t0: us(from), t1: us(t1) });
  }
  return spans.filter((span) => span.t1 >= begin);
}

/** A leader lasts until the next change, the last one until the last probe. */
function leaderSteps(facts: Facts, ops: OpTable, end: number): PageData['leaders'] {
  const lastProbe = ops.probed.reduce((t, p) => Math.max(t, p.t1), 0);
  const steps: PageData['leaders'] = [];
  const open = new Map<number, PageData['leaders'][number]>();
  for (const { key, leader, epoch, timeNs } of facts.leaders.changes) {
    const before = open.get(key);
    if (before) before.t1 = at(timeNs);
    const t0 = at(timeNs);
    const step = { key, node: leader, epoch, t0, t1: us(lastProbe > t0 ? lastProbe : end) };
    open.set(key, step);
    steps.push(step);
  }
  return steps;
}

function overlaps(facts: Facts, verdict: Verdict | undefined, ops: OpTable): PageData['overlaps'] {
  const byKey = new Map<number, Facts['leaders']['claims'][number][]>();
  for (const claim of facts.leaders.claims) {
    const list = byKey.get(claim.key);
    if (list) list.push(claim);
    else byKey.set(claim.key, [claim]);
  }
  const found: PageData['overlaps'] = [];
  for (const [key, claims] of byKey) {
    claims.sort((a, b) => a.fromNs - b.fromNs);
    for (let i = 0; i < claims.length; i++) {
      for (let j = i + 1; j < claims.length && claims[j]!.fromNs < claims[i]!.toNs; j++) {
        const [a, b] = [claims[i]!, claims[j]!];
        if (a.node === b.node) continue;
        const [old, young] = a.epoch <= b.epoch ? [a, b] : [b, a];
        const t0 = sec(Math.max(a.fromNs, b.fromNs));
        const t1 = sec(Math.min(a.toNs, b.toNs));
        if (t1 > t0)
          found.push({
            key,
            t0: us(t0),
            t1: us(t1),
            old: { node: old.node, epoch: old.epoch },
            young: { node: young.node, epoch: young.epoch },
            bad: splits(verdict, key, t0, t1) || bothAcked(ops, key, old.node, young.node, t0, t1),
          });
      }
    }
  }
  return found.sort((a, b) => a.t0 - b.t0);
}
const splits = (verdict: Verdict | undefined, key: number, t0: number, t1: number): boolean =>
  verdict?.cases.some(
    (one: Case) =>
      one.type === 'split-brain' &&
      one.keys.includes(key) &&
      sec(one.spanNs[0]) <= t1 &&
      sec(one.spanNs[1]) >= t0,
  ) ?? false;
/** Sends invoked after the overlap began: an earlier one may have been written before it. */
function bothAcked(
  ops: OpTable,
  key: number,
  old: number,
  young: number,
  t0: number,
  t1: number,
): boolean {
  let byOld = false;
  let byYoung = false;
  for (let i = 0; i < ops.n && ops.t0[i]! <= t1; i++) {
    if (ops.t0[i]! < t0 || ops.key[i] !== key || ops.f[i] !== F.send || ops.out[i] !== Kind.ok)
      continue;
    if (ops.node[i] === old) byOld = true;
    if (ops.node[i] === young) byYoung = true;
  }
  return byOld && byYoung;
}

function seenAfterAll({ writes, finals, log }: Facts, ops: OpTable): PageData['seen'] {
  const seen: PageData['seen'] = [];
  for (let i = 0; i < writes.n && seen.length < 20_000; i++) {
    if (writes.outcome[i] === Kind.ok || ops.rowOf(writes.op[i]!) < 0) continue;
    const key = writes.key[i]!;
    const readBy = log.polledBy[i]!;
    const at = finals.find(key, writes.value[i]!);
    const offset = at >= 0 ? (finals.keys.get(key)?.offsets[at] ?? -1) : -1;
    if (readBy >= 0 || offset >= 0) seen.push({ op: writes.op[i]!, readBy, offset });
  }
  return seen;
}

/** On the first anomaly: 1.5 s before its fault to 1.5 s after its last evidence; else the whole. */
function opening(
  begin: number,
  end: number,
  cases: readonly PageData['cases'][number][],
  faults: readonly PageFault[],
): [number, number] {
  const first = cases[0];
  if (!first) return [us(begin), us(end)];
  const fault = faults.find((f) => first.faults.includes(f.id));
  const from = Math.min(fault?.t0 ?? first.t0, first.t0);
  const to = Math.max(first.t1, fault && fault.t1 < first.t0 + 20 ? fault.t1 : 0);
  const t0 = Math.max(begin, from - 1.5);
  // A final read may be evidence; a view from the fault to the end of a long run shows nothing.
  return [us(t0), us(Math.min(end, to + 1.5, t0 + 40))];
}
