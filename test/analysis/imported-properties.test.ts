/** Jepsen's rules: whatever a correct cluster does is valid; whatever is planted in it is found. */
import fc from 'fast-check';
import t from 'tap';
import { importedValue, seeded, type Verdict } from '../../src/model/index.js';
import { exchange, sameTime } from '../support/exchange.js';
import type { History } from '../support/history.js';
import { jepsenDefects } from '../support/jepsen-defects.js';
import { jepsenPlans, JepsenSimulation, type JepsenPlan } from '../support/jepsen-simulation.js';
import { batchesChangeNothing, concurrentOrderChangesNothing } from '../support/invariants.js';
import { checkers, judged } from '../support/judged.js';
import { essence, typesOf, why } from '../support/same.js';
import { runs } from '../support/share.js';

const types = Object.keys(jepsenDefects);
/** A planted history; without a type a valid one. */
function planted(any: JepsenPlan, type = ''): History {
  const simulation = new JepsenSimulation({ ...any, ...jepsenDefects[type]?.needs }).run();
  jepsenDefects[type]?.plant(simulation);
  return simulation.end().history();
}

t.test('a correct cluster is valid by every checker', (t) => {
  fc.assert(
    fc.property(jepsenPlans, (plan) => {
      const verdict = judged(planted(plan));
      const sound = verdict.checkers.every(
        ({ count, permitted = 0, result }) => count === permitted && result !== 'unknown',
      );
      if (!sound || verdict.verdict !== 'valid') throw new Error(why(verdict));
    }),
    { numRuns: runs(1000) },
  );
  t.pass('1,000 runs');
  t.end();
});

/** `0 17` for each anomaly of a type: dense key and value. */
const places = ({ cases }: Verdict, type: string): string[] =>
  cases
    .filter((one) => one.type === type)
    .flatMap(({ keys, all }) => all.map(([, value]) => `${keys[0]!} ${value}`));

t.test('every planted defect is found, and nothing but it and what follows from it', (t) => {
  for (const [type, defect] of Object.entries(jepsenDefects)) {
    fc.assert(
      fc.property(jepsenPlans, (any) => {
        const plan = { ...any, ...defect.needs };
        // What Kafka permits may be there already.
        const expected = typesOf(judged(planted(plan)));
        for (const one of [type, ...defect.consequences]) expected.add(one);
        const simulation = new JepsenSimulation(plan).run();
        const about = defect.plant(simulation);
        const verdict = judged(simulation.end().history());
        const others = [...typesOf(verdict)].filter((one) => !expected.has(one));
        const wanted = defect.permitted?.(plan) === true ? 'valid' : 'invalid';
        const found = places(verdict, type);
        const named = about.every(([key, value]) =>
          found.includes(`${key} ${importedValue(key, value)}`),
        );
        if (
          !typesOf(verdict).has(type) ||
          !named ||
          verdict.verdict !== wanted ||
          others.length > 0
        )
          throw new Error(`${type}, and ${others.join()}: ${why(verdict)}`);
      }),
      { numRuns: runs(60) },
    );
    t.pass(type);
  }
  t.end();
});

t.test('where batches begin changes nothing', (t) => {
  batchesChangeNothing(t, { plans: jepsenPlans, types, planted });
});

/**
 * Two neighbours of different processes that both invoke or both complete change no verdict of any
 * checker: which op ended before which began, and so every realtime edge, stays as it was. Of
 * several values at one offset the version order takes the one that came first; a choice among
 * equals, so the value that such an anomaly names may differ.
 */
t.test('the order of what is concurrent changes no verdict', (t) => {
  concurrentOrderChangesNothing(t, { plans: jepsenPlans, types, planted });
});

/** But for cycles, Jepsen's rules know no time between processes: any neighbours may change places. */
t.test('the order of processes among each other concerns cycles alone', (t) => {
  const timeless_ = checkers.filter((one) => one.meta.id !== 'cycles');
  let exchanges = 0;
  fc.assert(
    fc.property(jepsenPlans, fc.constantFrom('', ...types), fc.nat(), (plan, type, seed) => {
      const one = judged(planted(plan, type), { checkers: timeless_ });
      const may: typeof sameTime = (a, b) => {
        if (!sameTime(a, b)) exchanges++;
        return true;
      };
      const other = judged(exchange(planted(plan, type), seeded(seed), may), {
        checkers: timeless_,
      });
      if (essence(one) !== essence(other)) throw new Error(`${why(one)}\n\n${why(other)}`);
    }),
    { numRuns: runs(200) },
  );
  t.ok(exchanges > 0, '200 runs');
  t.end();
});
