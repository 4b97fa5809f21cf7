/** The verdict in the last lines of a terminal, and as plain lines for a pipe. */
import { isAbsolute, join, relative } from 'node:path';
import type { Case, CheckerResult, RunInfo, Verdict } from '../model/index.js';
import { glued, richText } from './html.js';
import type { StoryLine } from './story.js';
import * as words from './words.js';

export interface TextOptions {
  /** Columns; 80 unless told otherwise. */
  width?: number;
  color: boolean;
  /** False: the terminal shows ASCII only. */
  unicode: boolean;
  /** What happened, from `readStory`; without it the verdict has no dated sentences. */
  story?: readonly StoryLine[];
}

const ascii: Readonly<Record<string, string>> = {
  '→': '->',
  '←': '<-',
  '↔': '<->',
  '≠': '!=',
  '✓': 'ok',
  '×': 'x',
  '…': '...',
  '–': '-',
  '—': '-',
  '’': "'",
  '\u00a0': ' ',
};
/** What came from a cluster must not move the cursor or change colours. */
const plain = (text: string, unicode: boolean): string => {
  const safe = text
    .toWellFormed()
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}|\p{Cf}/gu, '?');
  // eslint-disable-next-line no-control-regex -- ASCII is what such a terminal can show
  return unicode ? safe : safe.replace(/[^\u0000-\u007f]/gu, (c) => ascii[c] ?? '?');
};

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]/u;
/** Columns that a text takes. */
export const cells = (text: string): number => {
  let n = 0;
  for (const c of text) n += wide.test(c) ? 2 : /\p{M}/u.test(c) ? 0 : 1;
  return n;
};

/** Breaks at spaces; a word that is longer than a line is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && cells(line) + 1 + cells(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line) lines.push(line);
    line = '';
    for (const c of word) {
      if (cells(line) + cells(c) > width) {
        lines.push(line);
        line = '';
      }
      line += c;
    }
  }
  return line ? [...lines, line] : lines;
}

/** A name in a column of its own, then text that is indented under itself. */
const hanging = (name: string, text: string, indent: number, width: number): string[] =>
  wrap(glued(text), Math.max(8, width - indent)).map(
    (line, i) =>
      (i === 0 ? name.padEnd(indent) : ' '.repeat(indent)) + line.replaceAll('\u00a0', ' '),
  );

const word = { valid: 'VALID', invalid: 'INVALID', unknown: 'UNKNOWN' } as const;
const colour = { valid: '\x1b[1;32m', invalid: '\x1b[1;31m', unknown: '\x1b[1;35m' } as const;

function headline(run: RunInfo, verdict: Verdict): string {
  if (verdict.verdict !== 'valid' || words.isImported(run)) return verdict.sentence;
  const { total } = verdict.faults;
  const faults = total > 0 ? `${words.provenText(verdict)} faults proven` : 'no fault';
  return `${words.plural(words.totalOps(verdict), 'operation')}, ${faults}, every ack kept`;
}

/** `node 1 | 2 3` is too much here: where and when is enough to find it. */
function where(run: RunInfo, one: Case): string {
  const first = one.anomalies[0];
  const names = one.keys.map((key) => words.keyText(run, key));
  const keys = names.length > 0 ? words.listSome(names, 3) : 'the cluster';
  if (first?.spanNs)
    return `${keys}, ${words.sec(first.spanNs[0]).replace(' s', '')} to ${words.sec(first.spanNs[1])}`;
  const offset =
    first && first.offset >= 0 ? ` from offset ${words.num(first.offset).replaceAll(',', '')}` : '';
  return `${keys}${offset}${first ? `, first at ${words.sec(first.timeNs)}` : ''}`;
}

