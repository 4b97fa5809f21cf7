/** A checker that needs no rows of its own: the shared facts say all, once they are whole. */
import type { Checker, Emit, Facts, Finish, RunInfo } from '../model/index.js';

interface State {
  run: RunInfo;
  facts: Facts;
}

export function fold(
  meta: Checker['meta'],
  finish: (run: RunInfo, facts: Facts, emit: Emit) => Finish,
): Checker {
  const checker: Checker<State> = {
    meta,
    start: (run, facts) => ({ run, facts }),
    step: () => undefined,
    finish: ({ run, facts }, emit) => finish(run, facts, emit),
  };
  return checker;
}
