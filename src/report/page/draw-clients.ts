/** The lanes of clients: sends above the line, polls below, from invoke to completion. */
import { valueName } from '../../model/op.js';
import type { Lane } from './lanes.js';
import { crisp } from './pen.js';
import type { Pen } from './pen.js';
import { firstRare, firstRow, isSend, outName, passes } from './run.js';
import type { LaneOps, Shown } from './run.js';

/** A mark each up to one op in 7 px; above that columns of 3 px. */
const denseAbove = 1 / 7;
const column = 3;

export interface Box {
  x0: number;
  x1: number;
  y: number;
  h: number;
}
export function opBox(pen: Pen, lane: { y: number }, row: number): Box {
  const { run } = pen;
  const send = isSend(run, row);
  const y = lane.y + (send ? 3 : 14);
  return { x0: pen.x(run.t0[row]!), x1: pen.x(run.t1[row]!), y, h: send ? 9 : 7 };
}

type ClientLane = Extract<Lane, { kind: 'client' }>;
export function drawClientLane(pen: Pen, lane: ClientLane, shown: Shown): void {
  const { run, view } = pen;
  pen.c.strokeStyle = pen.pal.hair;
  pen.line(0, lane.y + 13.5, pen.W, lane.y + 13.5);
  const ops = run.lanes.get(lane.client);
  if (run.n === 0 && !run.data.rest)
    pen.write('no operation was recorded', 4, lane.y + 13, pen.pal.ink3, { halo: true });
  else if (ops) {
    const from = firstRow(run, ops, view.t0 - ops.longest);
    const to = firstRow(run, ops, view.t1);
    const rest = restInView(pen, ops);
    const dense = (to - firstRow(run, ops, view.t0) + rest.n) / pen.W > denseAbove;
    if (dense || rest.n > 0) drawColumns(pen, lane, dense ? [from, to] : [from, from], rest, shown);
    if (!dense) drawOks(pen, lane, from, to, shown);
    drawRare(pen, lane, ops, shown);
    if (shown.hits) drawHits(pen, lane, from, to, shown.hits);
  }
  drawReplacements(pen, lane);
}

/** Ops and counts of ops in columns: the darker, the more. */
function drawColumns(
  pen: Pen,
  lane: Lane,
  [from, to]: [from: number, to: number],
  rest: RestView,
  { filter, hits }: Shown,
): void {
  const { run, c } = pen;
  const n = Math.ceil(pen.W / column);
  const [sends, polls] = [new Float32Array(n), new Float32Array(n)];
  const columnOf = (t: number): number => Math.floor(pen.x(t) / column);
  if (filter.ok) {
    for (let i = from; i < to; i++) {
      if (run.out[i] !== 1 || !passes(run, filter, i)) continue;
      const k = columnOf(run.t0[i]!);
      if (k >= 0 && k < n) (isSend(run, i) ? sends : polls)[k]!++;
    }
    // A bin that is wider than a column is spread over those it covers.
    for (let i = rest.first; i < rest.last; i++) {
      const t = run.data.begin + i * rest.step;
      const first = columnOf(t);
      const last = Math.max(first, columnOf(t + rest.step) - 1);
      const part = 1 / (last - first + 1);
      for (let k = Math.max(0, first); k <= Math.min(n - 1, last); k++) {
        if (filter.send) sends[k]! += rest.sends[i]! * part;
        if (filter.poll) polls[k]! += rest.polls[i]! * part;
      }
    }
  }
  const full = Math.max(1, ((to - from + rest.n) / pen.W) * column * 1.5);
  const dim = hits ? 0.35 : 1;
  c.fillStyle = pen.pal.ok;
  for (let k = 0; k < n; k++) {
    c.globalAlpha = dim * Math.min(1, 0.25 + 0.6 * (sends[k]! / full));
    if (sends[k]! > 0) c.fillRect(k * column, lane.y + 3, column - 0.6, 9);
    c.globalAlpha = dim * Math.min(0.75, 0.18 + 0.45 * (polls[k]! / full));
    if (polls[k]! > 0) c.fillRect(k * column, lane.y + 15, column - 0.6, 5);
  }
  c.globalAlpha = 1;
}

