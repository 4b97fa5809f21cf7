/** The verdict in one plain sentence. */
import type { Case, Facts, RunInfo, Stats, Verdict, VerdictWord } from '../model/index.js';
import { list, num, plural } from './words.js';

const says: Readonly<Record<string, (count: number, where: string) => string>> = {
  unseen: (n, where) => `${plural(n, 'acknowledged write')} to ${where} ${was(n)} never read`,
  duplicate: (n, where) => `${plural(n, 'value')} of ${where} ${stand(n)} at two offsets`,
  'phantom-read': (n, where) =>
    `${plural(n, 'value')} that nobody sent ${was(n)} read from ${where}`,
  G1a: (n, where) => `${plural(n, 'write')} to ${where} failed and ${was(n)} read all the same`,
  'inconsistent-offsets': (n, where) => `${plural(n, 'offset')} of ${where} had two values`,
  'split-brain': (_n, where) => `two nodes led ${where} at the same time`,
  'replica-divergence': (n, where) => `the replicas of ${where} differ at ${plural(n, 'offset')}`,
  'stale-replica': (_n, where) =>
    `a replica of ${where} is called in sync and lacks acknowledged records`,
  'epoch-regress': (_n, where) => `the leader epoch of ${where} went back`,
  'watermark-regress': (_n, where) => `the high watermark of ${where} went back`,
};
const was = (n: number): string => (n === 1 ? 'was' : 'were');
const stand = (n: number): string => (n === 1 ? 'stands' : 'stand');

export interface Judged {
  run: RunInfo;
  verdict: VerdictWord;
  cases: readonly Case[];
  reasons: readonly string[];
  faults: Verdict['faults'];
  facts: Facts;
  stats: Stats;
}

export function sentenceOf({ run, verdict, cases, reasons, faults, facts, stats }: Judged): string {
  if (verdict === 'invalid')
    return invalid(
      cases.filter((one) => one.permitted === undefined),
      facts,
    );
  if (verdict === 'unknown') {
    const more =
      reasons.length > 1
        ? `; ${num(reasons.length - 1)} more ${reasons.length === 2 ? 'reason' : 'reasons'}`
        : '';
    return `nothing wrong seen, but ${reasons[0] ?? 'a checker could not judge'}${more}`;
  }
  const ops = stats.ops.ok + stats.ops.fail + stats.ops.info;
  if (run.origin === 'imported')
    return `${plural(ops, 'operation')}, nothing seen that Jepsen's rules forbid`;
  const proof =
    faults.total === 0 ? 'no fault' : `${faults.proven} of ${faults.total} faults proven`;
  return `${plural(ops, 'operation')}, ${proof}, every ack kept`;
}

function invalid(cases: readonly Case[], facts: Facts): string {
  const main = cases[0]?.type ?? '';
  const own = cases.filter((one) => one.type === main && one.partOf === undefined);
  const count = own.reduce((n, one) => n + one.count, 0);
  const keys = [...new Set(own.flatMap((one) => one.keys))].sort((a, b) => a - b);
  const names = keys.slice(0, 3).map((key) => facts.keyText(key));
  if (keys.length > 3) names.push(`${keys.length - 3} more keys`);
  const where = names.length > 0 ? list(names) : 'the cluster';
  if (main === 'lost-write') {
    // A value that was only polled was promised by the read, not by an ack.
    const acked = own.every((one) => one.anomalies.every((a) => a.data['acked'] !== false));
    return `${plural(count, acked ? 'acknowledged write' : 'write')} to ${where} ${was(count)} lost`;
  }
  return (
    says[main]?.(count, where) ?? `${main}: ${plural(count, 'anomaly', 'anomalies')} on ${where}`
  );
}
