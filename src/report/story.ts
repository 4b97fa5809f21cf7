/** What happened, in a few dated sentences. Every one comes from rows of the history. */
import { Kind, valueName } from '../model/index.js';
import type { Case, FaultSpan, LeaderChange, Verdict } from '../model/index.js';
import type { Rich } from './html.js';
import { pointsOf, type Point } from './data.js';
import type { Source } from './source.js';
import type { pointMark } from './page/marks.js';
import * as words from './words.js';
import { capital, keyText, list, nodesText, num, plural, sec, stop, took } from './words.js';

export type PointKind = keyof typeof pointMark;
export interface StoryLine {
  timeNs: number;
  kind: PointKind;
  /** What the timeline shows for it, seconds. */
  go: readonly [from: number, to: number];
  text: Rich;
}

const most = 8;
/** A sentence at its moment, and what shows it: a second before that to a second after `toNs`. */
function line(
  { data }: Source,
  timeNs: number,
  kind: PointKind,
  text: Rich,
  toNs = timeNs,
): StoryLine {
  const go = [Math.max(data.begin, timeNs / 1e9 - 1), Math.min(data.end, toNs / 1e9 + 1)] as const;
  return { timeNs, kind, go, text };
}
export const endOf = (source: Source, span: FaultSpan): number =>
  span.healedNs >= 0 ? span.healedNs : source.data.end * 1e9;

/** The case that the page is about: the first one that follows from no other, and counts. */
export function mainCase(verdict: Verdict | undefined): Case | undefined {
  const cases = words.defects(verdict);
  return cases.find((one) => one.partOf === undefined) ?? cases[0];
}

/** Keys that these nodes led when a fault began. */
function ledBy(source: Source, nodes: readonly number[], timeNs: number): string {
  const led = source.run.keys.flatMap(({ key }) => {
    const at = source.facts.leaders.at(key, timeNs);
    return at && nodes.includes(at.leader) ? [{ key, epoch: at.epoch }] : [];
  });
  const first = led[0];
  if (!first) return '';
  if (led.length > 2) return `, leader of ${num(led.length)} keys,`;
  const names = list(led.map(({ key }) => keyText(source.run, key)));
  return `, leader of ${names}${led.length === 1 ? ` in epoch ${first.epoch}` : ''},`;
}

/** What a fault does, who it hits. */
function faultSentence(source: Source, span: FaultSpan): string {
  const { kind, nodes, what } = span;
  const subject = (who: readonly number[]): string =>
    capital(nodesText(who)) + ledBy(source, who, span.startNs);
  const are = nodes.length === 1 ? 'is' : 'are';
  const name = nameOf(span);
  switch (kind) {
    case 'cut': {
      const sides = /^nodes? (\d+(?: \d+)*) \| (\d+(?: \d+)*)( .*)?$/.exec(what);
      if (!sides) return `Links are cut: ${name}.`;
      const [cut = [], rest = []] = [sides[1], sides[2]].map((side) =>
        side?.split(' ').map(Number),
      );
      return `${subject(cut)} ${cut.length === 1 ? 'is' : 'are'} cut off from ${nodesText(rest)}${sides[3] ?? ''}.`;
    }
    case 'flap':
      return `Links flap: ${name}; ${plural(span.cuts.length, 'cut')}.`;
    case 'slow':
      return `Links are slowed: ${name}.`;
    case 'kill':
    case 'pause':
    case 'restart': {
      const verb = { kill: 'killed', pause: 'paused', restart: 'restarted' }[kind];
      return nodes.length > 0 ? `${subject(nodes)} ${are} ${verb}.` : `${capital(verb)}: ${name}.`;
    }
  }
}

