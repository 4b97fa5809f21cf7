import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { createRecordsBatch } from '@platformatic/kafka';
import { heads, stamp } from '../../src/targets/embedded/broker/batch.js';
import type { Log } from '../../src/targets/embedded/broker/types.js';
import { all, next, open, valuesOf } from './log-support.js';

const opened = (t: Test, options: Parameters<typeof open>[1] = {}): Log => {
  const log = open(t.testdir(), options);
  t.teardown(() => log.close());
  return log;
};

t.test('an empty log', (t) => {
  const log = opened(t);
  t.match(log, { start: 0, end: 0, lastEpoch: 0 });
  t.strictSame(
    [-1, 0, 1].map((offset) => log.epochAt(offset)),
    [0, -1, -1],
  );
  t.strictSame(log.endOfEpoch(5), { epoch: 0, end: 0 });
  t.strictSame(log.read(0, 0, 100), Buffer.alloc(0));
  t.strictSame(log.offsetOfTime(0, 0), { offset: -1, timestampMs: -1 });
  log.truncate(0);
  t.end();
});

t.test('what does not follow is refused, and nothing of it is kept', (t) => {
  const log = opened(t);
  log.append(next(log, ['a', 'b'], 2));
  const good = next(log, ['c'], 2);
  const [gap, older, zero] = [Buffer.from(good), Buffer.from(good), Buffer.from(good)];
  stamp(gap, 3, 2);
  stamp(older, 2, 1);
  stamp(zero, 2, 0);
  for (const bad of [gap, older, zero, good.subarray(0, 65), Buffer.concat([good, good])])
    t.throws(() => log.append(bad), /Expected/);
  t.equal(log.end, 2);
  log.append(good);
  t.strictSame(valuesOf(all(log)), ['a', 'b', 'c']);
  t.end();
});

t.test('reads: whole batches within offsets and bytes, across segments', (t) => {
  const dir = t.testdir();
  const sizes: number[] = [];
  const fill = open(dir);
  for (const values of [['a', 'b'], ['c'], ['d', 'e', 'f'], ['g'], ['h'.repeat(300)], ['i']]) {
    const batch = next(fill, values, 1);
    sizes.push(batch.length);
    fill.append(batch);
  }
  fill.close();
  t.ok(readdirSync(join(dir, 'log')).length > 2, 'several segments');
  const check = (log: Log, of: string): void => {
    const read = (...[from, to, max]: Parameters<Log['read']>): string =>
      valuesOf(log.read(from, to, max))
        .map((value) => value[0])
        .join('');
    t.equal(read(0, 9, 1e6), 'abcdefghi', of);
    t.equal(read(1, 9, 1e6), 'abcdefghi', 'the batch that holds it');
    t.equal(read(4, 9, 1e6), 'defghi');
    t.equal(read(0, 5, 1e6), 'abc', 'none that ends above the bound');
    t.equal(read(4, 5, 1e6), '');
    t.equal(read(0, 9, 0), 'ab', 'the first whatever its size');
    t.equal(read(0, 9, sizes[0]! + sizes[1]!), 'abc');
    t.equal(read(0, 9, sizes[0]! + sizes[1]! - 1), 'ab');
    t.equal(read(9, 9, 1e6), '');
    t.equal(read(10, 9, 1e6), '');
    log.close();
  };
  check(open(dir), 'from files');
  const tail = open(dir);
  tail.truncate(6);
  for (const value of ['g', 'h'.repeat(300), 'i']) tail.append(next(tail, [value], 1));
  check(tail, 'from files and memory');
  t.end();
});

t.test('a read stays as it was when later appends move the bytes in memory', (t) => {
  const log = opened(t, { segmentBytes: 1e9 });
  const kept: Buffer[] = [];
  const written: Buffer[] = [];
  // Well over the megabyte that is kept in memory, one batch is larger than that by itself.
  for (let i = 0; i < 60; i++) {
    const batch = next(log, [`${i}`.padEnd(i === 30 ? 1_200_000 : 50_000, '.')], 1);
    written.push(batch);
    log.append(batch);
    kept.push(log.read(i, i + 1, 1));
    if (i >= 3) kept.push(log.read(i - 3, i - 2, 1));
  }
  t.ok(kept.every((bytes) => bytes.equals(written[[...heads(bytes)][0]!.base]!)));
  t.ok(all(log).equals(Buffer.concat(written)));
  t.end();
});

