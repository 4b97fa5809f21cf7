/** The zoomable timeline: what is in view, what is chosen, and how it moves. */
import { fitCanvas, must, mustBe } from './dom.js';
import { drawLanes } from './draw.js';
import { findOps } from './find.js';
import { esc, num, sec, took } from './format.js';
import { buildLanes } from './lanes.js';
import type { Expanded, Model } from './lanes.js';
import { paintMini } from './mini.js';
import { readPalette } from './pen.js';
import type { Palette, Span } from './pen.js';
import { noFilter, passes, stepsFor } from './run.js';
import type { Filter, Run } from './run.js';
import { panel, tableInView } from './tell.js';
import type { WitnessStep } from './types.js';

const leastSpan = 0.005;

export class Timeline {
  readonly run: Run;
  readonly canvas = mustBe(HTMLCanvasElement, '.tl-detail');
  readonly mini = mustBe(HTMLCanvasElement, '.tl-mini');
  readonly tip = must('.tip');
  readonly filter: Filter = noFilter();
  readonly start: Span;
  model: Model;
  view: Span;
  pal: Palette = readPalette();
  /** Row, or -1. */
  selected = -1;
  /** Rows a search found, in time order. */
  hitList: readonly number[] = [];
  hits: ReadonlySet<number> | undefined;
  cursor: number | undefined;
  private hitAt = -1;
  private stopAt = -1;
  private frame = 0;
  private moving = 0;
  private tableTimer = 0;
  private readonly panelBox = must('.panel');
  private readonly table = mustBe(HTMLDetailsElement, '#as-table');
  private readonly expanded: Expanded = { keys: false, clients: false, cases: false };
  private readonly still = matchMedia('(prefers-reduced-motion: reduce)');

  constructor(run: Run) {
    this.run = run;
    const [t0, t1] = run.data.open;
    this.start = { t0, t1 };
    this.view = { t0, t1 };
    this.model = buildLanes(run, this.expanded);
    this.table.addEventListener('toggle', () => this.fillTable());
    this.nameLanes();
  }

  get span(): number {
    return this.view.t1 - this.view.t0;
  }
  /** The chosen anomaly's, else the first's. */
  get steps(): readonly WitnessStep[] {
    const chosen = this.run.lost.get(this.selected);
    if (chosen) return stepsFor(this.run, chosen);
    return (this.run.found.get(this.selected) ?? this.run.cases[0])?.steps ?? [];
  }

