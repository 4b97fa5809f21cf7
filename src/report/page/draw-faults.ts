/** The lanes of anomalies and of faults. */
import { NB, num, sec, took } from './format.js';
import { faultRow } from './lanes.js';
import type { Lane } from './lanes.js';
import { crisp, hatchOf } from './pen.js';
import type { Pen } from './pen.js';
import { keyText } from './run.js';
import type { CaseView } from './run.js';
import type { PageFault, PageProof } from './types.js';

type Of<K extends Lane['kind']> = Extract<Lane, { kind: K }>;

/** Seen in force, or nobody could look. */
export const isShaded = (fault: PageFault): boolean =>
  fault.refused === undefined && fault.inForce !== undefined && fault.inForce.state !== 'unproven';

/** `37 acked, then lost`, `two leaders of orders-0 for 4.48 s`. */
export function caseText(pen: Pen, one: CaseView, shown: number): string {
  const { run } = pen;
  if (one.span) {
    const of = one.keys.map((key) => keyText(run, key)).join(', ');
    const what = one.type === 'split-brain' ? 'two leaders' : one.type;
    return `${what}${of ? ` of ${of}` : ''} for ${took(one.span[1] - one.span[0])}`;
  }
  return one.type === 'lost-write' ? `${num(shown)} acked, then lost` : num(shown);
}

export function drawAnomalyLane(pen: Pen, lane: Of<'anomaly'>): void {
  const one = lane.of;
  const y = lane.y + lane.h / 2;
  const [t0, t1] = one.span ?? [one.points[0]?.t ?? one.t0, one.points.at(-1)?.t ?? one.t1];
  if (one.span && pen.sees(t0, t1)) {
    drawBracket(pen, one, t0, t1, y);
    return;
  }
  const marks = one.span ? [] : markGroups(pen, one);
  if (marks.length === 0) {
    away(pen, t0, t1, `${one.span ? '' : `${num(one.count)} `}at ${sec(t0, 1)}`, y);
    return;
  }
  let shown = 0;
  for (const mark of marks) {
    shown += mark.n;
    pen.c.strokeStyle = pen.pal.bad;
    if (mark.x1 > mark.x0) pen.line(mark.x0, y, mark.x1, y);
    pen.diamond((mark.x0 + mark.x1) / 2, y, mark.n > 1 ? 7 : 5, pen.pal.bad);
  }
  beside(pen, caseText(pen, one, shown), marks[0]!.x0 - 14, marks.at(-1)!.x1 + 14, y);
}

/** Nothing of it in view: where it is, to click. */
function away(pen: Pen, t0: number, t1: number, text: string, y: number): void {
  const { bad } = pen.pal;
  if (t1 < pen.view.t0) pen.write(`\u2190 ${text}`, 4, y, bad);
  else if (t0 > pen.view.t1) pen.write(`${text} \u2192`, pen.W - 4, y, bad, { align: 'right' });
  else pen.write(`\u2190 ${text} \u2192`, pen.W / 2, y, bad, { align: 'center' });
}
function beside(pen: Pen, text: string, left: number, right: number, y: number): void {
  const w = pen.width(text);
  if (right + w < pen.W) pen.write(text, Math.max(right, 4), y, pen.pal.bad);
  else if (left > w) pen.write(text, Math.min(left, pen.W - 4), y, pen.pal.bad, { align: 'right' });
}

function drawBracket(pen: Pen, one: CaseView, t0: number, t1: number, y: number): void {
  const x0 = pen.x(t0);
  const x1 = pen.x(t1);
  pen.stroke(pen.pal.bad, 2, [], () => {
    pen.line(pen.near(t0), y, pen.near(t1), y);
    for (const x of [x0, x1]) pen.line(x, y - 6, x, y + 6);
  });
  pen.diamond((Math.max(0, x0) + Math.min(pen.W, x1)) / 2, y, 6, pen.pal.bad);
  beside(pen, caseText(pen, one, one.count), x0 - 10, x1 + 10, y);
}

/** Moments nearer than 11 px are one mark. */
function markGroups(pen: Pen, one: CaseView): { x0: number; x1: number; n: number }[] {
  const groups: { x0: number; x1: number; n: number }[] = [];
  for (const point of one.points) {
    if (!pen.sees(point.t)) continue;
    const x = pen.x(point.t);
    const last = groups.at(-1);
    if (last && x - last.x1 < 11) {
      last.x1 = x;
      last.n++;
    } else groups.push({ x0: x, x1: x, n: 1 });
  }
  return groups;
}