/** Leaders that changed while a fault was in force, and ops that did not end ok. */
function effects(source: Source, span: FaultSpan): string[] {
  const { facts, run, ops } = source;
  const end = endOf(source, span);
  const before = new Map<number, number>();
  const changed: { key: number; leader: number; timeNs: number }[] = [];
  for (const { key, leader, timeNs } of facts.leaders.changes) {
    const old = before.get(key);
    if (leader >= 0) before.set(key, leader);
    if (timeNs < span.startNs || timeNs > end || leader < 0 || old === leader || old === undefined)
      continue;
    if (!changed.some((one) => one.key === key)) changed.push({ key, leader, timeNs });
  }
  const says: string[] = [];
  const first = changed[0];
  if (!first) says.push('No leader changes.');
  else if (changed.length > 2)
    says.push(
      `${num(changed.length)} keys change leader, the first after ${took(first.timeNs - span.startNs)}.`,
    );
  else
    says.push(
      `${capital(list(changed.map((one) => `node ${one.leader} leads ${keyText(run, one.key)} after ${took(one.timeNs - span.startNs)}`)))}.`,
    );
  let fail = 0;
  let info = 0;
  for (let i = 0; i < ops.n; i++) {
    if (ops.worker[i]! < 0 || ops.t0[i]! < span.startNs / 1e9 || ops.t0[i]! > end / 1e9) continue;
    if (ops.out[i] === Kind.fail) fail++;
    else if (ops.out[i] === Kind.info) info++;
  }
  const failed = fail > 0 ? [plural(fail, 'operation fails', 'operations fail')] : [];
  const unknown =
    info === 0
      ? []
      : fail > 0
        ? [plural(info, 'ends unknown', 'end unknown')]
        : [plural(info, 'operation ends unknown', 'operations end unknown')];
  if (fail + info > 0) says.push(`${list([...failed, ...unknown])}.`);
  return says;
}

const nameOf = ({ title, what }: FaultSpan): string => [title, what].filter(Boolean).join(', ');
function faultLine(source: Source, span: FaultSpan, withEffects: boolean): StoryLine {
  const { id, title, refused, inForce } = span;
  const say = (kind: PointKind, text: Rich): StoryLine =>
    line(source, span.startNs, kind, text, endOf(source, span));
  if (refused !== undefined)
    return say('unk', [
      `Fault ${id}, ${title}, `,
      ['unk', 'could not be applied'],
      `: ${stop(refused)}`,
    ]);
  if (inForce?.state === 'unproven' || (inForce === undefined && span.healedNs >= 0)) {
    const why = inForce ? `: ${stop(inForce.by)}` : '.';
    return say('unk', [
      `Fault ${id} (${nameOf(span)}) `,
      ['unk', 'was not seen to take hold'],
      why,
    ]);
  }
  const more = withEffects ? ` ${effects(source, span).join(' ')}` : '';
  return say(span.kind === 'kill' ? 'kill' : 'fault', [faultSentence(source, span) + more]);
}

/** The fault that the first anomaly fell into, acks that were false, the next leader, the first sign. */
function lossLines(source: Source, main: Case, lost: readonly Point[]): StoryLine[] {
  const [first, last] = [lost[0], lost.at(-1)];
  if (!first || !last) return [];
  const acked = line(source, first.timeNs, 'bad', ackedText(source, main, lost), last.timeNs);
  const change = source.facts.leaders.changes.find(
    (one) =>
      one.key === main.keys[0] &&
      one.leader >= 0 &&
      one.timeNs > first.timeNs &&
      !lost.some(({ node }) => node === one.leader),
  );
  const [sign] = lost.filter((one) => one.read).sort((a, b) => a.read!.timeNs - b.read!.timeNs);
  const text = `First sign: process ${sign?.read?.process} reads another value at offset ${sign?.offset}, where process ${sign?.process} was told that its ${valueName(sign?.value ?? -1)} is.`;
  return [
    acked,
    ...(change ? [changeLine(source, change)] : []),
    ...(sign?.read ? [line(source, sign.read.timeNs, 'bad', [text])] : []),
  ];
}

function changeLine(source: Source, { key, leader, epoch, timeNs }: LeaderChange): StoryLine {
  const stale = source.facts.leaders.claims.find(
    (one) =>
      one.key === key &&
      one.node !== leader &&
      one.epoch < epoch &&
      one.fromNs < timeNs &&
      one.toNs > timeNs,
  );
  const also = stale
    ? ` Node ${stale.node} still says that it leads: two leaders for ${took(stale.toNs - timeNs)}.`
    : '';
  const text = `Node ${leader} leads ${keyText(source.run, key)} in epoch ${epoch}.${also}`;
  return line(source, timeNs, 'event', [text], stale?.toNs);
}

function healLine(source: Source, span: FaultSpan): StoryLine[] {
  if (span.healedNs < 0) return [];
  const found = source.verdict?.stats.recoveries.find((one) => one.fault === span.id);
  const lasted = found ? found.toNs - found.fromNs : 0;
  const after = lasted < 1e6 ? 'at once' : `after ${took(lasted)}`;
  const whole = found ? ` ${capital(found.what)} ${after}.` : '';
  const gone = span.gone?.state === 'proven' ? `, seen gone at ${sec(span.gone.timeNs)}` : '';
  return [line(source, span.healedNs, 'heal', [`Fault ${span.id} is healed${gone}.${whole}`])];
}

