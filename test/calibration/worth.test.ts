/** What a valid verdict is worth: planted changes are found where there is evidence, and only there. */
import { join } from 'node:path';
import t from 'tap';
import { measureWorth } from '../../src/calibration/index.js';
import { kinds, survey } from '../../src/calibration/worth/measure.js';
import type { Place, WorthKindOf } from '../../src/calibration/worth/kind.js';
import { planted, tryPlaces } from '../../src/calibration/worth/trial.js';
import { checkRun } from '../../src/compose.js';
import {
  Kind,
  type Batch,
  type Worth,
  type WorthId,
  type WorthKind,
} from '../../src/model/index.js';
import { history, v, type History, type Rec } from '../support/history.js';
import { checkers, judged } from '../support/judged.js';
import { makeRunFolder } from '../support/run-folder.js';
import { Simulation } from '../support/simulation.js';
import { consistent, snapshot } from './worth-consistent.js';

const simulated = (seed: number): History =>
  new Simulation({ seed, keys: 2, workers: 4, steps: 500 }).run().end();

const worth = (
  made: History,
  more: Partial<Parameters<typeof measureWorth>[0]> = {},
): Promise<Worth> =>
  measureWorth({
    run: made.run,
    batches: () => made.batches(64),
    checkers,
    budgetMs: Infinity,
    passMs: 0,
    now: () => 0,
    wanted: 40,
    ...more,
  });
const kindOf = ({ kinds: all }: Worth, id: WorthId): WorthKind => all.find((one) => one.id === id)!;

/** Places of each kind that fit into one history. */
function placesOf(made: History): [WorthKindOf, Place[]][] {
  const found = survey(made.run, made.batches(64), 40);
  return kinds.map((kind, k) => {
    const places = found.places[k]!;
    return [kind, typeof places === 'string' ? [] : places];
  });
}

/** As many as may share a pass. */
function apart(kind: WorthKindOf, places: readonly Place[]): Place[] {
  const chosen: Place[] = [];
  for (const place of places)
    if (!chosen.some((one) => one.key === place.key && kind.close(one, place))) chosen.push(place);
  return chosen;
}

t.test('places that share a pass are found as if each had its own', async (t) => {
  let shared = 0;
  for (const seed of [1, 2]) {
    const made = simulated(seed);
    t.equal(judged(made).verdict, 'valid');
    const whole = await worth(made);
    for (const [kind, places] of placesOf(made)) {
      const one = (place: Place): boolean =>
        tryPlaces(kind, [place], made.run, made.batches(64), checkers).has(place);
      const alone = places.filter(one);
      const together = apart(kind, places);
      const found = tryPlaces(kind, together, made.run, made.batches(64), checkers);
      t.strictSame(
        together.filter((place) => found.has(place)),
        together.filter((place) => alone.includes(place)),
        `${kind.id}, seed ${seed}: ${together.length} in one pass`,
      );
      const { trials, found: count } = kindOf(whole, kind.id);
      t.strictSame([trials, count], [places.length, alone.length], `${kind.id} as measured`);
      shared += together.length;
    }
  }
  t.ok(shared > 300, `${shared} places shared passes`);
});

/** What else may follow from a change of the kind. */
const consequences: Partial<Record<WorthId, string[]>> = {
  // A node that claims the newest epoch for a while had named an older one before, and does so after.
  'double-leader-50': ['epoch-regress'],
  'double-leader-200': ['epoch-regress'],
  'double-leader-1000': ['epoch-regress'],
};

