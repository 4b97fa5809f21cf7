/** The static pictures of Measures, one function each. */
import type { Claim, RunInfo, Verdict } from '../model/index.js';
import type { Facts } from '../model/index.js';
import type { Html } from './html.js';
import type { Latency, Mark, Sends, Series } from './series.js';
import { Picture } from './svg.js';
import { keyText, took } from './words.js';

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

export function latencyPlot({ series, facts }: Plotted): Promise<Html> {
  const { each, points, maxMs } = series.latency;
  const stretches: Latency[][] = [];
  let open: Latency[] | undefined;
  for (const bin of each) {
    if (bin === undefined) open = undefined;
    else if (open) open.push(bin);
    else stretches.push((open = [bin]));
  }
  const lowest = Math.min(
    ...each.flatMap((bin) => (bin ? [bin.p50] : [])),
    ...points.map((p) => p.ms),
    10,
  );
  const label = 'Latency of ok operations by when they were invoked: median, p95, p99 and maximum';
  return Picture.draw(
    series,
    118,
    label,
    (picture) => {
      picture.shade(facts.faults);
      picture.grid();
      const y = logAxis(picture, decade(lowest), Math.max(120, maxMs * 1.15));
      const { box, x } = picture.curves();
      for (const stretch of stretches) {
        const band = (from: keyof Latency, to: keyof Latency, opacity: number): void => {
          const area = picture.d3
            .area<Latency>()
            .x((d) => x(d.t))
            .y0((d) => y(d[from]))
            .y1((d) => y(d[to]));
          box
            .append('path')
            .attr('d', area(stretch) ?? '')
            .attr('fill', 'var(--ok)')
            .attr('opacity', opacity);
        };
        const curve = (of: keyof Latency, stroke: string, width: number, dash: string): void => {
          const line = picture.d3
            .line<Latency>()
            .x((d) => x(d.t))
            .y((d) => y(d[of]));
          box
            .append('path')
            .attr('d', line(stretch) ?? '')
            .attr('fill', 'none')
            .attr('stroke', stroke)
            .attr('stroke-width', width)
            .attr('stroke-dasharray', dash)
            .attr('vector-effect', 'non-scaling-stroke');
        };
        if (stretch.length === 1)
          points.push({ t: stretch[0]!.t, ms: stretch[0]!.p50, out: 'ok', n: 1 });
        band('p50', 'p95', 0.42);
        band('p95', 'p99', 0.22);
        curve('p50', 'var(--ink)', 1.6, 'none');
        curve('max', 'var(--ok)', 1.2, '2 2');
      }
      for (const point of points)
        picture.mark(point.t, y(point.ms), 'M-2 -2h4v4h-4z').attr('fill', 'var(--ok)');
      for (const span of facts.faults.spans)
        if (span.refused === undefined) faultName(picture, span, series.end);
    },
    { top: 16 },
  );
}
function faultName(picture: Picture, span: Facts['faults']['spans'][number], end: number): void {
  const proven = span.inForce?.state === 'proven';
  const to = span.healedNs >= 0 ? span.healedNs / 1e9 : end;
  const text = picture.label((span.startNs / 1e9 + to) / 2, -4, `${span.id}`, 'middle');
  if (!proven) text.attr('class', 'unk-text');
}

export function otherLatencyPlot({ series, facts }: Plotted): Promise<Html> {
  const most = series.marks.reduce((n, one) => Math.max(n, one.ms), 1000);
  const label = 'Latency of operations that failed or ended unknown, one mark each';
  return Picture.draw(series, 74, label, (picture) => {
    picture.shade(facts.faults);
    picture.grid();
    const y = logAxis(picture, 1, most * 1.3);
    for (const one of series.marks as readonly Mark[])
      picture
        .mark(one.t, y(one.ms), one.out === 'fail' ? cross : teeth)
        .attr('fill', 'none')
        .attr('stroke', one.out === 'fail' ? 'var(--fail)' : 'var(--info)')
        .attr('stroke-width', 1.5);
  });
}

