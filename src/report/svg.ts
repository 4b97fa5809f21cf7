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
const curveWidth = 1000;
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
    this.svg = whole
      .append('svg')
      .attr('y', room.top)
      .attr('overflow', 'visible')
      .attr('height', height);
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

  rect(from: number, to: number, y: number, height: number): Selection {
    return this.svg
      .append('rect')
      .attr('x', this.x(from))
      .attr('width', this.width(from, to))
      .attr('y', round(y))
      .attr('height', round(Math.max(0, height)));
  }
  line(from: number, to: number, y: number, y2 = y): Selection {
    return this.svg
      .append('line')
      .attr('x1', this.x(from))
      .attr('x2', this.x(to))
      .attr('y1', round(y))
      .attr('y2', round(y2));
  }
  label(
    t: number,
    y: number,
    text: string,
    anchor: 'start' | 'middle' | 'end' = 'start',
    dx = 0,
  ): Selection {
    return this.svg
      .append('text')
      .attr('x', this.x(t))
      .attr('dx', dx)
      .attr('y', round(y))
      .attr('text-anchor', anchor)
      .text(visible(text));
  }
  /** A small drawing around a place. */
  mark(t: number, y: number, path: string): Selection {
    return this.svg
      .append('svg')
      .attr('x', this.x(t))
      .attr('y', round(y))
      .attr('overflow', 'visible')
      .append('path')
      .attr('d', path);
  }
  /** Where curves are drawn, in units of their own. */
  curves(): { box: Selection; x: Scale } {
    const box = this.svg
      .append('svg')
      .attr('width', '100%')
      .attr('height', this.height)
      .attr('viewBox', `0 0 ${curveWidth} ${this.height}`)
      .attr('preserveAspectRatio', 'none');
    const { begin, end } = this.range;
    return { box, x: this.d3.scaleLinear().domain([begin, end]).range([0, curveWidth]) };
  }

  /** Faults in force; an outline where that was not proven. */
  shade(faults: Facts['faults']): void {
    for (const span of faults.spans) {
      if (span.refused !== undefined) continue;
      const to = span.healedNs >= 0 ? span.healedNs / 1e9 : this.range.end;
      const rect = this.rect(span.startNs / 1e9, to, 0, this.height);
      if (span.inForce?.state === 'proven') rect.attr('fill', 'var(--shade)');
      else rect.attr('fill', 'none').attr('stroke', 'var(--info)').attr('stroke-dasharray', '2 4');
    }
  }
  /** Lines at round times. */
  grid(): number[] {
    const { begin, end } = this.range;
    const times = this.d3.scaleLinear().domain([begin, end]).range([0, 1]).ticks(6);
    for (const t of times) this.line(t, t, 0, this.height).attr('stroke', 'var(--hair)');
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
      this.svg
        .append('text')
        .attr('x', x)
        .attr('y', round(y))
        .attr('text-anchor', anchor)
        .attr('class', name)
        .text(short(visible(text)));
  }
  rule(y: number, text: string): void {
    this.line(this.range.begin, this.range.end, y).attr('stroke', 'var(--hair)');
    this.side(y, text, y - 3);
  }
}
