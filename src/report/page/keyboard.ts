/** All keys of the timeline, the search box, and Escape anywhere. */
import { must, mustBe } from './dom.js';
import type { Timeline } from './timeline.js';

export function keyable(timeline: Timeline): void {
  const { canvas } = timeline;
  const { begin, end } = timeline.run.data;
  const by = (e: KeyboardEvent): number => (e.shiftKey ? 0.8 : 0.2);
  const zoomIn = (): void => timeline.zoom(0.6, undefined, true);
  const zoomOut = (): void => timeline.zoom(1 / 0.6, undefined, true);
  const keys: Record<string, (e: KeyboardEvent) => void> = {
    '+': zoomIn,
    '=': zoomIn,
    '-': zoomOut,
    _: zoomOut,
    '0': () => timeline.whole(),
    ArrowLeft: (e) => timeline.pan(-by(e)),
    ArrowRight: (e) => timeline.pan(by(e)),
    Home: () => timeline.go(begin, begin + timeline.span),
    End: () => timeline.go(end - timeline.span, end),
    ',': () => timeline.step(-1),
    '.': () => timeline.step(1),
    ArrowUp: () => timeline.neighbour(-1),
    ArrowDown: () => timeline.neighbour(1),
    n: () => timeline.nextAnomaly(1),
    p: () => timeline.nextAnomaly(-1),
    Enter: () => timeline.zoomToSelected(),
  };
  canvas.addEventListener('keydown', (e) => {
    const does = keys[e.key];
    if (!does || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    does(e);
  });

  const box = mustBe(HTMLInputElement, '#q');
  const clear = (): void => {
    box.value = '';
    timeline.find('');
  };
  box.addEventListener('input', () => timeline.find(box.value));
  box.addEventListener('keydown', (e) => {
    if (e.key !== 'Enter') return;
    e.preventDefault();
    timeline.nextHit(e.shiftKey ? -1 : 1);
  });
  document.addEventListener('keydown', (e) => {
    const typing = /INPUT|TEXTAREA/.test(document.activeElement?.tagName ?? '');
    if (e.key === '/' && !typing && !e.ctrlKey && !e.metaKey) {
      e.preventDefault();
      box.focus();
      must('#timeline').scrollIntoView({ block: 'start' });
    } else if (e.key === 'Escape') {
      if (typing && box.value !== '') clear();
      else if (typing) canvas.focus({ preventScroll: true });
      else if (timeline.selected >= 0) timeline.select(-1);
      else if (timeline.hits) clear();
      timeline.tip.hidden = true;
    }
  });
}
