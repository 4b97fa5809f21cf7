/** Cycles: against Jepsen's verdicts of the corpus, and by hand, each type with its witness. */
import fc from 'fast-check';
import t from 'tap';
import {
  components,
  createFacts,
  dependencies,
  judge,
  realtime,
  wr,
  ww,
  type Dependencies,
} from '../../src/analysis/index.js';
import {
  Kind,
  type Facts,
  type Ops,
  type Verdict,
  type VersionOrder,
} from '../../src/model/index.js';
import type { Ours } from '../parity/compare.js';
import { referencesOf, type Reference } from '../parity/corpus.js';
import { importCorpus, judgeAs } from '../parity/judge.js';
import { History } from '../support/history.js';
import { checkers } from '../support/judged.js';
import { importedHistory, type Line, type Micro } from '../support/imported.js';
import { some, whole } from '../support/share.js';

// The corpus takes longer than tap allows a program that is run without its settings.
t.setTimeout(300_000);

const only = checkers.filter((one) => one.meta.id === 'cycles');
const projections: Record<string, number> = {
  ww,
  wr,
  'ww+wr': ww | wr,
  'ww+realtime': ww | realtime,
  'ww+wr+realtime': ww | wr | realtime,
};

/** Components of a projection as Jepsen tells them: indices of completions. */
function told(facts: Facts, found: Dependencies, mask: number, ends: ReadonlyMap<number, number>) {
  return components(found.graph, mask)
    .members.map((nodes) =>
      [...nodes].map((node) => ends.get(facts.ops!.op[found.ops[node]!]!)!).sort((a, b) => a - b),
    )
    .sort((a, b) => a[0]! - b[0]!);
}

const judgedBy = (history: History): Verdict =>
  judge({
    run: history.run,
    batches: history.batches(),
    truncated: false,
    checkers: only,
    now: () => 0,
  });

/** Ours, of cycles. */
function counts({ found }: Ours): Record<string, number> {
  const types: Record<string, number> = {};
  for (const { type } of found)
    if (only[0]!.meta.anomalies.includes(type)) types[type] = (types[type] ?? 0) + 1;
  return types;
}

/**
 * Jepsen's counts. Its search decides between G0-realtime and G1c-realtime: where writes alone close
 * a circle with time, it may come upon one whose edge is also a read. Ours is named by the writes.
 */
function wantedCounts({ errors }: Reference): Record<string, number> {
  const count = (type: string): number => errors?.[type]?.count ?? 0;
  const writes = count('strong-PL-1-cycle-exists');
  const reads = count('G0-realtime') + count('G1c-realtime') - writes;
  const all = only[0]!.meta.anomalies.map((type) => [
    type,
    type === 'G0-realtime' ? writes : type === 'G1c-realtime' ? reads : count(type),
  ]);
  return Object.fromEntries(all.filter(([, n]) => n !== 0)) as Record<string, number>;
}

for (const other of [false, true]) {
  void t.test(`the corpus, ${other ? 'the other' : 'one'} setting of ww-deps`, async (t) => {
    let histories = 0;
    for (const reference of some(referencesOf(other))) {
      if (reference.throws !== undefined) continue;
      const { file, wwDeps } = reference;
      const ours = judgeAs(await importCorpus(file), reference);
      const { facts, completions } = ours;
      const found = dependencies(facts.ops, facts.order, wwDeps);
      for (const [name, mask] of Object.entries(projections)) {
        const wanted = reference.sccs?.[name] ?? [];
        const sccs = told(facts, found, mask, completions);
        if (Array.isArray(wanted)) t.same(sccs, wanted, `${file} ${name}`);
        else t.same({ sccs: sccs.length, ops: sccs.flat().length }, wanted, `${file} ${name}`);
      }
      t.same(counts(ours), wantedCounts(reference), `${file} types`);
      histories++;
    }
    const judged = referencesOf(other).filter((one) => one.throws === undefined);
    t.ok(histories === judged.length || !whole, String(histories));
  });
}

