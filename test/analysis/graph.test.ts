/** Components and shortest cycles against a naive search of the same graphs. */
import fc from 'fast-check';
import t from 'tap';
import { components, CycleSearch, type Graph } from '../../src/analysis/index.js';

type Edge = readonly [from: number, to: number, kind: number];

/** `ops` nodes that count, the rest only pass on. */
function graphOf(n: number, ops: number, edges: readonly Edge[]): Graph {
  const sorted = [...edges].sort((a, b) => a[1] - b[1]);
  const first = new Int32Array(n + 1);
  for (const [, to] of sorted) first[to + 1]!++;
  for (let node = 0; node < n; node++) first[node + 1]! += first[node]!;
  return {
    n,
    ops,
    first,
    from: Int32Array.from(sorted, ([from]) => from),
    kind: Uint8Array.from(sorted, ([, , kind]) => kind),
    about: Int32Array.from(sorted, (_, i) => i),
  };
}

/** By node: ops that it takes to get from `start` to it; a node that passes on adds nothing. */
function distances(n: number, ops: number, edges: readonly Edge[], start: number): number[] {
  const far = new Array<number>(n).fill(Infinity);
  const length = (to: number): number => (to < ops ? 1 : 0);
  for (const [from, to] of edges) if (from === start) far[to] = Math.min(far[to]!, length(to));
  for (let round = 0; round < n; round++)
    for (const [from, to] of edges) far[to] = Math.min(far[to]!, far[from]! + length(to));
  return far;
}

const graphs = fc.integer({ min: 1, max: 12 }).chain((n) =>
  fc.record({
    n: fc.constant(n),
    edges: fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: n - 1 }),
        fc.integer({ min: 0, max: n - 1 }),
        fc.constantFrom(1, 2, 4),
      ),
      { maxLength: 30 },
    ),
    mask: fc.integer({ min: 1, max: 7 }),
  }),
);

void t.test('components and shortest cycles are those of a naive search', (t) => {
  fc.assert(
    fc.property(graphs, ({ n, edges, mask }) => {
      const plain = edges.filter(([from, to]) => from !== to);
      const used = plain.filter(([, , kind]) => (kind & mask) !== 0);
      const far = Array.from({ length: n }, (_, start) => distances(n, n, used, start));
      const graph = graphOf(n, n, plain);
      const found = components(graph, mask);
      const together = (a: number, b: number): boolean =>
        far[a]![b]! < Infinity && far[b]![a]! < Infinity;
      for (let a = 0; a < n; a++)
        for (let b = 0; b < n; b++)
          if (a !== b) t.equal(found.of[a]! >= 0 && found.of[a] === found.of[b], together(a, b));
      const search = new CycleSearch(graph, mask, found);
      found.members.forEach((members, c) => {
        const cycle = search.shortest(c)!;
        const best = Math.min(...Array.from(members, (node) => far[node]![node]!));
        t.equal(cycle.nodes.length, best);
        cycle.nodes.forEach((node, i) => {
          const edge = cycle.edges[i]!;
          const to = cycle.nodes[(i + 1) % best]!;
          t.equal(graph.from[edge], node);
          t.ok(graph.first[to]! <= edge && edge < graph.first[to + 1]!);
          t.ok((graph.kind[edge]! & mask) !== 0);
        });
        t.equal(search.shortest(c, best), undefined, 'none shorter');
      });
    }),
  );
  t.end();
});

void t.test('nodes that only pass on have no length', (t) => {
  // 0 -> 3 -> 4 -> 1 -> 2 -> 0 by the passing nodes 3 and 4; and 2 -> 1.
  const edges: Edge[] = [
    [0, 3, 1],
    [3, 4, 1],
    [4, 1, 1],
    [1, 2, 1],
    [2, 0, 1],
  ];
  const of = (more: Edge[]) => {
    const graph = graphOf(5, 3, [...edges, ...more]);
    const found = components(graph, 1);
    t.same(
      found.members.map((nodes) => [...nodes]),
      [[0, 1, 2]],
    );
    return new CycleSearch(graph, 1, found).shortest(0);
  };
  t.same(of([])?.nodes, [0, 1, 2]);
  t.equal(of([])?.edges[0], -1, 'no edge leads from 0 to 1');
  t.same(of([[2, 1, 1]])?.nodes, [1, 2]);
  t.same(of([[1, 0, 1]])?.nodes, [0, 1]);
  t.end();
});

void t.test('a component too large to try every op still has a cycle', (t) => {
  // To try each would take 160,000 looks.
  const n = 400;
  const ring: Edge[] = Array.from({ length: n }, (_, i) => [i, (i + 1) % n, 1]);
  const graph = graphOf(n, n, ring);
  const found = components(graph, 1);
  t.equal(new CycleSearch(graph, 1, found).shortest(0)?.nodes.length, n);
  t.end();
});

void t.test('a long path needs no deep stack', (t) => {
  const n = 200_000;
  const path: Edge[] = Array.from({ length: n - 1 }, (_, i) => [i + 1, i, 1]);
  t.same(components(graphOf(n, n, path), 1).members, []);
  const whole = components(graphOf(n, n, [...path, [0, n - 1, 1]]), 1);
  t.equal(whole.members[0]?.length, n);
  t.end();
});
