/**
 * Which op depends on which, of an imported history: by the order of versions (ww), by what it read
 * (wr), and by time. The whole of it is walked where it lies, in the columns of the facts; only the
 * ops that are on a cycle, with what they depend on of each other, become a graph.
 */
import { F, Kind, type Ops, type VersionOrder } from '../model/index.js';
import { grown, lowerBound } from './columns.js';
import { eachComponent, type Graph, type Walk } from './graph.js';

/** Kinds of edges; their sums are masks. */
export const ww = 1;
export const wr = 2;
export const realtime = 4;

export interface Dependencies {
  /**
   * Of an edge, `about` is a value: of ww the later one, of wr the one that was read. Nodes from
   * `graph.ops` on keep realtime edges few: each stands for "all ok ops of this component up to that
   * one have ended". It comes after that op and after the node before it; an op comes after the last
   * of them that was so before its invocation.
   */
  readonly graph: Graph;
  /** Node -> op (o). Ops of one component stand together, ascending. */
  readonly ops: Int32Array;
  /** Node of an op -> its component over all edges, from 0 on in the order of nodes. */
  readonly component: Int32Array;
  /** By component: its first node; at the end the number of nodes. */
  readonly starts: readonly number[];
  /** Sends, polls and txns of the whole history. */
  readonly checked: number;
}

