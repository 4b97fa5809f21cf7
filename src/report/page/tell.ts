/** One thing told in words: the card under the pointer, the panel of the chosen op, the table. */
import { F, fName, foreignValue, valueName } from '../../model/op.js';
import { clock, esc, NB, num, plural, sec, took } from './format.js';
import type { Hit } from './hit.js';
import { glyph } from './marks.js';
import { claimAt, faultsAt, isSend, keyText, outName, passes } from './run.js';
import type { Filter, Point, Run } from './run.js';
import type { Span } from './pen.js';
import type { PageFault, PageProof } from './types.js';

const opLink = (run: Run, row: number): string =>
  `<a href="#op=${run.id[row]!}">#${run.id[row]!}</a>`;
const soft = (text: string): string => `<span class="soft">${text}</span>`;
const errorOf = (run: Run, row: number): string => run.data.errors[run.error[row]!] ?? '';
const opTitle = (run: Run, row: number): string =>
  `#${run.id[row]!} ${fName(run.f[row]!)} ${esc(keyText(run, run.key[row]!))}`;

/** `w5.103 at offset 333`, `offsets 20 to 39`, `nothing new`. */
function says(run: Run, row: number): string {
  const [from, to, count] = [run.from[row]!, run.to[row]!, run.count[row]!];
  const out = outName(run, row);
  if (isSend(run, row)) {
    const value = valueName(run.value[row]!);
    const what = count > 1 ? `${num(count)} values from ${value}` : value;
    if (out !== 'ok') return what;
    if (from < 0) return `${what}, without an offset`;
    return `${what} at offset${count > 1 ? `s ${from} to ${to - 1}` : ` ${from}`}`;
  }
  if (out !== 'ok') return from >= 0 ? `from offset ${from}` : '';
  if (run.f[row] === F.txn) return `${plural(count, 'value')} sent or read`;
  if (run.f[row] === F.poll && from < 0) return count > 0 ? plural(count, 'record') : 'no record';
  if (run.f[row]! < F.final && run.f[row] !== F.poll) return '';
  if (to <= from) return 'nothing new';
  const gaps = to - from - count;
  return `offsets ${from} to ${to - 1}${gaps > 0 ? `, ${plural(count, 'record')}` : ''}`;
}

/** Which epoch acked is known from probes: a Produce answer carries none. */
function nodeText(run: Run, row: number): string {
  const node = run.node[row]!;
  if (node < 0) return '';
  const claim = claimAt(run, node, run.key[row]!, run.t1[row]!);
  return `node ${node}${claim ? `, epoch ${claim.epoch} by its own view` : ''}`;
}

export function tipFor(run: Run, hit: Hit): string {
  switch (hit.kind) {
    case 'op':
      return tipForOp(run, hit.row);
    case 'fault':
      return tipForFault(hit.fault);
    case 'point': {
      const { of, value, offset, key, t, now } = hit.point;
      const at = offset >= 0 ? ` offset ${offset}` : '';
      const holds = now === -1 ? '' : `<br>it holds ${esc(valueName(now))} now`;
      const of2 = value >= 0 ? `${esc(valueName(value))}<br>` : '';
      return `<b class="bad">${esc(of.type)}</b>, ${esc(keyText(run, key))}${at}<br>${of2}${of.type === 'lost-write' ? 'acked at ' : ''}${sec(t, 3)}${holds}`;
    }
    case 'anomaly': {
      const { of } = hit;
      const keys = of.keys.map((key) => esc(keyText(run, key))).join(', ');
      const [t0, t1] = of.span ?? [of.t0, of.t1];
      return `<b class="bad">${esc(of.type)}</b>, ${num(of.count)}${keys ? ` on ${keys}` : ''}<br>${sec(t0)} to ${sec(t1)}<br>${soft('click to go there')}`;
    }
    case 'views': {
      const { lane, t, claims, states } = hit;
      const lines = states.filter((s) => s.state !== 'up').map((s) => stateText(s));
      const most = 6;
      for (const c of claims.slice(0, most))
        lines.push(
          `node ${c.node} leads ${esc(keyText(run, c.key))}, epoch ${c.epoch}<br>${soft(`${sec(c.t0)} to ${sec(c.t1)}, by its own view`)}`,
        );
      if (claims.length > most) lines.push(soft(`and ${num(claims.length - most)} more keys`));
      if (lines.length === 0)
        lines.push(
          lane.kind === 'node' ? 'it does not say that it leads' : 'no node says that it leads',
        );
      return `<b>${esc(lane.label ?? '')}</b> at ${sec(t)}<br>${lines.join('<br>')}`;
    }
  }
}
const stateText = (s: { state: string } & Span): string =>
  `${s.state === 'silent' ? 'no answer to probes' : s.state}, ${sec(s.t0)} to ${sec(s.t1)}`;

