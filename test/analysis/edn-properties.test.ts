/** Through EDN and through files: what clients saw gives the same verdict on the other side. */
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { judge } from '../../src/analysis/index.js';
import { createRecorder, exportEdn, readHistory } from '../../src/history/index.js';
import { type Batch, type RunInfo, type Verdict } from '../../src/model/index.js';
import { imported } from '../support/edn.js';
import type { History } from '../support/history.js';
import { jepsenDefects } from '../support/jepsen-defects.js';
import { jepsenPlans, JepsenSimulation } from '../support/jepsen-simulation.js';
import { checkers, judged } from '../support/judged.js';
import { essence, timeless, typesOf, why } from '../support/same.js';
import { runs, whole } from '../support/share.js';
import { defects, Simulation } from '../support/simulation.js';

interface Stored {
  run: RunInfo;
  batches: readonly Batch[];
}
const judgedAs = ({ run, batches }: Stored): Verdict =>
  judge({ run, batches, truncated: false, checkers, now: () => 0 });
const exported = ({ run, batches }: Stored): string => {
  const lines: string[] = [];
  exportEdn(
    () => batches,
    run,
    (line) => lines.push(line),
  );
  return `${lines.join('\n')}\n`;
};

const jepsenTypes = fc.constantFrom('', ...Object.keys(jepsenDefects));
const naming = fc.constantFrom<[(key: number) => string, (value: number) => string]>(
  [String, String],
  [(key) => `"orders-${key}"`, (value) => `"v ${value}"`],
  [(key) => `[:t ${key}]`, (value) => String(value - 7)],
);

t.test('an imported history comes back whole, whatever keys and values are called', async (t) => {
  await fc.assert(
    fc.asyncProperty(jepsenPlans, jepsenTypes, naming, async (any, type, [key, value]) => {
      const plan = { ...any, ...jepsenDefects[type]?.needs };
      const simulation = new JepsenSimulation(plan).run();
      jepsenDefects[type]?.plant(simulation);
      const { subVia, wwDeps } = plan;
      const read = async (text: string): Promise<Stored> => {
        const { run, batches } = await imported(text);
        return { run: { ...run, options: { subVia, wwDeps } }, batches };
      };
      const first = await read(simulation.end().edn(key, value));
      const again = await read(exported(first));
      const [one, two] = [judgedAs(first), judgedAs(again)];
      if (timeless(one) !== timeless(two)) throw new Error(`${why(one)}\n\n${why(two)}`);
      if (exported(again) !== exported(first)) throw new Error('the lines differ');
      // As rows straight from the simulation; names aside.
      const rows = judged(simulation.history());
      const plain = value(1) === '1';
      const same = plain ? essence(one) === essence(rows) : one.verdict === rows.verdict;
      if (!same || [...typesOf(one)].join() !== [...typesOf(rows)].join())
        throw new Error(`${why(one)}\n\n${why(rows)}`);
    }),
    { numRuns: runs(100) },
  );
  t.pass('100 runs');
});

// A copy is known by its last place, so its readers jump, and its writer and the ones beside it
// seem to have sent in another order.
const jumps = ['int-poll-skip', 'poll-skip', 'int-nonmonotonic-poll', 'nonmonotonic-poll'];
const turns = ['nonmonotonic-send', 'int-nonmonotonic-send', 'int-send-skip'];
/** What comes with a planted type once only clients are heard. */
const seenWith: Readonly<Record<string, readonly string[]>> = {
  unseen: [],
  duplicate: [...jumps, ...turns],
  G1a: [],
  'phantom-read': [],
  // The final read lacks the other value, and clients alone do not know which one was right.
  'inconsistent-offsets': [],
  'int-poll-skip': [],
  'int-nonmonotonic-poll': ['int-poll-skip'],
  'poll-skip': [],
  'nonmonotonic-poll': [],
  'nonmonotonic-send': [],
  'int-nonmonotonic-send': [],
};
/** What probes and replicas alone show. */
const ofNodes = [
  'split-brain',
  'epoch-regress',
  'watermark-regress',
  'replica-divergence',
  'stale-replica',
];

