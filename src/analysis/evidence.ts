/** Why a run is unknown, and what a valid verdict lacks. No evidence is no pass. */
import {
  Kind,
  type AtRisk,
  type CheckerResult,
  type Facts,
  type FaultSpan,
  type RunInfo,
  type Stats,
  type Verdict,
} from '../model/index.js';
import { finalGaps, replicaGap } from './final-gaps.js';
import type { StatsTable } from './stats.js';
import { list, num, plural, sec } from './words.js';
import { isAcked } from './writes.js';

export interface Evidence {
  run: RunInfo;
  facts: Facts;
  stats: Stats;
  table: StatsTable;
  truncated: boolean;
}

/** Why a fault's evidence does not suffice; undefined: it does. */
function faultGap(span: FaultSpan): string | undefined {
  const name = `fault ${span.id}`;
  if (span.refused !== undefined) return `${name} could not be applied: ${span.refused}`;
  const by = (text: string | undefined): string => (text ? `: ${text}` : '');
  if (span.inForce === undefined || span.inForce.state === 'unproven')
    return `${name} was not seen to take hold${by(span.inForce?.by)}`;
  if (span.healedNs < 0) return `${name} was never healed${by(span.gone?.by)}`;
  if (span.gone === undefined || span.gone.state === 'unproven')
    return `${name} was not seen to be gone${by(span.gone?.by)}`;
  return undefined;
}

export function countFaults({ faults }: Facts): Verdict['faults'] {
  const unproven = faults.spans.filter((span) => faultGap(span) !== undefined);
  const moot = faults.spans.filter(
    (span) =>
      !unproven.includes(span) &&
      [span.inForce, span.gone].some((proof) => proof?.state === 'moot'),
  );
  return {
    total: faults.spans.length,
    proven: faults.spans.length - unproven.length - moot.length,
    unproven: unproven.map((span) => span.id),
    moot: moot.map((span) => span.id),
  };
}

/** One fault that nobody could look at is no gap; if it is so with all, nothing is known to have broken. */
function noFaultSeen({ faults }: Facts): string[] {
  const { spans } = faults;
  if (spans.length === 0 || !spans.every((span) => span.inForce?.state === 'moot')) return [];
  const [first] = spans;
  return [
    `no fault was seen in force: ${spans.length === 1 ? 'the only one' : `each of ${spans.length}`} could not be looked at: ${first!.inForce!.by}`,
  ];
}

/** Nodes that were seen at any time not to use their links; each way once. */
const routeGaps = ({ faults }: Facts): string[] =>
  [...new Map(faults.routes.map((route) => [`${route.node}/${route.proof.by}`, route])).values()]
    .filter(({ proof }) => proof.state === 'unproven')
    .map(({ node, proof }) => `node ${node} was not seen to use its links only: ${proof.by}`);

/** Whole sentences without a full stop, the gravest first. */
export function reasonsOf({ run, facts, stats, table, truncated }: Evidence): string[] {
  const reasons: string[] = [];
  if (run.ended === undefined) reasons.push('the run did not end: its tester was stopped');
  else if (run.ended.how === 'interrupted') reasons.push('the run was interrupted');
  else if (run.ended.how === 'failed')
    reasons.push(`the run failed: ${run.ended.why ?? 'no reason was given'}`);
  if (truncated)
    reasons.push(`the history was cut: what came after ${sec(facts.phases.lastNs)} is missing`);
  for (const span of facts.faults.spans) {
    const gap = faultGap(span);
    if (gap !== undefined) reasons.push(gap);
  }
  reasons.push(...noFaultSeen(facts));
  reasons.push(...routeGaps(facts));
  if (facts.ops) return [...reasons, ...clientGaps(facts, stats)];
  if (run.acks === 0)
    reasons.push('with acks=0 no write is acknowledged, so none can be said to be kept');
  else if (stats.ackedValues === 0) reasons.push('no write was acknowledged');
  if (stats.polledRecords + stats.finalRecords === 0) reasons.push('no record was read');
  if (run.evidence.finalReads) reasons.push(...finalGaps(run, facts));
  if (run.evidence.views && table.probes.views === 0)
    reasons.push('no node told during the load which keys it leads');
  if (run.evidence.watermarks && table.probes.watermarks === 0)
    reasons.push('no node told a high watermark during the load');
  if (run.evidence.replicas) reasons.push(...replicaGaps(facts));
  return reasons;
}

/** Of an imported history, which tells what clients saw. */
function clientGaps({ ops }: Facts, { polledRecords }: Stats): string[] {
  let acked = 0;
  for (let o = 0; o < ops!.n; o++)
    if (ops!.outcome[o] === Kind.ok) acked += ops!.firstSend[o + 1]! - ops!.firstSend[o]!;
  return [
    ...(acked === 0 ? ['no write was acknowledged'] : []),
    ...(polledRecords === 0 ? ['no record was read'] : []),
  ];
}

