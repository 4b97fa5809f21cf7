/** What the workers of the queue do, against a log that is kept in arrays. */
import fc from 'fast-check';
import t from 'tap';
import {
  makeValue,
  seeded,
  type ClientOp,
  type ClientOutcome,
  type NotOk,
  type OptionValues,
} from '../../src/model/index.js';
import queue from '../../workloads/queue.js';

const failed: NotOk = { type: 'fail', code: 1, reason: 'timed-out', error: 'x', node: 1 };
const outOfRange: NotOk = { ...failed, reason: 'OFFSET_OUT_OF_RANGE' };

interface Setting {
  seed: string;
  workers: number;
  keys: number;
  polls: number;
  batch: number;
  /** Records that one poll returns at most. */
  pollSize: number;
  failing: number;
}
const setting: Setting = {
  seed: '1',
  workers: 4,
  keys: 3,
  polls: 0.5,
  batch: 1,
  pollSize: 500,
  failing: 0,
};

/** Logs, and each worker's ops with what became of them. */
class Run {
  readonly logs: number[][];
  readonly ops: { worker: number; op: ClientOp; outcome: ClientOutcome }[] = [];
  private readonly set: Setting;
  private readonly chance;
  private readonly workers: { generator: ReturnType<typeof queue.worker>; op: ClientOp }[];

  constructor(over: Partial<Setting>) {
    const set = (this.set = { ...setting, ...over });
    this.chance = seeded(`${set.seed}/cluster`);
    this.logs = Array.from({ length: set.keys }, () => []);
    const options: OptionValues = { polls: set.polls, batch: set.batch };
    this.workers = Array.from({ length: set.workers }, (_, worker) => {
      let sequence = 0;
      const generator = queue.worker({
        worker,
        concurrency: set.workers,
        keys: set.keys,
        random: seeded(set.seed).fork(`worker/${worker}`),
        options,
        nextValue: () => makeValue(worker, sequence++),
      });
      return { generator, op: generator.next().value as ClientOp };
    });
  }

  steps(count: number): this {
    for (let i = 0; i < count; i++) {
      const worker = i % this.set.workers;
      const one = this.workers[worker]!;
      const outcome = this.outcome(one.op);
      this.ops.push({ worker, op: one.op, outcome });
      one.op = one.generator.next(outcome).value as ClientOp;
    }
    return this;
  }

  private outcome(op: ClientOp): ClientOutcome {
    if (op.f === 'sleep') return { type: 'ok', slept: true };
    if (this.chance.next() < this.set.failing) return failed;
    const log = this.logs[op.key]!;
    if (op.f === 'send') {
      log.push(...op.values);
      return { type: 'ok', offset: log.length - op.values.length, node: 1 };
    }
    if (op.offset > log.length) return outOfRange;
    const values = Float64Array.from(log.slice(op.offset, op.offset + this.set.pollSize));
    const n = values.length;
    const offsets = values.map((_, i) => op.offset + i);
    const records = { n, offsets, values, epochs: new Int32Array(n) };
    return { type: 'ok', node: 1, records, next: op.offset + n, highWatermark: log.length };
  }
}

t.test('values are unique, keys in range, offsets known; after a fail comes a rest', (t) => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.string(),
        workers: fc.integer({ min: 1, max: 12 }),
        keys: fc.integer({ min: 1, max: 9 }),
        polls: fc.double({ min: 0, max: 1, noNaN: true }),
        batch: fc.integer({ min: 1, max: 20 }),
        pollSize: fc.integer({ min: 1, max: 100 }),
        failing: fc.constantFrom(0, 0.1, 1),
      }),
      (over) => {
        const { ops } = new Run(over).steps(600);
        const sent = new Set<number>();
        const last = new Map<number, ClientOutcome>();
        const furthest = new Map<string, number>();
        for (const { worker, op, outcome } of ops) {
          const before = last.get(worker);
          if ((op.f === 'sleep') !== (before !== undefined && before.type !== 'ok'))
            throw new Error(`${op.f} after ${before?.type}`);
          last.set(worker, outcome);
          if (op.f === 'sleep') {
            if (op.ms < 20 || op.ms > 50) throw new Error(`sleeps ${op.ms} ms`);
            continue;
          }
          if (!Number.isInteger(op.key) || op.key < 0 || op.key >= over.keys)
            throw new Error(`key ${op.key}`);
          if (op.f === 'send') {
            if (op.values.length !== over.batch) throw new Error(`${op.values.length} values`);
            for (const value of op.values) {
              if (sent.has(value)) throw new Error(`${value} is sent twice`);
              sent.add(value);
            }
            continue;
          }
          const id = `${worker} ${op.key}`;
          const known = furthest.get(id) ?? 0;
          if (!Number.isInteger(op.offset) || op.offset < 0 || op.offset > known)
            throw new Error(`asks for ${op.offset}, was told ${known}`);
          if (outcome.type === 'ok' && 'next' in outcome)
            furthest.set(id, Math.max(known, outcome.next));
        }
      },
    ),
    { numRuns: 200 },
  );
  t.end();
});

