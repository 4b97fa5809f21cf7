/** Colours of the theme and the small strokes that all lanes share. */
import type { Run } from './run.js';
import type { PageFault } from './types.js';

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

export interface Palette {
  paper: string;
  ink: string;
  ink2: string;
  ink3: string;
  hair: string;
  hair2: string;
  shade: string;
  bad: string;
  ok: string;
  fail: string;
  info: string;
  good: string;
  node: string[];
  edge: string[];
}
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  const seven = [1, 2, 3, 4, 5, 6, 7];
  return {
    paper: of('--paper'),
    ink: of('--ink'),
    ink2: of('--ink-2'),
    ink3: of('--ink-3'),
    hair: of('--hair'),
    hair2: of('--hair-2'),
    shade: of('--shade'),
    bad: of('--bad'),
    ok: of('--ok'),
    fail: of('--fail'),
    info: of('--info'),
    good: of('--good'),
    node: seven.map((n) => of(`--n${n}`)),
    edge: seven.map((n) => of(`--n${n}-edge`)),
  };
}

type Hatch = 'diag' | 'bars' | 'lines' | 'dots';
export const hatchOf: Readonly<Record<PageFault['kind'], Hatch | 'solid'>> = {
  cut: 'diag',
  flap: 'diag',
  pause: 'bars',
  kill: 'solid',
  restart: 'solid',
  slow: 'lines',
};
const hatches = new Map<string, HTMLCanvasElement>();
function hatchTile(colour: string, kind: Hatch): HTMLCanvasElement {
  const known = hatches.get(colour + kind);
  if (known) return known;
  const tile = document.createElement('canvas');
  tile.width = tile.height = 12;
  const g = tile.getContext('2d')!;
  g.strokeStyle = g.fillStyle = colour;
  g.lineWidth = 2.2;
  g.beginPath();
  if (kind === 'diag') {
    for (const [x, y] of [
      [-3, 9],
      [3, 15],
    ] as const) {
      g.moveTo(x, y);
      g.lineTo(x + 12, y - 12);
    }
    g.stroke();
  } else if (kind === 'bars') {
    g.fillRect(1, 0, 3, 12);
    g.fillRect(7, 0, 3, 12);
  } else if (kind === 'lines') {
    g.fillRect(0, 1, 12, 2.4);
    g.fillRect(0, 7, 12, 2.4);
  } else {
    g.arc(3, 3, 1.5, 0, Math.PI * 2);
    g.arc(9, 9, 1.5, 0, Math.PI * 2);
    g.fill();
  }
  hatches.set(colour + kind, tile);
  return tile;
}

export interface Span {
  t0: number;
  t1: number;
}
interface TextStyle {
  weight?: number;
  size?: number;
  align?: CanvasTextAlign;
  /** Paper behind the words. */
  halo?: boolean;
  pad?: number;
}

/** A context with one time axis: every lane draws through it. */
export class Pen {
  readonly c: CanvasRenderingContext2D;
  readonly view: Span;
  readonly W: number;
  readonly pal: Palette;
  /** Seconds. */
  readonly span: number;
  readonly run: Run;

  constructor(c: CanvasRenderingContext2D, view: Span, W: number, pal: Palette, run: Run) {
    this.c = c;
    this.view = view;
    this.W = W;
    this.pal = pal;
    this.span = view.t1 - view.t0;
    this.run = run;
  }
  x = (t: number): number => ((t - this.view.t0) / this.span) * this.W;
  /** Kept near the view: far coordinates lose precision. */
  near = (t: number): number => Math.max(-2, Math.min(this.W + 2, this.x(t)));
  sees = (t0: number, t1 = t0): boolean => t1 >= this.view.t0 && t0 <= this.view.t1;
  tint = (node: number): string =>
    this.pal.node[Math.max(0, this.run.data.nodes.indexOf(node)) % 7] ?? this.pal.hair;
  edge = (node: number): string =>
    this.pal.edge[Math.max(0, this.run.data.nodes.indexOf(node)) % 7] ?? this.pal.ink3;