function replicaGaps(facts: Facts): string[] {
  const { finals, keys } = facts;
  if (keys.length > 0 && finals.replicas.length === 0) return ['no replica was read'];
  const without = [...keys.keys()].filter(
    (key) => !finals.replicas.some((read) => read.key === key),
  );
  return [
    ...(without.length > 0
      ? [`no replica of ${list(without.map((key) => facts.keyText(key)))} was read`]
      : []),
    ...finals.replicas.filter((read) => !read.complete).map((read) => replicaGap(facts, read)),
  ];
}

/** What was seen last of each node's way to its peers. */
const lastRoutes = ({ faults }: Facts): Facts['faults']['routes'][number][] => [
  ...new Map(faults.routes.map((route) => [route.node, route])).values(),
];

/** Rows of the table of checkers that stand for the evidence itself. */
export function evidenceRows({ run, facts, stats }: Evidence): CheckerResult[] {
  const gaps = run.evidence.finalReads ? finalGaps(run, facts) : [];
  const complete = [...facts.finals.keys.values()].filter((read) => read.complete).length;
  const faults = countFaults(facts);
  const faultGaps = facts.faults.spans.flatMap((span) => faultGap(span) ?? []);
  const row = { anomalies: [], durationMs: 0 };
  return [
    {
      ...row,
      id: 'final-reads',
      result: !run.evidence.finalReads ? 'not-applicable' : gaps.length > 0 ? 'unknown' : 'valid',
      count: gaps.length,
      checked: complete,
      what: `${plural(complete, 'key')} from the log start to the high watermark, ${plural(stats.finalRecords, 'record')}`,
      ...(!run.evidence.finalReads
        ? { reason: 'this history has no final reads' }
        : gaps.length > 0 && { reason: gaps.join('; ') }),
    },
    {
      ...row,
      id: 'fault-evidence',
      result: faultGaps.length > 0 ? 'unknown' : faults.total === 0 ? 'not-applicable' : 'valid',
      count: faultGaps.length,
      checked: faults.total,
      what: `${plural(faults.total, 'fault')}, each applied and healed`,
      ...(faultGaps.length > 0
        ? { reason: faultGaps.join('; ') }
        : faults.total === 0 && {
            reason: facts.ops ? 'an imported history proves no faults' : 'no fault was applied',
          }),
    },
  ];
}

/** What the log start passed over is not judged; who asked for no retention must hear of it. */
function expired({ writes, finals, ...facts }: Facts): string[] {
  const counts = new Map<number, number>();
  for (let w = 0; w < writes.n; w++) {
    const key = writes.key[w]!;
    const read = finals.keys.get(key);
    if (read && isAcked(writes, w) && writes.offset[w]! < read.logStart)
      counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const byKey = [...counts].sort(([a], [b]) => a - b);
  return byKey.map(
    ([key, count]) =>
      `${plural(count, 'acknowledged value')} of ${facts.keyText(key)} ${count === 1 ? 'lies' : 'lie'} below its log start at the end, ${finals.keys.get(key)!.logStart}: expired or deleted, and not judged.`,
  );
}

/** Fewer ok polls say little of what consumers see. */
const fewPolls = 20;

export function cautionsOf({ run, facts, table }: Evidence, atRisk: readonly AtRisk[]): string[] {
  const cautions: string[] = [];
  if (facts.ops)
    return ['An imported history tells what clients saw: nothing of nodes, replicas and faults.'];
  const faults = countFaults(facts);
  if (faults.total === 0)
    cautions.push(
      'No fault was applied: this says nothing of what the cluster does when it breaks.',
    );
  else if (atRisk.every((one) => one.inForce + one.beforeLeaderChange === 0))
    cautions.push('No ack was at risk in any fault: its green is worth little.');
  for (const id of faults.moot)
    cautions.push(`Fault ${id} could not be looked at: what it did is not known.`);
  cautions.push(...expired(facts));
  for (const { node, proof } of lastRoutes(facts))
    if (proof.state === 'moot')
      cautions.push(`Whether node ${node} used its links could not be seen: ${proof.by}.`);
  if (run.acks === 1)
    cautions.push('With acks=1 an ack promises that one node has the record, no more.');
  if (run.acks === 0) cautions.push('With acks=0 nothing is promised, so nothing can be lost.');
  if (table.polls < fewPolls)
    cautions.push(
      `Only ${num(table.polls)} polls ended ok: what consumers see was hardly looked at.`,
    );
  cautions.push(...table.notices.filter((text) => text !== ''));
  return cautions;
}
