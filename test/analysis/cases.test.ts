/** How anomalies become cards. */
import t from 'tap';
import type { Checker, Emit } from '../../src/model/index.js';
import { history, v, type Rec } from '../support/history.js';
import { judged } from '../support/judged.js';

/** The mock's story: node 1 is isolated with acks=1, node 3 takes over, what node 1 acked is gone. */
function isolated(n: number, keys = 1) {
  const h = history({ acks: 1, keys, recoveryBoundMs: 1000 }).phase('load');
  for (let key = 0; key < keys; key++)
    h.view(1, key, 1, 4).view(3, key, 1, 4).watermark(1, key, 4, 0);
  h.at(18_000).fault(2);
  for (let key = 0; key < keys; key++) {
    for (let i = 0; i < n; i++) h.send(5, key, v(5, key * n + i)).ok(i, 1);
    h.view(3, key, 3, 5).view(1, key, 1, 4);
    for (let i = 0; i < n; i++) h.send(6, key, v(6, key * n + i)).ok(i, 3);
    h.send(5, key, v(5, 1000 + key))
      .ok(n, 3)
      .view(1, key, 1, 4)
      .view(3, key, 3, 5);
  }
  h.at(24_000).heal(2).phase('heal').at(40_000);
  for (let key = 0; key < keys; key++) {
    const log: Rec[] = Array.from({ length: n }, (_, i) => [i, v(6, key * n + i), 5]);
    log.push([n, v(5, 1000 + key), 5]);
    h.poll(7, key, 0).ok(log, { node: 3 });
    h.final(key, log).replica(key, 1, log).replica(key, 3, log).isr(3, key, 5, 1, 3);
  }
  return h;
}

t.test('one card for the losses, what follows from them on it, split-brain beside it', (t) => {
  const verdict = judged(isolated(37));
  t.equal(verdict.sentence, '37 acknowledged writes to orders-0 were lost');
  t.equal(verdict.reasons.length, 0);
  const cards = verdict.cases.filter((one) => one.partOf === undefined);
  t.strictSame(
    cards.map((one) => [one.id, one.count, one.faults]),
    [
      ['lost-write-1', 37, [2]],
      ['split-brain-1', 1, [2]],
    ],
  );
  t.strictSame(cards[0]!.alsoCountedBy, [
    { type: 'inconsistent-offsets', count: 37 },
    { type: 'unseen', count: 37 },
  ]);
  t.ok(cards[0]!.sentence.endsWith('The same holds for 36 more values.'));
  t.equal(cards[0]!.all.length, 37);
  t.strictSame(cards[0]!.all[0]!.slice(0, 2), [0, v(5, 0)]);
  const [from, to] = cards[0]!.spanNs;
  t.ok(from < 19e9 && to > 40e9, 'from the first ack to what showed it');
  t.end();
});

t.test('keys that one fault hit are one card; a process that went back is part of it', (t) => {
  const verdict = judged(isolated(3, 2));
  t.equal(verdict.sentence, '6 acknowledged writes to orders-0 and orders-1 were lost');
  const lost = verdict.cases.filter((one) => one.type === 'lost-write');
  t.match(lost, [{ count: 6, keys: [0, 1], faults: [2] }]);
  t.end();
});

t.test('nonmonotonic-send and watermark-regress follow from a loss, on its key only', (t) => {
  const h = history({ acks: 1, keys: 2 }).watermark(1, 0, 4, 2).fault(1);
  h.send(0, 0, v(0, 0)).ok(0).send(0, 0, v(0, 1)).ok(1).send(0, 0, v(0, 2)).ok(0, 2);
  h.send(1, 1, v(1, 0)).ok(1).send(1, 1, v(1, 1)).ok(0).heal(1);
  h.final(0, [[0, v(0, 2)]]).final(1, [
    [0, v(1, 1)],
    [1, v(1, 0)],
  ]);
  const { cases } = judged(h);
  const of = (type: string) => cases.filter((one) => one.type === type);
  t.match(of('watermark-regress'), [{ partOf: 'lost-write-1', keys: [0] }]);
  t.strictSame(
    of('nonmonotonic-send')
      .map((one) => [one.keys, one.partOf])
      .sort(),
    [
      [[0], 'lost-write-1'],
      [[1], undefined],
    ],
  );
  t.end();
});

