/** Measures: the static pictures with a sentence each. */
import { markup, raw, type Html } from './html.js';
import { pointsOf } from './data.js';
import { glyph } from './page/marks.js';
import * as plots from './plots.js';
import { seriesOf } from './series.js';
import type { Source } from './source.js';
import * as words from './words.js';
import { keyText, list, num, plural, sec, took, tookMs } from './words.js';

/** Keys that are drawn at once; the others are folded away. */
const mostKeys = 12;
/** More are in verdict.json. */
const mostFolded = 100;

/** Those of the anomalies first, where not all fit. */
function keysInOrder({ run, verdict }: Source): number[] {
  const few = run.keys.length <= mostKeys;
  const first = few ? [] : (verdict?.cases ?? []).flatMap((one) => one.keys);
  return [...new Set([...first, ...run.keys.map((one) => one.key)])].filter((key) => key >= 0);
}

const stepText = (step: number): string =>
  (step < 1 ? took(step * 1e9) : `${step} s`).replace(' ', '\u00a0');

type PerKey = (what: plots.Plotted, keys: readonly number[]) => Promise<Html>;
async function perKey(what: plots.Plotted, keys: readonly number[], plot: PerKey): Promise<Html> {
  const shown = await plot(what, keys.slice(0, mostKeys));
  const folded = keys.slice(mostKeys, mostKeys + mostFolded);
  if (folded.length === 0) return shown;
  const rest = keys.length - mostKeys - folded.length;
  return markup`${shown}<details class="marks"><summary>${num(folded.length)} more keys${rest > 0 && markup`; ${num(rest)} are not drawn`}</summary>${await plot(what, folded)}</details>`;
}

export async function measuresSection(source: Source): Promise<Html> {
  const { run, facts, verdict, ops, data } = source;
  const lost = (verdict?.cases ?? [])
    .filter((one) => one.type === 'lost-write')
    .flatMap((one) => pointsOf(one, source.facts));
  const range = { begin: data.begin, end: data.end, loadEnd: data.phases.heal };
  const series = seriesOf(ops, range, new Set(lost.map((one) => one.op)));
  const what: plots.Plotted = { run, facts, verdict, series };
  const keys = keysInOrder(source);
  if (data.counts.ok + data.counts.fail + data.counts.info === 0)
    return section(
      markup`<p class="soft">No operation was recorded, so there is nothing to measure.</p>`,
      [],
    );
  const { latency, avail, marks } = series;
  const perLatency = `log; per ${stepText(latency.bins.step)}`;
  const perSend = `sends acked per ${stepText(avail.bins.step)}; dotted: none tried`;
  const rows = [
    plot('Latency of ok', perLatency, latencyText(source), await plots.latencyPlot(what)),
  ];
  const add = (title: string, unit: string, says: Html, picture: Html): void => {
    rows.push(plot(title, unit, says, picture));
  };
  if (marks.length > 0) {
    const picture = await plots.otherLatencyPlot(what);
    add('Latency of fail, info', 'log; one mark each', reasonsText(source), picture);
  }
  const through = await plots.throughputPlot(what);
  add('Throughput', 'completions a second, by outcome', throughText(source), through);
  // A history of transactions has no send of its own.
  if (series.avail.keys.size > 0 || !words.isImported(run)) {
    const available = await perKey(what, keys, plots.availabilityPlot);
    add('Availability', perSend, gapsText(source, lost.length), available);
  }
  const lag = words.lagText(run, verdict);
  if (facts.leaders.claims.length > 0) {
    const picture = await perKey(what, keys, plots.epochPlot);
    add('Leader epoch', 'by each node’s own view', epochText(source), picture);
  }
  if (facts.faults.spans.length > 0) {
    const picture = await plots.recoveryPlot(what);
    add('Recovery', 'from heal to whole again', recoveryText(source), picture);
  }
  const axis = await plots.timeAxis(what);
  rows.push(
    markup`<div class="plot axis" aria-hidden="true"><div class="rail"></div><div data-plot>${axis}</div></div>`,
  );
  return section(
    markup`<p class="soft">All on the time axis of the whole run${!words.isImported(run) && '; faults are shaded and numbered, outlined where they were not proven'}.${lag !== undefined && ` Realtime lag, how far a poll was behind what was known to be there: at worst ${lag}.`}</p>`,
    rows,
  );
}

