/** Numbers, times and lists in words. Times are ns on the run's clock, shown in seconds. */
import { list, num } from '../analysis/index.js';
import { keyName, type Case, type KeyName, type RunInfo, type Verdict } from '../model/index.js';

export { list, num, plural } from '../analysis/index.js';

/** `a, b and 4 more` */
export const listSome = (items: readonly string[], most: number): string =>
  items.length <= most
    ? list(items)
    : `${items.slice(0, most).join(', ')} and ${num(items.length - most)} more`;

/** `18.25 s` */
export const sec = (ns: number, digits = 2): string => `${(ns / 1e9).toFixed(digits)} s`;
/** How long: `216 ms`, `4.48 s`, `12 min` */
export function took(ns: number): string {
  const ms = ns / 1e6;
  if (ms < 1000) return `${ms > 0 && ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  const s = ms / 1000;
  return s < 10
    ? `${s.toFixed(2)} s`
    : s < 600
      ? `${s.toFixed(1)} s`
      : `${(s / 60).toFixed(0)} min`;
}
export const tookMs = (ms: number): string => took(ms * 1e6);

/** `2025-03-14 02:17:23.246 UTC`: to find a moment in a node's log. */
export function wallClock(run: RunInfo, ns: number): string {
  // Its file has a time, its operations have none.
  if (isImported(run)) return '';
  const at = Date.parse(run.startedAt) + ns / 1e6;
  if (!Number.isFinite(at)) return '';
  return `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

export const keyText = (run: { keys: readonly KeyName[] }, key: number): string => {
  const name = run.keys.find((one) => one.key === key);
  return name ? keyName(name) : key < 0 ? 'the cluster' : `key ${key}`;
};

/** `node 1` or `nodes 1 and 3` */
export const nodesText = (nodes: readonly number[]): string =>
  `${nodes.length === 1 ? 'node' : 'nodes'} ${list(nodes)}`;

export const bytes = (n: number): string =>
  n < 1000
    ? `${n} B`
    : n < 1e6
      ? `${(n / 1e3).toFixed(0)} kB`
      : n < 1e9
        ? `${(n / 1e6).toFixed(1)} MB`
        : `${(n / 1e9).toFixed(1)} GB`;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** With a full stop, once. */
export const stop = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

export const totalOps = (verdict: Verdict): number =>
  verdict.stats.ops.ok + verdict.stats.ops.fail + verdict.stats.ops.info;
/** `5,948 ok, 59 fail, 7 info` */
export const countsText = (verdict: Verdict): string =>
  `${num(verdict.stats.ops.ok)} ok, ${num(verdict.stats.ops.fail)} fail, ${num(verdict.stats.ops.info)} info`;

/** `4 of 4` */
export const provenText = (verdict: Verdict): string =>
  `${verdict.faults.proven} of ${verdict.faults.total}`;

const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
/** The command as lines to paste: each flag with its value. */
export function commandParts(run: RunInfo): string[] {
  const parts: string[] = [];
  for (const word of run.command) {
    if ((word.startsWith('--') && word !== '--') || parts.length === 0) parts.push(quote(word));
    else parts.push(`${parts.pop() ?? ''} ${quote(word)}`);
  }
  return parts;
}

/** Cases that make a run invalid, and those that were seen and are permitted. */
export const defects = (verdict: Verdict | undefined): Case[] =>
  verdict?.cases.filter((one) => one.permitted === undefined) ?? [];
export const permitted = (verdict: Verdict | undefined): Case[] =>
  verdict?.cases.filter((one) => one.permitted !== undefined) ?? [];
/** `Kafka permits it: ...` needs no `permitted` before it. */
export const whyPermitted = ({ permitted }: Case): string =>
  permitted?.replace(/^Kafka permits it: /, '') ?? '';

export const isImported = (run: RunInfo): boolean => run.origin === 'imported';
/** By which rules an imported history was judged, with the options that choose them. */
export const rulesText = ({ options }: RunInfo): string =>
  `Jepsen's rules; consumers ${options['subVia'] === 'subscribe' ? 'subscribe' : 'are assigned their keys'} (sub-via ${String(options['subVia'])}); the order of versions ${options['wwDeps'] === true ? 'counts' : 'does not count'} as a dependency (ww-deps ${options['wwDeps'] === true ? 'on' : 'off'})`;
/** `1.20 s, process 3 on key 3 at 4.20 s`; undefined: nothing was polled. */
export function lagText(run: RunInfo, verdict: Verdict | undefined): string | undefined {
  const lag = verdict?.stats.realtimeLag;
  return (
    lag &&
    `${took(lag.lagNs)}, process ${lag.process} on ${keyText(run, lag.key)} at ${sec(lag.timeNs)}`
  );
}

/** Anomaly types with how often, those of a case's consequences too: `lost-write` -> 37. */
export function countsByType(verdict: Verdict): Map<string, number> {
  const counts = new Map<string, number>();
  const cases = defects(verdict);
  for (const one of cases) counts.set(one.type, (counts.get(one.type) ?? 0) + one.count);
  for (const one of cases)
    for (const also of one.alsoCountedBy)
      if (!counts.has(also.type)) counts.set(also.type, also.count);
  return counts;
}