export function throughputPlot({ series, facts }: Plotted): Promise<Html> {
  const { bins, ok, fail, info } = series.through;
  let top = 1;
  for (let i = 0; i < bins.n; i++) top = Math.max(top, (ok[i]! + fail[i]! + info[i]!) / bins.step);
  const label = 'Completions a second, stacked by outcome: ok, fail, info';
  return Picture.draw(series, 92, label, (picture) => {
    picture.shade(facts.faults);
    picture.grid();
    const y = picture.d3.scaleLinear().domain([0, top]).range([picture.height, 0]);
    for (const v of y.ticks(3)) picture.rule(y(v), v.toLocaleString('en-US'));
    const { box, x } = picture.curves();
    const floor = new Float64Array(bins.n);
    for (const [counts, fill, opacity] of [
      [ok, 'var(--ok)', 0.75],
      [fail, 'var(--fail)', 1],
      [info, 'var(--info)', 1],
    ] as const) {
      let path = '';
      for (let i = 0; i < bins.n; i++) {
        const count = counts[i]! / bins.step;
        if (count === 0) continue;
        const [x0, x1] = [0.06, 0.94].map((part) =>
          x(bins.begin + (i + part) * bins.step).toFixed(1),
        );
        const [y0, y1] = [y(floor[i]!), y(floor[i]! + count)];
        // Rare things stay visible: at least a pixel and a half.
        const up = Math.min(y1, y0 - 1.5);
        path += `M${x0} ${y0.toFixed(1)}H${x1}V${up.toFixed(1)}H${x0}Z`;
        floor[i]! += count;
      }
      if (path) box.append('path').attr('d', path).attr('fill', fill).attr('opacity', opacity);
    }
  });
}

const none: Sends = { all: new Uint32Array(0), ok: new Uint32Array(0), lost: new Uint32Array(0) };
export function availabilityPlot(
  { series, facts, run }: Plotted,
  keys: readonly number[],
): Promise<Html> {
  const row = 30;
  const tall = 18;
  const { bins } = series.avail;
  const label = 'Share of the sends to each key that were acknowledged';
  return Picture.draw(series, row * keys.length, label, (picture) => {
    picture.shade(facts.faults);
    picture.grid();
    for (const [j, key] of keys.entries()) {
      const base = j * row + row - 5;
      const sends = series.avail.keys.get(key) ?? none;
      picture.rule(base, '');
      picture.side(base - tall / 2 + 1, keyText(run, key), base - tall - 2);
      for (let i = 0; i < bins.n; i++) {
        const from = bins.begin + i * bins.step;
        const [a, b] = [from + bins.step * 0.05, from + bins.step * 0.95];
        const all = sends.all[i] ?? 0;
        if (all === 0) {
          picture
            .line(a, b, base - 2)
            .attr('stroke', 'var(--ink-3)')
            .attr('stroke-dasharray', '1.5 2');
          continue;
        }
        const share = sends.ok[i]! / all;
        const good = (sends.ok[i]! - sends.lost[i]!) / all;
        if (good > 0)
          picture
            .rect(a, b, base - tall * good, tall * good)
            .attr('fill', 'var(--ok)')
            .attr('opacity', 0.75);
        if (sends.lost[i]! > 0)
          picture
            .rect(a, b, base - tall * share, Math.max(2, tall * (share - good)))
            .attr('fill', 'var(--bad)');
        if (share < 1)
          picture
            .rect(a, b, base - tall, Math.max(1, tall * (1 - share)))
            .attr('fill', 'none')
            .attr('stroke', 'var(--fail)')
            .attr('stroke-width', 0.9);
      }
    }
  });
}

