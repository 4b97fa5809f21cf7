/**
 * Which op depends on which, of an imported history: by the order of versions (ww), by what it read
 * (wr), and by time. Only the part that can hold a cycle becomes a graph.
 *
 * Each op is given a position with two properties. It is at or after the op's invocation, and of an
 * op that ended ok at or before its completion. So every realtime edge leads forward: a ended ok
 * before b was invoked, hence position(a) <= completed(a) < invoked(b) <= position(b). An op that
 * did not end ok has no realtime edge to another op and may stand anywhere after its invocation.
 *
 * Call an edge backward if its end does not stand behind its begin, and take its span from the
 * position of its end to that of its begin. Let C be a strongly connected component of two ops or
 * more, and x a position with ops of C before it and others at or behind it. A path inside C leads
 * from one of the latter to one of the former, so one of its edges leads from at or behind x to
 * before x: a backward edge whose span covers both sides of x. As this holds for every such x, the
 * spans cover C from its first to its last op without a gap: merged, one of them holds all of C.
 * (If all of C stands on one position, each of its edges is backward, and its span is that one.)
 * So one look at each ww and wr edge finds the few spans, and ops outside of them are on no cycle.
 */
import { F, Kind, type Ops, type VersionOrder } from '../model/index.js';
import { grown, lowerBound } from './columns.js';
import type { Graph } from './graph.js';

/** Kinds of edges; their sums are masks. */
export const ww = 1;
export const wr = 2;
export const realtime = 4;

export interface Dependencies {
  /**
   * Its edges are about a value: of ww the later one, of wr the one read. Nodes from `graph.ops` on
   * make realtime edges few: one for each ok op, it comes after that op and after the one for the ok
   * op that completed before; an op comes after the last one whose op completed before it began.
   */
  readonly graph: Graph;
  /** Node -> op (o), ascending. */
  readonly ops: Int32Array;
  /** Sends, polls and txns of the whole history. */
  readonly checked: number;
}

/** Linear in ops and records. Facts must be whole. `prune` false: the graph of the whole history. */
export function dependencies(
  ops: Ops,
  order: VersionOrder,
  wwDeps: boolean,
  prune = true,
): Dependencies {
  const position = positions(ops);
  const span = prune ? spans(ops, order, wwDeps, position) : new Int32Array(ops.n);
  const node = new Int32Array(ops.n).fill(-1);
  let [n, checked] = [0, 0];
  for (let o = 0; o < ops.n; o++) {
    if (!isNode(ops, o)) continue;
    checked++;
    if (span[o]! >= 0) node[o] = n++;
  }
  const kept = new Int32Array(n);
  for (let o = 0; o < ops.n; o++) if (node[o]! >= 0) kept[node[o]!] = o;
  return { graph: new Builder(ops, order, wwDeps, kept, node, span).build(), ops: kept, checked };
}

const isNode = (ops: Ops, o: number): boolean => {
  const f = ops.f[o]!;
  return f === F.send || f === F.poll || f === F.txn;
};
/** The value that stands before this one in its key, or -1. */
export function writtenBefore(order: VersionOrder, v: number): number {
  const place = order.place[v]!;
  return place < 1 ? -1 : order.chain[order.key[v]!]![place - 1]!;
}

/** Of an op that no edge leaves. */
const nowhere = 2 ** 31 - 1;

function positions(ops: Ops): Int32Array {
  const position = new Int32Array(ops.n);
  for (let o = 0; o < ops.n; o++) {
    const [reads, sends] = [ops.firstSegment, ops.firstSend].map(
      (first) => first[o + 1]! > first[o]!,
    );
    // A write can be read as soon as it is invoked, and what was read was there at completion.
    if (!isNode(ops, o) || (!sends && ops.outcome[o] !== Kind.ok)) position[o] = nowhere;
    else if (reads && ops.completed[o]! >= 0) position[o] = ops.completed[o]!;
    else position[o] = ops.invoked[o]!;
  }
  return position;
}