const section = (lead: Html, rows: readonly Html[]): Html =>
  markup`<section class="part" id="measures">
<div class="row stack"><div class="rail"><h2>Measures</h2></div>${lead}</div>${rows.length > 0 && markup`<div class="plots">${rows}</div>`}</section>`;
const plot = (title: string, unit: string, says: Html, picture: Html): Html =>
  markup`<div class="plot"><div class="rail"><h3>${title}</h3><p class="rail-note">${unit}</p></div><div><p class="read">${says}</p><div data-plot>${picture}</div></div></div>`;

function latencyText({ verdict }: Source): Html {
  if (!verdict) return markup`Line: median. Bands: to 95 % and to 99 %. Dashes: the slowest.`;
  const { p50, p99, max } = verdict.stats.latencyMs;
  return markup`Half within ${tookMs(p50)}, 99 % within ${tookMs(p99)}, slowest ${tookMs(max)}. Line: median. Bands: to 95 % and to 99 %. Dashes: the slowest.`;
}
function reasonsText({ verdict, data }: Source): Html {
  const { fail, info } = data.counts;
  const most = [...(verdict?.stats.reasons ?? [])].sort((a, b) => b.count - a.count).slice(0, 4);
  const why = most.map((one) => `${one.reason} ${num(one.count)} (${one.type})`).join(', ');
  return markup`${num(fail)} fail (did not happen), ${num(info)} info (nobody knows)${why && `. Most often: ${why}`}.`;
}
function throughText({ verdict }: Source): Html {
  const key = raw(`<span class="keyline">${glyph.ok}ok ${glyph.fail}fail ${glyph.info}info</span>`);
  return markup`${verdict && `About ${num(Math.round(verdict.stats.perSecond))} a second. `}${key}`;
}
function gapsText({ verdict, run }: Source, lost: number): Html {
  const gaps = [...(verdict?.stats.gaps ?? [])].sort(
    (a, b) => b.toNs - b.fromNs - (a.toNs - a.fromNs),
  );
  const longest = gaps
    .slice(0, 3)
    .map((one) => `${keyText(run, one.key)} ${took(one.toNs - one.fromNs)}`);
  const bad =
    lost > 0 &&
    markup` <b class="bad">Red: ${plural(lost, 'ack')} that turned out false, so the key only looked available.</b>`;
  return markup`${longest.length > 0 && `Longest time without an acknowledged send: ${list(longest)}.`}${bad}`;
}
function epochText({ data }: Source): Html {
  const [longest, ...rest] = [...data.overlaps].sort((a, b) => b.t1 - b.t0 - (a.t1 - a.t0));
  if (!longest) return markup`No two nodes said at the same time that they lead the same key.`;
  const key = data.keys[longest.key] ?? `key ${longest.key}`;
  const acked = longest.bad
    ? 'both acknowledged writes, or a checker calls it split-brain'
    : 'the older one acknowledged nothing';
  const also = rest
    .slice(0, 3)
    .map((one) => `${data.keys[one.key]} for ${took((one.t1 - one.t0) * 1e9)}`);
  const more = rest.length > 3 ? ` and ${num(rest.length - 3)} more times` : '';
  return markup`${key} is led by node ${longest.old.node} (epoch ${longest.old.epoch}) and node ${longest.young.node} (epoch ${longest.young.epoch}) at once for ${took((longest.t1 - longest.t0) * 1e9)}; ${acked}.${also.length > 0 && ` Two leaders too: ${also.join(', ')}${more}.`}`;
}
function recoveryText({ verdict }: Source): Html {
  const slowest = [...(verdict?.stats.recoveries ?? [])].sort(
    (a, b) => b.toNs - b.fromNs - (a.toNs - a.fromNs),
  )[0];
  return slowest
    ? markup`Slowest after fault ${slowest.fault}: ${took(slowest.toNs - slowest.fromNs)}, at ${sec(slowest.toNs)} (${slowest.what}).`
    : markup`No recovery was measured.`;
}
