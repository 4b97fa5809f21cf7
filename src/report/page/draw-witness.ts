/** The circled numbers of a witness and the curve between them; guides from an anomaly to its place. */
import { cutTo, sec } from './format.js';
import type { Lane, Model } from './lanes.js';
import type { Pen } from './pen.js';
import { isSend } from './run.js';
import type { WitnessStep } from './types.js';

/** Seconds of view above which curves say nothing. */
const widest = 14;
const longest = 64;

interface Dot {
  step: WitnessStep;
  /** Where the event is, and where its circle is. */
  at: number;
  x: number;
  y: number;
}

/** Dotted lines under the lanes: from the pin to its op, from a bracket to its key. */
export function drawGuides(pen: Pen, model: Model, steps: readonly WitnessStep[]): void {
  for (const lane of model.lanes) {
    if (lane.kind !== 'anomaly') continue;
    const from = lane.y + lane.h / 2 + 7;
    const to = (x: number, target: Lane | undefined): void => {
      if (target) pen.stroke(pen.pal.bad, 1.25, [1, 3], () => pen.line(x, from, x, target.y + 2));
    };
    if (lane.of.span) {
      const key = model.lanes.find((l) => l.kind === 'key' && lane.of.keys.includes(l.key));
      for (const t of lane.of.span) if (pen.sees(t)) to(pen.x(t), key);
    } else if (pen.span <= widest) {
      const told = lane.of.points.find((p) => steps.some((s) => s.op === model.run.id[p.row]));
      if (told && pen.sees(told.t)) to(pen.x(told.t), model.clientY.get(model.run.lane[told.row]!));
    }
  }
}

export function drawSteps(pen: Pen, model: Model, steps: readonly WitnessStep[]): void {
  if (pen.span > widest || steps.length === 0) return;
  const dots = place(pen, model, steps);
  for (let i = 1; i < dots.length; i++)
    if (dots[i]!.step.op !== dots[i - 1]!.step.op) drawCurve(pen, dots[i - 1]!, dots[i]!);
  for (const dot of dots) drawDot(pen, dot);
  if (pen.W > 620) drawLabels(pen, dots, model.height);
}

/** The begin of an op has its circle before it, every other event after it. */
function place(pen: Pen, model: Model, steps: readonly WitnessStep[]): Dot[] {
  const { run } = model;
  const dots: Dot[] = [];
  for (const step of steps) {
    const row = run.rowOf(step.op);
    const lane = row >= 0 ? model.clientY.get(run.lane[row]!) : undefined;
    if (!lane) continue;
    const at = pen.x(step.t);
    const begins = step.t - run.t0[row]! < (run.t1[row]! - run.t0[row]!) / 2;
    let x = at + (begins ? -10 : 10);
    const y = lane.y + (isSend(run, row) ? 7.5 : 17.5);
    while (dots.some((dot) => Math.abs(dot.x - x) < 17 && Math.abs(dot.y - y) < 12)) x += 17;
    dots.push({ step, at, x, y });
  }
  return dots;
}

function drawCurve(pen: Pen, from: Dot, to: Dot): void {
  const { c } = pen;
  if (Math.max(from.x, to.x) < 0 || Math.min(from.x, to.x) > pen.W) return;
  const down = to.y > from.y ? 1 : -1;
  const [x0, y0] = [from.x + 6, from.y + down * 6];
  const [x1, y1] = [to.x - 8, to.y];
  const dx = x1 - x0;
  pen.stroke(pen.pal.bad, 1.75, [], () => {
    c.beginPath();
    c.moveTo(x0, y0);
    c.bezierCurveTo(x0 + dx * 0.25, y0 + (y1 - y0) * 0.75, x1 - dx * 0.4, y1, x1, y1);
    c.stroke();
  });
  if (to.x > pen.W) {
    const text = `read at ${sec(to.step.t, 3)} \u2192`;
    const y = y0 + (y1 - y0) * Math.min(1, ((pen.W - 60 - x0) / dx) * 1.6);
    pen.write(text, pen.W - 4, y - 14, pen.pal.bad, { weight: 600, halo: true, align: 'right' });
  }
}

function drawDot(pen: Pen, { x, y, step }: Dot): void {
  const { c, pal } = pen;
  c.beginPath();
  c.arc(x, y, 8, 0, Math.PI * 2);
  c.fillStyle = pal.paper;
  c.fill();
  pen.stroke(pal.bad, 1.75, [], () => c.stroke());
  pen.write(String(step.n), x, y + 0.5, pal.bad, { size: 11, weight: 700, align: 'center' });
}

/** Words keep to the side that the line does not take. The begin of an op needs none. */
function drawLabels(pen: Pen, dots: readonly Dot[], height: number): void {
  dots.forEach((dot, i) => {
    const next = dots[i + 1];
    if (next?.step.op === dot.step.op || dot.x < 0 || dot.x > pen.W || dot.step.says === '') return;
    const text = cutTo(dot.step.says, longest);
    const style = { weight: 600, halo: true } as const;
    const w = pen.width(text, 600);
    const down = next ? next.y > dot.y : false;
    const beside = next?.y === dot.y;
    const y = next ? dot.y + (down ? -9 : beside ? 17 : 9) : dot.y;
    if (dot.x + 16 + w < pen.W) pen.write(text, dot.x + 14, y, pen.pal.bad, style);
    else {
      const before = dots[i - 1];
      const above = (before && before.y > dot.y) || dot.y + 26 > height;
      const side = above ? -17 : 17;
      const x = Math.min(pen.W - 2, dot.x + 10);
      pen.write(text, x, dot.y + side, pen.pal.bad, { ...style, align: 'right' });
    }
  });
}