/** The bins in view of the ops that are not in the page one by one. */
function restInView({ run, view }: Pen, { rest: counts }: LaneOps): RestView {
  const { rest, begin } = run.data;
  const none = new Float64Array();
  if (!rest || !counts) return { n: 0, first: 0, last: 0, step: 1, sends: none, polls: none };
  const first = Math.max(0, Math.floor((view.t0 - begin) / rest.step));
  const last = Math.min(rest.bins, Math.ceil((view.t1 - begin) / rest.step) + 1);
  let n = 0;
  for (let i = first; i < last; i++) n += counts.sends[i]! + counts.polls[i]!;
  return { n, first, last, step: rest.step, ...counts };
}
interface RestView {
  n: number;
  first: number;
  last: number;
  step: number;
  sends: Float64Array;
  polls: Float64Array;
}

function drawOks(pen: Pen, lane: Lane, from: number, to: number, shown: Shown): void {
  const { run } = pen;
  for (let i = from; i < to; i++) {
    if (run.t1[i]! < pen.view.t0 || run.out[i] !== 1 || run.lost.has(i)) continue;
    if (passes(run, shown.filter, i)) drawOk(pen, lane, i, isDim(shown, i));
  }
}
const isDim = (shown: Shown, row: number): boolean =>
  shown.hits !== undefined && !shown.hits.has(row);

/**
 * Fail, info, lost and found ops, one by one at every zoom. One that would fall on the same pixel
 * as the last of its sort is skipped: it could not be told apart.
 */
function drawRare(pen: Pen, lane: Lane, ops: LaneOps, shown: Shown): void {
  const { run } = pen;
  const last = new Map<string, number>();
  const start = firstRare(run, ops, pen.view.t0 - ops.longest);
  for (let k = start; k < ops.rare.length; k++) {
    const row = ops.rare[k]!;
    if (run.t0[row]! > pen.view.t1) break;
    if (run.t1[row]! < pen.view.t0) continue;
    if (!passes(run, shown.filter, row) && !shown.hits?.has(row)) continue;
    const lost = run.lost.has(row);
    const sort = `${outName(run, row)}${run.f[row]!}${lost ? 'l' : run.found.has(row) ? 'f' : ''}`;
    const x = pen.x(run.t1[row]!);
    const dim = isDim(shown, row);
    if (!dim && Math.abs(x - (last.get(sort) ?? -99)) < 0.7) continue;
    if (!dim) last.set(sort, x);
    drawOk(pen, lane, row, dim);
  }
}

/** One op by its outcome. */
function drawOk(pen: Pen, lane: Lane, row: number, dim: boolean): void {
  const { c, pal, run } = pen;
  const box = opBox(pen, lane, row);
  const x0 = Math.max(-6, box.x0);
  const w = Math.max(2, Math.min(pen.W + 6, box.x1) - x0);
  const alpha = dim ? 0.18 : 1;
  c.globalAlpha = alpha;
  const out = outName(run, row);
  const lost = run.lost.has(row);
  if (out === 'fail') drawFail(pen, box, x0, w);
  else if (out === 'info') drawInfo(pen, box, x0, w);
  else {
    c.fillStyle = lost ? pal.bad : pal.ok;
    if (isSend(run, row)) c.fillRect(x0, box.y, w, box.h);
    else {
      c.globalAlpha = alpha * 0.82;
      c.fillRect(x0, box.y + 1, w, 4);
      c.globalAlpha = alpha;
      if (w > 6) c.fillRect(x0 + w - 1.5, box.y, 1.5, 7);
    }
  }
  if (lost && w > 3) pen.diamond(box.x1, box.y + 4.5, 4, pal.bad);
  else if (run.found.has(row)) {
    c.fillStyle = pal.bad;
    c.beginPath();
    c.arc(Math.max(box.x1, box.x0 + 2), box.y + box.h / 2, 2.6, 0, Math.PI * 2);
    c.fill();
  }
  if (w > 64 && isSend(run, row)) drawText(pen, box, row);
  c.globalAlpha = 1;
}

