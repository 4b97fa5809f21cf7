/**
 * A picture that needs no script and fits every width: places on the time axis are percentages, so
 * text and marks keep their size; only curves are stretched.
 */
import type { D3, Scale, Selection } from 'd3-node';
import type { Facts } from '../model/index.js';
import { raw, visible, type Html } from './html.js';

export interface Range {
  begin: number;
  end: number;
}
export type Attributes = Readonly<Record<string, string | number>>;
type Anchor = 'start' | 'middle' | 'end';
const curveWidth = 1000;
export const hair: Attributes = { stroke: 'var(--hair)' };
/** What fits beside a picture; a name's end tells the partition. */
const short = (text: string): string =>
  text.length > 22 ? `${text.slice(0, 10)}…${text.slice(-11)}` : text;
const round = (n: number): number => Math.round(n * 100) / 100;

export class Picture {
  readonly d3: D3;
  readonly svg: Selection;
  readonly height: number;
  private readonly range: Range;
  private readonly text: () => string;
  private readonly sides: [x: number, y: number, anchor: string, css: string, text: string][] = [];

  private constructor(
    node: InstanceType<(typeof import('d3-node'))['D3Node']>,
    range: Range,
    height: number,
    label: string,
    room: { top: number; foot: number },
  ) {
    this.d3 = node.d3;
    this.range = range;
    this.height = height;
    const whole = node.createSVG(undefined, undefined, {
      width: '100%',
      height: height + room.top + room.foot,
      role: 'img',
      'aria-label': label,
    });
    this.svg = this.add('svg', { y: room.top, overflow: 'visible', height }, whole);
    this.text = () => node.svgString();
  }

  /** d3-node brings jsdom, which takes half a second to load: not before it is needed. */
  static async draw(
    range: Range,
    height: number,
    label: string,
    draw: (picture: Picture) => void,
    room: { top?: number; foot?: number } = {},
  ): Promise<Html> {
    const { D3Node } = await import('d3-node');
    const picture = new Picture(new D3Node(), range, height, label, { top: 0, foot: 4, ...room });
    draw(picture);
    picture.drawSides();
    return raw(picture.text());
  }

  /** A place on the time axis. */
  x(t: number): string {
    return `${round(this.fraction(t) * 100)}%`;
  }
  private fraction(t: number): number {
    const { begin, end } = this.range;
    return Math.max(0, Math.min(1, (t - begin) / (end - begin)));
  }
  width(from: number, to: number): string {
    return `${round(Math.max(0.05, (this.fraction(to) - this.fraction(from)) * 100))}%`;
  }

  /** Adds an element; numbers are rounded. */
  add(name: string, attributes: Attributes, to: Selection = this.svg): Selection {
    const made = to.append(name);
    for (const [key, value] of Object.entries(attributes))
      made.attr(key, typeof value === 'number' ? round(value) : value);
    return made;
  }
  rect(from: number, to: number, y: number, height: number, style: Attributes): void {
    const [x, width] = [this.x(from), this.width(from, to)];
    this.add('rect', { x, width, y, height: Math.max(0, height), ...style });
  }
  line(from: number, to: number, y1: number, y2: number, style: Attributes): void {
    this.add('line', { x1: this.x(from), x2: this.x(to), y1, y2, ...style });
  }
  label(t: number, y: number, text: string, anchor: Anchor = 'start', dx = 0, css = ''): void {
    this.add('text', { x: this.x(t), dx, y, 'text-anchor': anchor, class: css }).text(
      visible(text),
    );
  }
  /** A small drawing around a place. */
  mark(t: number, y: number, d: string, style: Attributes): void {
    const at = this.add('svg', { x: this.x(t), y, overflow: 'visible' });
    this.add('path', { d, ...style }, at);
  }
  /** Where curves are drawn, in units of their own. */
  curves(): { box: Selection; x: Scale } {
    const box = this.add('svg', {
      width: '100%',
      height: this.height,
      viewBox: `0 0 ${curveWidth} ${this.height}`,
      preserveAspectRatio: 'none',
    });
    const { begin, end } = this.range;
    return { box, x: this.d3.scaleLinear().domain([begin, end]).range([0, curveWidth]) };
  }

  /** Faults in force; an outline where that was not proven. */
  shade(faults: Facts['faults']): void {
    for (const span of faults.spans) {
      if (span.refused !== undefined) continue;
      const to = span.healedNs >= 0 ? span.healedNs / 1e9 : this.range.end;
      const style =
        span.inForce?.state === 'proven'
          ? { fill: 'var(--shade)' }
          : { fill: 'none', stroke: 'var(--info)', 'stroke-dasharray': '2 4' };
      this.rect(span.startNs / 1e9, to, 0, this.height, style);
    }
  }
  /** Lines at round times. */
  grid(): number[] {
    const { begin, end } = this.range;
    const times = this.d3.scaleLinear().domain([begin, end]).range([0, 1]).ticks(6);
    for (const t of times) this.line(t, t, 0, this.height, hair);
    return times;
  }
  /** The times under the last picture. */
  axis(times: readonly number[]): void {
    for (const [i, t] of times.entries()) {
      const last = i === times.length - 1;
      const near = this.fraction(t);
      const anchor = near < 0.03 ? 'start' : near > 0.97 ? 'end' : 'middle';
      this.label(t, this.height + 16, `${round(t)}${last ? ' s' : ''}`, anchor);
    }
  }
  /** A name at the left: beside the picture where there is room, else in it, if at all, at `inY`. */
  side(y: number, text: string, inY: number | undefined): void {
    if (text === '') return;
    this.sides.push([-8, y + 4, 'end', 'y-out', text]);
    if (inY !== undefined) this.sides.push([2, inY, 'start', 'y-in', text]);
  }
  /** Last of all, over what was drawn. */
  private drawSides(): void {
    for (const [x, y, anchor, name, text] of this.sides)
      this.add('text', { x, y, 'text-anchor': anchor, class: name }).text(short(visible(text)));
  }
  rule(y: number, text: string): void {
    this.line(this.range.begin, this.range.end, y, y, hair);
    this.side(y, text, y - 3);
  }
}
