/** The static pictures of Measures, one function each. */
import type { Claim, Facts, RunInfo, Verdict } from '../model/index.js';
import type { Html } from './html.js';
import type { Latency, Sends, Series } from './series.js';
import { hair, Picture } from './svg.js';
import { keyText, num, took } from './words.js';

export interface Plotted {
  run: RunInfo;
  facts: Facts;
  verdict: Verdict | undefined;
  series: Series;
}

const cross = 'M-3 -3l6 6m0-6l-6 6';
const teeth = 'M-4 -4.5l4 2.25-4 2.25 4 2.25-4 2.25';

const msText = (ms: number): string => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`);
/** A logarithmic axis of milliseconds with its lines. */
function logAxis(picture: Picture, low: number, high: number): (ms: number) => number {
  const scale = picture.d3.scaleLog().domain([low, high]).range([picture.height, 0]).clamp(true);
  for (const ms of [0.1, 1, 10, 100, 1000, 10_000, 100_000])
    if (ms >= low && ms <= high) picture.rule(scale(ms), msText(ms));
  return (ms) => scale(Math.max(low, ms));
}
/** The power of ten at or below. */
const decade = (ms: number): number => 10 ** Math.floor(Math.log10(Math.max(ms, 0.1)));

/** A picture with faults shaded and lines at round times, which every one has. */
function drawn(
  { series, facts }: Plotted,
  height: number,
  label: string,
  draw: (picture: Picture) => void,
  room?: { top: number },
): Promise<Html> {
  const all = (picture: Picture): void => {
    picture.shade(facts.faults);
    picture.grid();
    draw(picture);
  };
  return Picture.draw(series, height, label, all, room);
}

export function latencyPlot(what: Plotted): Promise<Html> {
  const { each, points, maxMs } = what.series.latency;
  const stretches: Latency[][] = [];
  let open: Latency[] | undefined;
  for (const bin of each) {
    if (bin === undefined) open = undefined;
    else if (open) open.push(bin);
    else stretches.push((open = [bin]));
  }
  const alone = stretches.filter((one) => one.length === 1).map(([one]) => one!);
  const marks = [...points, ...alone.map(({ t, p50 }) => ({ t, ms: p50 }))];
  const lowest = Math.min(...each.flatMap((bin) => bin?.p50 ?? []), ...points.map((p) => p.ms), 10);
  const label = 'Latency of ok operations by when they were invoked: median, p95, p99 and maximum';
  const draw = (picture: Picture): void => {
    const y = logAxis(picture, decade(lowest), Math.max(120, maxMs * 1.15));
    const { box, x } = picture.curves();
    const { area, line } = picture.d3;
    type Of = keyof Latency;
    for (const stretch of stretches) {
      const band = (from: Of, to: Of, opacity: number): void => {
        const path = area<Latency>()
          .x((d) => x(d.t))
          .y0((d) => y(d[from]))
          .y1((d) => y(d[to]));
        picture.add('path', { d: path(stretch) ?? '', fill: 'var(--ok)', opacity }, box);
      };
      const curve = (of: Of, stroke: string, width: number, dash: string): void => {
        const path = line<Latency>()
          .x((d) => x(d.t))
          .y((d) => y(d[of]));
        const style = { fill: 'none', stroke, 'stroke-width': width, 'stroke-dasharray': dash };
        const d = path(stretch) ?? '';
        picture.add('path', { d, ...style, 'vector-effect': 'non-scaling-stroke' }, box);
      };
      band('p50', 'p95', 0.42);
      band('p95', 'p99', 0.22);
      curve('p50', 'var(--ink)', 1.6, 'none');
      curve('max', 'var(--ok)', 1.2, '2 2');
    }
    for (const { t, ms } of marks) picture.mark(t, y(ms), 'M-2 -2h4v4h-4z', { fill: 'var(--ok)' });
    for (const span of what.facts.faults.spans) {
      if (span.refused !== undefined) continue;
      const to = span.healedNs >= 0 ? span.healedNs / 1e9 : what.series.end;
      const css = span.inForce?.state === 'proven' ? '' : 'unk-text';
      picture.label((span.startNs / 1e9 + to) / 2, -4, `${span.id}`, 'middle', 0, css);
    }
  };
  return drawn(what, 118, label, draw, { top: 16 });
}

export function otherLatencyPlot(what: Plotted): Promise<Html> {
  const { marks } = what.series;
  const most = marks.reduce((n, one) => Math.max(n, one.ms), 1000);
  const label = 'Latency of operations that failed or ended unknown, one mark each';
  return drawn(what, 74, label, (picture) => {
    const y = logAxis(picture, 1, most * 1.3);
    for (const { t, ms, out } of marks) {
      const [path, stroke] = out === 'fail' ? [cross, 'var(--fail)'] : [teeth, 'var(--info)'];
      picture.mark(t, y(ms), path, { fill: 'none', stroke, 'stroke-width': 1.5 });
    }
  });
}

export function throughputPlot(what: Plotted): Promise<Html> {
  const { bins, ok, fail, info } = what.series.through;
  let top = 1;
  for (let i = 0; i < bins.n; i++) top = Math.max(top, (ok[i]! + fail[i]! + info[i]!) / bins.step);
  return drawn(what, 92, 'Completions a second, stacked by outcome: ok, fail, info', (picture) => {
    const y = picture.d3.scaleLinear().domain([0, top]).range([picture.height, 0]);
    for (const v of y.ticks(3)) picture.rule(y(v), num(v));
    const { box, x } = picture.curves();
    const floor = new Float64Array(bins.n);
    for (const [counts, fill, opacity] of [
      [ok, 'var(--ok)', 0.75],
      [fail, 'var(--fail)', 1],
      [info, 'var(--info)', 1],
    ] as const) {
      let d = '';
      for (let i = 0; i < bins.n; i++) {
        const count = counts[i]! / bins.step;
        if (count === 0) continue;
        const at = (part: number): string => x(bins.begin + (i + part) * bins.step).toFixed(1);
        const y0 = y(floor[i]!);
        // Rare things stay visible: at least a pixel and a half.
        const y1 = Math.min(y(floor[i]! + count), y0 - 1.5);
        d += `M${at(0.06)} ${y0.toFixed(1)}H${at(0.94)}V${y1.toFixed(1)}H${at(0.06)}Z`;
        floor[i]! += count;
      }
      if (d) picture.add('path', { d, fill, opacity }, box);
    }
  });
}

const none: Sends = { all: new Uint32Array(0), ok: new Uint32Array(0), lost: new Uint32Array(0) };
export function availabilityPlot(what: Plotted, keys: readonly number[]): Promise<Html> {
  const [row, tall] = [30, 18];
  const { bins, keys: sent } = what.series.avail;
  const label = 'Share of the sends to each key that were acknowledged';
  const untried = { stroke: 'var(--ink-3)', 'stroke-dasharray': '1.5 2' };
  const outline = { fill: 'none', stroke: 'var(--fail)', 'stroke-width': 0.9 };
  return drawn(what, row * keys.length, label, (picture) => {
    for (const [j, key] of keys.entries()) {
      const base = j * row + row - 5;
      const sends = sent.get(key) ?? none;
      picture.rule(base, '');
      picture.side(base - tall / 2 + 1, keyText(what.run, key), base - tall - 2);
      for (let i = 0; i < bins.n; i++) {
        const from = bins.begin + i * bins.step;
        const [a, b] = [from + bins.step * 0.05, from + bins.step * 0.95];
        const [all = 0, ok = 0, lost = 0] = [sends.all[i], sends.ok[i], sends.lost[i]];
        const [share, good] = [ok / all, (ok - lost) / all];
        if (all === 0) picture.line(a, b, base - 2, base - 2, untried);
        if (good > 0)
          picture.rect(a, b, base - tall * good, tall * good, { fill: 'var(--ok)', opacity: 0.75 });
        const bad = { fill: 'var(--bad)' };
        if (lost > 0)
          picture.rect(a, b, base - tall * share, Math.max(2, tall * (share - good)), bad);
        if (share < 1) picture.rect(a, b, base - tall, Math.max(1, tall * (1 - share)), outline);
      }
    }
  });
}

export function epochPlot(what: Plotted, keys: readonly number[]): Promise<Html> {
  const { series, facts, run } = what;
  let height = 0;
  const rows = keys.map((key) => {
    const claims = facts.leaders.claims
      .filter((one) => one.key === key)
      .sort((a, b) => a.epoch - b.epoch || a.fromNs - b.fromNs);
    const top = height;
    // A key that kept its leader has little to say.
    height += claims.some((one) => one.epoch !== claims[0]?.epoch) ? 58 : 32;
    return { key, claims, top, foot: height };
  });
  const label = 'Leader epoch of each key as each node itself says that it leads';
  return drawn(what, height, label, (picture) => {
    for (const { key, claims, top, foot } of rows) {
      if (top > 0) picture.line(series.begin, series.end, top, top, hair);
      picture.side((top + foot) / 2 + 2, keyText(run, key), top + 13);
      keyEpochs(picture, claims, top + 18, foot - 8, series);
    }
  });
}
function keyEpochs(
  picture: Picture,
  claims: readonly Claim[],
  top: number,
  foot: number,
  { begin, end }: Series,
): void {
  const epochs = [...new Set(claims.map((one) => one.epoch))];
  let labelled = -Infinity;
  for (const { epoch, node, fromNs, toNs } of claims) {
    const y = foot - (epochs.indexOf(epoch) / Math.max(1, epochs.length - 1)) * (foot - top);
    const [from, to] = [fromNs / 1e9, Math.max(toNs, fromNs + 1e8) / 1e9];
    const stroke = `var(--n${node}-edge, var(--ink-2))`;
    picture.line(from, to, y, y, { stroke, 'stroke-width': 4 });
    const wide = (to - from) / (end - begin) > 0.09;
    if (!wide && (from - labelled) / (end - begin) <= 0.03) continue;
    labelled = from;
    const text = wide ? `epoch ${epoch}, node ${node}` : `e${epoch} n${node}`;
    picture.label(from, y - 7, text, 'start', wide ? 4 : 0, 'wide-only');
  }
}

export function recoveryPlot(what: Plotted): Promise<Html> {
  const { series, facts, verdict } = what;
  const row = 22;
  const spans = facts.faults.spans.filter((span) => span.refused === undefined).slice(0, 40);
  const label = 'Time from the heal of each fault until all was whole again';
  const circle = 'M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z';
  const ink = { stroke: 'var(--ink)', 'stroke-width': 1.5 };
  return drawn(what, row * spans.length + 4, label, (picture) => {
    for (const [j, span] of spans.entries()) {
      const y = j * row + 14;
      picture.side(y, `fault ${span.id}`, undefined);
      const from = span.startNs / 1e9;
      const healed = span.healedNs >= 0 ? span.healedNs / 1e9 : series.end;
      const dots = { stroke: 'var(--ink-3)', 'stroke-dasharray': '1.5 3' };
      picture.line(from, healed, y, y, dots);
      const found = verdict?.stats.recoveries.find((one) => one.fault === span.id);
      const to = found ? found.toNs / 1e9 : healed;
      let text = span.healedNs < 0 ? 'not healed' : 'nothing to recover from';
      if (found) {
        const lasted = found.toNs - found.fromNs;
        text = `${lasted > 0 ? took(lasted) : 'at once'}, ${found.what}`;
        picture.line(found.fromNs / 1e9, to, y, y, { ...ink, 'stroke-width': 3 });
        picture.mark(found.fromNs / 1e9, y, circle, { fill: 'var(--paper)', ...ink });
        picture.mark(to, y, circle, { fill: 'var(--ink)', ...ink });
      }
      const left = (to - series.begin) / (series.end - series.begin) > 0.7;
      if (left) picture.label(from, y + 4, text, 'end', -8);
      else picture.label(to, y + 4, text, 'start', 9);
    }
  });
}

/** The times, under the last picture. */
export const timeAxis = ({ series }: Plotted): Promise<Html> =>
  Picture.draw(series, 2, 'Seconds', (picture) => picture.axis(picture.grid()), { foot: 22 });
