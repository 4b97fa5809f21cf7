/** A run and all that its words and pictures come from. */
import { createFacts } from '../analysis/index.js';
import type { Run } from '../history/index.js';
import type { Facts, RunInfo, Verdict } from '../model/index.js';
import { extractPage, type OpTable, type PageData } from './data.js';

/** A run and what follows from it. */
export interface Source {
  run: RunInfo;
  /** Absent: not judged yet. */
  verdict: Verdict | undefined;
  facts: Facts;
  ops: OpTable;
  data: PageData;
}

/** What all words and pictures come from; reads the history twice. */
export function sourceOf({ info, history, verdict }: Run): Source {
  const facts = createFacts(info);
  for (const batch of history.batches()) facts.step(batch);
  facts.finish();
  // A run that was cut may name its keys in the history only.
  const run =
    info.keys.length > 0
      ? info
      : { ...info, keys: facts.keys.filter((key) => (key as unknown) !== undefined) };
  const { data, ops } = extractPage({
    run,
    facts,
    batches: history.batches(),
    ...(verdict && { verdict }),
  });
  return { run, verdict, facts, ops, data };
}
