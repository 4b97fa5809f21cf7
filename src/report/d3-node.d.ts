/** The part of d3-node and d3 that the report uses; neither package brings types. */
declare module 'd3-node' {
  export interface Selection {
    append(name: string): Selection;
    attr(name: string, value: string | number): Selection;
    text(value: string): Selection;
  }
  export interface Scale {
    (value: number): number;
    domain(domain: readonly number[]): Scale;
    range(range: readonly number[]): Scale;
    clamp(clamp: boolean): Scale;
    ticks(count: number): number[];
  }
  type Of<T> = (datum: T) => number;
  export interface Area<T> {
    (data: readonly T[]): string | null;
    x(of: Of<T>): Area<T>;
    y0(of: Of<T>): Area<T>;
    y1(of: Of<T>): Area<T>;
  }
  export interface Line<T> {
    (data: readonly T[]): string | null;
    x(of: Of<T>): Line<T>;
    y(of: Of<T>): Line<T>;
  }
  export interface D3 {
    scaleLinear(): Scale;
    scaleLog(): Scale;
    area<T>(): Area<T>;
    line<T>(): Line<T>;
  }
  export class D3Node {
    readonly d3: D3;
    createSVG(
      width: undefined,
      height: undefined,
      attributes: Readonly<Record<string, string | number>>,
    ): Selection;
    svgString(): string;
  }
}