const plans = fc.record({
  seed: fc.nat(),
  keys: fc.integer({ min: 1, max: 3 }),
  workers: fc.integer({ min: 1, max: 6 }),
  steps: fc.integer({ min: 0, max: 200 }),
  // What expired before anybody read it is lost to clients.
  retention: fc.constant(false),
});
async function throughEdn(history: History): Promise<Verdict> {
  return judgedAs(await imported(exported({ run: history.run, batches: history.batches() })));
}

t.test('a recorded history keeps in EDN what clients saw', async (t) => {
  t.same(
    new Set([...Object.keys(seenWith), ...ofNodes, 'lost-write']),
    new Set(Object.keys(defects)),
    'each defect is accounted for',
  );
  for (const type of ['', ...Object.keys(seenWith), ...ofNodes]) {
    const wanted = seenWith[type];
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const simulation = new Simulation(plan).run();
        defects[type]?.(simulation);
        const verdict = await throughEdn(simulation.end());
        const types = typesOf(verdict);
        const others = [...types].filter((one) => one !== type && wanted?.includes(one) !== true);
        const right = wanted ? types.has(type) && verdict.verdict === 'invalid' : types.size === 0;
        if (!right || others.length > 0) throw new Error(`${type}: ${why(verdict)}`);
      }),
      { numRuns: runs(25) },
    );
    t.pass(type || 'valid');
  }
});

/**
 * By Jepsen's rule a value that an ok op once read is never lost. So a lost write is one for clients
 * too if nobody ever polled it (unseen); else they see at most that the final read passes over it.
 */
t.test('a recorded lost write is one in EDN unless somebody polled it', async (t) => {
  const counts = { lost: 0, unseen: 0, polled: 0 };
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const simulation = new Simulation(plan).run();
      defects['lost-write']!(simulation);
      const history = simulation.end();
      const [recorded, verdict] = [judged(history), await throughEdn(history)];
      const types = typesOf(verdict);
      const neverPolled = typesOf(recorded).has('unseen');
      if (types.has('unseen') !== neverPolled) throw new Error(why(verdict));
      if (types.has('lost-write')) counts.lost++;
      counts[neverPolled ? 'unseen' : 'polled']++;
      const expected = ['int-poll-skip', ...(neverPolled ? ['unseen', 'lost-write'] : [])];
      for (const one of types) if (!expected.includes(one)) throw new Error(why(verdict));
    }),
    { numRuns: runs(100) },
  );
  if (whole)
    t.ok(counts.lost > 0 && counts.unseen > 0 && counts.polled > 0, JSON.stringify(counts));
});

t.test('what is read twice from one file gives one verdict, byte for byte', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'schism-twice-'));
  let n = 0;
  try {
    await fc.assert(
      fc.asyncProperty(plans, fc.constantFrom('', ...Object.keys(defects)), async (plan, type) => {
        const simulation = new Simulation(plan).run();
        defects[type]?.(simulation);
        const { run, groups } = simulation.end();
        const path = join(folder, String(n++));
        const recorder = createRecorder(path);
        for (const rows of groups) recorder.append(rows);
        await recorder.close();
        const read = (): string =>
          timeless(judgedAs({ run, batches: [...readHistory(path).batches()] }));
        if (read() !== read()) throw new Error('they differ');
        if (
          read() !== timeless(judged(simulation.history, { batches: simulation.history.batches() }))
        )
          throw new Error('they differ from what was recorded');
      }),
      { numRuns: runs(60) },
    );
    await fc.assert(
      fc.asyncProperty(jepsenPlans, async (plan) => {
        const text = new JepsenSimulation(plan).run().end().edn();
        const [one, two] = [await imported(text), await imported(text)];
        if (timeless(judgedAs(one)) !== timeless(judgedAs(two))) throw new Error('they differ');
      }),
      { numRuns: runs(30) },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  t.pass('90 runs');
});
