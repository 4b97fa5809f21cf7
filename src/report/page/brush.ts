/** The brush on the whole run: it chooses what is shown below it. */
import type { Timeline } from './timeline.js';

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
