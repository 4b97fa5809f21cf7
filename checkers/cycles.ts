/**
 * Ops that depend on each other in a circle: by the order of their writes (ww), by reading (wr), and
 * by one having ended before the other began. Named by the weakest dependencies that close a circle.
 * Jepsen's rules, for imported histories.
 */
import {
  components,
  CycleSearch,
  dependencies,
  num,
  realtime,
  sec,
  wr,
  writtenBefore,
  ww,
  type Components,
  type Cycle,
  type Dependencies,
} from '../src/analysis/index.js';
import type {
  Checker,
  Emit,
  Facts,
  Ops,
  ProofStep,
  RunInfo,
  VersionOrder,
} from '../src/model/index.js';

/** Of one kind of circle: what it is called, what its existence is called, and what it says. */
const kinds = {
  G0: ['PL-1-cycle-exists', 'Writes follow each other in a circle'],
  G1c: ['PL-2-cycle-exists', 'Ops see each other in a circle'],
  'G0-realtime': ['strong-PL-1-cycle-exists', 'Writes follow each other in a circle with time'],
  'G1c-realtime': ['strong-PL-2-cycle-exists', 'Ops see each other in a circle with time'],
} as const;

/** How many op ids of a component are kept, and edges told in a sentence. */
const keptOps = 1000;
const toldEdges = 12;

const checker: Checker<{ run: RunInfo; facts: Facts }> = {
  meta: {
    id: 'cycles',
    help: 'ops that depend on each other in a circle',
    anomalies: Object.entries(kinds).flatMap(([type, [exists]]) => [type, exists]),
    facts: ['ops', 'order'],
    shard: 'whole',
  },
  start: (run, facts) => ({ run, facts }),
  step: () => undefined,
  finish({ run, facts }, emit) {
    const { ops, order } = facts;
    if (!ops || !order)
      return { notApplicable: 'which op depends on which is read off imported histories only' };
    const wwDeps = run.options.wwDeps === true;
    const found = dependencies(ops, order, wwDeps);
    if (found.checked === 0) return { notApplicable: 'there was no send, poll or transaction' };
    const none = { in: () => undefined };
    const part = (mask: number): Projection => new Projection(found, mask);
    const writes = wwDeps ? part(ww) : none;
    const reads = part(ww | wr);
    const writesInTime = wwDeps ? part(ww | realtime) : none;
    const readsInTime = part(ww | wr | realtime);
    const tell = new Telling(facts, ops, order, found, emit);
    for (let c = 0; c + 1 < found.starts.length; c++) {
      const g0 = writes.in(c);
      if (g0) {
        tell.circle('G0', g0);
        continue;
      }
      const g1c = reads.in(c);
      if (g1c) tell.circle('G1c', g1c);
      const inTime = writesInTime.in(c);
      if (inTime) tell.circle('G0-realtime', inTime);
      if (g1c || inTime) continue;
      const last = readsInTime.in(c);
      if (last) tell.circle('G1c-realtime', last);
    }
    const what = `${num(found.checked)} sends, polls and transactions`;
    return { checked: found.checked, what };
  },
};
export default checker;

interface Circle {
  cycle: Cycle;
  /** Nodes of the smallest component of its kind. */
  component: Int32Array;
}

/** The dependencies of some kinds only, within each component of all of them. */
class Projection {
  readonly #parts: Components;
  readonly #search: CycleSearch;
  /** By component of all dependencies: its parts. */
  readonly #inside = new Map<number, number[]>();

  constructor({ graph, component }: Dependencies, mask: number) {
    this.#parts = components(graph, mask);
    this.#search = new CycleSearch(graph, mask, this.#parts);
    for (const [part, nodes] of this.#parts.members.entries()) {
      const whole = component[nodes[0]!]!;
      const parts = this.#inside.get(whole) ?? [];
      this.#inside.set(whole, parts);
      parts.push(part);
    }
  }

  in(whole: number): Circle | undefined {
    let cycle: Cycle | undefined;
    let component: Int32Array | undefined;
    for (const part of this.#inside.get(whole) ?? []) {
      cycle = this.#search.shortest(part, cycle?.nodes.length) ?? cycle;
      const members = this.#parts.members[part]!;
      if (!component || members.length < component.length) component = members;
    }
    return cycle && component && { cycle, component };
  }
}

interface Edge {
  kind: 'ww' | 'wr' | 'realtime';
  key: number;
  text: string;
  steps: ProofStep[];
}