/** Linear in ops and records. Facts must be whole. */
export function dependencies(ops: Ops, order: VersionOrder, wwDeps: boolean): Dependencies {
  const found: number[][] = [];
  eachComponent(walkHistory(ops, order, wwDeps), (nodes) => {
    const inside = nodes.filter((node) => node % 2 === 0).map((node) => node / 2);
    if (inside.length > 1) found.push(inside.sort((a, b) => a - b));
  });
  found.sort((a, b) => a[0]! - b[0]!);
  let checked = 0;
  for (let o = 0; o < ops.n; o++) if (isNode(ops, o)) checked++;
  return { ...new Builder(ops, order, wwDeps, found).build(), checked };
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
/** The op that has a ww edge to op `o` for its write of `v`, or -1. */
function writerBefore(order: VersionOrder, o: number, v: number): number {
  const before = order.writer[v] === o ? writtenBefore(order, v) : -1;
  const writer = before < 0 ? -1 : order.writer[before]!;
  return writer === o ? -1 : writer;
}

/**
 * Node 2o is op o; node 2o + 1 stands for "every op up to o has ended": it comes after op o, if that
 * was ok, and after node 2o - 1. The edges of an op: first ww, one a send; then wr, one a record;
 * then realtime, after the node for the last op that ended before its invocation. As ops stand in
 * the order of their completion, nearly all edges come from nodes that are done already.
 */
function walkHistory(ops: Ops, order: VersionOrder, wwDeps: boolean): Walk {
  const { firstSend, sendValue, firstSegment, firstRead, reads, outcome } = ops;
  const { writer } = order;
  let ended = ops.n;
  while (ended > 0 && ops.completed[ended - 1]! < 0) ended--;
  /** How many ops had ended before this one began. */
  const endedBefore = (o: number): number => lowerBound(ops.completed, ended, ops.invoked[o]!);
  const sends = (o: number): number => (wwDeps ? firstSend[o + 1]! - firstSend[o]! : 0);
  return {
    n: 2 * ops.n,
    root: 0,
    next(node, cursor, bound, low) {
      const o = node >> 1;
      const root = this.root >> 1;
      if (node % 2 === 1) {
        if (cursor === 0 && outcome[o] === Kind.ok && low[node - 1]! < bound) return 0;
        return o > 0 && low[node - 2]! < bound ? 1 : -1;
      }
      if (!isNode(ops, o)) return -1;
      const s = firstSend[o]!;
      // Nothing follows from it, so it is on no cycle.
      if (firstSend[o + 1] === s && outcome[o] !== Kind.ok) return -1;
      const writes = sends(o);
      for (let c = cursor; c < writes; c++) {
        const w = writerBefore(order, o, sendValue[s + c]!);
        if (w >= 0 && low[2 * w]! < bound) return c;
      }
      const shift = firstRead[firstSegment[o]!]! - writes;
      const to = firstRead[firstSegment[o + 1]!]!;
      for (let r = Math.max(cursor, writes) + shift; r < to; r++) {
        const w = writer[reads[r]!]!;
        // Asked first, because it nearly always decides, and spares a look far away.
        if (w >= root && low[2 * w]! < bound) return r - shift;
      }
      // What ended before the first op of a path began is done.
      if (o === root) return -1;
      const before = endedBefore(o);
      return before > root && low[2 * before - 1]! < bound ? to - shift : -1;
    },
    before(node, cursor) {
      const o = node >> 1;
      if (node % 2 === 1) return node - 1 - cursor;
      const writes = sends(o);
      if (cursor < writes) return 2 * writerBefore(order, o, sendValue[firstSend[o]! + cursor]!);
      const r = firstRead[firstSegment[o]!]! - writes + cursor;
      if (r < firstRead[firstSegment[o + 1]!]!) return 2 * writer[reads[r]!]!;
      return 2 * endedBefore(o) - 1;
    },
  };
}

/** The edges inside components, in columns that grow node by node. */
class Builder {
  readonly #ops: Ops;
  readonly #order: VersionOrder;
  readonly #wwDeps: boolean;
  readonly #kept: Int32Array;
  readonly #component: Int32Array;
  readonly #starts: number[] = [0];
  /** Op -> node, or -1. */
  readonly #node: Int32Array;
  /** Node -> the node that had a wr edge from it last. */
  readonly #seen: Int32Array;
  #m = 0;
  #from = new Int32Array(1024);
  #kind = new Uint8Array(1024);
  #about = new Int32Array(1024);

  constructor(ops: Ops, order: VersionOrder, wwDeps: boolean, found: readonly number[][]) {
    this.#ops = ops;
    this.#order = order;
    this.#wwDeps = wwDeps;
    for (const inside of found) this.#starts.push(this.#starts.at(-1)! + inside.length);
    const n = this.#starts.at(-1)!;
    this.#kept = new Int32Array(n);
    this.#component = new Int32Array(n);
    this.#seen = new Int32Array(n).fill(-1);
    this.#node = new Int32Array(ops.n).fill(-1);
    found.forEach((inside, c) => {
      const start = this.#starts[c]!;
      this.#kept.set(inside, start);
      this.#component.fill(c, start, start + inside.length);
      inside.forEach((o, i) => (this.#node[o] = start + i));
    });
  }

  build(): Omit<Dependencies, 'checked'> {
    const ops = this.#ops;
    const kept = this.#kept;
    const oks = Int32Array.from(kept.keys()).filter((node) => ops.outcome[kept[node]!] === Kind.ok);
    const n = kept.length + oks.length;
    const first = new Int32Array(n + 1);
    let [begin, end] = [0, 0];
    const ends = oks.map((node) => ops.completed[kept[node]!]!);
    for (let node = 0; node < kept.length; node++) {
      const [o, c] = [kept[node]!, this.#component[node]!];
      if (this.#starts[c] === node) {
        begin = end;
        while (end < oks.length && this.#component[oks[end]!] === c) end++;
      }
      if (this.#wwDeps) this.#written(o, node);
      this.#read(o, node);
      const mine = ends.subarray(begin, end);
      const before = lowerBound(mine, mine.length, ops.invoked[o]!);
      if (before > 0) this.#add(kept.length + begin + before - 1, realtime, -1);
      first[node + 1] = this.#m;
    }
    for (let ok = 0; ok < oks.length; ok++) {
      const node = oks[ok]!;
      this.#add(node, realtime, -1);
      if (ok > 0 && this.#component[oks[ok - 1]!] === this.#component[node])
        this.#add(kept.length + ok - 1, realtime, -1);
      first[kept.length + ok + 1] = this.#m;
    }
    const from = this.#from.subarray(0, this.#m);
    const kind = this.#kind.subarray(0, this.#m);
    const about = this.#about.subarray(0, this.#m);
    const graph = { n, ops: kept.length, first, from, kind, about };
    return { graph, ops: kept, component: this.#component, starts: this.#starts };
  }

  #written(o: number, node: number): void {
    const { firstSend, sendValue } = this.#ops;
    for (let s = firstSend[o]!; s < firstSend[o + 1]!; s++) {
      const v = sendValue[s]!;
      const before = this.#inside(writerBefore(this.#order, o, v), node);
      if (before >= 0) this.#add(before, ww, v);
    }
  }

  #read(o: number, node: number): void {
    const { firstSegment, firstRead, reads } = this.#ops;
    const { writer } = this.#order;
    const to = firstRead[firstSegment[o + 1]!]!;
    let last = o;
    for (let r = firstRead[firstSegment[o]!]!; r < to; r++) {
      const w = writer[reads[r]!]!;
      if (w === last) continue;
      last = w;
      const before = w === o ? -1 : this.#inside(w, node);
      if (before < 0 || this.#seen[before] === node) continue;
      this.#seen[before] = node;
      this.#add(before, wr, reads[r]!);
    }
  }

  /** The node of op `w` if it is in the component of `node`, or -1. */
  #inside(w: number, node: number): number {
    const before = w < 0 ? -1 : this.#node[w]!;
    return before >= 0 && this.#component[before] === this.#component[node] ? before : -1;
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