/** An op as it is made up: when it begins and ends, and what it does. */
interface Made {
  begin: number;
  end: number;
  type: 'ok' | 'fail' | 'info';
  sends?: [key: number, value: number, offset: number | null][];
  polls?: [key: number, records: [offset: number, value: number][]][];
}
/** Each op in a process of its own; its index is its invocation's. */
function madeHistory(made: readonly Made[], wwDeps: boolean): History {
  const events = made.flatMap((op, process) => [
    { at: op.begin, process, op, type: 'invoke' as const },
    { at: op.end, process, op, type: op.type },
  ]);
  events.sort((a, b) => a.at - b.at);
  const lines = events.map(({ at, process, op, type }, index): Line => {
    const sends = (op.sends ?? []).map(([key, value, offset]): Micro => [
      ':send',
      key,
      type === 'invoke' ? value : [offset, value],
    ]);
    const polls: Micro[] = op.polls ? [type === 'invoke' ? [':poll'] : [':poll', op.polls]] : [];
    const f = sends.length === 0 ? 'poll' : polls.length === 0 ? 'send' : 'txn';
    return { index, time: at * 1e6, type, process, f, value: [...sends, ...polls] };
  });
  return importedHistory(lines, { wwDeps });
}
const typesOf = (verdict: Verdict): string[] => verdict.cases.map(({ type }) => type).sort();

const read = (key: number, ...values: number[]): NonNullable<Made['polls']>[number] => [
  key,
  values.map((value) => [value, value]),
];
const circles: Record<string, { ops: Made[]; wwDeps?: boolean; says: RegExp; exists: string }> = {
  G0: {
    ops: [
      {
        begin: 0,
        end: 10,
        type: 'ok',
        sends: [
          [0, 0, 0],
          [1, 1, 1],
        ],
      },
      {
        begin: 1,
        end: 11,
        type: 'ok',
        sends: [
          [0, 1, 1],
          [1, 0, 0],
        ],
      },
    ],
    wwDeps: true,
    exists: 'PL-1-cycle-exists',
    says: /#0 sent 0 to key 0, it stands at offset 0, #1 sent 1, it stands next, at offset 1 \(ww\); #1 sent 0 to key 1.* #0 sent 1, .*\(ww\)\.$/,
  },
  G1c: {
    ops: [
      { begin: 0, end: 10, type: 'ok', sends: [[0, 0, 0]], polls: [read(1, 0)] },
      { begin: 1, end: 11, type: 'ok', sends: [[1, 0, 0]], polls: [read(0, 0)] },
    ],
    exists: 'PL-2-cycle-exists',
    says: /#0 sent 0 to key 0, #1 polled 0 \(wr\); #1 sent 0 to key 1, #0 polled 0 \(wr\)\.$/,
  },
  'G0-realtime': {
    ops: [
      { begin: 0, end: 10, type: 'ok', sends: [[0, 1, 1]] },
      { begin: 11, end: 20, type: 'ok', sends: [[0, 0, 0]] },
    ],
    wwDeps: true,
    exists: 'strong-PL-1-cycle-exists',
    says: /#0 ended at 0\.010 s, #2 began at 0\.011 s \(realtime\); #2 sent 0 to key 0.* #0 sent 1.*\(ww\)\.$/,
  },
  'G1c-realtime': {
    ops: [
      { begin: 0, end: 10, type: 'ok', polls: [read(0, 0)] },
      { begin: 11, end: 20, type: 'ok', sends: [[0, 0, 0]] },
    ],
    exists: 'strong-PL-2-cycle-exists',
    says: /#0 ended at 0\.010 s, #2 began at 0\.011 s \(realtime\); #2 sent 0 to key 0, #0 polled 0 \(wr\)\.$/,
  },
};
for (const [type, { ops, wwDeps = false, says, exists }] of Object.entries(circles)) {
  void t.test(`${type} by hand`, (t) => {
    const verdict = judgedBy(madeHistory(ops, wwDeps));
    t.same(typesOf(verdict), [type, exists].sort());
    const found = verdict.cases.find((one) => one.type === type)!.anomalies[0]!;
    t.match(found.explanation, says);
    t.same(found.data.scc, found.ops);
    t.equal(found.ops.length, 2);
    t.equal(found.timeNs, Math.max(...ops.map(({ end }) => end)) * 1e6);
    t.equal(found.key >= 0, true);
    // Where the second op knows nothing of the first, there is no circle.
    const first: Made = { ...ops[0]!, polls: [] };
    t.same(typesOf(judgedBy(madeHistory([first, ...ops.slice(1)], false))), [], 'good');
    const realtimeOnly = type.endsWith('realtime');
    // An op of unknown outcome may take effect at any time; what it read and wrote still counts.
    const info = ops.map((op, i) => (i === 0 ? { ...op, type: 'info' as const } : op));
    const unsure = typesOf(judgedBy(madeHistory(info, wwDeps)));
    // A send of unknown outcome that nobody read has no place in the order.
    const stays = !realtimeOnly && type !== 'G0';
    t.same(unsure, stays ? [type, exists].sort() : [], 'indeterminate');
    t.end();
  });
}
/** Ops with random spans, sends and polls of two keys, consistent or not. */
const histories = fc.array(
  fc.record({
    begin: fc.double({ min: 0, max: 30, noNaN: true }),
    lasts: fc.double({ min: 0.1, max: 12, noNaN: true }),
    type: fc.constantFrom('ok', 'ok', 'ok', 'fail', 'info'),
    sends: fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.boolean()), { maxLength: 2 }),
    polls: fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.nat(12)), { maxLength: 2 }),
  }),
  { minLength: 2, maxLength: 9 },
);
void t.test('components are those of all edges, written out', (t) => {
  fc.assert(
    fc.property(histories, fc.boolean(), fc.func(fc.nat(1000)), (drawn, wwDeps, shuffle) => {
      const sent = [0, 0];
      const places = [0, 1].map(() =>
        [...Array(20).keys()].sort((a, b) => shuffle(a) - shuffle(b)),
      );
      const made = drawn.map(({ begin, lasts, type, sends, polls }): Made => ({
        ...{ begin, end: begin + lasts, type: type },
        sends: sends.map(([key, told]) => {
          const value = sent[key]!++;
          return [key, value, told ? places[key]![value]! : null];
        }),
        polls: polls.map(([key, value]) => [key, [[places[key]![value]!, value]]]),
      }));
      const history = madeHistory(made, wwDeps);
      const facts = createFacts(history.run);
      for (const batch of history.batches()) facts.step(batch);
      facts.finish();
      const [ops, order] = [facts.ops!, facts.order!];
      const found = dependencies(ops, order, wwDeps);
      for (const mask of Object.values(projections)) {
        const reach = naive(ops, order, mask, wwDeps);
        const of = components(found.graph, mask).of;
        const node = (o: number): number => found.ops.indexOf(o);
        const pairs: string[] = [];
        const wanted: string[] = [];
        for (let a = 0; a < ops.n; a++)
          for (let b = 0; b < a; b++) {
            if (reach[a]![b] && reach[b]![a]) wanted.push(`${b} ${a}`);
            const [x, y] = [of[node(a)] ?? -1, of[node(b)] ?? -1];
            if (x >= 0 && x === y) pairs.push(`${b} ${a}`);
          }
        if (wanted.join() !== pairs.join()) throw new Error(`${wanted.join()} | ${pairs.join()}`);
      }
      for (const { type, anomalies } of judgedBy(history).cases)
        for (const { data } of anomalies) {
          const edges = String(data.edges).split(' ');
          const may = type.includes('1-cycle') || type.startsWith('G0') ? ['ww'] : ['ww', 'wr'];
          if (type.includes('realtime') || type.includes('strong')) may.push('realtime');
          if (!edges.every((kind) => may.includes(kind)))
            throw new Error(`${type}: ${edges.join()}`);
        }
    }),
    { numRuns: 500 },
  );
  t.pass('500 histories');
  t.end();
});