t.test('truncation across segments, then appends, and the same after a restart', (t) => {
  const appended = fc.record({
    kind: fc.constant('append' as const),
    counts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    newEpoch: fc.boolean(),
  });
  const truncated = fc.record({ kind: fc.constant('truncate' as const), back: fc.nat(12) });
  const restarted = fc.record({ kind: fc.constant('restart' as const) });
  const steps = fc.array(
    fc.oneof({ weight: 4, arbitrary: appended }, { weight: 2, arbitrary: truncated }, restarted),
    { maxLength: 30 },
  );
  let run = 0;
  const base = t.testdir();
  fc.assert(
    fc.property(steps, fc.boolean(), (steps, fsync) => {
      const dir = join(base, String(run++));
      let log = open(dir, { fsync });
      // One entry a record: its epoch and its value. Batches by the offset after them.
      let model: { epoch: number; value: string }[] = [];
      let ends: number[] = [];
      let [epoch, made] = [1, 0];
      for (const step of steps) {
        if (step.kind === 'append') {
          if (step.newEpoch) epoch += 2;
          const batches = step.counts.map((count) => {
            const values = Array.from({ length: count }, () => `v${made++}`);
            const batch = next(log, values, epoch);
            stamp(batch, model.length, epoch);
            model.push(...values.map((value) => ({ epoch, value })));
            ends.push(model.length);
            return batch;
          });
          log.append(Buffer.concat(batches));
        } else if (step.kind === 'truncate') {
          const to = Math.max(0, model.length - step.back);
          ends = ends.filter((end) => end <= to);
          model = model.slice(0, ends.at(-1) ?? 0);
          log.truncate(to);
        } else {
          log.close();
          log = open(dir, { fsync });
        }
        same(log, model);
      }
      log.close();
      log = open(dir);
      same(log, model);
      log.close();
    }),
    { numRuns: 150 },
  );
  t.end();
});

/** Throws where a log and the model of one differ. */
function same(log: Log, model: readonly { epoch: number; value: string }[]): void {
  const equal = (of: string, got: unknown, wanted: unknown): void => {
    if (JSON.stringify(got) !== JSON.stringify(wanted))
      throw new Error(`${of}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
  };
  const n = model.length;
  const last = model.at(-1)?.epoch ?? 0;
  equal('end', log.end, n);
  equal('last epoch', log.lastEpoch, last);
  const values = model.map(({ value }) => value);
  equal('values', valuesOf(all(log)), values);
  for (let offset = -1; offset <= n + 1; offset++) {
    const wanted = offset < 0 ? 0 : offset >= n ? -1 : model[offset]!.epoch;
    equal(`epoch at ${offset}`, log.epochAt(offset), wanted);
    // What begins late is read from memory alone.
    const read = valuesOf(log.read(offset, n, Infinity));
    const [least, most] = [n - offset, n];
    if (offset >= 0 && offset < n && (read.length < least || read.length > most))
      throw new Error(`read from ${offset}: got ${read.length} records`);
    equal(`read from ${offset}`, read, values.slice(n - read.length));
  }
  for (let epoch = 0; epoch <= last + 1; epoch++) {
    const end = model.findLastIndex((one) => one.epoch <= epoch) + 1;
    const wanted = { epoch: end === 0 ? 0 : model[end - 1]!.epoch, end };
    equal(`end of epoch ${epoch}`, log.endOfEpoch(epoch), wanted);
  }
}

t.test('the first offset of a time, by record and below a bound', (t) => {
  const log = opened(t);
  log.append(next(log, ['a', 'b'], 1, 100));
  log.append(next(log, ['c'], 1, 300));
  log.append(next(log, ['d'], 1, 200));
  const messages = [400, 600].map((ms) => ({
    topic: '',
    value: Buffer.from('e'),
    timestamp: BigInt(ms),
  }));
  for (const compression of ['none', 'gzip'] as const) {
    const batch = Buffer.from(createRecordsBatch(messages, { compression }).buffer);
    stamp(batch, log.end, 1);
    log.append(batch);
  }
  const found = (ms: number, to = log.end): number[] => Object.values(log.offsetOfTime(ms, to));
  t.strictSame(found(0), [0, 100]);
  t.strictSame(found(100), [0, 100]);
  t.strictSame(found(101), [2, 300]);
  t.strictSame(found(101, 2), [-1, -1]);
  t.strictSame(found(400), [4, 400]);
  t.strictSame(found(401), [5, 600]);
  t.strictSame(found(401, 5), [-1, -1], 'no batch that ends above the bound');
  t.strictSame(found(601), [-1, -1]);
  log.truncate(4);
  t.strictSame(found(301), [-1, -1]);
  const gzip = Buffer.from(createRecordsBatch(messages, { compression: 'gzip' }).buffer);
  stamp(gzip, 4, 1);
  log.append(gzip);
  t.strictSame(found(500), [4, 600], 'a compressed batch is one: nothing is unpacked');
  t.end();
});
