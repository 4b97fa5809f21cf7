/** Whatever a correct cluster does is valid; whatever is planted in it is found. */
import fc from 'fast-check';
import t from 'tap';
import { batchesChangeNothing, concurrentOrderChangesNothing } from '../support/invariants.js';
import { judged } from '../support/judged.js';
import { typesOf, why } from '../support/same.js';
import { runs } from '../support/share.js';
import { defects, Simulation, type Plan } from '../support/simulation.js';

const plans = fc.record({
  seed: fc.nat(),
  keys: fc.integer({ min: 1, max: 3 }),
  workers: fc.integer({ min: 1, max: 6 }),
  steps: fc.integer({ min: 0, max: 250 }),
});
const types = Object.keys(defects);
/** What may come with a planted defect; nothing else may. */
const consequences: Readonly<Record<string, readonly string[]>> = {
  // Whether somebody polled it before is up to the seed.
  'lost-write': ['unseen'],
  // What nobody has seen is not in the final read.
  unseen: ['lost-write'],
  // The other value was read once, and is not in the final read.
  'inconsistent-offsets': ['lost-write'],
  // Of three records the last comes before the middle one, which it thereby passes over.
  'int-nonmonotonic-poll': ['int-poll-skip'],
};

t.test('a correct cluster is valid by every checker', (t) => {
  fc.assert(
    fc.property(plans, (plan) => {
      const verdict = judged(new Simulation(plan).run().end());
      const bad = verdict.checkers.filter((one) => one.count > 0 || one.result === 'unknown');
      if (bad.length > 0 || verdict.verdict !== 'valid') throw new Error(why(verdict));
    }),
    { numRuns: runs(1000) },
  );
  t.pass('1,000 runs');
  t.end();
});

t.test('every planted defect is found, and nothing but it and what follows from it', (t) => {
  for (const [type, plant] of Object.entries(defects)) {
    fc.assert(
      fc.property(plans, (plan) => {
        const simulation = new Simulation(plan).run();
        plant(simulation);
        const verdict = judged(simulation.end());
        const row = verdict.checkers.find((one) => one.anomalies.includes(type));
        const others = [...typesOf(verdict)].filter(
          (one) => one !== type && consequences[type]?.includes(one) !== true,
        );
        const found = typesOf(verdict).has(type) && row?.result === 'invalid';
        if (!found || verdict.verdict !== 'invalid' || others.length > 0)
          throw new Error(`${type}, and ${others.join()}: ${why(verdict)}`);
      }),
      { numRuns: runs(60) },
    );
    t.pass(type);
  }
  t.end();
});

const planted = (plan: Plan, type: string) => {
  const simulation = new Simulation(plan).run();
  defects[type]?.(simulation);
  return simulation.end();
};

t.test('where batches begin changes nothing', (t) => {
  batchesChangeNothing(t, { plans, types, planted });
});

/**
 * Two neighbours of different processes that both invoke or both complete change nothing, whatever
 * the checker. An invocation and a completion do: who sent before who read (phantom-read), whether
 * an ack came before the final read (lost-write, unseen) and a send before the next one
 * (nonmonotonic-send, of one process) hang on their order. Probes are of one node at a time, and
 * their order is what epoch-regress and watermark-regress judge.
 */
t.test('the order of what is concurrent changes no verdict', (t) => {
  concurrentOrderChangesNothing(t, { plans, types, planted });
});
