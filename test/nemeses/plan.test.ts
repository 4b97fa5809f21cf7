/** What every nemesis plans: within its bounds, well made, the same for the same seed. */
import fc from 'fast-check';
import t from 'tap';
import { planSchedule } from '../../src/generator/index.js';
import { type Fault, type Nemesis, type OptionValues } from '../../src/model/index.js';
import { all } from './all.js';
import { topologyOf } from './stand-in.js';

const planOf = (
  nemeses: readonly Nemesis[],
  over: { seed?: string; nodes?: number; timeLimitMs?: number; options?: OptionValues } = {},
): Fault[] =>
  planSchedule({
    seed: over.seed ?? '1',
    nemeses,
    topology: topologyOf(over.nodes ?? 3),
    plan: {
      timeLimitMs: over.timeLimitMs ?? 60_000,
      intervalMs: 10_000,
      durationMs: 5000,
      options: over.options ?? {},
    },
  }).faults;

const one = (id: string): Nemesis => all.find((nemesis) => nemesis.meta.id === id)!;

t.test('faults keep within the run, apart from others of their kind, and are well made', (t) => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.string(),
        nodes: fc.integer({ min: 3, max: 7 }),
        keys: fc.integer({ min: 1, max: 9 }),
        timeLimitMs: fc.integer({ min: 1, max: 600_000 }),
        intervalMs: fc.integer({ min: 0, max: 60_000 }),
        durationMs: fc.integer({ min: 1, max: 30_000 }),
        nemeses: fc.subarray(all),
      }),
      ({ seed, nodes, keys, nemeses, ...times }) => {
        const topology = topologyOf(nodes, keys);
        const parts = { seed, nemeses, topology, plan: { ...times, options: {} } };
        const { faults } = planSchedule(parts);
        const end = new Map<string, number>();
        faults.forEach((fault, i) => {
          const { atMs, durationMs, nemesis } = fault;
          if (fault.id !== i + 1) throw new Error(`id ${fault.id} at place ${i}`);
          if (i > 0 && atMs < faults[i - 1]!.atMs) throw new Error('not in order of time');
          if (!Number.isInteger(atMs) || atMs < 0) throw new Error(`atMs ${atMs}`);
          if (durationMs <= 0) throw new Error(`durationMs ${durationMs}`);
          if (atMs + durationMs > times.timeLimitMs - 2000) throw new Error('healed too late');
          if (atMs < (end.get(nemesis) ?? 0)) throw new Error(`two of ${nemesis} at a time`);
          end.set(nemesis, atMs + durationMs);
          one(nemesis).validate(fault, topology);
        });
        return JSON.stringify(planSchedule(parts).faults) === JSON.stringify(faults);
      },
    ),
    { numRuns: 300 },
  );
  t.end();
});

t.test('the seed decides, and each nemesis for itself', (t) => {
  const [kill, partition] = [one('kill'), one('partition')];
  t.not(JSON.stringify(planOf([kill])), JSON.stringify(planOf([kill], { seed: '2' })));
  const both = planOf([partition, kill]);
  const alone = planOf([kill]);
  const bare = ({ id: _id, ...fault }: Fault): unknown => fault;
  t.same(both.filter((fault) => fault.nemesis === 'kill').map(bare), alone.map(bare));
  t.same(planOf([kill, partition]), both, 'their order on the command line does not matter');
  t.end();
});

t.test('a run of 40 s has several faults, one of 5 s has one, one of 2 s none', (t) => {
  for (let seed = 0; seed < 50; seed++) {
    for (const id of ['partition', 'kill', 'pause', 'latency']) {
      const over = { seed: String(seed) };
      const long = planOf([one(id)], { ...over, timeLimitMs: 40_000 });
      if (long.length < 3) t.fail(`${id}, seed ${seed}: ${long.length} faults in 40 s`);
      if (long[0]!.atMs < 3000) t.fail(`${id}, seed ${seed}: first after ${long[0]!.atMs} ms`);
      const short = planOf([one(id)], { ...over, timeLimitMs: 5000 });
      if (short.length !== 1) t.fail(`${id}, seed ${seed}: ${short.length} faults in 5 s`);
    }
  }
  t.same(planOf(all, { timeLimitMs: 2000 }), []);
  t.end();
});

t.test('faults of two nemeses overlap in most runs', (t) => {
  let overlapping = 0;
  for (let seed = 0; seed < 20; seed++) {
    const faults = planOf([one('partition'), one('kill')], { seed: String(seed) });
    const [cuts, kills] = ['partition', 'kill'].map((id) => faults.filter((f) => f.nemesis === id));
    const meet = cuts!.some((a) =>
      kills!.some((b) => a.atMs < b.atMs + b.durationMs && b.atMs < a.atMs + a.durationMs),
    );
    if (meet) overlapping++;
  }
  t.ok(overlapping >= 15, `${overlapping} of 20`);
  t.end();
});

t.test('options choose shapes and targets; without them majority and all are left out', (t) => {
  const params = (id: string, name: string, options: OptionValues): string[] => {
    const faults = planOf([one(id)], { timeLimitMs: 1_000_000, options });
    return [
      ...new Set(faults.map((fault) => String(fault.params[name]).replace(/\d/, 'K'))),
    ].sort();
  };
  const shapes = ['client-side', 'flapping', 'halves', 'isolate-leader', 'minority', 'one-way'];
  t.same(params('partition', 'shape', {}), shapes);
  const closed = shapes.filter((shape) => shape !== 'one-way');
  t.same(params('partition', 'shape', { partitionHow: 'refuse' }), closed);
  for (const shape of shapes)
    t.same(params('partition', 'shape', { partitionShape: shape }), [shape]);
  t.same(params('kill', 'target', {}), ['leader(K)', 'minority', 'one']);
  t.same(params('pause', 'target', {}), ['leader(K)', 'minority', 'one']);
  for (const target of ['one', 'minority', 'majority', 'all'])
    t.same(params('kill', 'target', { killTarget: target }), [target]);
  t.same(params('latency', 'latencyMs', { latencyMs: 7 }), ['K']);
  t.throws(
    () =>
      planOf([one('partition')], {
        options: { partitionShape: 'one-way', partitionHow: 'refuse' },
      }),
    { message: /Expected `--partition-how` to be drop .* got `refuse`/ },
  );
  t.end();
});