/** Final reads, or why there are none. */
function finalLine(source: Source, lost: number): StoryLine[] {
  const { facts, verdict, run } = source;
  const finals = [...facts.finals.keys.values()];
  const last = finals.reduce((t, one) => Math.max(t, one.timeNs), -1);
  if (last < 0) return [];
  const short = finals.filter((one) => !one.complete);
  if (short.length > 0 || finals.length < run.keys.length) {
    const got = `${finals.length - short.length} of ${plural(run.keys.length, 'key')}`;
    const stops = short[0]
      ? `; ${keyText(run, short[0].key)} stops at offset ${short[0].reached}.`
      : '.';
    const text: Rich = ['Final reads reach the high watermark of ', ['unk', got], stops];
    return [line(source, last, 'unk', text)];
  }
  const records = finals.reduce((n, one) => n + one.n, 0);
  const tail =
    lost > 0
      ? ` None of the ${plural(lost, 'lost value')} is there.`
      : verdict?.verdict === 'invalid'
        ? ''
        : ` ${plural(verdict?.stats.ackedValues ?? 0, 'acknowledged write')}, ${plural(records, 'record')} read.`;
  const kind = verdict?.verdict === 'valid' ? 'good' : 'event';
  return [line(source, last, kind, [`Final reads reach the high watermark of every key.${tail}`])];
}

/** Who acknowledged what will be lost, and where. */
function ackedText(source: Source, one: Case, lost: readonly Point[], again = false): Rich {
  const nodes = [...new Set(lost.map(({ node }) => node))].filter((node) => node >= 0);
  const who = nodes.length === 0 ? 'The cluster' : capital(nodesText(nodes.sort((a, b) => a - b)));
  const many = one.keys.length > 1;
  const keys = many ? `${one.keys.length} keys` : keyText(source.run, one.keys[0] ?? -1);
  const offsets = lost.map(({ offset }) => offset).filter((offset) => offset >= 0);
  const [low, high] = [Math.min(...offsets), Math.max(...offsets)];
  const within = lost.length > 1 ? ` in ${took(lost.at(-1)!.timeNs - lost[0]!.timeNs)}` : '';
  const verb = nodes.length > 1 ? 'acknowledge' : 'acknowledges';
  return [
    `${again ? `Fault ${list(one.faults)}: ${who.replace(/^N/, 'n')}` : who} ${verb} writes to ${keys} that will be lost: `,
    ['b', `${num(lost.length)}${within}`],
    many || offsets.length === 0 ? '.' : `, offsets ${low} to ${high}.`,
  ];
}
const otherLosses = (verdict: Verdict, main: Case): Case[] =>
  verdict.cases.filter((one) => one.type === 'lost-write' && one !== main);
/** The same under another fault. */
function againLine(source: Source, one: Case): StoryLine {
  const lost = pointsOf(one, source.facts);
  const [from, to] = [lost[0]?.timeNs ?? one.spanNs[0], lost.at(-1)?.timeNs ?? one.spanNs[1]];
  return line(source, from, 'bad', ackedText(source, one, lost, one.faults.length > 0), to);
}

/** Other anomalies than lost writes: when each first showed. */
function caseLine(source: Source, one: Case): StoryLine {
  const keys = list(one.keys.slice(0, 3).map((key) => keyText(source.run, key)));
  const text = ` on ${keys}${one.count > 1 ? `, ${num(one.count)} in all` : ''}: ${stop(firstSentence(one.sentence))}`;
  const at = one.anomalies[0]?.timeNs ?? one.spanNs[0];
  return line(source, at, 'bad', [['bad', one.type], text], Math.min(one.spanNs[1], at + 10e9));
}
const firstSentence = (text: string): string => /^.{20,}?[.!?](?= |$)/.exec(text)?.[0] ?? text;