function tipForOp(run: Run, row: number): string {
  const lost = run.lost.get(row);
  const found = run.found.get(row);
  const process = run.process[row]!;
  const who = [process < 0 ? 'a reader of the end' : `process ${process}`, nodeText(run, row)];
  const error = errorOf(run, row);
  const lines = [
    `<b>${opTitle(run, row)}</b>, ${outName(run, row)}`,
    says(run, row),
    `${sec(run.t0[row]!, 3)}, took ${took(run.t1[row]! - run.t0[row]!)}`,
    soft(who.filter(Boolean).join(', ')),
    error && soft(esc(error)),
    lost &&
      `<b class="bad">Lost${lost.now === -1 ? '' : `: offset ${lost.offset} now holds ${esc(valueName(lost.now))}`}</b>`,
    found && found !== lost?.of && `<b class="bad">in the proof of ${esc(found.type)}</b>`,
  ];
  return lines.filter(Boolean).join('<br>');
}

function tipForFault(fault: PageFault): string {
  const end = fault.healed ? sec(fault.t1) : 'the end, never healed';
  const head = `<b>${fault.id} ${esc(fault.title)}: ${esc(fault.what)}</b><br>${sec(fault.t0)} to ${end}`;
  if (fault.refused !== undefined) return `${head}<br>Refused: ${esc(fault.refused)}`;
  return `${head}<br>${soft(`${proofText('In force', fault.inForce)}<br>${proofText('Gone', fault.gone)}`)}`;
}
function proofText(what: string, proof: PageProof | undefined): string {
  if (!proof) return `${what}: not recorded.`;
  const by = esc(proof.by);
  if (proof.state === 'proven') return `${what} at ${sec(proof.t)}: ${by}.`;
  return proof.state === 'moot'
    ? `${what}: nobody could look: ${by}.`
    : `${what}: not seen: ${by}.`;
}

