/**
 * What a valid verdict is worth: into the very history that was judged valid, one physically
 * consistent change is planted at a random place, and the same checkers are run on it. Many places
 * that cannot touch each other share one pass over the history.
 */
import { setImmediate as immediate } from 'node:timers/promises';
import { examine } from '../../analysis/index.js';
import { seeded, type Batch, type Checker, type RunInfo, type Worth } from '../../model/index.js';
import { failedVisible } from './failed.js';
import type { About, WorthKindOf } from './kind.js';
import { doubleLeader, watermarkBack } from './probes.js';
import { lost, missingReplica, pollSkip, swappedReplica } from './records.js';
import { Survey } from './survey.js';
import { Trial } from './trial.js';
import { caution, sentenceOf } from './words.js';

export const kinds: readonly WorthKindOf[] = [
  lost,
  missingReplica,
  swappedReplica,
  failedVisible,
  pollSkip,
  doubleLeader(50),
  doubleLeader(200),
  doubleLeader(1000),
  watermarkBack,
];

export interface WorthInput {
  /** Its `seed` is what all random choices come from. */
  run: RunInfo;
  /** The history from its first batch, anew with each call. */
  batches(): Iterable<Batch>;
  checkers: readonly Checker[];
  /** No pass is begun that would not fit. */
  budgetMs: number;
  /** What one pass took when the history was judged. */
  passMs: number;
  /** Ends it between two passes. */
  signal?: AbortSignal;
  /** Places of a kind, at most. */
  wanted?: number;
  /** Milliseconds. */
  now(): number;
}

/** Of a valid run that was recorded. Throws only what `batches` throws. */
export async function measureWorth(input: WorthInput): Promise<Worth> {
  const { run, checkers, budgetMs, passMs } = input;
  const now = (): number => input.now();
  const begun = now();
  const left = (): number => budgetMs - (now() - begun);
  // One pass to see where changes fit, and one with the first of them.
  const allowed = `${budgetMs / 1000} s allowed`;
  const tooLong =
    2 * passMs > budgetMs &&
    `two passes over this history take ${Math.ceil((2 * passMs) / 1000)} s, more than the ${allowed}`;
  const found = tooLong === false ? survey(run, input.batches(), input.wanted ?? 1000) : undefined;
  const trials = kinds.map((kind, k) => {
    const cheap = kind.probesOnly === true && found?.probes !== undefined;
    return {
      trial: new Trial(kind, found?.places[k] ?? String(tooLong), cheap ? 0 : passMs),
      source: cheap ? () => found.probes! : () => input.batches(),
    };
  });
  let passes = found ? 1 : 0;
  const open = new Set(trials);
  while (open.size > 0) {
    for (const one of open) {
      const { trial, source } = one;
      // A signal is heard only when nothing else runs.
      await immediate();
      if (!trial.pending || trial.passMs > left() || input.signal?.aborted === true) {
        open.delete(one);
        continue;
      }
      const from = now();
      trial.pass(run, source(), checkers);
      trial.passMs = now() - from;
      passes++;
    }
  }
  const cut = input.signal?.aborted === true;
  const none = cut ? 'it was interrupted' : `no pass was left for it in the ${allowed}`;
  const results = trials.map(({ trial }) => trial.result(none));
  return {
    seed: run.seed,
    passes,
    durationMs: now() - begun,
    kinds: results,
    sentence: sentenceOf(run, results[0]!),
    caution,
  };
}

/** Where each kind of change can go. The facts are dropped: a pass needs the memory for its own. */
export function survey(run: RunInfo, batches: Iterable<Batch>, wanted: number) {
  const random = seeded(run.seed).fork('worth');
  const seen = new Survey(wanted, random);
  const facts = examine({
    run,
    batches: watched(batches, seen),
    checkers: [],
    emit: () => undefined,
  });
  const places = kinds.map((kind) => {
    const about: About = { run, facts, survey: seen, random: random.fork(kind.id) };
    return kind.places(about, wanted);
  });
  return { places, probes: seen.probes };
}

function* watched(batches: Iterable<Batch>, seen: Survey): Generator<Batch> {
  for (const batch of batches) {
    seen.step(batch);
    yield batch;
  }
}
