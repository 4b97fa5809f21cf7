/** The lanes of nodes (what each says of itself) and of keys (who leads). */
import { NB, num, took } from './format.js';
import { mostClaimRows } from './lanes.js';
import type { Lane } from './lanes.js';
import { isShaded } from './draw-faults.js';
import { crisp } from './pen.js';
import type { Pen } from './pen.js';
import { keyText } from './run.js';
import type { Overlap } from './types.js';

type Of<K extends Lane['kind']> = Extract<Lane, { kind: K }>;

export function drawNodeLane(pen: Pen, lane: Of<'node'>): void {
  const foot = lane.y + lane.h - 5;
  drawStates(pen, lane, foot);
  drawCutOff(pen, lane.node, foot);
  if (lane.claims.rows > mostClaimRows) drawClaimCount(pen, lane);
  else drawClaims(pen, lane);
}

/** The state of its process, along the foot of the lane. */
function drawStates(pen: Pen, lane: Of<'node'>, foot: number): void {
  const { c, pal } = pen;
  const { y, h } = lane;
  const mid = y + h / 2;
  for (const s of pen.run.data.nodeStates) {
    if (s.node !== lane.node || !pen.sees(s.t0, s.t1)) continue;
    const x0 = pen.near(s.t0);
    const x1 = pen.near(s.t1);
    const lasts = took(s.t1 - s.t0);
    if (s.state === 'up') pen.stroke(pal.ink3, 1.5, [], () => pen.line(x0, foot, x1, foot));
    else if (s.state === 'down') {
      c.fillStyle = pal.ink;
      c.globalAlpha = 0.88;
      c.fillRect(x0, y + 5, Math.max(2, x1 - x0), h - 10);
      c.globalAlpha = 1;
      pen.fit([`down ${lasts}`, 'down'], x0, x1, mid, pal.paper);
    } else if (s.state === 'starting') {
      pen.stroke(pal.ink2, 1, [2, 3], () => pen.box(x0, y + 5, x1, h - 10));
      pen.fit([`starting ${lasts}`, 'starting', 'start'], x0, x1, mid, pal.ink2, {
        size: 10.5,
        pad: 4,
      });
    } else {
      const paused = s.state === 'paused';
      if (paused) {
        c.fillStyle = pen.hatch(pal.ink3, 'bars');
        c.fillRect(x0, y + h - 12, Math.max(2, x1 - x0), 8);
        pen.fit([`paused ${lasts}`, 'paused'], x0, x1, mid - 4, pal.ink2, { halo: true });
      } else {
        pen.dots(x0, y + 5, Math.max(2, x1 - x0), h - 10);
        const forms = [`no answer to probes, ${lasts}`, 'no answer', '\u2026'];
        pen.fit(forms, x0, x1, mid - 3, pal.ink2, { halo: true });
      }
    }
  }
}

/** Cut off though up: the foot line is dotted between stops. */
function drawCutOff(pen: Pen, node: number, foot: number): void {
  for (const fault of pen.run.data.faults) {
    const cuts = fault.kind === 'cut' || fault.kind === 'flap';
    if (!cuts || !isShaded(fault) || !fault.nodes.includes(node)) continue;
    const spans = fault.cuts.length > 0 ? fault.cuts : [[fault.t0, fault.t1] as const];
    for (const [t0, t1] of spans) {
      if (!pen.sees(t0, t1)) continue;
      const x0 = pen.near(t0);
      const x1 = pen.near(t1);
      pen.c.fillStyle = pen.pal.paper;
      pen.c.fillRect(x0, foot - 2, x1 - x0, 4);
      pen.stroke(pen.pal.ink, 2, [2, 4], () => pen.line(x0, foot, x1, foot));
      pen.c.strokeStyle = pen.pal.ink;
      for (const x of [x0, x1]) pen.line(crisp(x), foot - 5, crisp(x), foot + 5);
    }
  }
}