/** One operation, told in full. */
export function panel(run: Run, row: number): string {
  const lost = run.lost.get(row);
  const named = run.found.get(row);
  const found = named === lost?.of ? undefined : named;
  const out = outName(run, row);
  const ops = run.lanes.get(run.lane[row]!);
  const before = ops && row > ops.from ? row - 1 : -1;
  const after = ops && row + 1 < ops.to ? row + 1 : -1;
  const tag = (cls: string, mark: string, text: string): string =>
    `<span class="tag ${cls}">${mark}${text}</span>`;
  return `<div class="panel-top"><h3>${opTitle(run, row)}</h3>${tag('', glyph[out], out)}${lost ? tag('bad', glyph.lost, 'lost') : ''}
<span class="end">${before >= 0 ? `<a href="#op=${run.id[before]!}">previous of this client</a>` : ''}${after >= 0 ? `<a href="#op=${run.id[after]!}">next</a>` : ''}<button type="button" data-copy="#op=${run.id[row]!}" data-link>Copy link</button><button type="button" data-close>Close</button></span></div>
<div class="panel-body"><dl class="kv">${facts(run, row)
    .map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`)
    .join('')}</dl><p class="fate">${fate(run, row)}${
    found
      ? ` <b class="bad">In the proof of</b> <a href="#${esc(found.id)}">${esc(found.type)}</a>.`
      : ''
  }</p></div>`;
}

function facts(run: Run, row: number): [name: string, value: string][] {
  const { data } = run;
  const [t0, t1] = [run.t0[row]!, run.t1[row]!];
  const process = run.process[row]!;
  const lane = run.lane[row]!;
  const active = faultsAt(run, t0).map((f) => esc(`${f.id} ${f.title} ${f.what}`));
  const error = errorOf(run, row);
  const list: [string, string][] = [
    ['invoked', sec(t0, 4)],
    [
      'by',
      process < 0
        ? 'a reader of the end'
        : `process ${process}${process === lane ? '' : ` (client ${lane})`}`,
    ],
    ...(data.imported
      ? []
      : ([
          ['on the clock', clock(data.startedAt, t0)],
          ['asked', nodeText(run, row) || 'no leader known'],
        ] as [string, string][])),
    [outName(run, row) === 'info' ? 'given up' : 'completed', sec(t1, 4)],
    ...(data.imported ? [] : [['fault active', active.join('; ') || 'none'] as [string, string]]),
    ['took', took(t1 - t0)],
    [isSend(run, row) ? 'value' : data.imported ? 'says' : 'asked for', says(run, row) || '\u2013'],
  ];
  if (error) list.push(['error', esc(error)]);
  return list;
}

function fate(run: Run, row: number): string {
  const out = outName(run, row);
  const f = run.f[row]!;
  const lost = run.lost.get(row);
  if (lost) return lostFate(run, row, lost);
  if (f === F.send && out === 'ok') return ackedFate(run, row);
  if (f === F.send) return unsureFate(run, row);
  if (f === F.final || f === F.replica) {
    const final = run.data.finals.find((one) => one.op === run.id[row]);
    if (!final) return `${plural(run.count[row]!, 'record')} read.`;
    return final.reached >= final.highWatermark
      ? `It reached the high watermark ${num(final.highWatermark)}.`
      : `It stopped at ${num(final.reached)}, short of the high watermark ${num(final.highWatermark)}.`;
  }
  if (f !== F.poll) return otherFate(run, row);
  if (out !== 'ok') return 'A poll that does not succeed changes nothing.';
  return pollFate(run, row);
}

/** Of an imported history: a transaction, or an op that changes what a client reads. */
function otherFate(run: Run, row: number): string {
  if (run.f[row] !== F.txn) return '';
  const out = outName(run, row);
  if (out === 'fail') return 'It was aborted: nothing that it sent counts.';
  if (out === 'info') return 'Nobody knows whether it was committed.';
  return polledText(run, row);
}

function lostFate(run: Run, row: number, lost: Point): string {
  const value = esc(valueName(run.value[row]!));
  if (run.data.imported)
    return `<b class="bad">Lost.</b> No operation that ended ok read ${value}, and what stands behind it was read. <a href="#${esc(lost.of.id)}">${esc(lost.of.type)}</a>`;
  const now =
    lost.now === -1
      ? `The final read has no record at offset ${lost.offset}.`
      : lost.now === foreignValue
        ? `Offset ${lost.offset} now holds a foreign record.`
        : `Offset ${lost.offset} now holds ${esc(valueName(lost.now))}${writer(run, lost.now)}.`;
  const read = lost.read >= 0 ? ` ${opLink(run, lost.read)} was the first to read it so.` : '';
  const who = run.node[row]! >= 0 ? nodeText(run, row) : 'The cluster';
  return `<b class="bad">Lost.</b> ${who.replace(/^n/, 'N')}, acknowledged ${value} at offset ${lost.offset}. ${now}${read} The final read does not have ${value}. <a href="#${esc(lost.of.id)}">${esc(lost.of.type)}</a>`;
}
function writer(run: Run, value: number): string {
  const row = run.value.indexOf(value);
  return row >= 0 ? ` (${opLink(run, row)})` : '';
}

/** Who first read past its offset, as far as the ops in this page tell. */
function ackedFate(run: Run, row: number): string {
  const offset = run.from[row]!;
  if (offset < 0) return 'Acknowledged without an offset: it counts as nothing that was promised.';
  if (run.data.imported) {
    const seen = run.data.seen.find((one) => one.op === run.id[row]);
    const reader = seen ? run.rowOf(seen.readBy) : -1;
    return reader < 0
      ? 'No operation that ended ok read it.'
      : `First read by ${opLink(run, reader)}.`;
  }
  const clients = new Set<number>();
  let first = -1;
  for (let i = 0; i < run.n; i++) {
    if (run.key[i] !== run.key[row] || run.out[i] !== 1 || isSend(run, i) || run.lane[i]! < 0)
      continue;
    if (run.from[i]! > offset || run.to[i]! <= offset) continue;
    clients.add(run.lane[i]!);
    if (first < 0 || run.t1[i]! < run.t1[first]!) first = i;
  }
  const final = run.data.finals.find((one) => one.key === run.key[row]);
  const kept =
    final && final.reached > offset
      ? ' The final read went past it, and no checker missed its value.'
      : '';
  if (first < 0) return `No poll of a client covers offset ${offset}.${kept}`;
  const gap = run.t1[first]! - run.t1[row]!;
  const when = gap >= 0 ? `${took(gap)} after the ack` : `${took(-gap)} before the ack`;
  return `Its offset was first read by ${opLink(run, first)}, ${when}, and by ${num(clients.size)} of ${num(run.data.clients.length)} clients.${kept}`;
}

function unsureFate(run: Run, row: number): string {
  const seen = run.data.seen.find((one) => one.op === run.id[row]);
  const reader = seen ? run.rowOf(seen.readBy) : -1;
  const there = !seen
    ? ''
    : reader >= 0
      ? `${opLink(run, reader)} read the value`
      : `the final read has the value at offset ${seen.offset}`;
  if (outName(run, row) === 'fail')
    return seen
      ? `It was refused, and yet ${there}.`
      : 'It did not happen: it was refused before it could be written. No read ever gave the value.';
  const list = run.data.clients[run.lane[row]!]?.processes ?? [];
  const next = list[list.findIndex(([process]) => process === run.process[row]) + 1];
  const replaced = next
    ? ` Process ${run.process[row]!} ends here; process ${next[0]} takes its place.`
    : '';
  return seen
    ? `The client does not know. It did happen: ${there}.${replaced}`
    : `The client does not know, and no read ever gave the value. Either answer is allowed, so it counts for nothing.${replaced}`;
}

/** The first records that it returned, where they are in this page. */
function polledText(run: Run, row: number): string {
  const list = run.data.polled[String(run.id[row]!)] ?? [];
  const shown = list.slice(0, 8).map(([offset, value]) => `${offset}: ${esc(valueName(value))}`);
  if (shown.length > 0) return `Offset ${shown.join(', ')}${list.length > 8 ? ' \u2026' : ''}.`;
  return run.f[row] === F.txn ? '' : `${plural(run.count[row]!, 'record')}.`;
}

function pollFate(run: Run, row: number): string {
  const [from, to] = [run.from[row]!, run.to[row]!];
  if (run.data.imported) return polledText(run, row);
  if (to <= from) return `Nothing at or above offset ${from} was below the high watermark.`;
  const values = polledText(run, row);
  const shows = [...run.lost.values()].filter((point) => point.read === row);
  if (shows.length === 0) return values;
  const told = shows
    .slice(0, 3)
    .map((p) => `offset ${p.offset} was acked as ${esc(valueName(p.value))}`);
  return `${values} <b class="bad">Shows ${plural(shows.length, 'loss', 'losses')}:</b> ${told.join('; ')}${shows.length > 3 ? ' \u2026' : ''}`;
}

/** The same operations for those who cannot see, or do not want, a picture. */
export function tableInView(
  run: Run,
  view: Span,
  filter: Filter,
  hits: ReadonlySet<number> | undefined,
): string {
  const most = 100;
  const rows: number[] = [];
  for (let i = 0; i < run.n; i++)
    if (
      run.t1[i]! >= view.t0 &&
      run.t0[i]! <= view.t1 &&
      passes(run, filter, i) &&
      (!hits || hits.has(i))
    )
      rows.push(i);
  rows.sort((a, b) => run.t0[a]! - run.t0[b]!);
  const body = rows.slice(0, most).map((row) => {
    const out = outName(run, row);
    const process = run.process[row]!;
    return `<tr><td class="nowrap">${opLink(run, row)} ${fName(run.f[row]!)} ${esc(keyText(run, run.key[row]!))}</td><td>${process < 0 ? '' : process}</td><td><span class="tag">${glyph[out]}${out}</span>${run.lost.has(row) ? ' <b class="bad">lost</b>' : ''}</td><td>${says(run, row)}${run.error[row]! >= 0 ? ` ${soft(esc(errorOf(run, row)))}` : ''}</td><td class="r nowrap">${sec(run.t0[row]!, 3)}</td><td class="r nowrap">${took(run.t1[row]! - run.t0[row]!)}</td><td>${run.node[row]! >= 0 ? `node${NB}${run.node[row]!}` : ''}</td></tr>`;
  });
  return `<p class="soft tl-note">${num(rows.length)} from ${view.t0.toFixed(2)} to ${sec(view.t1)}${rows.length > most ? `; the first ${most}` : ''}.</p>
<table><thead><tr><th>Operation</th><th>Process</th><th>Outcome</th><th>Says</th><th class="r">Invoked</th><th class="r">Took</th><th>Node</th></tr></thead><tbody>${body.join('')}</tbody></table>`;
}