class Telling {
  readonly #facts: Facts;
  readonly #ops: Ops;
  readonly #order: VersionOrder;
  readonly #found: Dependencies;
  readonly #emit: Emit;

  constructor(facts: Facts, ops: Ops, order: VersionOrder, found: Dependencies, emit: Emit) {
    this.#facts = facts;
    this.#ops = ops;
    this.#order = order;
    this.#found = found;
    this.#emit = emit;
  }

  circle(type: keyof typeof kinds, { cycle, component }: Circle): void {
    const ops = this.#ops;
    const [exists, says] = kinds[type];
    const { graph, ops: nodes } = this.#found;
    const circle = cycle.nodes.map((node) => nodes[node]!);
    const ids = circle.map((o) => ops.op[o]!);
    const firstValue = cycle.edges.find((e) => e >= 0) ?? -1;
    const key = this.#order.key[graph.about[firstValue]!] ?? -1;
    // An op that is still open began before what depends on it.
    const timeNs = circle.reduce(
      (last, o) => Math.max(last, ops.completeNs[o]!, ops.invokeNs[o]!),
      -1,
    );
    const at = { key, offset: -1, value: -1, timeNs, ops: ids };
    const whole = (begin: string) => () => {
      const edges = cycle.edges.map((e, i) =>
        this.#edge(circle[i]!, circle[(i + 1) % circle.length]!, e),
      );
      const told = edges.slice(0, toldEdges).map(({ kind, text }) => `${text} (${kind})`);
      const more = edges.length - told.length;
      if (more > 0) told.push(`and ${num(more)} more back to #${ids[0]!}`);
      return {
        ops: ids,
        proof: edges.flatMap(({ steps }) => steps),
        explanation: `${begin}: ${told.join('; ')}.`,
        data: {
          scc: Array.from(component.subarray(0, keptOps), (node) => ops.op[nodes[node]!]!),
          size: component.length,
          edges: edges.map(({ kind }) => kind).join(' '),
        },
      };
    };
    this.#emit({ type: exists, ...at }, whole(this.#existence(component.length, circle.length)));
    this.#emit({ type, ...at }, whole(says));
  }

  #existence(component: number, circle: number): string {
    const all = component > circle ? `, one of ${num(circle)} is` : '';
    return `${num(component)} ops each depend on all the others${all}`;
  }

  #edge(a: number, b: number, e: number): Edge {
    const [ops, order, facts] = [this.#ops, this.#order, this.#facts];
    const step = (o: number, timeNs: number, what: string, says: string): ProofStep => ({
      op: ops.op[o]!,
      process: ops.process[o]!,
      timeNs,
      what,
      says,
    });
    const [one, two] = [a, b].map((o) => `#${ops.op[o]!}`) as [string, string];
    if (e < 0) {
      const [end, begin] = [ops.completeNs[a]!, ops.invokeNs[b]!];
      const time = sec(end) === sec(begin) ? (ns: number): string => `${num(ns)} ns` : sec;
      const text = `${one} ended at ${time(end)}, ${two} began at ${time(begin)}`;
      const steps = [step(a, end, 'ok', 'ended'), step(b, begin, 'invoke', 'began')];
      return { kind: 'realtime', key: -1, text, steps };
    }
    const { graph } = this.#found;
    const v = graph.about[e]!;
    const key = order.key[v]!;
    const name = facts.keyText(key);
    if (graph.kind[e] === wr) {
      const value = order.text(v);
      const text = `${one} sent ${value} to ${name}, ${two} polled ${value}`;
      const steps = [
        step(a, ops.invokeNs[a]!, 'send', `value ${value} to ${name}`),
        step(b, Math.max(ops.completeNs[b]!, ops.invokeNs[b]!), 'poll', `value ${value}`),
      ];
      return { kind: 'wr', key, text, steps };
    }
    // A duplicate before it stands elsewhere too, and its own place is the last one.
    const place = order.place[v]!;
    const at = [place - 1, place].map((p) => `offset ${order.offsets[key]![p]!}`);
    const [first, second] = [order.text(writtenBefore(order, v)), order.text(v)];
    const text = `${one} sent ${first} to ${name}, it stands at ${at[0]!}, ${two} sent ${second}, it stands next, at ${at[1]!}`;
    const steps = [
      step(a, ops.invokeNs[a]!, 'send', `value ${first} to ${name}: ${at[0]!}`),
      step(b, ops.invokeNs[b]!, 'send', `value ${second} to ${name}: ${at[1]!}, the next one`),
    ];
    return { kind: 'ww', key, text, steps };
  }
}
