/** Whatever a correct cluster does is valid; whatever is planted in it is found. */
import fc from 'fast-check';
import t from 'tap';
import { judged } from '../support/judged.js';
import { defects, Simulation } from '../support/simulation.js';

const plans = fc.record({
  seed: fc.nat(),
  keys: fc.integer({ min: 1, max: 3 }),
  workers: fc.integer({ min: 1, max: 6 }),
  steps: fc.integer({ min: 0, max: 250 }),
});

t.test('a correct cluster is valid by every checker', (t) => {
  fc.assert(
    fc.property(plans, (plan) => {
      const verdict = judged(new Simulation(plan).run().end());
      const bad = verdict.checkers.filter((one) => one.count > 0 || one.result === 'unknown');
      const why = verdict.cases.map((one) => one.sentence).concat(verdict.reasons);
      if (bad.length > 0 || verdict.verdict !== 'valid') throw new Error(why.join('\n'));
    }),
    { numRuns: 300 },
  );
  t.pass('300 runs');
  t.end();
});

t.test('every planted defect is found, and nothing is explained away', (t) => {
  for (const [type, plant] of Object.entries(defects)) {
    fc.assert(
      fc.property(plans, (plan) => {
        const simulation = new Simulation(plan).run();
        plant(simulation);
        const verdict = judged(simulation.end());
        const row = verdict.checkers.find((one) => one.anomalies.includes(type));
        const case_ = verdict.cases.find((one) => one.type === type);
        if (verdict.verdict !== 'invalid' || row?.result !== 'invalid' || !case_)
          throw new Error(`${type}: ${verdict.sentence} ${JSON.stringify(verdict.reasons)}`);
      }),
      { numRuns: 40 },
    );
    t.pass(type);
  }
  t.end();
});

t.test('where batches begin changes nothing', (t) => {
  const types = Object.keys(defects);
  fc.assert(
    fc.property(
      plans,
      fc.constantFrom('', ...types),
      fc.infiniteStream(fc.boolean()),
      (plan, type, cuts) => {
        const simulation = new Simulation(plan).run();
        defects[type]?.(simulation);
        const history = simulation.end();
        const cut = (): boolean => cuts.next().value === true;
        const whole = judged(history);
        const parted = judged(history, { batches: history.batches(Infinity, cut) });
        for (const one of [whole, parted]) {
          one.durationMs = 0;
          for (const row of one.checkers) row.durationMs = 0;
        }
        if (JSON.stringify(whole) !== JSON.stringify(parted)) throw new Error('they differ');
      },
    ),
    { numRuns: 100 },
  );
  t.pass('100 runs');
  t.end();
});
