/** Puts the page together once its words are there. */
import { copied, hairlined, spied, themeable } from './chrome.js';
import { must } from './dom.js';
import { keyable } from './keyboard.js';
import { brushable } from './brush.js';
import { readPalette } from './pen.js';
import { pointable } from './pointer.js';
import { printable } from './print.js';
import { openRun } from './run.js';
import { openStrips, paintStrips } from './strips.js';
import { setHash, Timeline } from './timeline.js';
import type { PageData } from './types.js';

const run = openRun(JSON.parse(must('#run-data').textContent) as PageData);
const timeline = new Timeline(run);
const strips = openStrips(run);

function repaint(): void {
  timeline.pal = readPalette();
  timeline.paintNow();
  paintStrips(strips, timeline.pal);
}
const setTheme = themeable(repaint);
printable(timeline, strips, setTheme);
brushable(timeline);
pointable(timeline);
keyable(timeline);
hairlined(run);
spied();

let wide = 0;
new ResizeObserver(() => {
  const now = document.body.clientWidth;
  if (now === wide) return;
  wide = now;
  repaint();
}).observe(document.body);

/** Addresses: #op=1234, #t=18.2-24.6, the ids of cards and sections, and an anomaly's type. */
function readHash(): void {
  let hash = location.hash.slice(1);
  try {
    hash = decodeURIComponent(hash);
  } catch {
    /* not an address that this page made */
  }
  const op = /^op=(\d+)$/.exec(hash);
  const span = /^t=(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(hash);
  if (op) {
    const row = run.rowOf(Number(op[1]));
    if (row < 0) return;
    timeline.select(row, { fromHash: true, zoom: timeline.span > 12 });
    must('#timeline').scrollIntoView({ block: 'start', behavior: 'instant' });
    timeline.uncover();
  } else if (span) {
    timeline.select(-1);
    timeline.go(Number(span[1]), Number(span[2]));
    must('#timeline').scrollIntoView({ block: 'start', behavior: 'instant' });
  } else if (hash !== '' && !document.getElementById(hash)) {
    const id = run.cases.find((of) => of.type === hash)?.id;
    if (id !== undefined) document.getElementById(id)?.scrollIntoView();
  }
}
addEventListener('hashchange', readHash);

const zooms: Record<string, () => void> = {
  in: () => timeline.zoom(0.6, undefined, true),
  out: () => timeline.zoom(1 / 0.6, undefined, true),
  fit: () => timeline.whole(),
  bad: () => timeline.go(timeline.start.t0, timeline.start.t1),
};

function toggle(button: HTMLElement, group: string, id: string): void {
  const on = button.getAttribute('aria-pressed') !== 'true';
  button.setAttribute('aria-pressed', String(on));
  const { filter } = timeline;
  if (group !== 'key') filter[id as 'ok' | 'fail' | 'info' | 'send' | 'poll'] = on;
  else if (on) filter.without.delete(Number(id));
  else filter.without.add(Number(id));
  timeline.paint();
}

function press(button: HTMLElement): void {
  const { group, id, zoom, copy, expand } = button.dataset;
  if (group !== undefined && id !== undefined) toggle(button, group, id);
  else if (zoom !== undefined) zooms[zoom]?.();
  else if (expand === 'keys' || expand === 'clients' || expand === 'cases') timeline.expand(expand);
  else if ('view' in button.dataset) {
    const { t0, t1 } = timeline.view;
    setHash(`#t=${t0.toFixed(3)}-${t1.toFixed(3)}`);
    copied(button, location.href);
  } else if (copy !== undefined) {
    const link = 'link' in button.dataset;
    copied(button, link ? `${location.href.split('#')[0] ?? ''}${copy}` : copy);
  } else if ('close' in button.dataset) {
    timeline.select(-1);
    timeline.canvas.focus({ preventScroll: true });
  }
}
document.addEventListener('click', (e) => {
  if (!(e.target instanceof Element)) return;
  const button = e.target.closest<HTMLElement>('button');
  if (button) press(button);
  // A link that is followed twice must work twice.
  const link = e.target.closest('a[href^="#t="], a[href^="#op="]');
  if (link && link.getAttribute('href') === location.hash) readHash();
});

setTheme();
readHash();
document.documentElement.dataset['script'] = 'on';
