/** Directed graphs as columns: strongly connected components, and a shortest cycle in one. */

/**
 * The edges that end at node b stand from first[b] to below first[b + 1]. So it is walked against
 * the edges: a history tells of each op what came before it, and the cycles are the same.
 */
export interface Graph {
  /** Nodes. */
  readonly n: number;
  /** Nodes from here on only pass on: they stand for no op and have no length. */
  readonly ops: number;
  /** n + 1 entries. */
  readonly first: Int32Array;
  /** Where an edge begins. */
  readonly from: Int32Array;
  /** A bit for the kind of an edge. */
  readonly kind: Uint8Array;
  /** What an edge is about; -1: nothing. */
  readonly about: Int32Array;
}

/** What Tarjan's algorithm asks of a graph. An edge of a node is told by a number, its cursor. */
export interface Walk {
  readonly n: number;
  /** Set for it: where the path began. All nodes below are done. */
  root: number;
  /** The first edge into `node` from `cursor` on that begins where `low` is below `bound`; or -1. */
  next(node: number, cursor: number, bound: number, low: Int32Array): number;
  /** Where that edge begins. */
  before(node: number, cursor: number): number;
}

/**
 * Hands over the nodes of each strongly connected component of two nodes or more. Linear. This is
 * Tarjan's algorithm as Pearce stores it (2016): one number a node, `low`, which is 0 until the node
 * is reached, then a place on the path, and once its component is whole a number above all places.
 * So `low[before] < low[node]` is all that must be asked of an edge. A node with no such edge into
 * it, as nearly all are if they come in about the order of time, is done without any stack.
 */
export function eachComponent(walk: Walk, found: (nodes: number[]) => void): void {
  const { n } = walk;
  const low = new Int32Array(n);
  // The path grows from below, what waits for the first node of its component from above.
  const stack = new Int32Array(n);
  const cursors = new Int32Array(n);
  const places = new Int32Array(n);
  let [waiting, place, done] = [n, 1, n];
  const close = (node: number): void => {
    const whole = [node];
    while (waiting < n && low[node]! <= low[stack[waiting]!]!) {
      low[stack[waiting]!] = done;
      whole.push(stack[waiting++]!);
    }
    place -= whole.length;
    low[node] = done--;
    if (whole.length > 1) found(whole);
  };
  const from = (root: number, cursor: number): void => {
    let depth = 0;
    [stack[0], cursors[0], places[0]] = [root, cursor, place++];
    while (depth >= 0) {
      const node = stack[depth]!;
      const edge = walk.next(node, cursors[depth]!, low[node]!, low);
      if (edge < 0) {
        if (low[node] === places[depth--]) close(node);
        else stack[--waiting] = node;
        continue;
      }
      const before = walk.before(node, edge);
      if (low[before]! > 0) {
        low[node] = low[before]!;
        cursors[depth] = edge + 1;
        continue;
      }
      // The edge is looked at again when its begin is finished.
      cursors[depth] = edge;
      low[before] = place;
      depth++;
      [stack[depth], cursors[depth], places[depth]] = [before, 0, place++];
    }
  };
  for (let root = 0; root < n; root++) {
    if (low[root] !== 0) continue;
    low[root] = place;
    walk.root = root;
    const edge = walk.next(root, 0, place, low);
    if (edge < 0) low[root] = done--;
    else from(root, edge);
  }
}

export interface Components {
  /** By node: its component, or -1 if it is in none of two ops or more. */
  readonly of: Int32Array;
  /** By component: its ops, ascending. Components ascend by their first op. */
  readonly members: readonly Int32Array[];
}

/** Components over edges whose kind is in `mask`. */
export function components(graph: Graph, mask: number): Components {
  const { n, ops, first, from, kind } = graph;
  const all: number[][] = [];
  const walk: Walk = {
    n,
    root: 0,
    next(node, cursor, bound, low) {
      const to = first[node + 1]!;
      for (let e = Math.max(cursor, first[node]!); e < to; e++)
        if (low[from[e]!]! < bound && (kind[e]! & mask) !== 0) return e;
      return -1;
    },
    before: (_node, e) => from[e]!,
  };
  eachComponent(walk, (nodes) => {
    all.push(nodes.sort((a, b) => a - b));
  });
  all.sort((a, b) => a[0]! - b[0]!);
  const of = new Int32Array(n).fill(-1);
  const members = all.map((nodes, c) => {
    for (const node of nodes) of[node] = c;
    return Int32Array.from(nodes.filter((node) => node < ops));
  });
  return { of, members };
}