function drawClaims(pen: Pen, lane: Of<'node'>): void {
  lane.claims.list.forEach((claim, i) => {
    if (!pen.sees(claim.t0, claim.t1)) return;
    const y = lane.y + 4 + lane.claims.row[i]! * 15;
    pen.ribbon(claim.t0, claim.t1, y, 14, lane.node);
    const key = keyText(pen.run, claim.key);
    const part = `-${key.split('-').at(-1) ?? ''}`;
    const e = claim.epoch;
    const forms = [`${key}${NB}${NB}epoch ${e}`, `${key} e${e}`, `${part} e${e}`, `e${e}`];
    pen.fit(forms, pen.x(claim.t0), pen.x(claim.t1), y + 7, pen.pal.ink, { size: 11 });
  });
}

/** So many keys that their ribbons would not fit: how many it leads, from step to step. */
function drawClaimCount(pen: Pen, lane: Of<'node'>): void {
  const edges: [t: number, by: number][] = [];
  for (const claim of lane.claims.list) edges.push([claim.t0, 1], [claim.t1, -1]);
  edges.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  let n = 0;
  // Probes of many keys answer one after another: changes within a second are one step.
  for (let i = 0; i < edges.length;) {
    const t0 = edges[i]![0];
    while (i < edges.length && edges[i]![0] <= t0 + 1) n += edges[i++]![1];
    const t1 = edges[i]?.[0];
    if (n === 0 || t1 === undefined || !pen.sees(t0, t1)) continue;
    pen.ribbon(t0, t1, lane.y + 4, 14, lane.node);
    const forms = [`leads ${num(n)} keys`, `${num(n)} keys`, num(n)];
    pen.fit(forms, pen.x(t0), pen.x(t1), lane.y + 11, pen.pal.ink, { size: 11 });
  }
}

const names = (node: number, epoch: number): string[] => [
  `node ${node}${NB}${NB}epoch ${epoch}`,
  `n${node} e${epoch}`,
  `e${epoch}`,
];

export function drawKeyLane(pen: Pen, lane: Of<'key'>): void {
  const { run } = pen;
  const mid = lane.y + lane.h / 2;
  const over = run.data.overlaps.filter((v) => v.key === lane.key);
  for (const step of run.data.leaders) {
    if (step.key !== lane.key || !pen.sees(step.t0, step.t1)) continue;
    if (step.node < 0) {
      const [x0, x1] = [pen.near(step.t0), pen.near(step.t1)];
      pen.stroke(pen.pal.ink2, 1, [2, 3], () => pen.box(x0, mid - 11, x1, 22));
      const forms = [`no leader for ${took(step.t1 - step.t0)}`, 'no leader', 'none'];
      pen.fit(forms, x0, x1, mid, pen.pal.ink2);
      continue;
    }
    for (const [t0, t1] of without(step.t0, step.t1, over))
      drawLeader(pen, mid, { ...step, t0, t1 });
  }
  for (const v of over) if (pen.sees(v.t0, v.t1)) drawOverlap(pen, lane, v);
  drawFalseAcks(pen, lane, over);
}

/** What is left of a span outside the overlaps. */
function without(t0: number, t1: number, over: readonly Overlap[]): [number, number][] {
  const left: [number, number][] = [];
  let at = t0;
  for (const v of over) {
    if (v.t1 <= at || v.t0 >= t1) continue;
    if (v.t0 > at) left.push([at, v.t0]);
    at = v.t1;
  }
  if (at < t1) left.push([at, t1]);
  return left;
}

function drawLeader(
  pen: Pen,
  mid: number,
  step: { key: number; node: number; epoch: number; t0: number; t1: number },
): void {
  pen.ribbon(step.t0, step.t1, mid - 11, 22, step.node);
  const silent = pen.run.data.nodeStates.filter(
    (s) => s.node === step.node && s.state !== 'up' && s.t0 < step.t1 && s.t1 > step.t0,
  );
  let textFrom = step.t0;
  for (const s of silent) {
    const [t0, t1] = [Math.max(s.t0, step.t0), Math.min(s.t1, step.t1)];
    if (!pen.sees(t0, t1)) continue;
    const [x0, x1] = [pen.near(t0), pen.near(t1)];
    pen.c.fillStyle = pen.pal.paper;
    pen.c.fillRect(x0, mid - 11, x1 - x0, 22);
    pen.dots(x0, mid - 11, x1 - x0, 22);
    const forms = [
      ...names(step.node, step.epoch).map((n) => `${n}, no answer`),
      'no answer',
      '\u2026',
    ];
    pen.fit(forms, x0, x1, mid, pen.pal.ink2, { halo: true });
    if (t0 <= textFrom) textFrom = t1;
  }
  const until = silent.find((s) => s.t0 > textFrom)?.t0 ?? step.t1;
  const y = pen.run.lost.size > 0 ? mid - 2 : mid;
  pen.fit(names(step.node, step.epoch), pen.x(textFrom), pen.x(until), y, pen.pal.ink);
}