export function drawFaultLane(pen: Pen, lane: Of<'fault'>): void {
  const shown = pen.run.data.faults.filter((f) => pen.sees(f.t0, f.t1));
  for (const fault of shown) {
    const row = lane.rows.get(fault.id) ?? 0;
    const y = lane.y + 5 + row * faultRow;
    drawBar(pen, fault, y + 17);
    // The longest form that fits before the next one in its row.
    const next = shown.find((f) => (lane.rows.get(f.id) ?? 0) === row && f.t0 > fault.t0);
    const x = Math.max(0, pen.x(fault.t0));
    const room = (next ? Math.max(0, pen.x(next.t0)) : pen.W) - x - 12;
    const { id, title, what, kind } = fault;
    const forms = [
      `${id}${NB}${NB}${title}: ${what}`,
      `${id}${NB}${NB}${title}`,
      `${id}${NB}${NB}${kind}`,
      String(id),
    ];
    const text = forms.find((form) => pen.width(form, 500) <= room);
    if (text !== undefined) pen.write(text, x, y + 7, pen.pal.ink, { weight: 500 });
    drawProofs(pen, fault, y + 26);
  }
}

function drawBar(pen: Pen, fault: PageFault, y: number): void {
  const { c, pal } = pen;
  const h = 9;
  const part = (t0: number, t1: number): void => {
    if (!pen.sees(t0, t1)) return;
    const a = Math.max(-4, pen.x(t0));
    const w = Math.max(2, Math.min(pen.W + 4, pen.x(t1)) - a);
    const hatch = hatchOf[fault.kind];
    if (fault.refused !== undefined) pen.stroke(pal.ink3, 1, [1, 2], () => pen.box(a, y, a + w, h));
    else if (!isShaded(fault)) pen.stroke(pal.info, 1.5, [4, 3], () => pen.box(a, y, a + w, h));
    else if (hatch === 'solid') {
      c.fillStyle = pal.ink;
      c.fillRect(a, y, w, h);
    } else {
      c.fillStyle = pen.hatch(pal.ink2, hatch);
      c.fillRect(a, y, w, h);
      c.strokeStyle = pal.ink2;
      pen.box(a, y, a + w, h);
    }
  };
  if (fault.cuts.length === 0) part(fault.t0, fault.t1);
  else {
    c.strokeStyle = pal.ink2;
    pen.line(pen.near(fault.t0), y + h / 2 + 0.5, pen.near(fault.t1), y + h / 2 + 0.5);
    for (const [t0, t1] of fault.cuts) part(t0, t1);
  }
}

const inForceWords: Readonly<Record<PageFault['kind'], string>> = {
  cut: 'cut proven',
  flap: 'cuts proven',
  kill: 'gone, proven',
  pause: 'pause proven',
  restart: 'stop proven',
  slow: 'delay proven',
};

function drawProofs(pen: Pen, fault: PageFault, y: number): void {
  const { pal, W } = pen;
  const wordY = y + 8.5;
  if (fault.refused !== undefined) {
    pen.fit([`refused: ${fault.refused}`, 'refused'], pen.x(fault.t0), W, wordY, pal.ink2, {
      size: 11,
      pad: 0,
    });
    return;
  }
  const from = pen.x(fault.inForce?.t ?? fault.t0);
  const to = pen.x(fault.gone?.t ?? fault.t1);
  drawProof(pen, fault.inForce, from, y);
  if (fault.healed || fault.gone) drawProof(pen, fault.gone, to, y);
  const room = Math.min(to, W) - Math.max(from, 0);
  const proven = fault.inForce?.state === 'proven';
  const moot = fault.inForce?.state === 'moot';
  const word = proven ? inForceWords[fault.kind] : moot ? 'nobody could look' : 'not proven';
  const colour = proven || moot ? pal.ink2 : pal.info;
  if (from > -80 && room > (proven ? 190 : 66))
    pen.write(word, Math.max(4, from + 9), wordY, colour, { size: 11, weight: proven ? 400 : 600 });
  if (!fault.healed) {
    if (room > 190) pen.write('never healed', W - 4, wordY, pal.ink2, { size: 11, align: 'right' });
  } else if (room > 190 && to < W - 8) {
    const state = fault.gone?.state ?? 'unproven';
    const text =
      state === 'proven' ? 'healed, proven' : state === 'moot' ? 'healed' : 'not seen gone';
    pen.write(text, to - 9, wordY, state === 'unproven' ? pal.info : pal.ink2, {
      size: 11,
      align: 'right',
    });
  }
}

/** A tick with a check where it was seen; a question mark where it was not; a dash: nobody could look. */
function drawProof(pen: Pen, proof: PageProof | undefined, x: number, y: number): void {
  if (x < -6 || x > pen.W + 6) return;
  pen.c.strokeStyle = pen.pal.ink3;
  pen.line(crisp(x), y, crisp(x), y + 3);
  const at = Math.max(5, Math.min(pen.W - 5, x));
  const style = { weight: 700, align: 'center', size: 13 } as const;
  if (proof?.state === 'proven') pen.check(at, y + 8);
  else if (proof?.state === 'moot') pen.write('\u2013', at, y + 8, pen.pal.ink3, style);
  else pen.write('?', at, y + 8, pen.pal.info, style);
}