  hatch(colour: string, kind: Hatch): CanvasPattern | string {
    const pattern = this.c.createPattern(hatchTile(colour, kind), 'repeat');
    pattern?.setTransform(new DOMMatrix().scale(0.5));
    return pattern ?? colour;
  }
  width(text: string, weight = 400, size = 11.5): number {
    this.c.font = `${weight} ${size}px ${font}`;
    return this.c.measureText(text).width;
  }
  write(text: string, x: number, y: number, colour: string, style: TextStyle = {}): void {
    const { c } = this;
    const w = this.width(text, style.weight, style.size);
    c.textAlign = style.align ?? 'left';
    c.textBaseline = 'middle';
    if (style.halo) {
      const x0 = style.align === 'right' ? x - w : style.align === 'center' ? x - w / 2 : x;
      c.fillStyle = this.pal.paper;
      c.globalAlpha = 0.9;
      c.fillRect(x0 - 3, y - 8, w + 6, 16);
      c.globalAlpha = 1;
    }
    c.fillStyle = colour;
    c.fillText(text, x, y);
  }
  /** The longest form that fits between two places, else nothing. */
  fit(
    forms: readonly string[],
    x0: number,
    x1: number,
    y: number,
    colour: string,
    style: TextStyle = {},
  ): void {
    const x = Math.max(0, x0) + (style.pad ?? 7);
    const room = Math.min(this.W, x1) - x - 3;
    if (room < 5) return;
    const text = forms.find((form) => this.width(form, style.weight ?? 500, style.size) <= room);
    if (text !== undefined) this.write(text, x, y, colour, { weight: 500, ...style });
  }
  line(x0: number, y0: number, x1: number, y1: number): void {
    this.c.beginPath();
    this.c.moveTo(x0, y0);
    this.c.lineTo(x1, y1);
    this.c.stroke();
  }
  /** Strokes with a width and dashes, and leaves the context as it was. */
  stroke(colour: string, width: number, dash: number[], draw: () => void): void {
    this.c.strokeStyle = colour;
    this.c.lineWidth = width;
    this.c.setLineDash(dash);
    draw();
    this.c.setLineDash([]);
    this.c.lineWidth = 1;
  }
  box(x0: number, y: number, x1: number, h: number): void {
    this.c.strokeRect(x0 + 0.5, y + 0.5, Math.max(1, x1 - x0 - 1), h - 1);
  }
  diamond(x: number, y: number, r: number, colour: string): void {
    const { c } = this;
    c.beginPath();
    c.moveTo(x, y - r);
    c.lineTo(x + r, y);
    c.lineTo(x, y + r);
    c.lineTo(x - r, y);
    c.closePath();
    c.fillStyle = colour;
    c.fill();
  }
  check(x: number, y: number): void {
    this.stroke(this.pal.good, 1.8, [], () => {
      this.c.beginPath();
      this.c.moveTo(x - 4, y);
      this.c.lineTo(x - 1, y + 3);
      this.c.lineTo(x + 4.5, y - 4);
      this.c.stroke();
    });
  }
  /** A node's pale area with its edge; at least 2 px, so that one probe can be seen. */
  ribbon(t0: number, t1: number, y: number, h: number, node: number, hollow = false): void {
    const { c } = this;
    const x0 = this.x(t0);
    const a = Math.max(-3, x0);
    const w = Math.max(2, Math.min(this.W + 3, this.x(t1)) - a);
    if (hollow) {
      this.stroke(this.edge(node), 1, [3, 2], () => this.box(a, y, a + w, h));
      return;
    }
    c.fillStyle = this.tint(node);
    c.fillRect(a, y, w, h);
    c.fillStyle = this.edge(node);
    c.fillRect(a, y + h - 2, w, 2);
    if (x0 > -3) c.fillRect(a, y, 2, h);
  }
  dots(x0: number, y: number, w: number, h: number): void {
    this.c.fillStyle = this.hatch(this.pal.hair2, 'dots');
    this.c.fillRect(x0, y, w, h);
  }
}
export const crisp = (x: number): number => Math.round(x) + 0.5;

const steps = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600,
  1200, 1800, 3600, 7200,
];
export interface Ticks {
  step: number;
  at: number[];
  label(t: number): string;
}
export function ticks(view: Span, W: number, minPx: number): Ticks {
  const span = view.t1 - view.t0;
  const step = steps.find((s) => (s / span) * W >= minPx) ?? 14_400;
  const at: number[] = [];
  const first = Math.ceil(view.t0 / step - 1e-9);
  for (let k = first; k * step <= view.t1 + 1e-9; k++) at.push(k * step);
  const digits = step < 0.01 ? 3 : step < 0.1 ? 2 : step < 1 ? 1 : 0;
  return { step, at, label: (t) => t.toFixed(digits) };
}