export function epochPlot({ series, facts, run }: Plotted, keys: readonly number[]): Promise<Html> {
  const label = 'Leader epoch of each key as each node itself says that it leads';
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
  return Picture.draw(series, height, label, (picture) => {
    picture.shade(facts.faults);
    picture.grid();
    for (const { key, claims, top, foot } of rows) {
      if (top > 0) picture.line(series.begin, series.end, top).attr('stroke', 'var(--hair)');
      picture.side((top + foot) / 2 + 2, keyText(run, key), top + 13);
      if (claims.length > 0) keyEpochs(picture, claims, top + 18, foot - 8, series);
    }
  });
}
function keyEpochs(
  picture: Picture,
  claims: readonly Claim[],
  top: number,
  foot: number,
  series: Series,
): void {
  const epochs = [...new Set(claims.map((one) => one.epoch))];
  const y = (epoch: number): number =>
    epochs.length === 1
      ? foot
      : foot - (epochs.indexOf(epoch) / (epochs.length - 1)) * (foot - top);
  let labelled = -Infinity;
  for (const one of claims) {
    const [from, to] = [one.fromNs / 1e9, Math.max(one.toNs, one.fromNs + 1e8) / 1e9];
    picture
      .line(from, to, y(one.epoch))
      .attr('stroke', `var(--n${one.node}-edge, var(--ink-2))`)
      .attr('stroke-width', 4);
    const part = (to - from) / (series.end - series.begin);
    if (part > 0.09) {
      picture
        .label(from, y(one.epoch) - 7, `epoch ${one.epoch}, node ${one.node}`, 'start', 4)
        .attr('class', 'wide-only');
      labelled = from;
    } else if ((from - labelled) / (series.end - series.begin) > 0.03) {
      picture
        .label(from, y(one.epoch) - 7, `e${one.epoch} n${one.node}`)
        .attr('class', 'wide-only');
      labelled = from;
    }
  }
}

export function recoveryPlot({ series, facts, verdict }: Plotted): Promise<Html> {
  const row = 22;
  const spans = facts.faults.spans.filter((span) => span.refused === undefined).slice(0, 40);
  const label = 'Time from the heal of each fault until all was whole again';
  return Picture.draw(series, row * spans.length + 4, label, (picture) => {
    picture.shade(facts.faults);
    picture.grid();
    for (const [j, span] of spans.entries()) {
      const y = j * row + 14;
      picture.side(y, `fault ${span.id}`, undefined);
      const healed = span.healedNs >= 0 ? span.healedNs / 1e9 : series.end;
      picture
        .line(span.startNs / 1e9, healed, y)
        .attr('stroke', 'var(--ink-3)')
        .attr('stroke-dasharray', '1.5 3');
      const found = verdict?.stats.recoveries.find((one) => one.fault === span.id);
      const to = found ? found.toNs / 1e9 : healed;
      if (found) {
        picture
          .line(found.fromNs / 1e9, to, y)
          .attr('stroke', 'var(--ink)')
          .attr('stroke-width', 3);
        for (const [t, fill] of [
          [found.fromNs / 1e9, 'var(--paper)'],
          [to, 'var(--ink)'],
        ] as const)
          picture
            .mark(t, y, 'M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z')
            .attr('fill', fill)
            .attr('stroke', 'var(--ink)')
            .attr('stroke-width', 1.5);
      }
      const text = found
        ? `${to > healed ? took(found.toNs - found.fromNs) : 'at once'}, ${found.what}`
        : span.healedNs < 0
          ? 'not healed'
          : 'nothing to recover from';
      const left = (to - series.begin) / (series.end - series.begin) > 0.7;
      picture.label(
        left ? span.startNs / 1e9 : to,
        y + 4,
        text,
        left ? 'end' : 'start',
        left ? -8 : 9,
      );
    }
  });
}

/** The times, under the last picture. */
export const timeAxis = ({ series }: Plotted): Promise<Html> =>
  Picture.draw(series, 2, 'Seconds', (picture) => picture.axis(picture.grid()), { foot: 22 });