function drawFail(pen: Pen, box: Box, x0: number, w: number): void {
  const { c } = pen;
  c.strokeStyle = pen.pal.fail;
  c.lineWidth = 1.25;
  if (w > 7) c.strokeRect(x0 + 0.6, box.y + 0.6, w - 1.2, box.h - 1.2);
  const x = Math.min(pen.W - 4, Math.max(x0 + w, x0 + 3));
  const y = box.y + box.h / 2;
  c.lineWidth = 1.75;
  c.beginPath();
  c.moveTo(x - 3.5, y - 3.5);
  c.lineTo(x + 3.5, y + 3.5);
  c.moveTo(x + 3.5, y - 3.5);
  c.lineTo(x - 3.5, y + 3.5);
  c.stroke();
  c.lineWidth = 1;
}

/** A closed start and no end; the teeth say that nobody knows where it stops. */
function drawInfo(pen: Pen, box: Box, x0: number, w: number): void {
  const { c } = pen;
  const end = Math.max(x0 + w, x0 + 8);
  const y0 = box.y;
  const y1 = box.y + box.h;
  c.fillStyle = pen.pal.info;
  c.fillRect(x0, y0, 2, box.h);
  pen.stroke(pen.pal.info, 1.25, [4, 2.5], () => {
    pen.line(x0, y0 + 0.6, end, y0 + 0.6);
    pen.line(x0, y1 - 0.6, end, y1 - 0.6);
  });
  pen.stroke(pen.pal.info, 1.25, [], () => {
    c.beginPath();
    for (const [k, out] of [0, 4, 0, 4, 0].entries()) c.lineTo(end + out, y0 + (box.h * k) / 4);
    c.stroke();
  });
}

function drawText(pen: Pen, box: Box, row: number): void {
  const { pal, c, run } = pen;
  const value = valueName(run.value[row]!);
  const out = outName(run, row);
  const forms = [`send ${value}${out === 'ok' ? ` @${run.from[row]!}` : ''}`, value];
  const x = Math.max(0, box.x0) + 6;
  const room = Math.min(pen.W, box.x1) - x - 6;
  const text = forms.find((form) => pen.width(form, 500, 10) < room);
  if (text === undefined) return;
  if (out === 'info') {
    c.fillStyle = pal.paper;
    c.fillRect(x - 2, box.y - 1, pen.width(text, 500, 10) + 4, box.h + 2);
  }
  const colour = out === 'ok' ? pal.paper : out === 'info' ? pal.info : pal.fail;
  pen.write(text, x, box.y + 5, colour, { size: 10, weight: 500 });
}

function drawHits(pen: Pen, lane: Lane, from: number, to: number, hits: ReadonlySet<number>): void {
  const { run } = pen;
  if (hits.size === 0 || hits.size > 2000) return;
  let last = -9;
  for (let i = from; i < to; i++) {
    if (!hits.has(i)) continue;
    const box = opBox(pen, lane, i);
    if (box.x0 - last < 1) continue;
    last = box.x0;
    if (run.out[i] === 1) drawOk(pen, lane, i, false);
    pen.stroke(pen.pal.ink, 1.5, [], () =>
      pen.c.strokeRect(box.x0 - 2.5, box.y - 2.5, Math.max(2, box.x1 - box.x0) + 5, box.h + 5),
    );
  }
}

/** A client that could not know how its op ended is replaced by process + concurrency. */
function drawReplacements(pen: Pen, lane: ClientLane): void {
  const list = pen.run.data.clients[lane.client]?.processes ?? [];
  for (let i = 1; i < list.length; i++) {
    const [process, since] = list[i]!;
    if (!pen.sees(since)) continue;
    const x = crisp(pen.x(since) - 2);
    pen.c.strokeStyle = pen.pal.info;
    pen.line(x, lane.y + 1, x, lane.y + lane.h - 1);
    if (pen.span < 4 && x > 20)
      pen.write(`${list[i - 1]![0]}\u2192${process}`, x - 3, lane.y + 18.5, pen.pal.info, {
        ...{ size: 10.5, weight: 600, align: 'right', halo: true },
      });
  }
}
