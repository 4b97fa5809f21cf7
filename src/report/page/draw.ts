/**
 * drawLanes is one pure function: the zoomable timeline, the strips of the anomaly cards and the
 * printed page are all drawn by it.
 */
import { drawClientLane, opBox } from './draw-clients.js';
import { drawAnomalyLane, drawFaultLane, isShaded } from './draw-faults.js';
import { drawKeyLane, drawNodeLane } from './draw-nodes.js';
import { drawGuides, drawSteps } from './draw-witness.js';
import { NB } from './format.js';
import type { Model } from './lanes.js';
import { crisp, Pen, ticks } from './pen.js';
import type { Palette, Span } from './pen.js';
import type { Shown } from './run.js';

export function drawLanes(
  c: CanvasRenderingContext2D,
  model: Model,
  view: Span,
  W: number,
  pal: Palette,
  shown: Shown,
): void {
  const { run, height, lanes } = model;
  const pen = new Pen(c, view, W, pal, run);
  c.clearRect(0, 0, W, height);
  c.save();
  c.beginPath();
  c.rect(0, 0, W, height);
  c.clip();
  drawShade(pen, model);
  drawAxis(pen, height);
  drawGuides(pen, model, shown.steps);
  for (const lane of lanes) {
    if (lane.kind === 'head' || lane.kind === 'more' || lane.kind === 'axis') continue;
    c.strokeStyle = pal.hair;
    pen.line(0, lane.y + lane.h + 0.5, W, lane.y + lane.h + 0.5);
    if (lane.kind === 'anomaly') drawAnomalyLane(pen, lane);
    else if (lane.kind === 'fault') drawFaultLane(pen, lane);
    else if (lane.kind === 'node') drawNodeLane(pen, lane);
    else if (lane.kind === 'key') drawKeyLane(pen, lane);
    else drawClientLane(pen, lane, shown);
  }
  drawSteps(pen, model, shown.steps);
  if (shown.selected >= 0) drawSelected(pen, model, shown.selected);
  if (shown.cursor !== undefined) drawCursor(pen, height, shown.cursor);
  c.restore();
}

/** Faults shade every lane below the axis; one that was not seen has an outline and no shade. */
function drawShade(pen: Pen, model: Model): void {
  const { c, pal } = pen;
  const below = model.lanes.find((lane) => lane.kind === 'fault');
  for (const fault of model.run.data.faults) {
    if (!pen.sees(fault.t0, fault.t1) || fault.refused !== undefined) continue;
    const x0 = pen.near(fault.t0);
    const x1 = pen.near(fault.t1);
    if (isShaded(fault)) {
      c.fillStyle = pal.shade;
      c.fillRect(x0, 26, Math.max(1, x1 - x0), model.height - 26);
    } else if (below) {
      const y = below.y + below.h;
      pen.stroke(pal.info, 1, [2, 4], () => pen.box(x0, y, x1, model.height - y + 2));
    }
  }
}

function drawAxis(pen: Pen, height: number): void {
  const { c, pal, W, view } = pen;
  const tick = ticks(view, W, 84);
  for (const t of tick.at) {
    const x = pen.x(t);
    c.strokeStyle = pal.hair;
    pen.line(crisp(x), 20, crisp(x), height);
    const text = tick.label(t) + (t + tick.step > view.t1 ? `${NB}s` : '');
    const align = x < 14 ? 'left' : x > W - 18 ? 'right' : 'center';
    const at = align === 'left' ? Math.max(0, x - 3) : align === 'right' ? Math.min(W, x + 3) : x;
    pen.write(text, at, 10, pal.ink2, { align });
  }
  c.strokeStyle = pal.hair2;
  pen.line(0, 26.5, W, 26.5);
}

function drawSelected(pen: Pen, model: Model, row: number): void {
  const lane = model.clientY.get(model.run.lane[row]!);
  if (!lane) return;
  const box = opBox(pen, lane, row);
  const x0 = Math.max(-4, box.x0);
  const x1 = Math.min(pen.W + 4, Math.max(box.x1, box.x0 + 2));
  pen.stroke(pen.pal.ink, 2, [], () => pen.c.strokeRect(x0 - 3, box.y - 3, x1 - x0 + 6, box.h + 6));
  pen.c.globalAlpha = 0.6;
  pen.stroke(pen.pal.ink, 1, [2, 3], () => {
    for (const x of [box.x0, box.x1]) pen.line(crisp(x), 26, crisp(x), box.y - 3);
  });
  pen.c.globalAlpha = 1;
}

function drawCursor(pen: Pen, height: number, t: number): void {
  const { c, pal, W } = pen;
  const x = crisp(pen.x(t));
  c.strokeStyle = pal.ink;
  c.globalAlpha = 0.55;
  pen.line(x, 18, x, height);
  c.globalAlpha = 1;
  const text = `${t.toFixed(pen.span < 5 ? 3 : 2)}${NB}s`;
  const w = pen.width(text, 600) + 10;
  const x0 = Math.max(0, Math.min(W - w, x - w / 2));
  c.fillStyle = pal.ink;
  c.fillRect(x0, 1, w, 18);
  pen.write(text, x0 + 5, 10.5, pal.paper, { weight: 600 });
}
