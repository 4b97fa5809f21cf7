/** What happened, in a few dated sentences. Every one comes from rows of the history. */
import { Kind, valueName } from '../model/index.js';
import type { Case, FaultSpan, Verdict } from '../model/index.js';
import type { Rich } from './html.js';
import { pointsOf, type Point } from './data.js';
import type { Source } from './source.js';
import type { pointMark } from './page/marks.js';
import { capital, keyText, list, nodesText, num, plural, sec, stop, took } from './words.js';

export type PointKind = keyof typeof pointMark;
export interface StoryLine {
  timeNs: number;
  kind: PointKind;
  /** What the timeline shows for it, seconds. */
  go: [from: number, to: number];
  text: Rich;
}

const most = 8;
const around = (source: Source, fromNs: number, toNs = fromNs): [number, number] => [
  Math.max(source.data.begin, fromNs / 1e9 - 1),
  Math.min(source.data.end, toNs / 1e9 + 1),
];
export const endOf = (source: Source, span: FaultSpan): number =>
  span.healedNs >= 0 ? span.healedNs : source.data.end * 1e9;

/** The case that the page is about: the first one that follows from no other. */
export const mainCase = (verdict: Verdict | undefined): Case | undefined =>
  verdict?.cases.find((one) => one.partOf === undefined) ?? verdict?.cases[0];

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
  const { kind, nodes, title, what } = span;
  const subject = (who: readonly number[]): string =>
    capital(nodesText(who)) + ledBy(source, who, span.startNs);
  const are = nodes.length === 1 ? 'is' : 'are';
  const name = [title, what].filter(Boolean).join(', ');
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

const pointOf = (span: FaultSpan): PointKind => (span.kind === 'kill' ? 'kill' : 'fault');

function faultLine(source: Source, span: FaultSpan, withEffects: boolean): StoryLine {
  const go = around(source, span.startNs, endOf(source, span));
  const at = { timeNs: span.startNs, go };
  if (span.refused !== undefined)
    return {
      ...at,
      kind: 'unk',
      text: [
        `Fault ${span.id}, ${span.title}, `,
        ['unk', 'could not be applied'],
        `: ${stop(span.refused)}`,
      ],
    };
  if (span.inForce?.state === 'unproven' || (span.inForce === undefined && span.healedNs >= 0))
    return {
      ...at,
      kind: 'unk',
      text: [
        `Fault ${span.id} (${[span.title, span.what].filter(Boolean).join(', ')}) `,
        ['unk', 'was not seen to take hold'],
        span.inForce ? `: ${stop(span.inForce.by)}` : '.',
      ],
    };
  const more = withEffects ? ` ${effects(source, span).join(' ')}` : '';
  return { ...at, kind: pointOf(span), text: [faultSentence(source, span) + more] };
}

/** The fault that the first anomaly fell into, acks that were false, the next leader, the first sign. */
function lossLines(source: Source, main: Case, lost: readonly Point[]): StoryLine[] {
  const { facts } = source;
  const key = main.keys[0] ?? -1;
  const first = lost[0];
  const last = lost.at(-1);
  if (!first || !last) return [];
  const lines: StoryLine[] = [];
  const nodes = [...new Set(lost.map((one) => one.node))].filter((node) => node >= 0);
  lines.push({
    timeNs: first.timeNs,
    kind: 'bad',
    go: around(source, first.timeNs, last.timeNs),
    text: ackedText(source, main, lost),
  });
  const change = facts.leaders.changes.find(
    (one) =>
      one.key === key &&
      one.leader >= 0 &&
      one.timeNs > first.timeNs &&
      !nodes.includes(one.leader),
  );
  if (change) lines.push(changeLine(source, change));
  const sign = lost.filter((one) => one.read).sort((a, b) => a.read!.timeNs - b.read!.timeNs)[0];
  if (sign?.read)
    lines.push({
      timeNs: sign.read.timeNs,
      kind: 'bad',
      go: around(source, sign.timeNs, sign.read.timeNs),
      text: [
        `First sign: process ${sign.read.process} reads another value at offset ${sign.offset}, where process ${sign.process} was told that its ${valueName(sign.value)} is.`,
      ],
    });
  return lines;
}

