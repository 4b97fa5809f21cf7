/** A checker that needs no rows of its own: the shared facts say all, once they are whole. */
import type { Checker, Emit, Facts, Finish, RunInfo } from '../model/index.js';
import { isImported, type Imported } from './imported.js';

interface State {
  run: RunInfo;
  facts: Facts;
}

/** The step of a checker that looks at no row. */
export const noRows = (): void => undefined;

/** `imported` judges an imported history by Jepsen's rule. */
export function fold(
  meta: Checker['meta'],
  finish: (run: RunInfo, facts: Facts, emit: Emit) => Finish,
  imported?: (facts: Imported, emit: Emit) => Finish,
): Checker {
  const checker: Checker<State> = {
    meta,
    start: (run, facts) => ({ run, facts }),
    step: noRows,
    finish: ({ run, facts }, emit) =>
      imported && isImported(facts) ? imported(facts, emit) : finish(run, facts, emit),
  };
  return checker;
}
