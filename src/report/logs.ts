/** The log of each replica, side by side, around the offsets of a case. */
import { recordAt } from '../analysis/index.js';
import { valueName, type Case, type FinalRead, type Sight } from '../model/index.js';
import { markup, raw, type Html } from './html.js';
import type { Source } from './source.js';
import * as words from './words.js';

const before = 4;
const after = 2;
const head = 5;
const tail = 3;
/** Rows in the file; more are in the history. */
const mostRows = 300;

interface Column {
  name: string;
  small: string;
  read: FinalRead;
}

function columnsOf(source: Source, key: number): Column[] {
  const { finals } = source.facts;
  const upTo = (read: FinalRead): string =>
    `${read.n > 0 ? `to ${read.offsets[read.n - 1]!}` : 'empty'}${read.complete ? '' : ', cut short'}`;
  const replicas = finals.replicas
    .filter((one) => one.key === key)
    .map((one) => ({ name: `node ${one.node}`, small: upTo(one), read: one }));
  const final = finals.keys.get(key);
  // Replicas say more; more columns than these do not fit beside one another.
  const shown = replicas.slice(0, 5);
  return final && shown.length < 3
    ? [...shown, { name: 'final read', small: upTo(final), read: final }]
    : shown;
}

/** Which offsets: those of the case, in order, with a few around them. */
function offsetsOf(one: Case, key: number): number[] {
  const own = one.anomalies
    .filter((each) => each.key === key && each.offset >= 0)
    .map((each) => each.offset);
  const all =
    one.keys.length === 1 ? one.all.map(([offset]) => offset).filter((offset) => offset >= 0) : own;
  const sorted = [...new Set(all)].sort((a, b) => a - b);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return [];
  const from = Math.max(0, first - before);
  const n = last + after - from + 1;
  // Of very many: the first ones, and the end.
  return Array.from({ length: Math.min(n, mostRows) }, (_, i) =>
    n <= mostRows || i < mostRows - after - tail ? from + i : last + after - (mostRows - 1 - i),
  );
}

const leaderOf = (source: Source, key: number, epoch: number): number =>
  source.facts.leaders.claims.find((one) => one.key === key && one.epoch === epoch)?.node ?? -1;

function readCell(
  source: Source,
  key: number,
  column: Column,
  offset: number,
  above: number,
): Html {
  const record = recordAt(column.read, offset);
  const { n, offsets } = column.read;
  if (!record) {
    const end = n === 0 || offset > offsets[n - 1]!;
    const first = end && (n === 0 || above <= offsets[n - 1]!);
    return markup`<td class="c none"><span class="e"></span>${first ? 'log end' : end ? '' : offset < column.read.logStart ? 'expired' : 'no record'}</td>`;
  }
  const fresh = recordAt(column.read, above)?.epoch !== record.epoch;
  const leader = leaderOf(source, key, record.epoch);
  return markup`<td class="c"${leader >= 0 && raw(` style="border-left-color:var(--n${leader}-edge)"`)}><span class="e">${fresh && record.epoch >= 0 && `e${record.epoch}`}</span>${valueName(record.value)}</td>`;
}

function ackedCell(acks: readonly Sight[], kept: ReadonlySet<number>): Html {
  if (acks.length === 0) return markup`<td class="c none"></td>`;
  const gone = acks.some((one) => !kept.has(one.value));
  const each = acks.map((one) => {
    const by = one.node >= 0 ? markup`<small class="by">n${one.node}</small>` : markup``;
    return kept.has(one.value)
      ? markup`<span class="kept">${valueName(one.value)}</span>${by}`
      : markup`<i>${valueName(one.value)}</i>${by}`;
  });
  return markup`<td class="c acked${gone && ' x'}"> ${each.flatMap((one, i) => (i > 0 ? [raw('<br>'), one] : [one]))}</td>`;
}

const zigzag = (id: string): Html =>
  markup`<svg aria-hidden="true"><defs><pattern id="${id}" width="12" height="8" patternUnits="userSpaceOnUse"><path d="M-1 7.5L6 1L13 7.5" fill="none" stroke="var(--bad)" stroke-width="2"/></pattern></defs><rect width="100%" height="8" fill="url(#${id})"/></svg>`;

/** Undefined where there is no read of the end to show. */
export function logTable(source: Source, one: Case, key: number): Html | undefined {
  const columns = columnsOf(source, key);
  const offsets = offsetsOf(one, key);
  if (columns.length === 0 || offsets.length === 0) return undefined;
  const { log } = source.facts;
  const wrong = new Set(
    one.keys.length === 1
      ? one.all.map(([offset]) => offset)
      : one.anomalies.map((each) => each.offset),
  );
  const lost = one.type === 'lost-write';
  const folded = (i: number): boolean => i >= before + head && i < offsets.length - after - tail;
  const hidden = offsets.filter((_, i) => folded(i)).length;
  const absent = (offsets.at(-1) ?? 0) - (offsets[0] ?? 0) + 1 - offsets.length;
  const only = absent > 0 && `; ${words.num(absent)} are in the history alone`;
  let marked = false;
  const rows = offsets.flatMap((offset, i) => {
    const above = i > 0 ? offset - 1 : -1;
    const kept = new Set(columns.flatMap(({ read }) => recordAt(read, offset)?.value ?? []));
    const acks = log.at(key, offset).filter((sight) => sight.by === 'ack');
    const row = markup`<tr${folded(i) && hidden > 1 && raw(' class="more-row"')}><td class="off">${offset}</td>${ackedCell(acks, kept)}${columns.map((column) => readCell(source, key, column, offset, above))}</tr>`;
    const cut = !marked && lost && wrong.has(offset);
    marked ||= cut;
    return [
      ...(cut
        ? [
            markup`<tr class="cut"><td></td><td>${zigzag(`zz-${one.id}`)}</td><td colspan="${columns.length}"><b>from here on acks were not kept</b></td></tr>`,
          ]
        : []),
      ...(i === before + head && hidden > 1
        ? [
            markup`<tr class="fold"><td></td><td colspan="${columns.length + 1}"> <label class="more"><input type="checkbox"/> Show ${words.num(hidden)} more offsets${only}</label></td></tr>`,
          ]
        : []),
      row,
    ];
  });
  const at = Math.max(...columns.map(({ read }) => read.timeNs));
  const heading = columns.map(
    ({ name, small }) => markup`<th><b>${name}</b><small>${small}</small></th>`,
  );
  return markup`<p class="cap"><b>The logs of ${words.keyText(source.run, key)}</b>, each replica as it was read at the end, ${words.sec(at)}.</p>
<div class="scroll folds-rows" tabindex="0" role="region" aria-label="Logs offset by offset">
<table class="log">
<thead><tr><th style="width:52px">Offset</th><th><b>acked</b><small>as clients were told</small></th> ${heading}</tr></thead>
<tbody>${rows}</tbody></table></div><p class="rail-note">${sources(source, key, columns)}</p>`;
}

/** What an epoch or an earlier state of a log is known from. */
function sources({ run }: Source, key: number, columns: readonly Column[]): string {
  const replicas = columns.some(({ name }) => name.startsWith('node'));
  return [
    'Acked: what clients were told and by which node (n1: node 1). No log was read while the run went on, so what a node held then is known from its answers only.',
    replicas
      ? 'Replicas: each node’s own log, up to the high watermark it knows.'
      : `No replica of ${words.keyText(run, key)} was read; the final read is what a consumer gets.`,
    'e4: the epoch in the record’s batch; the coloured edge is the node that said it led that epoch.',
  ].join(' ');
}
