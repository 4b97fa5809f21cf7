/** From a history to a verdict. A checker that throws is unknown; the others go on. */
import {
  messageOf,
  type Batch,
  type Checker,
  type CheckerResult,
  type Finish,
  type RunInfo,
  type Verdict,
} from '../model/index.js';
import { acksAtRisk } from './at-risk.js';
import { causes, makeCases } from './cases.js';
import { Collector } from './collect.js';
import { cautionsOf, countFaults, evidenceRows, reasonsOf } from './evidence.js';
import { createFacts } from './facts.js';
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
}

/** Reads the batches once. Throws only what `batches` throws. */
export function judge(input: JudgeInput): Verdict {
  const { run, batches, truncated, checkers } = input;
  const now = (): number => input.now();
  const begun = now();
  const facts = createFacts(run);
  const table = new StatsTable();
  const collector = new Collector((timeNs) => causes(facts.faults.spans, timeNs).join());
  const running = checkers.map((checker) => new Running(checker, collector, now));
  for (const one of running) one.guard(() => one.start(run, facts));
  for (const batch of batches) {
    facts.step(batch);
    table.step(batch);
    for (const one of running) one.guard(() => one.step(batch));
  }
  facts.finish();
  const stats = table.finish(facts);
  for (const one of running) one.guard(() => one.finish());

  const evidence = { run, facts, stats, table, truncated };
  const cases = makeCases(collector, facts);
  const results = running.map((one) => one.result());
  const rows = [...results, ...evidenceRows(evidence)];
  const reasons = allReasons(reasonsOf(evidence), results);
  const atRisk = acksAtRisk(run, facts, stats);
  const faults = countFaults(facts);
  const verdict = cases.length > 0 ? 'invalid' : reasons.length > 0 ? 'unknown' : 'valid';
  return {
    format: 1,
    verdict,
    sentence: sentenceOf(verdict, cases, reasons, faults, facts, stats),
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

/** One checker, its time, and what became of it. */
class Running {
  readonly #checker: Checker;
  readonly #collector: { emit: ReturnType<Collector['emitter']>['emit']; count: () => number };
  readonly #now: () => number;
  #state: unknown;
  #finish: Finish | undefined;
  #thrown: unknown;
  #threw = false;
  #ms = 0;

  constructor(checker: Checker, collector: Collector, now: () => number) {
    this.#checker = checker;
    this.#collector = collector.emitter();
    this.#now = now;
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
    this.#state = this.#checker.start(...about);
  }
  step(batch: Batch): void {
    this.#checker.step(this.#state, batch, this.#collector.emit);
  }
  finish(): void {
    this.#finish = this.#checker.finish(this.#state, this.#collector.emit);
  }

  result(): CheckerResult {
    const { id, anomalies } = this.#checker.meta;
    const count = this.#collector.count();
    const row = {
      id,
      anomalies: [...anomalies],
      count,
      checked: 0,
      what: '',
      durationMs: this.#ms,
    };
    const worse = (result: CheckerResult['result']): CheckerResult['result'] =>
      count > 0 ? 'invalid' : result;
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
