/** Series for the plots, from the ops of the load. Seconds on the run's clock. */
import { F, Kind } from '../model/index.js';
import type { OpTable } from './data.js';

export interface Bins {
  begin: number;
  /** Seconds. */
  step: number;
  n: number;
}
export interface Latency {
  /** Middle of the bin. */
  t: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}
/** One mark for those ops that would be drawn on top of one another. */
export interface Mark {
  t: number;
  ms: number;
  out: 'ok' | 'fail' | 'info';
  n: number;
}
export interface Series {
  begin: number;
  end: number;
  /** ok ops by when they were invoked; undefined: fewer than 4 in the bin, drawn as `points`. */
  latency: { bins: Bins; each: (Latency | undefined)[]; points: Mark[]; maxMs: number };
  marks: Mark[];
  /** Completions. */
  through: { bins: Bins; ok: Uint32Array; fail: Uint32Array; info: Uint32Array };
  /** Sends by when they were invoked. */
  avail: { bins: Bins; keys: Map<number, Sends> };
}
export interface Sends {
  all: Uint32Array;
  ok: Uint32Array;
  /** Acked and lost. */
  lost: Uint32Array;
}

const fewest = 4;

/** At most `most` bins of a width that a person can name. */
function binsOf(begin: number, end: number, least: number, most: number): Bins {
  const nice = [0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const span = Math.max(end - begin, 0.001);
  const step = nice.find((one) => one >= least && span / one <= most) ?? span / most;
  return { begin, step, n: Math.max(1, Math.ceil(span / step)) };
}
const binOf = (bins: Bins, t: number): number =>
  Math.max(0, Math.min(bins.n - 1, Math.floor((t - bins.begin) / bins.step)));

const quantile = (sorted: Float64Array, q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

/** Marks closer than a person can tell apart become one. */
class Marks {
  private readonly found = new Map<string, Mark>();
  private readonly begin: number;
  private readonly span: number;
  constructor(begin: number, end: number) {
    this.begin = begin;
    this.span = Math.max(end - begin, 0.001);
  }
  add(t: number, ms: number, out: Mark['out']): void {
    const x = Math.round(((t - this.begin) / this.span) * 400);
    const at = `${out}/${x}/${Math.round(Math.log10(Math.max(ms, 0.1)) * 12)}`;
    const mark = this.found.get(at);
    if (mark) mark.n++;
    else this.found.set(at, { t, ms, out, n: 1 });
  }
  get all(): Mark[] {
    return [...this.found.values()];
  }
}

/** @param lostOps ops of which an acked value was lost */
export function seriesOf(
  ops: OpTable,
  range: { begin: number; end: number; loadEnd: number },
  lostOps: ReadonlySet<number>,
): Series {
  const { begin, end } = range;
  const loadEnd = range.loadEnd > begin ? Math.min(range.loadEnd, end) : end;
  const through = binsOf(begin, end, 0.25, 300);
  const avail = binsOf(begin, loadEnd, 0.5, 150);
  const latency = binsOf(begin, loadEnd, 1, 200);
  const zeros = (bins: Bins): Uint32Array => new Uint32Array(bins.n);
  const out = { ok: zeros(through), fail: zeros(through), info: zeros(through) };
  const keys = new Map<number, Sends>();
  const marks = new Marks(begin, end);
  const took: number[][] = Array.from({ length: latency.n }, () => []);
  let maxMs = 0;
  for (let i = 0; i < ops.n; i++) {
    if (ops.worker[i]! < 0) continue;
    const [t0, t1, kind] = [ops.t0[i]!, ops.t1[i]!, ops.out[i]!];
    const name = kind === Kind.ok ? 'ok' : kind === Kind.fail ? 'fail' : 'info';
    out[name][binOf(through, t1)]!++;
    const ms = (t1 - t0) * 1000;
    if (name === 'ok') {
      took[binOf(latency, t0)]!.push(ms);
      maxMs = Math.max(maxMs, ms);
    } else marks.add(t1, ms, name);
    if (ops.f[i] !== F.send) continue;
    let sends = keys.get(ops.key[i]!);
    if (!sends)
      keys.set(ops.key[i]!, (sends = { all: zeros(avail), ok: zeros(avail), lost: zeros(avail) }));
    const bin = binOf(avail, t0);
    sends.all[bin]!++;
    if (name === 'ok') sends.ok[bin]!++;
    if (lostOps.has(ops.id[i]!)) sends.lost[bin]!++;
  }
  const points: Mark[] = [];
  const each = took.map((list, i): Latency | undefined => {
    const t = begin + (i + 0.5) * latency.step;
    if (list.length < fewest) {
      for (const ms of list) points.push({ t, ms, out: 'ok', n: 1 });
      return undefined;
    }
    const sorted = Float64Array.from(list).sort();
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantile(sorted, q)) as [
      number,
      number,
      number,
    ];
    return { t, p50, p95, p99, max: sorted.at(-1)! };
  });
  return {
    begin,
    end,
    latency: { bins: latency, each, points, maxMs },
    marks: marks.all,
    through: { bins: through, ...out },
    avail: { bins: avail, keys },
  };
}
