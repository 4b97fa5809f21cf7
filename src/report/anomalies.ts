/** One card for each kind and cause, never one for each value. */
import { F, Kind, valueName, type Anomaly, type Batch, type Case } from '../model/index.js';
import { numberedSteps, pointsOf } from './data.js';
import { foldTable, markup, raw, richHtml, scroll, type Html } from './html.js';
import { logTable } from './logs.js';
import { glyph } from './page/marks.js';
import { endOf } from './story.js';
import type { Source } from './source.js';
import * as words from './words.js';

const firstRows = 6;
const mostRows = 2000;
const opLink = (op: number): Html => (op >= 0 ? markup`<a href="#op=${op}">#${op}</a>` : markup``);
const secs = (ns: number, digits = 3): string => words.sec(ns, digits).replace(' ', '\u00a0');
/** Cards: cases that follow from no other, and split-brains, which are a sight of their own. */
export const cardsOf = ({ verdict }: Source): Case[] =>
  words.defects(verdict).filter((one) => one.partOf === undefined || one.type === 'split-brain');

/** The sentence with its figures in bold. */
const say = (text: string): Html =>
  richHtml(
    text
      .split(/(\bw\d+\.\d+\b|\boffset \d+\b)/)
      .map((part, i) => (i % 2 === 1 ? (['b', part] as const) : part)),
  );

/** The numbers of the circles in the timeline, in the proof. */
function proofTable(anomaly: Anomaly): Html {
  const numbers = numberedSteps(anomaly.proof);
  const rows = anomaly.proof.map((step, i) => {
    const n = numbers[i];
    const process = step.process >= 0 ? String(step.process) : '';
    return markup`<tr><td>${n !== undefined && markup`<span class="step">${n}</span>`}</td><td class="nowrap">${opLink(step.op)} ${step.what}</td><td data-l="${process && 'process'}">${process}</td><td class="r nowrap">${step.timeNs !== -1 && secs(step.timeNs)}</td><td>${step.says}</td></tr>`;
  });
  return markup`<p class="cap"><b>The smallest proof.</b>${raw(' ')}${anomaly.proof.length === 0 && 'None was recorded.'}</p>${foldTable(
    'Witness operations',
    'fold-proof',
    raw(
      '<th><span class="sr">Step</span></th><th>Operation</th><th>Process</th><th class="r">At</th><th>Says</th>',
    ),
    rows,
  )}`;
}

/** First rows, and a box that shows the others: it needs no script. */
function longTable(label: string, head: Html, rows: readonly Html[], count: number): Html {
  const body = rows.map(
    (row, i) => markup`<tr${i >= firstRows && raw(' class="more-row"')}>${row}</tr>`,
  );
  const more =
    rows.length > firstRows &&
    markup`<p><label class="more"><input type="checkbox"/> Show all ${words.num(rows.length)}</label></p>`;
  const rest =
    count > rows.length &&
    markup`<p class="quiet">The other ${words.num(count - rows.length)} are in verdict.json.</p>`;
  return markup`<div class="folds-rows">${scroll(
    label,
    markup`<table><thead><tr> ${head}</tr></thead><tbody>${body}</tbody></table>`,
  )}${more}${rest}</div>`;
}

function lostTable(source: Source, one: Case): Html {
  const many = one.keys.length > 1;
  // What stands there now only a read of the end can tell.
  const ended = !words.isImported(source.run);
  const lost = pointsOf(one, source.facts).sort((a, b) => a.key - b.key || a.offset - b.offset);
  const rows = lost
    .slice(0, mostRows)
    .map(
      (each) =>
        markup`${many && markup`<td>${words.keyText(source.run, each.key)}</td>`}<td class="r">${each.offset >= 0 && String(each.offset)}</td><td class="r bad">${valueName(each.value)}</td><td class="nowrap">${opLink(each.op)} by ${each.process}</td><td class="r nowrap">${secs(each.timeNs)}</td>${ended && markup`<td class="r">${each.now === -1 ? 'nothing' : valueName(each.now)}</td><td class="nowrap">${each.read ? markup`${opLink(each.read.op)} by ${each.read.process}` : markup`<span class="quiet">nobody</span>`}</td>`}`,
    );
  return markup`<p class="cap"><b>All ${words.num(one.count)}.</b> In offset order.</p>${longTable(
    'All lost writes',
    markup`${many && markup`<th>Key</th>`} <th class="r">Offset</th><th class="r">Lost value</th><th>Sent</th><th class="r">Acked</th>${ended && markup`<th class="r">Holds now</th><th>Read otherwise</th>`}`,
    rows,
    one.count,
  )}`;
}

