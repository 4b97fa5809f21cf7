/** Cycles: against Jepsen's verdicts of the corpus, and by hand, each type with its witness. */
import t from 'tap';
import {
  components,
  createFacts,
  dependencies,
  realtime,
  wr,
  ww,
  type Dependencies,
} from '../../src/analysis/index.js';
import { importedValue, type Facts } from '../../src/model/index.js';
import { judged, checkers } from '../support/judged.js';
import {
  corpusLines,
  corpusVerdicts,
  importedHistory,
  type CorpusVerdict,
  type Line,
} from '../support/imported.js';

const only = checkers.filter((one) => one.meta.id === 'cycles');
const projections: Record<string, number> = {
  ww,
  wr,
  'ww+wr': ww | wr,
  'ww+realtime': ww | realtime,
  'ww+wr+realtime': ww | wr | realtime,
};

/** Which of several values at one offset Jepsen's order took. */
const choiceOf =
  (verdict: CorpusVerdict) =>
  (key: number, offset: number, values: readonly number[]): number => {
    const chosen = verdict.choices.find(([k, o]) => k === key && o === offset);
    return chosen ? importedValue(key, chosen[2]) : values[0]!;
  };

/** Components of a projection as Jepsen tells them: indices of completions. */
function told(facts: Facts, found: Dependencies, mask: number, ends: Map<number, number>) {
  return components(found.graph, mask)
    .members.map((nodes) =>
      [...nodes]
        .map((node) => ends.get(facts.ops!.op[found.ops[node]!]!)!)
        .sort((a, b) => a - b),
    )
    .sort((a, b) => a[0]! - b[0]!);
}

/** Index of each op's invocation -> of its completion. */
function completions(lines: readonly Line[]): Map<number, number> {
  const ends = new Map<number, number>();
  const open = new Map<number, number>();
  for (const { type, process, index } of lines) {
    if (type === 'invoke') open.set(process, index);
    else ends.set(open.get(process)!, index);
  }
  return ends;
}

for (const other of [false, true]) {
  void t.test(`the corpus, ${other ? 'the other' : 'one'} setting of ww-deps`, (t) => {
    let histories = 0;
    for (const verdict of corpusVerdicts(other)) {
      if (verdict.throws !== undefined) continue;
      const { file, wwDeps } = verdict;
      const lines = corpusLines(file);
      const history = importedHistory(lines, { wwDeps });
      const facts = createFacts(history.run, choiceOf(verdict));
      for (const batch of history.batches()) facts.step(batch);
      facts.finish();
      const ends = completions(lines);
      const found = dependencies(facts.ops!, facts.order!, wwDeps);
      for (const [name, mask] of Object.entries(projections)) {
        const wanted = verdict.sccs[name] ?? [];
        const sccs = told(facts, found, mask, ends);
        if (Array.isArray(wanted)) t.same(sccs, wanted, `${file} ${name}`);
        else t.same({ sccs: sccs.length, ops: sccs.flat().length }, wanted, `${file} ${name}`);
      }
      histories++;
    }
    t.equal(histories, 331);
    t.end();
  });
}
