/** On paper: light, the whole run and the first anomaly, the names of the lanes in the picture. */
import { must } from './dom.js';
import { drawLanes } from './draw.js';
import { Pen, readPalette } from './pen.js';
import type { Palette, Span } from './pen.js';
import { still } from './run.js';
import type { Strip } from './strips.js';
import { paintStrips } from './strips.js';
import type { Timeline } from './timeline.js';

const width = 940;
const names = 96;
/** Beside the rail on A4, px. */
const stripWidth = 576;

export function printable(timeline: Timeline, strips: readonly Strip[], after: () => void): void {
  const place = must('[data-print]');
  addEventListener('beforeprint', () => {
    document.documentElement.dataset['theme'] = 'light';
    const pal = readPalette();
    paintStrips(strips, pal, stripWidth);
    const { begin, end } = timeline.run.data;
    const views = [{ t0: begin, t1: end }];
    if (timeline.run.cases.length > 0) views.push(timeline.start);
    place.replaceChildren(...views.map((view) => picture(timeline, view, pal)));
  });
  addEventListener('afterprint', () => {
    place.replaceChildren();
    after();
  });
}

function picture(timeline: Timeline, view: Span, pal: Palette): HTMLCanvasElement {
  const { model, run } = timeline;
  const canvas = document.createElement('canvas');
  canvas.width = width * 2;
  canvas.height = model.height * 2;
  canvas.className = 'paper';
  const c = canvas.getContext('2d')!;
  c.scale(2, 2);
  c.translate(names, 0);
  drawLanes(c, model, view, width - names, pal, still(run.cases[0]?.steps ?? []));
  const pen = new Pen(c, view, width - names, pal, run);
  for (const lane of model.lanes) {
    const y = lane.y + lane.h / 2;
    if (lane.kind === 'head') pen.write(lane.text, 0, lane.y + 13, pal.ink3, { size: 12 });
    else if (lane.label !== undefined)
      pen.write(lane.label, -names, y, lane.kind === 'anomaly' ? pal.bad : pal.ink, { size: 12 });
  }
  return canvas;
}