function allTable(source: Source, one: Case): Html {
  if (one.count < 2) return markup``;
  const { writes } = source.facts;
  const rows = one.all.slice(0, mostRows).map(([offset, value, timeNs]) => {
    const at = value >= 0 ? writes.find(value) : -1;
    return markup`<td class="r">${offset >= 0 && String(offset)}</td><td class="r">${value !== -1 && valueName(value)}</td><td class="nowrap">${at >= 0 && markup`${opLink(writes.op[at]!)} by ${writes.process[at]}`}</td><td class="r nowrap">${secs(timeNs)}</td>`;
  });
  return markup`<p class="cap"><b>All ${words.num(one.count)}.</b></p>${longTable(
    `All of ${one.id}`,
    markup`<th class="r">Offset</th><th class="r">Value</th><th>Sent</th><th class="r">At</th>`,
    rows,
    one.count,
  )}`;
}

interface ProbeRow {
  timeNs: number;
  node: number;
  leader: number;
  epoch: number;
  highWatermark: number;
}
/** What the nodes said about a key around a span: the last before, the first and last in it, the first after. */
function probesAround(
  batches: Iterable<Batch>,
  key: number,
  [from, to]: [number, number],
): ProbeRow[] {
  const chosen = new Map<string, ProbeRow>();
  const marks = new Map<number, number>();
  for (const batch of batches)
    for (let i = 0; i < batch.n; i++) {
      if (batch.kind[i] !== Kind.probe || batch.key[i] !== key) continue;
      const node = batch.node[i]!;
      if (batch.f[i] === F.watermark) marks.set(node, batch.offset[i]!);
      if (batch.f[i] !== F.view) continue;
      const timeNs = batch.timeNs[i]!;
      const row = {
        timeNs,
        node,
        leader: batch.peer[i]!,
        epoch: batch.epoch[i]!,
        highWatermark: marks.get(node) ?? -1,
      };
      if (timeNs < from) chosen.set(`${node}/before`, row);
      else if (timeNs > to) {
        if (!chosen.has(`${node}/after`)) chosen.set(`${node}/after`, row);
      } else {
        if (!chosen.has(`${node}/first`)) chosen.set(`${node}/first`, row);
        chosen.set(`${node}/last`, row);
      }
    }
  return [...new Set(chosen.values())]
    .sort((a, b) => a.timeNs - b.timeNs || a.node - b.node)
    .slice(0, 24);
}

function probeTable(source: Source, one: Case, batches: Iterable<Batch>): Html {
  const key = one.keys[0] ?? -1;
  const span = one.anomalies[0]?.spanNs ?? one.spanNs;
  const rows = probesAround(batches, key, span);
  if (rows.length === 0) return markup``;
  const body = rows.map((row) => {
    const within = row.timeNs >= span[0] && row.timeNs <= span[1];
    const leader =
      row.leader < 0
        ? markup`nobody`
        : row.leader === row.node
          ? within
            ? markup`<b>itself</b>`
            : markup`itself`
          : markup`node ${row.leader}`;
    return markup`<tr><td class="nowrap" title="${words.wallClock(source.run, row.timeNs)}"> ${secs(row.timeNs, 2)}</td><td>node ${row.node}</td><td>${leader}</td><td class="r">${row.epoch >= 0 && String(row.epoch)}</td><td class="r">${row.highWatermark >= 0 && String(row.highWatermark)}</td></tr>`;
  });
  return markup`<p class="cap"><b>What each node said of ${words.keyText(source.run, key)}.</b> Probes of every node, by a path of their own: the last before, the first and the last within, the first after.</p>${scroll(
    'Probes',
    markup`<table style="max-width:760px">
<thead><tr><th>At</th><th>Node asked</th><th>Names as leader</th><th class="r">Epoch</th><th class="r">High watermark</th></tr></thead>
<tbody>${body}</tbody></table>`,
  )}`;
}

function meta(source: Source, one: Case): Html {
  const faults = source.facts.faults.spans
    .filter((span) => one.faults.includes(span.id))
    .map((span) => {
      const seen =
        span.inForce?.state === 'proven'
          ? `in force by ${words.sec(span.inForce.timeNs)}`
          : 'not proven in force';
      return markup`<a href="#fault-${span.id}">Fault ${span.id}</a>, ${[span.title, span.what].filter(Boolean).join(', ')}, ${words.sec(span.startNs)} to ${words.sec(endOf(source, span))}; ${seen}<br/>`;
    });
  const also = one.alsoCountedBy.map((each) => `${each.type} ${words.num(each.count)}`).join(', ');
  const logs = logsElsewhere(source, one);
  const cause =
    one.partOf !== undefined && source.verdict?.cases.find((each) => each.id === one.partOf);
  return markup`<dl class="meta">${!words.isImported(source.run) && markup`<dt>Fault active</dt><dd>${faults.length > 0 ? faults.slice(0, 4) : 'none'}</dd>`} ${
    also && markup`<dt>Also counted by</dt><dd>${also}: they follow from this</dd>`
  }${logs && markup`<dt>The logs</dt><dd>are with <a href="#${logs.id}">${logs.type}</a></dd>`}${cause && markup`<dt>Part of</dt><dd><a href="#${cause.id}">${cause.type}</a></dd>`}</dl>`;
}

