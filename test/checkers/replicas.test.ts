/** replica-divergence and stale-replica. */
import t from 'tap';
import { history, v, type Rec } from '../support/history.js';
import { says } from '../support/judged.js';

const rec = (offset: number, epoch = 4): Rec => [offset, v(0, offset), epoch];
const log = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => rec(from + i));
const sent = (n = 4, acks = -1) => {
  const h = history({ acks });
  for (let i = 0; i < n; i++) h.send(0, 0, v(0, i)).ok(i);
  return h;
};

t.test(
  'divergence ok: alike; a lower high watermark, a higher log start, an uncommitted tail',
  (t) => {
    const id = 'replica-divergence';
    const alike = sent().replica(0, 1, log(0, 4)).replica(0, 2, log(0, 4)).replica(0, 3, log(0, 4));
    t.match(says(alike, id), { result: 'valid', count: 0, checked: 8 });
    const lower = sent().replica(0, 1, log(0, 4)).replica(0, 2, log(0, 2), { hw: 2, wanted: 4 });
    t.match(says(lower, id), { result: 'valid', count: 0, checked: 2 });
    const later = sent().replica(0, 1, log(0, 4)).replica(0, 2, log(2, 4), { logStart: 2 });
    t.match(says(later, id), { result: 'valid', count: 0, checked: 2 });
    const tail = sent().replica(0, 1, log(0, 4), { hw: 3, reached: 4 });
    tail.replica(0, 2, [...log(0, 3), [3, v(9, 9), 3]], { hw: 3, reached: 4 });
    t.match(says(tail, id), { result: 'valid', count: 0, checked: 3 });
    t.end();
  },
);
t.test('divergence bad: another value, a missing one, one too many, another epoch', (t) => {
  const second: Rec[][] = [
    [rec(0), [1, v(5, 5), 4], rec(2), rec(3)],
    [rec(0), rec(2), rec(3)],
    [rec(0), rec(1, 5), rec(2), rec(3)],
  ];
  for (const records of second) {
    const h = sent().replica(0, 1, log(0, 4)).replica(0, 2, records).replica(0, 3, log(0, 4));
    t.match(says(h, 'replica-divergence'), { result: 'invalid', count: 1, places: ['0@1'] });
  }
  const gap = [rec(0), rec(2), rec(3)];
  const more = sent().replica(0, 1, gap).replica(0, 2, log(0, 4)).replica(0, 3, gap);
  const got = says(more, 'replica-divergence');
  t.match(got, { result: 'invalid', count: 1 });
  t.match(
    got.found[0]!.explanation,
    /node 1 has no record; node 2 has w0\.1 of epoch 4; node 3 has no record/,
  );
  t.end();
});
t.test('divergence bad: only two of three reach that far', (t) => {
  const h = sent().replica(0, 1, log(0, 4)).replica(0, 2, log(0, 2), { hw: 2, wanted: 4 });
  h.replica(0, 3, [...log(0, 3), [3, v(9, 9), 4]]);
  t.match(says(h, 'replica-divergence'), { result: 'invalid', count: 1, places: ['0@3'] });
  t.end();
});
t.test('divergence: a log start that the node told by a probe counts', (t) => {
  const h = sent().rows({
    kind: 5,
    f: 33,
    op: 900,
    key: 0,
    node: 2,
    offset: 4,
    value: 2,
    epoch: 4,
  });
  h.replica(0, 1, log(0, 4)).replica(0, 2, log(2, 4));
  t.match(says(h, 'replica-divergence'), { result: 'valid', count: 0 });
  t.end();
});
t.test('divergence not applicable: one replica, or one that knows of no committed record', (t) => {
  t.match(says(sent().replica(0, 1, log(0, 4)), 'replica-divergence'), {
    result: 'not-applicable',
  });
  t.end();
});

const ended = (
  hw: number,
  more: { ms?: number; acks?: number; isr?: number[]; reached?: number } = {},
) => {
  const h = sent(4, more.acks).fault(1).heal(1).phase('heal').final(0, log(0, 4));
  h.at(more.ms ?? 20_000).replica(0, 1, log(0, 4));
  h.replica(0, 2, log(0, hw), { hw, wanted: 4, reached: more.reached ?? hw });
  return h.isr(1, 0, 5, ...(more.isr ?? [1, 2]));
};
t.test('stale ok: caught up, not listed in sync, or not promised by acks=1', (t) => {
  t.match(says(ended(4), 'stale-replica'), { result: 'valid', count: 0, checked: 2 });
  t.match(says(ended(2, { isr: [1] }), 'stale-replica'), { result: 'valid', count: 0, checked: 1 });
  t.match(says(ended(2, { acks: 1 }), 'stale-replica'), { result: 'not-applicable', count: 0 });
  t.end();
});
t.test('stale bad: listed in sync, behind after the bound', (t) => {
  const got = says(ended(2), 'stale-replica');
  t.match(got, { result: 'invalid', count: 1, places: ['0@3'] });
  t.match(
    got.found[0]!.explanation,
    /lists node 2 in sync.*knows a high watermark of 2 only; offset 3 \(w0\.3\)/,
  );
  t.match(says(ended(0), 'stale-replica'), { result: 'invalid' }, 'high watermark 0 does not pass');
  t.end();
});
t.test('stale unknown: before the bound, the read itself broke off, or there was none', (t) => {
  t.match(says(ended(2, { ms: 1000 }), 'stale-replica'), { result: 'unknown', count: 0 });
  const broke = ended(4, { reached: 1 });
  t.match(says(broke, 'stale-replica'), { result: 'unknown', count: 0 });
  t.match(says(ended(4, { isr: [1, 2, 3] }), 'stale-replica'), {
    result: 'unknown',
    reason: 'the log of orders-0 on node 3, which its leader 1 lists in sync, was not read',
  });
  t.end();
});
t.test('stale ok: an older epoch lists it, the newest does not', (t) => {
  const h = ended(2, { isr: [1] }).isr(3, 0, 4, 1, 2, 3);
  t.match(says(h, 'stale-replica'), { result: 'valid', count: 0 });
  t.end();
});
t.test('stale ok: what was lost is not the replica to blame for', (t) => {
  const h = sent(4).final(0, log(0, 2)).at(20_000).replica(0, 2, log(0, 2));
  h.replica(0, 1, log(0, 2)).isr(1, 0, 5, 1, 2);
  t.match(says(h, 'stale-replica'), { result: 'valid', count: 0 });
  t.end();
});