/** Op -> op -> whether a path leads there, by all edges of the rules. */
function naive(ops: Ops, order: VersionOrder, mask: number, wwDeps: boolean): boolean[][] {
  const reach = Array.from({ length: ops.n }, () => new Array<boolean>(ops.n).fill(false));
  const edge = (kind: number, a: number, b: number): void => {
    if ((mask & kind) !== 0 && a >= 0 && b >= 0 && a !== b) reach[a]![b] = true;
  };
  if (wwDeps)
    for (let v = 0; v < order.n; v++) {
      const before = order.place[v]! > 0 ? order.chain[order.key[v]!]![order.place[v]! - 1]! : -1;
      if (before >= 0) edge(ww, order.writer[before]!, order.writer[v]!);
    }
  for (let b = 0; b < ops.n; b++) {
    const [from, to] = [ops.firstSegment[b]!, ops.firstSegment[b + 1]!];
    for (let r = ops.firstRead[from]!; r < ops.firstRead[to]!; r++)
      edge(wr, order.writer[ops.reads[r]!]!, b);
    for (let a = 0; a < ops.n; a++)
      if (ops.outcome[a] === Kind.ok && ops.completed[a]! < ops.invoked[b]!) edge(realtime, a, b);
  }
  for (let k = 0; k < ops.n; k++)
    for (let a = 0; a < ops.n; a++)
      for (let b = 0; b < ops.n; b++) if (reach[a]![k] && reach[k]![b]) reach[a]![b] = true;
  return reach;
}

void t.test('recorded histories have no such facts', (t) => {
  const verdict = judgedBy(new History({ keys: 1 }));
  t.match(verdict.checkers[0], { id: 'cycles', result: 'not-applicable', reason: /imported/ });
  t.end();
});