function strip(source: Source, one: Case): Html {
  const plan = source.data.cases.find((each) => each.id === one.id)?.strip;
  if (!plan) return markup``;
  const link = `#t=${plan.t0.toFixed(2)}-${plan.t1.toFixed(2)}`;
  return markup`<div class="with-script">
<p class="cap"><b>${plan.t0.toFixed(1)} to ${plan.t1.toFixed(1)}\u00a0s</b>, the lanes of the first witness. <a href="${link}">Open in the timeline</a></p>
<div class="strip">
<div class="strip-gut"></div><canvas data-strip="${one.id}" role="img" aria-label="${one.type} from ${plan.t0.toFixed(1)} to ${plan.t1.toFixed(1)} s. ${one.sentence}"></canvas></div></div>`;
}

function note(source: Source, one: Case): string {
  const name = words.listSome(
    one.keys.map((key) => words.keyText(source.run, key)),
    4,
  );
  const offsets = one.all.map(([offset]) => offset).filter((offset) => offset >= 0);
  const [low, high] = [
    offsets.reduce((a, b) => Math.min(a, b), Infinity),
    offsets.reduce((a, b) => Math.max(a, b), -1),
  ];
  const span = one.anomalies[0]?.spanNs;
  if (span) return `${name}, ${words.took(span[1] - span[0])}`;
  if (one.keys.length !== 1 || high < 0) return name;
  return `${name}, ${low === high ? `offset ${low}` : `offsets ${low} to ${high}`}`;
}

/** The lost writes of a split-brain's key have their card, and the logs are there. */
const logsElsewhere = (source: Source, one: Case): Case | undefined =>
  one.type === 'split-brain'
    ? cardsOf(source).find(
        (each) => each.type === 'lost-write' && each.keys.includes(one.keys[0] ?? -1),
      )
    : undefined;

function card(source: Source, one: Case, batches: () => Iterable<Batch>): Html {
  const first = one.anomalies[0];
  const key = first?.key ?? one.keys[0] ?? -1;
  const logs = key >= 0 && !logsElsewhere(source, one) ? logTable(source, one, key) : undefined;
  const left = markup`${first && proofTable(first)}${one.type === 'lost-write' ? lostTable(source, one) : allTable(source, one)}`;
  return markup`<article class="card" id="${one.id}">
<div class="row"><div class="rail"><h3 class="name bad">${raw(glyph.lost)}${one.type}</h3><p class="count">${words.num(one.count)}</p><p class="rail-note">${note(source, one)}</p></div><div><p class="say">${say(one.sentence)}</p>${meta(source, one)}${strip(source, one)} ${
    logs ? markup`<div class="two"><div>${left}</div><div>${logs}</div></div>` : left
  } ${one.type === 'split-brain' && probeTable(source, one, batches())}</div></div></article>`;
}

export function anomaliesSection(source: Source, batches: () => Iterable<Batch>): Html {
  const cards = cardsOf(source);
  const faults = new Set(cards.flatMap((one) => one.faults)).size;
  const kinds = new Set(cards.map((one) => one.type)).size;
  const note =
    cards.length > 0 &&
    markup`<p class="rail-note">${words.plural(kinds, 'kind')}${faults > 0 && `, under ${words.plural(faults, 'fault')}`}</p>`;
  return markup`<section class="part" id="anomalies">
<div class="row stack"><div class="rail"><h2>Anomalies</h2>${note}</div><div>${cards.length === 0 && noneFound(source)}</div></div>
${cards.map((one) => card(source, one, batches))}${permittedCards(source)}</section>`;
}

/** What was seen and is no defect: after the defects, and told in a quiet voice. */
function permittedCards(source: Source): Html {
  const cases = words.permitted(source.verdict);
  if (cases.length === 0) return markup``;
  const cards = cases.map(
    (one) =>
      markup`<article class="card permitted" id="${one.id}">
<div class="row"><div class="rail"><h4 class="name">${one.type}</h4><p class="count">${words.num(one.count)}</p><p class="rail-note">${note(source, one)}</p></div><div><p class="why">Permitted: ${words.stop(words.whyPermitted(one))}</p><p class="soft">${say(one.anomalies[0]?.explanation ?? one.sentence)}</p>${one.anomalies[0] && markup`<details class="marks"><summary>The first one, step by step</summary>${proofTable(one.anomalies[0])}</details>`}</div></div></article>`,
  );
  return markup`<div class="row stack permitted-head"><div class="rail"><h3>Seen, and permitted</h3></div><div><p class="cause">No reason for invalid, and none for alarm.</p></div></div>${cards}`;
}

function noneFound({ verdict }: Source): Html {
  if (!verdict) return markup`<p>Not looked for yet.</p>`;
  const looked = verdict.checkers
    .filter((one) => one.result === 'valid')
    .flatMap((one) => one.anomalies);
  const but =
    verdict.verdict === 'unknown'
      ? 'They judge what was recorded; they cannot judge what was not.'
      : 'What each looked at is in Checkers.';
  return markup`<p class="story none-found">None found${words.permitted(verdict).length > 0 && ' but what is permitted'}.</p>
<p class="cause">${looked.length > 0 ? `Looked for: ${looked.join(', ')}. ${but}` : 'No checker could look for any.'}</p>`;
}
