/** From a history to a verdict. A checker that throws is unknown; the others go on. */
import {
  messageOf,
  type Batch,
  type Checker,
  type CheckerResult,
  type Emit,
  type Facts,
  type Finish,
  type RunInfo,
  type Verdict,
} from '../model/index.js';
import { acksAtRisk } from './at-risk.js';
import { causes, makeCases } from './cases.js';
import { Collector } from './collect.js';
import { cautionsOf, countFaults, evidenceRows, reasonsOf } from './evidence.js';
import { createFacts, type SteppedFacts } from './facts.js';
import { noRows } from './fold.js';
import { worstLag } from './lag.js';
import type { Choose } from './order.js';
import { permitted } from './permitted.js';
import { sentenceOf } from './sentence.js';
import { StatsTable } from './stats.js';

export interface JudgeInput {
  run: RunInfo;
  batches: Iterable<Batch>;
  /** The file was cut: the end of the history is missing. */
  truncated: boolean;
  checkers: readonly Checker[];
  /** Milliseconds, for durations only. */
  now(): number;
  /** Decides between several values at one offset of an imported history. */
  choose?: Choose;
}

/** Reads the batches once. Throws only what `batches` throws. */
export function judge(input: JudgeInput): Verdict {
  const { run, batches, truncated, checkers } = input;
  const now = (): number => input.now();
  const begun = now();
  const facts = createFacts(run, input.choose);
  const table = new StatsTable();
  const collector = new Collector((timeNs) => causes(facts.faults.spans, timeNs).join());
  const running = checkers.map((checker) => {
    const { emit, count } = collector.emitter((type) => permitted(run, type) !== undefined);
    return new Running(checker, run, emit, count, now);
  });
  walk(run, batches, facts, running, table);
  const stats = table.finish(facts);
  const lag = facts.ops && worstLag(facts.ops);
  if (lag) stats.realtimeLag = lag;

  const evidence = { run, facts, stats, table, truncated };
  const cases = makeCases(collector, facts, (type) => permitted(run, type));
  const bad = cases.some((one) => one.permitted === undefined);
  const results = running.map((one) => one.result());
  const rows = [...results, ...evidenceRows(evidence)];
  const reasons = allReasons(reasonsOf(evidence), results);
  const atRisk = acksAtRisk(run, facts, stats);
  const faults = countFaults(facts);
  const verdict = bad ? 'invalid' : reasons.length > 0 ? 'unknown' : 'valid';
  return {
    format: 1,
    verdict,
    sentence: sentenceOf({ run, verdict, cases, reasons, faults, facts, stats }),
    reasons,
    cases,
    checkers: rows,
    faults,
    atRisk,
    cautions: cautionsOf(evidence, atRisk),
    stats,
    history: { rows: table.rows, truncated, lastNs: facts.phases.lastNs },
    durationMs: now() - begun,
  };
}

/** Steps and finishes facts and checkers; what is found goes to `emit`. No cases, no figures. */
export function examine(input: {
  run: RunInfo;
  batches: Iterable<Batch>;
  checkers: readonly Checker[];
  emit: Emit;
  choose?: Choose;
}): Facts {
  const { run, batches, checkers, emit } = input;
  const facts = createFacts(run, input.choose);
  const zero = (): number => 0;
  const running = checkers.map((one) => new Running(one, run, emit, zeroCounts, zero));
  walk(run, batches, facts, running);
  for (const one of running) one.rethrow();
  return facts;
}
const zeroCounts = (): { all: number; permitted: number } => ({ all: 0, permitted: 0 });

function walk(
  run: RunInfo,
  batches: Iterable<Batch>,
  facts: SteppedFacts,
  running: readonly Running[],
  table?: StatsTable,
): void {
  for (const one of running) one.guard(() => one.start(run, facts));
  const stepped = running.filter((one) => one.steps);
  for (const batch of batches) {
    facts.step(batch);
    table?.step(batch);
    for (const one of stepped) one.guard(() => one.step(batch));
  }
  facts.finish();
  for (const one of running) one.guard(() => one.finish());
}

/** What clients saw is all that such a history tells. */
const clientsOnly: Finish = {
  notApplicable: 'an imported history tells what clients saw, and nothing of nodes and final reads',
};

/** One checker, its time, and what became of it. */
class Running {
  readonly #checker: Checker;
  readonly #emit: Emit;
  readonly #count: () => { all: number; permitted: number };
  readonly #now: () => number;
  /** Its facts are not to be had from this history. */
  readonly #idle: boolean;
  #state: unknown;
  #finish: Finish | undefined;
  #thrown: unknown;
  #threw = false;
  #ms = 0;

  constructor(
    checker: Checker,
    run: RunInfo,
    emit: Emit,
    count: () => { all: number; permitted: number },
    now: () => number,
  ) {
    this.#checker = checker;
    this.#emit = emit;
    this.#count = count;
    this.#now = now;
    this.#idle = run.origin === 'imported' && !checker.meta.facts.includes('ops');
  }

  guard(what: () => void): void {
    if (this.#threw) return;
    const begun = this.#now();
    try {
      what();
    } catch (error) {
      this.#threw = true;
      this.#thrown = error;
    }
    this.#ms += this.#now() - begun;
  }

  start(...about: Parameters<Checker['start']>): void {
    if (!this.#idle) this.#state = this.#checker.start(...about);
  }
  step(batch: Batch): void {
    this.#checker.step(this.#state, batch, this.#emit);
  }
  finish(): void {
    this.#finish = this.#idle ? clientsOnly : this.#checker.finish(this.#state, this.#emit);
  }
  get steps(): boolean {
    return !this.#idle && this.#checker.step !== noRows;
  }
  rethrow(): void {
    if (this.#threw) throw this.#thrown;
  }

  result(): CheckerResult {
    const { id, anomalies } = this.#checker.meta;
    const { all: count, permitted } = this.#count();
    const row = {
      id,
      anomalies: [...anomalies],
      count,
      ...(permitted > 0 && { permitted }),
      checked: 0,
      what: '',
      durationMs: this.#ms,
    };
    const worse = (result: CheckerResult['result']): CheckerResult['result'] =>
      count > permitted ? 'invalid' : result;
    const finish = this.#finish;
    if (this.#threw || !finish) {
      const error = this.#thrown;
      const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
      return { ...row, result: worse('unknown'), reason: `it threw: ${messageOf(error)}`, stack };
    }
    if ('unknown' in finish) return { ...row, result: worse('unknown'), reason: finish.unknown };
    if ('notApplicable' in finish)
      return { ...row, result: worse('not-applicable'), reason: finish.notApplicable };
    return { ...row, ...finish, result: worse('valid') };
  }
}

/** Adds what checkers could not judge, unless the evidence itself says the same. */
function allReasons(evidence: readonly string[], results: readonly CheckerResult[]): string[] {
  const reasons = [...evidence];
  for (const { id, result, reason, stack } of results) {
    if (reason === undefined || (result !== 'unknown' && stack === undefined)) continue;
    if (reason.split('; ').every((part) => evidence.includes(part))) continue;
    reasons.push(
      stack === undefined
        ? `${id} could not judge: ${reason}`
        : `the checker ${id} ${reason.replace(/^it /, '')}`,
    );
  }
  return reasons;
}