function changeLine(
  source: Source,
  change: { key: number; leader: number; epoch: number; timeNs: number },
): StoryLine {
  const { run, facts } = source;
  const stale = facts.leaders.claims.find(
    (one) =>
      one.key === change.key &&
      one.node !== change.leader &&
      one.epoch < change.epoch &&
      one.fromNs < change.timeNs &&
      one.toNs > change.timeNs,
  );
  const also = stale
    ? ` Node ${stale.node} still says that it leads: two leaders for ${took(stale.toNs - change.timeNs)}.`
    : '';
  return {
    timeNs: change.timeNs,
    kind: 'event',
    go: around(source, change.timeNs, stale?.toNs),
    text: [
      `Node ${change.leader} leads ${keyText(run, change.key)} in epoch ${change.epoch}.${also}`,
    ],
  };
}

function healLine(source: Source, span: FaultSpan): StoryLine[] {
  if (span.healedNs < 0) return [];
  const recovery = source.verdict?.stats.recoveries.find((one) => one.fault === span.id);
  const after = recovery
    ? ` ${capital(recovery.what)} ${recovery.toNs - recovery.fromNs < 1e6 ? 'at once' : `after ${took(recovery.toNs - recovery.fromNs)}`}.`
    : '';
  const gone = span.gone?.state === 'proven' ? `, seen gone at ${sec(span.gone.timeNs)}` : '';
  return [
    {
      timeNs: span.healedNs,
      kind: 'heal',
      go: around(source, span.healedNs),
      text: [`Fault ${span.id} is healed${gone}.${after}`],
    },
  ];
}

/** Final reads, or why there are none. */
function finalLine(source: Source, lost: number): StoryLine[] {
  const { facts, verdict, run } = source;
  const finals = [...facts.finals.keys.values()];
  const last = finals.reduce((t, one) => Math.max(t, one.timeNs), -1);
  if (last < 0) return [];
  const at = { timeNs: last, go: around(source, last) };
  const short = finals.filter((one) => !one.complete);
  const missing = run.keys.length - finals.length;
  if (short.length > 0 || missing > 0)
    return [
      {
        ...at,
        kind: 'unk',
        text: [
          'Final reads reach the high watermark of ',
          ['unk', `${finals.length - short.length} of ${plural(run.keys.length, 'key')}`],
          short[0] ? `; ${keyText(run, short[0].key)} stops at offset ${short[0].reached}.` : '.',
        ],
      },
    ];
  const records = finals.reduce((n, one) => n + one.n, 0);
  const tail =
    lost > 0
      ? ` None of the ${plural(lost, 'lost value')} is there.`
      : verdict?.verdict === 'invalid'
        ? ''
        : ` ${plural(verdict?.stats.ackedValues ?? 0, 'acknowledged write')}, ${plural(records, 'record')} read.`;
  return [
    {
      ...at,
      kind: verdict?.verdict === 'valid' ? 'good' : 'event',
      text: [`Final reads reach the high watermark of every key.${tail}`],
    },
  ];
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
  const text = ackedText(source, one, lost, one.faults.length > 0);
  return { timeNs: from, kind: 'bad', go: around(source, from, to), text };
}

/** Other anomalies than lost writes: when each first showed. */
const caseLine = (source: Source, one: Case): StoryLine => ({
  timeNs: one.anomalies[0]?.timeNs ?? one.spanNs[0],
  kind: 'bad',
  go: around(source, one.spanNs[0], Math.min(one.spanNs[1], one.spanNs[0] + 10e9)),
  text: [
    ['bad', one.type],
    ` on ${list(one.keys.slice(0, 3).map((key) => keyText(source.run, key)))}${one.count > 1 ? `, ${num(one.count)} in all` : ''}: ${stop(firstSentence(one.sentence))}`,
  ],
});
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
    for (const one of verdict.cases)
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
    lines.push({
      timeNs: ended.timeNs,
      kind: 'unk',
      go: around(source, ended.timeNs),
      text: [
        ['unk', ended.how === 'interrupted' ? 'The run was interrupted' : 'The run failed'],
        `: ${stop(ended.why ?? 'no reason is known')}`,
      ],
    });
  return lines.sort((a, b) => a.timeNs - b.timeNs);
}

/** The verdict in one sentence, the loss in bold. */
export function headSentence(source: Source): Rich {
  const { verdict, facts, run } = source;
  if (!verdict)
    return ['This run has not been judged yet: ', ['unk', 'there is no verdict.json'], '.'];
  const total = verdict.stats.ops.ok + verdict.stats.ops.fail + verdict.stats.ops.info;
  if (verdict.verdict === 'unknown') return [stop(capital(verdict.sentence))];
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