interface Row {
  name: string;
  count: string;
  says: string;
}
function rows(run: RunInfo, verdict: Verdict): Row[] {
  const found: Row[] = [];
  for (const [type, count] of words.countsByType(verdict)) {
    const own = words.defects(verdict).filter((one) => one.type === type);
    const cause = verdict.cases.find((one) => one.alsoCountedBy.some((also) => also.type === type));
    const head = own.find((one) => one.partOf === undefined) ?? own[0];
    const says =
      head?.partOf || !head
        ? `follows from ${cause?.type ?? verdict.cases.find((one) => one.id === head?.partOf)?.type ?? 'the above'}`
        : where(run, head);
    found.push({ name: type, count: words.num(count), says });
  }
  for (const one of words.permitted(verdict)) {
    const says = `permitted: ${words.whyPermitted(one)}`;
    found.push({ name: one.type, count: words.num(one.count), says });
  }
  const of = (result: CheckerResult['result']): CheckerResult[] =>
    verdict.checkers.filter((one) => one.result === result);
  for (const one of of('unknown'))
    found.push({ name: one.id, count: '?', says: one.reason ?? 'unknown' });
  const good = of('valid').filter((one) => one.permitted === undefined).length;
  const other = found.length > 0 ? 'other ' : '';
  if (good > 0)
    found.push({
      name: `${good} ${other}${good === 1 ? 'checker' : 'checkers'}`,
      count: '0',
      says: '',
    });
  const not = of('not-applicable');
  if (not.length > 0)
    found.push({
      name: 'not applicable',
      count: String(not.length),
      says: words.list(not.map((one) => one.id)),
    });
  return found;
}

/** Acks that a fault could have cost; none makes a green run worth little. */
export function atRiskSentence(run: RunInfo, verdict: Verdict): string | undefined {
  if (verdict.faults.total === 0) return undefined;
  const sum = (of: 'inForce' | 'beforeLeaderChange'): number =>
    verdict.atRisk.reduce((n, one) => n + one[of], 0);
  const keys = new Set(
    verdict.atRisk.filter((one) => one.inForce + one.beforeLeaderChange > 0).map((one) => one.key),
  );
  if (keys.size === 0) return 'none: a valid verdict would be worth little';
  return `${words.plural(sum('inForce'), 'ack')} in faults, ${words.num(sum('beforeLeaderChange'))} in the second before a leader change, on ${keys.size} of ${words.plural(run.keys.length, 'key')}`;
}

export const reportPath = (dir: string): string => {
  const path = join(dir, 'report.html');
  const near = relative(process.cwd(), path);
  return near && !near.startsWith('..') && !isAbsolute(near) ? near : path;
};

/** The command with backslashes, one flag never parted from its value. */
function again(run: RunInfo, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words.commandParts(run)) {
    const part = plain(word, true);
    const indent = lines.length > 0 ? 2 : 0;
    if (line && indent + cells(line) + 1 + cells(part) + 2 > width - 10) {
      lines.push(' '.repeat(indent) + line);
      line = part;
    } else line = line ? `${line} ${part}` : part;
  }
  lines.push((lines.length > 0 ? '  ' : '') + line);
  return lines.map((one, i) => one + (i < lines.length - 1 ? ' \\' : ''));
}