function drawOverlap(pen: Pen, lane: Of<'key'>, v: Overlap): void {
  const { c, pal, W } = pen;
  const [x0, x1] = [pen.x(v.t0), pen.x(v.t1)];
  const h = 18;
  const top = lane.y + 4;
  const bottom = lane.y + lane.h - 4 - h;
  pen.ribbon(v.t0, v.t1, top, h, v.old.node, !v.bad);
  pen.ribbon(v.t0, v.t1, bottom, h, v.young.node);
  const { node, epoch } = v.old;
  if (!v.bad) {
    const forms = [
      `node ${node} still says epoch ${epoch}; it acks nothing`,
      `n${node} says e${epoch}`,
      `e${epoch}`,
    ];
    pen.fit(forms, x0, x1, top + 8.5, pal.ink2);
  } else {
    drawCrack(pen, x0, x1, lane.y + lane.h / 2, top - 1, bottom + h + 1);
    const forms = [`node ${node}${NB}${NB}epoch ${epoch}, by its own view`, ...names(node, epoch)];
    pen.fit(forms, x0, x1, top + 6.5, pal.ink, { pad: 16 });
  }
  pen.fit(names(v.young.node, v.young.epoch), x0, x1, bottom + 8.5, pal.ink);
  if (v.bad && Math.min(W, x1) - Math.max(0, x0) > 210) {
    const x = Math.min(W, x1) - 8;
    c.fillStyle = pal.paper;
    const w = pen.width('two leaders', 700);
    c.fillRect(x - w - 5, bottom + 1, w + 10, 14);
    pen.write('two leaders', x, bottom + 8.5, pal.bad, { weight: 700, align: 'right' });
  }
}

/** The one thing in the lane that is red. */
function drawCrack(
  pen: Pen,
  x0: number,
  x1: number,
  mid: number,
  top: number,
  bottom: number,
): void {
  const { c } = pen;
  const a = Math.max(-8, x0);
  const b = Math.min(pen.W + 8, x1);
  pen.stroke(pen.pal.bad, 2.5, [], () => {
    c.lineJoin = 'miter';
    c.beginPath();
    c.moveTo(a, mid);
    let up = true;
    for (let x = a + 5; x < b; x += 10, up = !up) c.lineTo(x, mid + (up ? -4 : 4));
    c.lineTo(b, mid);
    c.stroke();
    for (const x of [x0, x1]) if (x > -3 && x < pen.W + 3) pen.line(x, top, x, bottom);
  });
}

/** Acks that were false, on the ribbon of the node that gave them. */
function drawFalseAcks(pen: Pen, lane: Of<'key'>, over: readonly Overlap[]): void {
  const mid = lane.y + lane.h / 2;
  let last = -9;
  pen.c.fillStyle = pen.pal.bad;
  for (const one of pen.run.cases) {
    if (one.type !== 'lost-write' || !one.keys.includes(lane.key)) continue;
    for (const point of one.points) {
      if (point.key !== lane.key || !pen.sees(point.t)) continue;
      const x = pen.x(point.t);
      if (x - last < 0.75 && x >= last) continue;
      last = x;
      const split = over.some((v) => point.t >= v.t0 && point.t <= v.t1);
      pen.c.fillRect(x - 0.75, (split ? lane.y + 22 : mid + 11) - 7, 1.5, 7);
    }
  }
}