t.test('a cause of its own: no loss before it, or another fault', (t) => {
  const h = history({ acks: 1 });
  h.poll(9, 0, 0).ok([
    [1, v(0, 1)],
    [0, v(0, 0)],
  ]);
  h.at(10_000).fault(1).send(0, 0, v(0, 5)).ok(5).heal(1);
  h.at(40_000).fault(2).send(0, 0, v(0, 6)).ok(6).heal(2);
  h.at(90_000).final(0, []);
  const { cases } = judged(h);
  t.match(cases.find((one) => one.type === 'int-nonmonotonic-poll')?.partOf, undefined);
  const lost = cases.filter((one) => one.type === 'lost-write');
  t.strictSame(
    lost.map((one) => one.faults),
    [[1], [2]],
  );
  t.end();
});

t.test('every card has whole anomalies, also after a first one with many', (t) => {
  const h = history({ acks: 1 }).at(10_000).fault(1);
  for (let i = 0; i < 300; i++) h.send(0, 0, v(0, i)).ok(i);
  h.heal(1).at(40_000).fault(2).send(1, 0, v(1, 0)).ok(300).heal(2).final(0, []);
  const lost = judged(h).cases.filter((one) => one.type === 'lost-write');
  t.strictSame(
    lost.map((one) => [one.count, one.anomalies.length]),
    [
      [300, 200],
      [1, 1],
    ],
  );
  t.match(lost[1]!.sentence, /^Process 1 sent w1\.0/);
  t.end();
});

t.test('overlapping faults that share a loss are one cause', (t) => {
  const h = history({ acks: 1 })
    .fault(1)
    .send(0, 0, v(0, 0))
    .ok(0)
    .fault(2)
    .send(0, 0, v(0, 1))
    .ok(1);
  h.heal(1).send(0, 0, v(0, 2)).ok(2).heal(2).final(0, []);
  const lost = judged(h).cases.filter((one) => one.type === 'lost-write');
  t.match(lost, [{ count: 3, faults: [1, 2] }]);
  t.end();
});

t.test('an ack in the second before a fault, and one just after it', (t) => {
  const h = history({ acks: 1 }).at(5000).send(0, 0, v(0, 0)).ok(0).at(5500).fault(1).heal(1);
  h.at(6000).send(0, 0, v(0, 1)).ok(1).at(60_000).send(0, 0, v(0, 2)).ok(2).final(0, []);
  const lost = judged(h).cases.filter((one) => one.type === 'lost-write');
  t.strictSame(
    lost.map((one) => [one.count, one.faults]),
    [
      [2, [1]],
      [1, []],
    ],
  );
  t.end();
});

t.test('all are counted, the first 200 of a type and key kept whole, 100,000 compact', (t) => {
  const many: Checker = {
    meta: { id: 'many', help: '', anomalies: ['odd'], facts: [], shard: 'whole' },
    start: () => undefined,
    step: () => undefined,
    finish: (_state, emit: Emit) => {
      for (let i = 0; i < 100_050; i++) {
        const at = { type: 'odd', key: i % 2, offset: i, value: i, timeNs: i };
        emit(at, () => ({ ops: [], proof: [], explanation: `It is ${i}.`, data: {} }));
      }
      return { checked: 1, what: '' };
    },
  };
  const verdict = judged(history({ keys: 2 }), { checkers: [many] });
  t.equal(verdict.checkers[0]!.count, 100_050);
  t.equal(
    verdict.cases.reduce((n, one) => n + one.count, 0),
    100_050,
  );
  t.equal(
    verdict.cases.reduce((n, one) => n + one.all.length, 0),
    100_000,
  );
  t.strictSame(
    verdict.cases.map((one) => one.anomalies.length),
    [200, 200],
  );
  t.match(verdict.cases[0]!.sentence, /^It is 0\. The same holds for 50,024 more\./);
  t.end();
});