/** Four to six sentences, in order of time. */
export function storyOf(source: Source): StoryLine[] {
  const { facts, verdict } = source;
  const main = mainCase(verdict);
  const lost = main?.type === 'lost-write' ? pointsOf(main, source.facts) : [];
  const spans = facts.faults.spans;
  let lines: StoryLine[];
  if (verdict?.verdict === 'invalid' && main) {
    const cause = spans.find((span) => main.faults.includes(span.id));
    const others = lost.length > 0 ? otherLosses(verdict, main) : [];
    lines = [
      ...(cause ? [faultLine(source, cause, lost.length === 0), ...healLine(source, cause)] : []),
      ...(lost.length > 0 ? lossLines(source, main, lost) : [caseLine(source, main)]),
      ...finalLine(source, lost.length + others.reduce((n, one) => n + one.count, 0)),
    ];
    for (const one of others) if (lines.length < most) lines.push(againLine(source, one));
    for (const one of words.defects(verdict))
      if (one !== main && !others.includes(one) && one.partOf === undefined && lines.length < 6)
        lines.push(caseLine(source, one));
  } else {
    const doubtful = (span: FaultSpan): boolean =>
      span.refused !== undefined || span.inForce?.state === 'unproven';
    const room = 5;
    // Those without proof first: they are why a run is unknown.
    const chosen = [...spans.filter(doubtful), ...spans.filter((span) => !doubtful(span))].slice(
      0,
      room,
    );
    lines = [...chosen.map((span) => faultLine(source, span, true)), ...finalLine(source, 0)];
  }
  const ended = source.run.ended;
  if (ended && ended.how !== 'complete')
    lines.push(
      line(source, ended.timeNs, 'unk', [
        ['unk', ended.how === 'interrupted' ? 'The run was interrupted' : 'The run failed'],
        `: ${stop(ended.why ?? 'no reason is known')}`,
      ]),
    );
  return lines.sort((a, b) => a.timeNs - b.timeNs);
}

/** The verdict in one sentence, the loss in bold. */
export function headSentence(source: Source): Rich {
  const { verdict, facts, run } = source;
  if (!verdict)
    return ['This run has not been judged yet: ', ['unk', 'there is no verdict.json'], '.'];
  const total = verdict.stats.ops.ok + verdict.stats.ops.fail + verdict.stats.ops.info;
  if (verdict.verdict === 'unknown' || (verdict.verdict === 'valid' && words.isImported(run)))
    return [stop(capital(verdict.sentence))];
  if (verdict.verdict === 'valid') {
    const { proven, total: faults } = verdict.faults;
    const through =
      faults > 0 ? ` and ${plural(proven, 'proven fault')}` : '; no fault was planned';
    return [`Every acknowledged write was kept through ${plural(total, 'operation')}${through}.`];
  }
  const main = mainCase(verdict);
  const lost = main?.type === 'lost-write' ? pointsOf(main, source.facts) : [];
  const cause = facts.faults.spans.find((span) => main?.faults.includes(span.id));
  const nodes = new Set(lost.map((one) => one.node));
  const [node = -1] = nodes;
  const key = main?.keys[0] ?? -1;
  const next = facts.leaders.changes.find(
    (one) =>
      one.key === key &&
      one.leader >= 0 &&
      one.leader !== node &&
      one.timeNs > (lost[0]?.timeNs ?? Infinity),
  );
  if (
    !main ||
    !cause ||
    nodes.size !== 1 ||
    node < 0 ||
    !next ||
    main.keys.length !== 1 ||
    cause.kind !== 'cut'
  )
    return [
      ['bad', capital(verdict.sentence)],
      main && main.faults.length > 0 ? ` under fault ${list(main.faults)}.` : '.',
    ];
  const others = otherLosses(verdict, main);
  const all = others.reduce((sum, one) => sum + one.count, main.count);
  const elsewhere = [...new Set(others.flatMap((one) => one.faults))].sort((a, b) => a - b);
  const apart = cause.what.startsWith(`node ${node} |`);
  return [
    `Node ${node}${apart ? ', cut off from its peers,' : ''} went on acknowledging writes to ${keyText(run, key)}${apart ? '' : ' while links were cut'}; node ${next.leader} took over in epoch ${next.epoch}, and `,
    ['bad', `${plural(main.count, 'acknowledged write was', 'acknowledged writes were')} lost`],
    ...(others.length > 0
      ? [
          elsewhere.length > 0
            ? `; with ${elsewhere.length > 4 ? `${elsewhere.length} more faults` : `${elsewhere.length > 1 ? 'faults' : 'fault'} ${list(elsewhere)}`}, `
            : '; ',
          ['bad', `${num(all)} in all`] as ['bad', string],
        ]
      : []),
    '.',
  ];
}