/** The last lines on a terminal. Only a path or a word of the command may be wider than `width`. */
export function verdictText(
  run: RunInfo,
  verdict: Verdict,
  dir: string,
  options: TextOptions,
): string {
  const width = options.width ?? 80;
  const p = (text: string): string => plain(text, options.unicode);
  const lines = hanging(word[verdict.verdict], p(headline(run, verdict)), 9, width);
  if (options.color)
    lines[0] = `${colour[verdict.verdict]}${word[verdict.verdict]}\x1b[0m${(lines[0] ?? '').slice(word[verdict.verdict].length)}`;
  lines.push('');
  const story = verdict.verdict === 'valid' ? [] : (options.story ?? []);
  for (const one of story)
    lines.push(
      ...hanging(`${words.sec(one.timeNs).padStart(9)}  `, p(richText(one.text)), 11, width),
    );
  if (story.length > 0) lines.push('');

  const table = rows(run, verdict);
  const name = Math.min(30, Math.max(0, ...table.map((row) => cells(row.name))));
  const count = Math.max(0, ...table.map((row) => row.count.length));
  for (const row of table) {
    const start = `  ${row.name.padEnd(name)}  ${row.count.padStart(count)}  `;
    lines.push(
      ...(row.says ? hanging(start, p(row.says), cells(start), width) : [start.trimEnd()]),
    );
  }
  const faults = verdict.faults.total > 0 ? words.provenText(verdict) : 'none planned';
  const line = (name: string, text: string): void => {
    lines.push(...hanging(`  ${name}`, p(text), 17, width));
  };
  if (words.isImported(run)) line('judged by', words.rulesText(run));
  else line('faults proven', faults);
  if (verdict.worth) {
    line('worth', verdict.worth.sentence);
    line('not covered', verdict.worth.caution);
  }
  const lag = words.lagText(run, verdict);
  if (lag !== undefined) line('realtime lag', `at worst ${lag}`);
  const risk = atRiskSentence(run, verdict);
  if (risk) line('acks at risk', risk);
  line('operations', `${words.num(words.totalOps(verdict))}: ${words.countsText(verdict)}`);
  if (verdict.verdict !== 'valid')
    for (const [i, reason] of verdict.reasons.entries())
      line(i > 0 ? '' : verdict.verdict === 'invalid' ? 'also unknown' : 'not known', reason);
  for (const [i, caution] of verdict.cautions.entries()) line(i > 0 ? '' : 'caution', caution);
  if (run.notice !== undefined) line('notice', run.notice);
  lines.push(`  report  ${plain(reportPath(dir), true)}`);
  const command = run.command.length > 0 ? again(run, width) : [];
  for (const [i, one] of command.entries())
    lines.push(`  ${i === 0 ? 'again   ' : '        '}${one}`);
  return `${lines.join('\n')}\n`;
}

/** For a pipe: one fact a line, to be read and grepped. */
export function verdictLines(run: RunInfo, verdict: Verdict, dir: string): string[] {
  const counts = [...words.countsByType(verdict)].map(([type, count]) => `${type} ${count}`);
  const why = verdict.verdict === 'unknown' ? verdict.reasons : counts;
  const cases = verdict.cases.filter((one) => one.partOf === undefined);
  const lag = words.lagText(run, verdict);
  const risk = atRiskSentence(run, verdict);
  return [
    `verdict: ${verdict.verdict}${why.length > 0 ? ` (${why.join(verdict.verdict === 'unknown' ? '; ' : ', ')})` : ''}`,
    ...(verdict.verdict === 'valid' ? [`valid: ${headline(run, verdict)}`] : []),
    ...cases.map((one) =>
      one.permitted === undefined
        ? `${one.id}: ${one.sentence}`
        : `permitted: ${one.id}: ${one.sentence} (${words.whyPermitted(one)})`,
    ),
    ...(words.isImported(run) ? [`judged by: ${words.rulesText(run)}`] : []),
    ...(lag === undefined ? [] : [`realtime lag: at worst ${lag}`]),
    ...(verdict.verdict === 'invalid' ? verdict.reasons.map((one) => `also unknown: ${one}`) : []),
    ...(verdict.worth
      ? [`worth: ${verdict.worth.sentence}`, `not covered: ${verdict.worth.caution}`]
      : []),
    ...(risk === undefined ? [] : [`acks at risk: ${risk}`]),
    ...verdict.cautions.map((one) => `caution: ${one}`),
    ...(run.notice === undefined ? [] : [`notice: ${run.notice}`]),
    `report: ${reportPath(dir)}`,
    ...(run.command.length > 0 ? [`again: ${words.commandParts(run).join(' ')}`] : []),
  ].map((line) => plain(line, true));
}
