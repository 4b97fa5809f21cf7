/** The whole run in one strip. */
import { fitCanvas } from './dom.js';
import { isShaded } from './draw-faults.js';
import { Pen, ticks } from './pen.js';
import type { Palette, Span } from './pen.js';
import type { Run } from './run.js';

/** What it shows of the timeline's state. */
export interface Whole {
  run: Run;
  mini: HTMLCanvasElement;
  pal: Palette;
  /** What is shown below, framed. */
  view: Span;
  hitList: readonly number[];
  selected: number;
}

const height = 78;
const top = 14;
const base = height - 18;

export function paintMini(timeline: Whole): void {
  const { run, pal, view } = timeline;
  const { data } = run;
  const [c, W] = fitCanvas(timeline.mini, height);
  const pen = new Pen(c, { t0: data.begin, t1: data.end }, W, pal, run);
  c.clearRect(0, 0, W, height);
  paintBars(pen, data.overview);
  c.strokeStyle = pal.hair2;
  pen.line(0, base + 0.5, W, base + 0.5);
  const tick = ticks(pen.view, W, 90);
  for (const t of tick.at) {
    const x = pen.x(t);
    const last = t + tick.step > data.end;
    const align = x < 10 ? 'left' : x > W - 14 ? 'right' : 'center';
    pen.write(tick.label(t) + (last ? ' s' : ''), x, base + 10, pal.ink3, { size: 11, align });
  }
  // Outside the brush the picture steps back.
  const [a, b] = [pen.x(view.t0), pen.x(view.t1)];
  c.fillStyle = pal.paper;
  c.globalAlpha = 0.62;
  c.fillRect(0, top, a, base - top);
  c.fillRect(b, top, W - b, base - top);
  c.globalAlpha = 1;
  paintFaults(pen, timeline);
  c.strokeStyle = c.fillStyle = pal.ink;
  c.lineWidth = 1.5;
  if (view.t1 - view.t0 < data.end - data.begin - 1e-6)
    c.strokeRect(
      Math.max(0.75, a),
      top - 0.25,
      Math.max(2, Math.min(W - 1.5, b - a)),
      base - top + 0.5,
    );
  c.lineWidth = 1;
  for (const x of [a, b])
    c.fillRect(Math.max(0, Math.min(W - 4, x - 2)), (top + base) / 2 - 8, 4, 16);
  paintFound(pen, timeline);
}

function paintBars(pen: Pen, bins: { ok: number[]; fail: number[]; info: number[] }): void {
  const { c, pal, W } = pen;
  const n = bins.ok.length;
  let most = 1;
  for (let i = 0; i < n; i++) most = Math.max(most, bins.ok[i]! + bins.fail[i]! + bins.info[i]!);
  for (let i = 0; i < n; i++) {
    let y = base;
    for (const [name, colour] of [
      ['ok', pal.ok],
      ['fail', pal.fail],
      ['info', pal.info],
    ] as const) {
      const h = (bins[name][i]! / most) * (base - top - 4);
      if (h === 0) continue;
      const tall = Math.max(name === 'ok' ? 0 : 2, h);
      c.fillStyle = colour;
      c.globalAlpha = name === 'ok' ? 0.6 : 1;
      c.fillRect((i * W) / n, y - tall, Math.max(0.8, W / n - 0.5), tall);
      y -= tall;
    }
  }
  c.globalAlpha = 1;
}

function paintFaults(pen: Pen, { run, pal }: Whole): void {
  const { c } = pen;
  let last = -99;
  for (const fault of run.data.faults) {
    if (fault.refused !== undefined) continue;
    const [x0, x1] = [pen.x(fault.t0), pen.x(fault.t1)];
    if (isShaded(fault)) {
      c.fillStyle = pal.shade;
      c.fillRect(x0, top, x1 - x0, base - top);
    }
    c.fillStyle = isShaded(fault) ? pal.ink2 : pal.info;
    c.fillRect(x0, top - 2, Math.max(2, x1 - x0), 2);
    const mid = (x0 + x1) / 2;
    // Of many faults in little room not every number is written.
    if (mid - last < 14) continue;
    last = mid;
    pen.write(String(fault.id), mid, 5.5, pal.ink2, { weight: 500, size: 11, align: 'center' });
  }
}

function paintFound(pen: Pen, timeline: Whole): void {
  const { c, pal } = pen;
  const { run, hitList, selected } = timeline;
  for (const one of run.cases) {
    const first = one.points[0]?.t ?? one.t0;
    const [t0, t1] = one.span ?? [first, one.points.at(-1)?.t ?? one.t1];
    c.fillStyle = pal.bad;
    if (one.span) c.fillRect(pen.x(t0), top + 2, Math.max(1, pen.x(t1) - pen.x(t0)), 3);
    pen.diamond((pen.x(t0) + pen.x(t1)) / 2, top + 3.5, 5.5, pal.bad);
  }
  c.fillStyle = pal.ink;
  let last = -9;
  for (const row of hitList) {
    const x = pen.x(run.t0[row]!);
    if (x - last < 0.5) continue;
    last = x;
    c.fillRect(x - 0.5, base - 7, 1.2, 7);
  }
  if (selected >= 0) {
    const x = pen.x(run.t0[selected]!);
    c.beginPath();
    c.moveTo(x - 4, base + 6);
    c.lineTo(x + 4, base + 6);
    c.lineTo(x, base);
    c.fill();
  }
}
