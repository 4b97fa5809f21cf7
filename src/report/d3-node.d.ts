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
  /** An area or a line. */
  export interface Curve<T> {
    (data: readonly T[]): string | null;
    x(of: (datum: T) => number): Curve<T>;
    y(of: (datum: T) => number): Curve<T>;
    y0(of: (datum: T) => number): Curve<T>;
    y1(of: (datum: T) => number): Curve<T>;
  }
  export interface D3 {
    scaleLinear(): Scale;
    scaleLog(): Scale;
    area: <T>() => Curve<T>;
    line: <T>() => Curve<T>;
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
