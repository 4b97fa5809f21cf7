/** Drag pans, two fingers pinch, the wheel zooms when the timeline has focus or Ctrl is held. */
import { hitTest } from './hit.js';
import type { Hit } from './hit.js';
import type { Timeline } from './timeline.js';
import type { Span } from './pen.js';
import { tipFor } from './tell.js';

type Drag =
  | { by: 'pan'; x: number; view: Span; moved: boolean }
  | { by: 'pinch'; apart: number; at: number; view: Span };

export function pointable(timeline: Timeline): void {
  const { canvas } = timeline;
  const touches = new Map<number, PointerEvent>();
  let drag: Drag | undefined;

  canvas.addEventListener('pointerdown', (e) => {
    touches.set(e.pointerId, e);
    const [p, q] = [...touches.values()];
    const view = { ...timeline.view };
    if (p && q)
      drag = {
        by: 'pinch',
        apart: apart(p, q),
        at: timeline.timeAt((p.clientX + q.clientX) / 2),
        view,
      };
    else drag = { by: 'pan', x: e.clientX, view, moved: false };
  });
  canvas.addEventListener('pointermove', (e) => {
    if (touches.has(e.pointerId)) touches.set(e.pointerId, e);
    const [p, q] = [...touches.values()];
    if (drag?.by === 'pinch' && p && q) {
      const { view, at } = drag;
      const span = (view.t1 - view.t0) * (drag.apart / Math.max(20, apart(p, q)));
      const k = (at - view.t0) / (view.t1 - view.t0);
      timeline.go(at - span * k, at - span * k + span, false);
    } else if (drag?.by === 'pan' && touches.has(e.pointerId)) panBy(timeline, drag, e);
    else hover(timeline, e);
  });
  const lift = (e: PointerEvent): void => {
    const was = drag;
    touches.delete(e.pointerId);
    canvas.classList.remove('drag');
    if (touches.size === 0) drag = undefined;
    else if (was?.by === 'pinch') {
      // The finger that stays pans on from where it is.
      const rest = [...touches.values()][0]!;
      drag = { by: 'pan', x: rest.clientX, view: { ...timeline.view }, moved: true };
    }
    if (e.type === 'pointerup' && was?.by === 'pan' && !was.moved)
      choose(timeline, hitAt(timeline, e));
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
  canvas.addEventListener('pointerleave', () => {
    timeline.tip.hidden = true;
    timeline.cursor = undefined;
    timeline.paint();
  });
  canvas.addEventListener('dblclick', (e) => timeline.zoom(0.4, timeline.timeAt(e.clientX), true));
  canvas.addEventListener('wheel', (e) => wheel(timeline, e), { passive: false });
}

const apart = (p: PointerEvent, q: PointerEvent): number =>
  Math.hypot(p.clientX - q.clientX, p.clientY - q.clientY);

function panBy(timeline: Timeline, drag: Drag & { by: 'pan' }, e: PointerEvent): void {
  const dx = e.clientX - drag.x;
  if (!drag.moved && Math.abs(dx) > 4) {
    drag.moved = true;
    timeline.canvas.setPointerCapture(e.pointerId);
    timeline.canvas.classList.add('drag');
    timeline.tip.hidden = true;
    timeline.cursor = undefined;
  }
  if (!drag.moved) return;
  const dt = (dx / timeline.canvas.clientWidth) * (drag.view.t1 - drag.view.t0);
  timeline.go(drag.view.t0 - dt, drag.view.t1 - dt, false);
}

function hitAt(timeline: Timeline, e: MouseEvent): Hit | undefined {
  const box = timeline.canvas.getBoundingClientRect();
  const [x, y] = [e.clientX - box.left, e.clientY - box.top];
  return hitTest(timeline.model, timeline.view, box.width, x, y, timeline.filter);
}

function choose(timeline: Timeline, hit: Hit | undefined): void {
  if (hit?.kind === 'op') timeline.select(hit.row);
  else if (hit?.kind === 'point') {
    if (hit.point.row >= 0) timeline.select(hit.point.row);
    else timeline.go(hit.point.t - 1, hit.point.t + 1);
  } else if (hit?.kind === 'fault') timeline.go(hit.fault.t0 - 0.8, hit.fault.t1 + 1.6);
  else if (hit?.kind === 'anomaly') timeline.go(hit.of.t0 - 1.5, hit.of.t1 + 1.5);
  else timeline.select(-1);
}

function hover(timeline: Timeline, e: PointerEvent): void {
  const { canvas, tip } = timeline;
  const box = canvas.getBoundingClientRect();
  const [x, y] = [e.clientX - box.left, e.clientY - box.top];
  timeline.cursor = timeline.timeAt(e.clientX);
  const hit = hitAt(timeline, e);
  canvas.style.cursor = hit && hit.kind !== 'views' ? 'pointer' : '';
  tip.hidden = !hit;
  if (hit) {
    tip.innerHTML = tipFor(timeline.run, hit);
    const w = tip.offsetWidth;
    const left = x + 16 + w > box.width ? x - w - 16 : x + 16;
    tip.style.left = `${Math.max(0, Math.min(box.width - w, left))}px`;
    tip.style.top = `${Math.max(0, Math.min(timeline.model.height - tip.offsetHeight, y + 18))}px`;
  }
  timeline.paint();
}

function wheel(timeline: Timeline, e: WheelEvent): void {
  if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
    e.preventDefault();
    timeline.pan(e.deltaX / timeline.canvas.clientWidth, false);
    return;
  }
  // Otherwise the page scrolls.
  const wanted = e.ctrlKey || e.metaKey || document.activeElement === timeline.canvas;
  if (!wanted) return;
  e.preventDefault();
  const by = Math.max(-60, Math.min(60, e.deltaY)) * (e.ctrlKey ? 0.012 : 0.004);
  timeline.zoom(Math.exp(by), timeline.timeAt(e.clientX));
}