/** By op: the number of the merged span that holds it, or -1. */
function spans(ops: Ops, order: VersionOrder, wwDeps: boolean, position: Int32Array): Int32Array {
  // By position: how far the spans that begin there reach.
  const reach = new Int32Array(2 * ops.n + 1).fill(-1);
  const backward = (end: number, begin: number): void => {
    if (end !== nowhere && reach[end]! < begin) reach[end] = begin;
  };
  const written = new Int32Array(order.n);
  for (let v = 0; v < order.n; v++)
    written[v] = order.writer[v]! < 0 ? -1 : position[order.writer[v]!]!;
  if (wwDeps) {
    order.chain.forEach((chain) => {
      for (let p = 1; p < chain.length; p++) {
        const [before, after] = [chain[p - 1]!, chain[p]!];
        const [begin, end] = [written[before]!, written[after]!];
        if (begin >= end && order.writer[before] !== order.writer[after]) backward(end, begin);
      }
    });
  }
  const { reads, firstRead, firstSegment } = ops;
  for (let o = 0; o < ops.n; o++) {
    const end = position[o]!;
    const [from, to] = [firstRead[firstSegment[o]!]!, firstRead[firstSegment[o + 1]!]!];
    let begin = -1;
    for (let r = from; r < to; r++) {
      const at = written[reads[r]!]!;
      if (at > begin) begin = at;
    }
    if (begin >= end) backward(end, begin);
  }
  let [span, to] = [-1, -1];
  for (let at = 0; at < reach.length; at++) {
    if (at > to && reach[at]! >= 0) span++;
    if (reach[at]! > to) to = reach[at]!;
    reach[at] = at <= to ? span : -1;
  }
  return position.map((at) => (at === nowhere ? -1 : reach[at]!));
}

/** Edges in columns that grow, node by node. */
class Builder {
  readonly #ops: Ops;
  readonly #order: VersionOrder;
  readonly #wwDeps: boolean;
  readonly #kept: Int32Array;
  readonly #node: Int32Array;
  readonly #span: Int32Array;
  /** Node -> the node that had an edge from it last. */
  readonly #seen: Int32Array;
  #m = 0;
  #from = new Int32Array(1024);
  #kind = new Uint8Array(1024);
  #about = new Int32Array(1024);

  constructor(
    ops: Ops,
    order: VersionOrder,
    wwDeps: boolean,
    kept: Int32Array,
    node: Int32Array,
    span: Int32Array,
  ) {
    this.#ops = ops;
    this.#order = order;
    this.#wwDeps = wwDeps;
    this.#kept = kept;
    this.#node = node;
    this.#span = span;
    this.#seen = new Int32Array(kept.length).fill(-1);
  }

  build(): Graph {
    const ops = this.#ops;
    const kept = this.#kept;
    const ended = kept.filter((o) => ops.outcome[o] === Kind.ok).map((o) => ops.completed[o]!);
    const n = kept.length + ended.length;
    const first = new Int32Array(n + 1);
    for (let node = 0; node < kept.length; node++) {
      const o = kept[node]!;
      if (this.#wwDeps) this.#written(o);
      this.#read(o, node);
      const before = lowerBound(ended, ended.length, ops.invoked[o]!) - 1;
      if (before >= 0) this.#add(kept.length + before, realtime, -1);
      first[node + 1] = this.#m;
    }
    let helper = kept.length;
    for (let node = 0; node < kept.length; node++) {
      if (ops.outcome[kept[node]!] !== Kind.ok) continue;
      this.#add(node, realtime, -1);
      if (helper > kept.length) this.#add(helper - 1, realtime, -1);
      first[++helper] = this.#m;
    }
    const [from, kind, about] = [this.#from, this.#kind, this.#about].map((column) =>
      column.subarray(0, this.#m),
    ) as [Int32Array, Uint8Array, Int32Array];
    return { n, ops: kept.length, first, from, kind, about };
  }

  #written(o: number): void {
    const { firstSend, sendValue } = this.#ops;
    for (let s = firstSend[o]!; s < firstSend[o + 1]!; s++) {
      const v = sendValue[s]!;
      const before = writtenBefore(this.#order, v);
      if (before < 0 || this.#order.writer[v] !== o) continue;
      this.#after(this.#order.writer[before]!, o, ww, v);
    }
  }

  #read(o: number, node: number): void {
    const { firstSegment, firstRead, reads } = this.#ops;
    const { writer } = this.#order;
    const to = firstRead[firstSegment[o + 1]!]!;
    let last = -1;
    for (let r = firstRead[firstSegment[o]!]!; r < to; r++) {
      const w = writer[reads[r]!]!;
      if (w === last) continue;
      last = w;
      const before = w < 0 ? -1 : this.#node[w]!;
      if (before < 0 || this.#seen[before] === node) continue;
      this.#seen[before] = node;
      this.#after(w, o, wr, reads[r]!);
    }
  }

  /** An edge between two spans is on no cycle. */
  #after(w: number, o: number, kind: number, about: number): void {
    if (w >= 0 && w !== o && this.#span[w] === this.#span[o])
      this.#add(this.#node[w]!, kind, about);
  }

  #add(from: number, kind: number, about: number): void {
    const m = this.#m++;
    if (m === this.#from.length) {
      this.#from = grown(this.#from, m + 1);
      this.#kind = grown(this.#kind, m + 1);
      this.#about = grown(this.#about, m + 1);
    }
    this.#from[m] = from;
    this.#kind[m] = kind;
    this.#about[m] = about;
  }
}
