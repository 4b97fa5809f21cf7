/** Live counters for the terminal: constant memory however long the run. */
const buckets = 400;
/** Logarithmic buckets from 0.1 ms, 5 % wide: good enough for a line on a terminal. */
const bucketOf = (ms: number): number =>
  Math.min(
    buckets - 1,
    Math.max(0, Math.round(Math.log(Math.max(ms, 0.1) / 0.1) / Math.log(1.05))),
  );
const msOf = (bucket: number): number => 0.1 * 1.05 ** bucket;

export class Meter {
  ok = 0;
  fail = 0;
  info = 0;
  private readonly latencies = new Uint32Array(buckets);
  private lastTotal = 0;
  private lastNs = 0;

  op(type: 'ok' | 'fail' | 'info', tookNs: number): void {
    this[type]++;
    if (type === 'ok') this.latencies[bucketOf(tookNs / 1e6)]!++;
  }

  /** Ops a second since the last call. */
  rate(nowNs: number): number {
    const total = this.ok + this.fail + this.info;
    const perSecond = ((total - this.lastTotal) / Math.max(1, nowNs - this.lastNs)) * 1e9;
    this.lastTotal = total;
    this.lastNs = nowNs;
    return Math.max(0, perSecond);
  }

  quantileMs(q: number): number {
    const want = q * this.ok;
    let seen = 0;
    for (let i = 0; i < buckets; i++) {
      seen += this.latencies[i]!;
      if (seen >= want && seen > 0) return msOf(i);
    }
    return 0;
  }
}