const share = (run: Run, f: ClientOp['f']): number =>
  run.ops.filter(({ op }) => op.f === f).length / run.ops.length;

t.test('the share of polls is as asked, none and all included', (t) => {
  t.equal(share(new Run({ polls: 0 }).steps(500), 'send'), 1);
  t.equal(share(new Run({ polls: 1 }).steps(500), 'poll'), 1);
  const polls = share(new Run({ polls: 0.3 }).steps(4000), 'poll');
  t.ok(polls > 0.26 && polls < 0.34, String(polls));
  t.end();
});

t.test('each worker reads nearly all that is sent, mostly going on where it ended', (t) => {
  const { workers } = setting;
  const run = new Run({}).steps(20_000);
  const read = Array.from({ length: workers }, () => new Set<number>());
  const ended = new Map<string, number>();
  let [goesOn, back, polls] = [0, 0, 0];
  for (const { worker, op, outcome } of run.ops) {
    if (op.f !== 'poll' || outcome.type !== 'ok' || !('records' in outcome)) continue;
    for (const value of outcome.records.values) read[worker]!.add(value);
    const id = `${worker} ${op.key}`;
    polls++;
    if (op.offset === (ended.get(id) ?? 0)) goesOn++;
    if (op.offset < (ended.get(id) ?? 0)) back++;
    ended.set(id, outcome.next);
  }
  const sent = run.logs.flat().length;
  for (const one of read) t.ok(one.size > 0.97 * sent, `${one.size} of ${sent}`);
  t.ok(goesOn > 0.85 * polls, `${goesOn} of ${polls} go on`);
  t.ok(back > 0.004 * polls && back < 0.03 * polls, `${back} of ${polls} go back`);
  t.end();
});

t.test('after a poll that found nothing another key is asked', (t) => {
  const run = new Run({ workers: 1, polls: 1, keys: 5 }).steps(50);
  const keys = run.ops.map(({ op }) => (op.f === 'poll' ? op.key : -1));
  for (let i = 0; i < 50; i += 5)
    t.same(keys.slice(i, i + 5).sort(), [0, 1, 2, 3, 4], 'each once, then again');
  t.end();
});

t.test('a worker finds back into a log that lost its end', (t) => {
  const run = new Run({ workers: 1, keys: 1 }).steps(4000);
  const log = run.logs[0]!;
  log.length -= 500;
  const before = run.ops.length;
  run.steps(200);
  const outcomes = run.ops.slice(before).map(({ outcome }) => outcome);
  const lost = outcomes.filter((one) => one.type === 'fail').length;
  t.ok(lost >= 1 && lost <= 5, `${lost} polls out of range`);
  const ends = outcomes.flatMap((one) => ('next' in one ? [one.next] : []));
  t.ok(Math.max(...ends.slice(-20)) > log.length - 50, 'at the end again');
  t.end();
});

t.test('the same seed does the same', (t) => {
  const [one, other] = [new Run({}).steps(500).ops, new Run({}).steps(500).ops];
  t.same(one, other);
  t.notSame(new Run({ seed: '2' }).steps(500).ops, one);
  t.end();
});

t.test('topics', (t) => {
  t.same(queue.topics({ topics: 2, partitions: 4 }), [
    { name: 'orders', partitions: 4 },
    { name: 'orders2', partitions: 4 },
  ]);
  t.end();
});