t.test('each change leaves a history that could have been recorded', (t) => {
  for (const seed of [4, 5, 6]) {
    const made = simulated(seed);
    const before = snapshot(made.batches(64));
    for (const [kind, places] of placesOf(made)) {
      const source = made.batches(64);
      const batches = [...planted(source, kind.plant(apart(kind, places)))];
      t.strictSame(snapshot(source), before, `${kind.id}: what was read stays as it was`);
      t.strictSame(consistent(batches, kind.id === 'swapped-replica'), [], `${kind.id} ${seed}`);
      const types = judged(made, { batches }).cases.flatMap((one) => [
        one.type,
        ...one.alsoCountedBy.map(({ type }) => type),
      ]);
      const allowed = [...kind.types, ...(consequences[kind.id] ?? [])];
      t.strictSame(
        types.filter((type) => !allowed.includes(type)),
        [],
        `${kind.id}: nothing but it and what follows from it`,
      );
    }
  }
  t.end();
});

t.test('a history without a change keeps its batches and its verdict', (t) => {
  const made = simulated(7);
  for (const kind of kinds) {
    const batches = made.batches(64);
    const same = [...planted(batches, kind.plant([]))];
    t.ok(
      same.every((batch, i) => batch === batches[i]),
      kind.id,
    );
  }
  t.end();
});

t.test('probe rows alone find what the whole history finds', (t) => {
  for (const seed of [8, 9]) {
    const made = simulated(seed);
    const { probes } = survey(made.run, made.batches(64), 60);
    for (const [kind, places] of placesOf(made)) {
      if (kind.probesOnly !== true) continue;
      for (const place of places) {
        const of = (batches: Iterable<Batch>): boolean =>
          tryPlaces(kind, [place], made.run, batches, checkers).has(place);
        if (of(probes!) !== of(made.batches(64))) t.fail(`${kind.id} ${JSON.stringify(place)}`);
      }
      t.ok(places.length > 0, `${places.length} places of ${kind.id}`);
    }
  }
  t.end();
});

t.test(
  'the same seed and passes give the same; passes that do not fit are not begun',
  async (t) => {
    const made = simulated(10);
    const strip = ({ durationMs: _, ...rest }: Worth) => rest;
    const clock = (): (() => number) => {
      let ms = 0;
      return () => ms++;
    };
    const limited = { budgetMs: 60, passMs: 5 };
    const [a, b] = [
      await worth(made, { ...limited, now: clock() }),
      await worth(made, { ...limited, now: clock() }),
    ];
    t.strictSame(strip(a), strip(b));
    t.ok(a.durationMs <= 60 + 2 * a.kinds.length, `${a.durationMs} ms`);
    const all = await worth(made);
    t.ok(a.passes < all.passes, `${a.passes} of ${all.passes} passes`);
    for (const [kind, places] of placesOf(made)) {
      const { trials, found } = kindOf(a, kind.id);
      const first = places.slice(0, trials);
      const alone = first.filter((place) =>
        tryPlaces(kind, [place], made.run, made.batches(64), checkers).has(place),
      );
      t.equal(found, alone.length, `${kind.id}: the first ${trials} of ${places.length} places`);
    }
    const long = await worth(made, { budgetMs: 10_000, passMs: 5001 });
    t.equal(long.passes, 0);
    const why = 'two passes over this history take 11 s, more than the 10 s allowed';
    for (const kind of long.kinds) t.match(kind, { trials: 0, notMeasured: why });
    t.match(long.sentence, /was not measured: two passes/);
  },
);

t.test('a checker that throws measures nothing; an interruption ends it', async (t) => {
  const made = simulated(12);
  const finish = (): never => {
    throw new Error('out of luck');
  };
  const broken = checkers.map((one) => (one.meta.id === 'lost-write' ? { ...one, finish } : one));
  const thrown = await worth(made, { checkers: broken });
  t.match(kindOf(thrown, 'lost'), { trials: 0, notMeasured: 'a checker threw: out of luck' });
  t.ok(kindOf(thrown, 'poll-skip').found > 0);
  const cut = await worth(made, { signal: AbortSignal.abort() });
  for (const kind of cut.kinds) t.match(kind, { trials: 0, notMeasured: 'it was interrupted' });
});

