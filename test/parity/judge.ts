/** A history of the corpus, imported and judged. */
import { examine, isImported } from '../../src/analysis/index.js';
import { importedValue, type Anomaly, type Batch, type RunInfo } from '../../src/model/index.js';
import { importedFile } from '../support/edn.js';
import { checkers } from '../support/judged.js';
import type { Ours } from './compare.js';
import { completions, pathOf, textOf, type Reference } from './corpus.js';

export interface Imported {
  run: RunInfo;
  batches: Batch[];
  completions: Map<number, number>;
}

export const importCorpus = async (file: string): Promise<Imported> => ({
  ...(await importedFile(pathOf(file))),
  completions: completions(textOf(file)),
});

/** By the rules and settings of one line of the verdicts. */
export function judgeAs(history: Imported, reference: Reference): Ours {
  const { subVia, wwDeps } = reference;
  const run: RunInfo = { ...history.run, options: { subVia, wwDeps } };
  const keys = run.keys.map(({ topicId }) => Number(topicId));
  const choices = new Map(
    (reference.choices ?? []).map(([key, offset, value]) => [
      `${keys.indexOf(key)}@${offset}`,
      importedValue(keys.indexOf(key), value),
    ]),
  );
  const found: Anomaly[] = [];
  const facts = examine({
    run,
    batches: history.batches,
    checkers,
    emit: (at, whole) => found.push({ ...at, ...whole() }),
    choose: (key, offset, values) => choices.get(`${key}@${offset}`) ?? values[0]!,
  });
  if (!isImported(facts)) throw new Error('Expected the facts of an imported history.');
  return { facts, found, keys, completions: history.completions };
}