/** A cycle: ops, and of each the edge to the next one; -1: only by nodes that pass on. */
export interface Cycle {
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
}

/** How often each edge of a component may be looked at in the search for a shortest cycle. */
const looks = 64;

/** Searches many components of one graph, and keeps its columns between them. */
export class CycleSearch {
  readonly #graph: Graph;
  readonly #mask: number;
  readonly #within: Components;
  /** By node: the search that reached it last. */
  readonly #seen: Int32Array;
  /** By node: the edge on which it was reached, and so the way back. */
  readonly #edge: Int32Array;
  readonly #next: Int32Array;
  readonly #queue: Int32Array;
  #tail = 0;
  #search = 0;
  #looked = 0;

  constructor(graph: Graph, mask: number, within: Components) {
    this.#graph = graph;
    this.#mask = mask;
    this.#within = within;
    this.#seen = new Int32Array(graph.n);
    this.#edge = new Int32Array(graph.n);
    this.#next = new Int32Array(graph.n);
    this.#queue = new Int32Array(graph.n);
  }

  /**
   * A shortest cycle of a component that is shorter than `below` ops, from its lowest node; undefined
   * if there is none. Breadth first from each op in turn. In a component so large or dense that this
   * would look at an edge more than 64 times, the shortest through the ops that were tried.
   */
  shortest(component: number, below = Infinity): Cycle | undefined {
    const { first } = this.#graph;
    const ops = this.#within.members[component]!;
    let budget = looks * looks;
    for (const node of ops) budget += looks * (first[node + 1]! - first[node]!);
    this.#looked = 0;
    let best: Cycle | undefined;
    for (const node of ops) {
      if (this.#looked > budget && best) break;
      best = this.#through(node, best?.nodes.length ?? below) ?? best;
      if (best?.nodes.length === 2) break;
    }
    return best;
  }

  /** The shortest cycle through `start` with fewer ops than `below`. */
  #through(start: number, below: number): Cycle | undefined {
    this.#search++;
    this.#tail = 0;
    if (this.#expand(start, start)) return this.#cycle(start);
    let length = 1;
    let levelEnd = this.#tail;
    for (let head = 0; head < this.#tail; head++) {
      if (head === levelEnd) {
        length++;
        levelEnd = this.#tail;
      }
      if (length + 1 >= below) return undefined;
      if (this.#expand(this.#queue[head]!, start)) return this.#cycle(start);
    }
    return undefined;
  }

  /** Queues all ops from which an edge leads to `node`; true if `start` is one of them. */
  #expand(node: number, start: number): boolean {
    const { first, from, kind, ops } = this.#graph;
    const inside = this.#within.of;
    const [seen, search, mask] = [this.#seen, this.#search, this.#mask];
    // What is before a node without length is as near as that node, so it is queued at once.
    const through = [node];
    for (let at = through.pop(); at !== undefined; at = through.pop()) {
      const to = first[at + 1]!;
      this.#looked += to - first[at]!;
      for (let e = first[at]!; e < to; e++) {
        const before = from[e]!;
        if ((kind[e]! & mask) === 0 || seen[before] === search) continue;
        if (inside[before] !== inside[start]) continue;
        seen[before] = search;
        this.#edge[before] = e;
        this.#next[before] = at;
        if (before === start) return true;
        if (before < ops) this.#queue[this.#tail++] = before;
        else through.push(before);
      }
    }
    return false;
  }

  #cycle(start: number): Cycle {
    const { ops } = this.#graph;
    const [nodes, edges]: [number[], number[]] = [[], []];
    let node = start;
    do {
      let next = this.#next[node]!;
      nodes.push(node);
      edges.push(next < ops ? this.#edge[node]! : -1);
      while (next >= ops) next = this.#next[next]!;
      node = next;
    } while (node !== start);
    return { nodes, edges };
  }
}
