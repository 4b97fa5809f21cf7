/** The whole run in one strip, and the brush that chooses what is shown below it. */
import { fitCanvas } from './dom.js';
import { isShaded } from './draw-faults.js';
import { Pen, ticks } from './pen.js';
import type { Timeline } from './timeline.js';

const height = 78;
const top = 14;
const base = height - 18;

export function paintMini(timeline: Timeline): void {
  const { run, pal, view } = timeline;
  const { data } = run;
  const [c, W] = fitCanvas(timeline.mini, height);
  const pen = new Pen(c, { t0: data.begin, t1: data.end }, W, pal, data.nodes);
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

function paintFaults(pen: Pen, { run, pal }: Timeline): void {
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

function paintFound(pen: Pen, timeline: Timeline): void {
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

type Brush =
  | { by: 'edge'; edge: 't0' | 't1' }
  | { by: 'move'; at: number; t0: number; t1: number }
  | { by: 'draw'; from: number; used: boolean };

export function brushable(timeline: Timeline): void {
  const { mini, run } = timeline;
  const { begin, end } = run.data;
  let brush: Brush | undefined;
  const timeOf = (e: MouseEvent): number => {
    const box = mini.getBoundingClientRect();
    return begin + ((e.clientX - box.left) / box.width) * (end - begin);
  };
  const begins = (t: number): Brush => {
    const near = (9 / mini.clientWidth) * (end - begin);
    const { view } = timeline;
    if (Math.abs(t - view.t0) < near) return { by: 'edge', edge: 't0' };
    if (Math.abs(t - view.t1) < near) return { by: 'edge', edge: 't1' };
    return t > view.t0 && t < view.t1 && timeline.span < end - begin - 1e-6
      ? { by: 'move', at: t, t0: view.t0, t1: view.t1 }
      : { by: 'draw', from: t, used: false };
  };
  const cursors = { edge: 'ew-resize', move: 'grab', draw: 'crosshair' };
  mini.addEventListener('pointerdown', (e) => {
    mini.setPointerCapture(e.pointerId);
    brush = begins(timeOf(e));
  });
  mini.addEventListener('pointermove', (e) => {
    const t = timeOf(e);
    const { view } = timeline;
    if (!brush) mini.style.cursor = cursors[begins(t).by];
    else if (brush.by === 'edge')
      timeline.go(
        brush.edge === 't0' ? Math.min(t, view.t1 - 0.005) : view.t0,
        brush.edge === 't1' ? Math.max(t, view.t0 + 0.005) : view.t1,
        false,
      );
    else if (brush.by === 'move')
      timeline.go(brush.t0 + t - brush.at, brush.t1 + t - brush.at, false);
    else if (Math.abs(t - brush.from) > (4 / mini.clientWidth) * (end - begin)) {
      brush.used = true;
      timeline.go(Math.min(t, brush.from), Math.max(t, brush.from), false);
    }
  });
  mini.addEventListener('pointerup', (e) => {
    if (brush?.by === 'draw' && !brush.used) {
      const half = timeline.span / 2;
      timeline.go(timeOf(e) - half, timeOf(e) + half);
    }
    brush = undefined;
  });
  mini.addEventListener('pointercancel', () => (brush = undefined));
  mini.addEventListener('dblclick', () => timeline.whole());
}