/** Ten acked and polled records, probes every half second, all logs read at the end. */
function handMade(options: {
  replicas?: Record<number, number>;
  everyMs?: number;
  logStart?: number;
  more?: (made: History) => void;
}): History {
  const { replicas = { 1: 10, 2: 10, 3: 10 }, everyMs = 500, logStart = 0 } = options;
  const made = history();
  for (const node of [1, 2, 3]) made.node(node, 'up').route(node, 'proven');
  made.phase('load').fault(1);
  const log = Array.from({ length: 10 }, (_, i): Rec => [i, v(0, i), 0]);
  const begin = made.ms;
  log.forEach(([offset, value]) =>
    made
      .at(begin + offset * 10)
      .send(0, 0, value)
      .ok(offset),
  );
  for (let ms = begin + 200; ms < begin + 6000; ms += everyMs) {
    made.at(ms);
    for (const node of [1, 2, 3]) made.view(node, 0, 1, 0);
    made.watermark(1, 0, 0, 10);
  }
  options.more?.(made);
  made
    .heal(1)
    .phase('heal')
    .at(begin + 20_000)
    .phase('final');
  made.final(0, log.slice(logStart), { logStart, hw: 10 }).phase('replicas');
  for (const [node, hw] of Object.entries(replicas))
    made.replica(0, Number(node), log.slice(logStart, hw), { logStart, hw });
  made.isr(1, 0, 0, 1, 2, 3);
  return made;
}

t.test('a lost write: below the log start nobody can miss it', async (t) => {
  const all = kindOf(await worth(handMade({})), 'lost');
  t.match(all, { trials: 10, found: 10, missed: [] });
  t.ok(all.atLeast > 0.74 && all.atLeast < 0.75, `${all.atLeast}`);
  const some = kindOf(await worth(handMade({ logStart: 3 })), 'lost');
  t.match(some, { trials: 10, found: 7, lacked: /before retention/ });
  t.strictSame(some.missed.map(({ offset }) => offset).sort(), [0, 1, 2]);
  t.match(some.missed[0], {
    key: 0,
    why: 'the log of orders-0 began at offset 3 when it was read at the end',
  });
});

t.test('replicas: not read, alone, or behind', async (t) => {
  const none = await worth(handMade({ replicas: {} }));
  for (const id of ['missing-replica', 'swapped-replica'] as const)
    t.match(kindOf(none, id), { trials: 0, notMeasured: 'no replica was read' });
  const alone = await worth(handMade({ replicas: { 1: 10 } }));
  const missing = kindOf(alone, 'missing-replica');
  t.match(missing, { trials: 30, found: 0, lacked: /every replica/ });
  const whys = new Set(missing.missed.map(({ why }) => why));
  for (const why of whys)
    t.match(why, /^the log of orders-0 on node [23] was not read$|^no other replica of orders-0/);
  t.match(
    kindOf(alone, 'swapped-replica'),
    { trials: 27, found: 9 },
    'other reads have that offset',
  );
  const behind = kindOf(
    await worth(handMade({ replicas: { 1: 10, 2: 10, 3: 4 } })),
    'missing-replica',
  );
  t.match(behind, { trials: 30, found: 24 });
  for (const { why } of behind.missed)
    t.equal(why, 'the log of orders-0 on node 3 was read up to offset 4 only');
});

t.test('a second leader is seen if it was asked in that time', async (t) => {
  const rare = await worth(handMade({ everyMs: 500 }));
  const short = kindOf(rare, 'double-leader-50');
  t.ok(short.found < 30, `${short.found} of ${short.trials}`);
  t.match(short, { lacked: /probes closer together/ });
  t.match(
    short.missed[0]!.why,
    /^no probe of node [23] was answered between \d+\.\d+ s and \d+\.\d+ s$/,
  );
  const often = kindOf(await worth(handMade({ everyMs: 40 })), 'double-leader-50');
  t.ok(often.found > short.found, `${often.found} of ${often.trials}`);
  t.match(kindOf(rare, 'watermark-back'), { trials: 11, found: 11 });
});

