/** The strips of the anomaly cards: the lanes of the first witness, drawn as the timeline is. */
import { all, fitCanvas } from './dom.js';
import { drawLanes } from './draw.js';
import { esc } from './format.js';
import { buildLanes } from './lanes.js';
import type { Model } from './lanes.js';
import type { Palette, Span } from './pen.js';
import { still } from './run.js';
import type { Run } from './run.js';
import type { WitnessStep } from './types.js';

export interface Strip {
  canvas: HTMLCanvasElement;
  model: Model;
  view: Span;
  steps: readonly WitnessStep[];
}

export function openStrips(run: Run): Strip[] {
  const strips: Strip[] = [];
  for (const canvas of all('canvas[data-strip]')) {
    const of = run.cases.find((one) => one.id === canvas.dataset['strip']);
    if (!of || !(canvas instanceof HTMLCanvasElement)) continue;
    const model = buildLanes(run, { keys: true, clients: true, cases: true }, of.strip);
    strips.push({ canvas, model, view: of.strip, steps: of.steps });
    const names = canvas.previousElementSibling;
    if (names)
      names.innerHTML = model.lanes
        .map((lane) =>
          lane.label === undefined
            ? ''
            : `<div style="top:${lane.y}px;height:${lane.h}px"><span class="long">${esc(lane.label)}</span><span class="short">${esc(lane.short ?? '')}</span></div>`,
        )
        .join('');
  }
  return strips;
}

export function paintStrips(strips: readonly Strip[], pal: Palette, width?: number): void {
  for (const { canvas, model, view, steps } of strips) {
    const [context, W] = fitCanvas(canvas, model.height, width);
    drawLanes(context, model, view, W, pal, still(steps));
  }
}
