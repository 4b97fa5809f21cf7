/** What must not change a verdict, whatever the history and whatever is planted in it. */
import fc from 'fast-check';
import type { Test } from 'tap';
import { seeded } from '../../src/model/index.js';
import { exchange } from './exchange.js';
import type { History } from './history.js';
import { judged } from './judged.js';
import { essence, timeless, why } from './same.js';
import { runs } from './share.js';

/** Makes the history of a plan, with a type planted; '': a valid one. */
export interface Planting<P> {
  plans: fc.Arbitrary<P>;
  types: readonly string[];
  planted: (plan: P, type: string) => History;
}

export function batchesChangeNothing<P>(t: Test, { plans, types, planted }: Planting<P>): void {
  fc.assert(
    fc.property(
      plans,
      fc.constantFrom('', ...types),
      fc.infiniteStream(fc.boolean()),
      (plan, type, cuts) => {
        const history = planted(plan, type);
        const cut = (): boolean => cuts.next().value === true;
        const whole = timeless(judged(history));
        if (whole !== timeless(judged(history, { batches: history.batches(Infinity, cut) })))
          throw new Error('they differ');
      },
    ),
    { numRuns: runs(150) },
  );
  t.pass('150 runs');
  t.end();
}

/** Neighbours of different processes that both invoke or both complete change places. */
export function concurrentOrderChangesNothing<P>(
  t: Test,
  { plans, types, planted }: Planting<P>,
): void {
  fc.assert(
    fc.property(plans, fc.constantFrom('', ...types), fc.nat(), (plan, type, seed) => {
      const one = judged(planted(plan, type));
      const other = judged(exchange(planted(plan, type), seeded(seed)));
      if (essence(one) !== essence(other)) throw new Error(`${why(one)}\n\n${why(other)}`);
    }),
    { numRuns: runs(300) },
  );
  t.pass('300 runs');
  t.end();
}