t.test('a record that a poll left out: seen unless the process read no further', async (t) => {
  const recs = (from: number, to: number): Rec[] =>
    Array.from({ length: to - from }, (_, i): Rec => [from + i, v(0, from + i), 0]);
  const measured = async (more: (made: History) => void): Promise<WorthKind> =>
    kindOf(await worth(handMade({ more })), 'poll-skip');
  t.match(await measured(() => undefined), { trials: 0, notMeasured: 'no poll returned a record' });
  const last = await measured((made) => made.poll(3, 0, 0).ok(recs(0, 5)));
  t.match(last, { trials: 5, found: 4 });
  t.match(last.missed, [{ offset: 4, why: /last record of its poll, and no poll of process 3/ }]);
  const on = await measured((made) =>
    made.poll(3, 0, 0).ok(recs(0, 5)).poll(3, 0, 5).ok(recs(5, 10)),
  );
  t.match(on, { trials: 10, found: 9 });
  t.match(on.missed, [{ offset: 9 }]);
});

t.test('a failed send that was stored all the same', async (t) => {
  t.match(kindOf(await worth(handMade({})), 'failed-visible'), { notMeasured: 'no send failed' });
  const late = handMade({ more: (made) => made.send(4, 0, v(4, 0)).fail() });
  t.match(kindOf(await worth(late), 'failed-visible'), { notMeasured: /nothing was stored after/ });
  const early = simulated(11);
  const { trials, found } = kindOf(await worth(early), 'failed-visible');
  t.ok(trials > 3 && found > 0, `${found} of ${trials}`);
});

t.test('the value of a failed send stands before what was unknown, and the rest moves on', (t) => {
  const made = history();
  made.phase('load').send(0, 0, v(0, 0)).ok(0).send(0, 0, v(0, 1)).ok(1);
  made.send(1, 0, v(1, 0)).fail();
  const polls = made
    .send(0, 0, v(0, 2))
    .ok(2)
    .poll(2, 0, 0)
    .ok([
      [0, v(0, 0)],
      [1, v(0, 1)],
    ]);
  polls
    .poll(2, 0, 2)
    .ok([[2, v(0, 2)]])
    .final(
      0,
      [0, 1, 2].map((i): Rec => [i, v(0, i), 7]),
    );
  const kind = kinds.find((one) => one.id === 'failed-visible')!;
  const found = survey(made.run, made.batches(), 10);
  const places = found.places[kinds.indexOf(kind)] as Place[];
  t.match(places, [{ key: 0, offset: 2, value: v(1, 0) }]);
  const [batch] = [...planted(made.batches(), kind.plant(places))] as [Batch];
  const records: [number, number, number][] = [];
  for (let i = 0; i < batch.n; i++)
    if (batch.kind[i] === Kind.record)
      records.push([batch.op[i]!, batch.offset[i]!, batch.value[i]!]);
  const value = [v(0, 0), v(0, 1), v(1, 0), v(0, 2)];
  t.strictSame(
    records.map(([, offset, of]) => [offset, of]),
    [0, 1, 2, 3, 0, 1, 2, 3].map((offset) => [offset, value[offset]!]),
    'the second poll and the final read return it',
  );
  t.end();
});

t.test('a run on disk: with its verdict, and not if it is turned off', async (t) => {
  const dir = await makeRunFolder(join(t.testdir(), 'run'));
  const { verdict } = await checkRun(dir, [], { worthMs: 600_000 });
  t.match(verdict.worth, { seed: '7', kinds: kinds.map(({ id }) => ({ id })) });
  t.match(verdict.worth!.sentence, /^Had one acked write been missing, this history would have/);
  t.equal((await checkRun(dir, [], { worthMs: 0 })).verdict.worth, undefined);
  const bad = await makeRunFolder(join(t.testdir(), 'bad'), { lose: 3 });
  t.equal((await checkRun(bad, [], { worthMs: 600_000 })).verdict.worth, undefined);
});