  paint = (): void => {
    if (this.frame === 0)
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.paintNow();
      });
  };
  paintNow(): void {
    const { model, view, pal, filter, selected, hits, cursor, steps } = this;
    const [context, W] = fitCanvas(this.canvas, model.height);
    drawLanes(context, model, view, W, pal, { filter, selected, hits, cursor, steps });
    paintMini(this);
    const digits = this.span < 2 ? 3 : 2;
    must('.range').textContent =
      `${view.t0.toFixed(digits)} to ${sec(view.t1, digits)} (${took(this.span)})`;
    clearTimeout(this.tableTimer);
    if (this.table.open) this.tableTimer = window.setTimeout(() => this.fillTable(), 120);
  }
  private fillTable(): void {
    if (this.table.open)
      must('.scroll', this.table).innerHTML = tableInView(
        this.run,
        this.view,
        this.filter,
        this.hits,
      );
  }

  nameLanes(): void {
    const { lanes } = this.model;
    must('[data-gut="detail"]').innerHTML = lanes
      .map((lane) => {
        const place = `style="top:${lane.y}px;height:${lane.h}px"`;
        if (lane.kind === 'head')
          return `<div class="ghead" style="top:${lane.y + 2}px;height:${lane.h}px">${lane.name}</div>`;
        if (lane.kind === 'more') {
          const words = lane.open ? 'show fewer' : `show ${num(lane.hidden)} more`;
          return `<div ${place}><button type="button" class="more-lanes" data-expand="${lane.group}" aria-expanded="${lane.open}">${words}</button></div>`;
        }
        if (lane.label === undefined) return '';
        const sub = lane.sub ? `<span class="proc">${lane.sub}</span>` : '';
        return `<div class="${lane.kind === 'anomaly' ? 'bad' : ''}" ${place}${lane.title ? ` title="${esc(lane.title)}"` : ''}><span class="long">${esc(lane.label)}</span><span class="short">${esc(lane.short ?? '')}</span>${sub}</div>`;
      })
      .join('');
    must('[data-gut="mini"]').innerHTML =
      '<div style="top:28px;height:16px" class="soft"><span class="long">whole run</span></div>';
    must('.lane-heads').innerHTML = lanes
      .map((lane) =>
        lane.kind === 'head'
          ? `<div class="lane-head" style="top:${lane.y + 5}px">${lane.text}</div>`
          : '',
      )
      .join('');
  }
  expand(group: keyof Expanded): void {
    this.expanded[group] = !this.expanded[group];
    this.model = buildLanes(this.run, this.expanded);
    this.nameLanes();
    this.paintNow();
  }

  clamp({ t0, t1 }: Span): Span {
    const { begin, end } = this.run.data;
    const span = Math.max(Math.min(leastSpan, end - begin), Math.min(end - begin, t1 - t0));
    const from = Math.max(begin, Math.min(end - span, t0));
    return { t0: from, t1: from + span };
  }
  go(t0: number, t1: number, smooth = true): void {
    if (!Number.isFinite(t0) || !Number.isFinite(t1)) return;
    const to = this.clamp({ t0, t1 });
    cancelAnimationFrame(this.moving);
    if (!smooth || this.still.matches) {
      this.view = to;
      this.paint();
      return;
    }
    const from = this.view;
    const begin = performance.now();
    const tick = (now: number): void => {
      const k = Math.max(0, Math.min(1, (now - begin) / 240));
      const e = 1 - (1 - k) ** 3;
      // Its end is exact: a link to this view must give this view.
      this.view =
        k === 1 ? to : { t0: from.t0 + (to.t0 - from.t0) * e, t1: from.t1 + (to.t1 - from.t1) * e };
      this.paint();
      if (k < 1) this.moving = requestAnimationFrame(tick);
    };
    this.moving = requestAnimationFrame(tick);
  }
  whole(): void {
    this.go(this.run.data.begin, this.run.data.end);
  }
  zoom(factor: number, at = (this.view.t0 + this.view.t1) / 2, smooth = false): void {
    const { begin, end } = this.run.data;
    const span = Math.max(leastSpan, Math.min(end - begin, this.span * factor));
    const k = (at - this.view.t0) / this.span;
    this.go(at - span * k, at - span * k + span, smooth);
  }
  pan(k: number, smooth = true): void {
    const by = this.span * k;
    this.go(this.view.t0 + by, this.view.t1 + by, smooth);
  }
  timeAt(clientX: number): number {
    const box = this.canvas.getBoundingClientRect();
    return this.view.t0 + ((clientX - box.left) / box.width) * this.span;
  }

  /** Chooses an op; -1 lets go. */
  select(row: number, how: { fromHash?: boolean; zoom?: boolean } = {}): void {
    const { run } = this;
    this.selected = row;
    if (row < 0) {
      this.panelBox.hidden = true;
      this.panelBox.innerHTML = '';
      if (location.hash.startsWith('#op=')) setHash('');
      this.paint();
      return;
    }
    this.showLane(row);
    this.panelBox.innerHTML = panel(run, row);
    this.panelBox.hidden = false;
    const [t0, t1] = [run.t0[row]!, run.t1[row]!];
    if (t0 < this.view.t0 || t1 > this.view.t1 || how.zoom) {
      const span = Math.min(this.span, how.zoom ? Math.max(2, (t1 - t0) * 1.5) : Infinity);
      const mid = (t0 + t1) / 2;
      this.go(mid - span / 2, mid + span / 2);
    }
    if (!how.fromHash) {
      this.uncover();
      setHash(`#op=${run.id[row]!}`);
    }
    this.paint();
  }
  private showLane(row: number): void {
    const lane = this.run.lane[row]!;
    if (lane >= 0 && !this.model.clientY.has(lane)) this.expand('clients');
  }
  /** The panel sticks to the foot of the window: the chosen lane is kept above it. */
  uncover(): void {
    const lane = this.model.clientY.get(this.run.lane[this.selected] ?? NaN);
    if (!lane) return;
    const foot = this.canvas.getBoundingClientRect().top + lane.y + lane.h + 12;
    const room = window.innerHeight - this.panelBox.offsetHeight;
    if (foot > room) window.scrollBy({ top: foot - room, behavior: 'instant' });
  }

  /** The next op of the same client that is shown. */
  step(by: 1 | -1): void {
    const { run } = this;
    if (this.selected < 0) {
      this.selectFirst();
      return;
    }
    const lane = run.lane[this.selected];
    let row = this.selected + by;
    while (run.lane[row] === lane && !passes(run, this.filter, row)) row += by;
    if (run.lane[row] === lane) this.select(row);
  }
  private selectFirst(): void {
    const { run } = this;
    let best = -1;
    for (let i = 0; i < run.n; i++)
      if (
        run.t0[i]! >= this.view.t0 &&
        passes(run, this.filter, i) &&
        (best < 0 || run.t0[i]! < run.t0[best]!)
      )
        best = i;
    if (best >= 0) this.select(best);
  }
  /** The op nearest in time of the client above or below. */
  neighbour(by: 1 | -1): void {
    const { run } = this;
    if (this.selected < 0) {
      this.selectFirst();
      return;
    }
    const shown = [...this.model.clientY.keys()];
    const next = shown[shown.indexOf(run.lane[this.selected]!) + by];
    const ops = next === undefined ? undefined : run.lanes.get(next);
    if (!ops || ops.to === ops.from) return;
    let best = ops.from;
    const t = run.t0[this.selected]!;
    for (let i = ops.from; i < ops.to; i++)
      if (Math.abs(run.t0[i]! - t) < Math.abs(run.t0[best]! - t)) best = i;
    this.select(best);
  }
  nextAnomaly(by: 1 | -1): void {
    const stops = this.run.cases.flatMap((one) =>
      one.span ? [{ row: -1, t0: one.span[0], t1: one.span[1] }] : one.points.map(stopOf),
    );
    if (stops.length === 0) return;
    this.stopAt =
      this.stopAt < 0 && by < 0
        ? stops.length - 1
        : (this.stopAt + by + stops.length) % stops.length;
    const stop = stops[this.stopAt]!;
    if (stop.row >= 0) this.select(stop.row, { zoom: this.span > 6 });
    else {
      this.select(-1);
      this.go(stop.t0 - 1.5, stop.t1 + 1.5);
    }
  }
  zoomToSelected(): void {
    if (this.selected < 0) return;
    const [t0, t1] = [this.run.t0[this.selected]!, this.run.t1[this.selected]!];
    const half = Math.max(0.05, (t1 - t0) * 2);
    this.go((t0 + t1) / 2 - half, (t0 + t1) / 2 + half);
  }

  find(text: string): void {
    this.hitAt = -1;
    const asked = text.trim() !== '';
    this.hitList = asked ? findOps(this.run, text) : [];
    this.hits = asked ? new Set(this.hitList) : undefined;
    this.sayFound(
      asked ? (this.hitList.length > 0 ? `${num(this.hitList.length)} found` : 'none') : '',
    );
    this.paint();
  }
  nextHit(by: 1 | -1): void {
    const n = this.hitList.length;
    if (n === 0) return;
    this.hitAt = this.hitAt < 0 && by < 0 ? n - 1 : (this.hitAt + by + n) % n;
    this.select(this.hitList[this.hitAt]!, { zoom: this.span > 8 });
    this.sayFound(`${num(this.hitAt + 1)} of ${num(n)}`);
  }
  private sayFound(text: string): void {
    must('output[for="q"]').textContent = text;
  }
}

const stopOf = ({
  row,
  t,
}: {
  row: number;
  t: number;
}): { row: number; t0: number; t1: number } => ({
  ...{ row, t0: t, t1: t },
});

export function setHash(hash: string): void {
  try {
    history.replaceState(null, '', hash || location.pathname + location.search);
  } catch {
    /* a page shown from a string has no address to change */
  }
}
