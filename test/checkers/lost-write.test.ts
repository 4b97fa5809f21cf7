import t from 'tap';
import { history, v } from '../support/history.js';
import { says } from '../support/judged.js';

const acked = () => history().send(0, 0, v(0, 0)).ok(0).send(1, 0, v(1, 0)).ok(1);

t.test('ok: every acked value is in the final read', (t) => {
  const got = says(
    acked().final(0, [
      [0, v(0, 0)],
      [1, v(1, 0)],
    ]),
    'lost-write',
  );
  t.match(got, { result: 'valid', count: 0, checked: 2 });
  t.end();
});

t.test('bad: an acked value that the final read lacks', (t) => {
  const h = history({ acks: 1 })
    .fault(1)
    .view(1, 0, 1, 4)
    .send(5, 0, v(5, 7))
    .ok(0, 1)
    .send(6, 0, v(6, 1))
    .ok(0, 3)
    .poll(3, 0, 0)
    .ok([[0, v(6, 1), 5]], { node: 3 })
    .heal(1)
    .final(0, [[0, v(6, 1), 5]]);
  const got = says(h, 'lost-write');
  t.match(got, { result: 'invalid', count: 1, places: ['0@0'] });
  const [a] = got.found;
  t.match(a!.data, { node: 1, epoch: 4, holdsNow: v(6, 1), holdsNowEpoch: 5, acksPermit: true });
  t.equal(
    a!.explanation,
    'Process 5 sent w5.7 to orders-0 and was told at 0.005 s by node 1 in epoch 4 that it holds offset 0. ' +
      'Process 3 read offset 0 at 0.009 s from node 3 and got w6.1. ' +
      'The final read, from offset 0 to the high watermark 1, has no w5.7. ' +
      'Fault 1, isolate leader node 1 | 2 3, was in force. ' +
      'With acks=1 Kafka permits this: node 1 may answer before any other node has the record.',
  );
  t.strictSame(
    a!.proof.map((s) => s.what),
    ['send', 'ok', 'poll', 'final'],
  );
  t.end();
});

t.test('bad: a value of unknown outcome that a poll returned and the final read lacks', (t) => {
  const h = history().send(0, 0, v(0, 0)).info();
  const got = says(
    h
      .poll(1, 0, 0)
      .ok([[0, v(0, 0)]])
      .final(0, []),
    'lost-write',
  );
  t.match(got, { result: 'invalid', count: 1, places: ['0@0'] });
  t.match(got.found[0]!.explanation, /does not know how that ended\. Process 1 read offset 0/);
  t.notMatch(got.found[0]!.explanation, /acks=1/);
  t.end();
});

t.test('bad: the tail is gone, and the high watermark with it', (t) => {
  const got = says(acked().final(0, [[0, v(0, 0)]]), 'lost-write');
  t.match(got, { result: 'invalid', count: 1, places: ['0@1'] });
  t.end();
});

t.test('ok: failed, unknown and open sends that nobody read', (t) => {
  const h = history().send(0, 0, v(0, 0)).fail().send(1, 0, v(1, 0)).info();
  h.send(2, 0, v(2, 0));
  t.match(says(h.final(0, []), 'lost-write'), { result: 'valid', count: 0, checked: 0 });
  t.end();
});

t.test('ok: an unknown send that took effect late', (t) => {
  const h = history()
    .send(0, 0, v(0, 0))
    .info()
    .final(0, [[0, v(0, 0)]]);
  t.match(says(h, 'lost-write'), { result: 'valid', count: 0 });
  t.end();
});

t.test('ok: below the log start it expired', (t) => {
  const h = acked().final(0, [[1, v(1, 0)]], { logStart: 1 });
  t.match(says(h, 'lost-write'), { result: 'valid', count: 0, checked: 1 });
  t.end();
});

t.test('ok: acks=0 promises nothing', (t) => {
  const h = history({ acks: 0 }).send(0, 0, v(0, 0)).ok(-1).final(0, []);
  t.match(says(h, 'lost-write'), { result: 'valid', count: 0, checked: 0 });
  t.end();
});

t.test('ok: acked elsewhere than read is not lost', (t) => {
  const h = history()
    .send(0, 0, v(0, 0))
    .ok(0)
    .final(0, [[1, v(0, 0)]]);
  t.match(says(h, 'lost-write'), { count: 0 });
  t.end();
});

t.test('unknown: a final read that stopped short, though a value is missing below', (t) => {
  const h = acked().final(0, [[1, v(1, 0)]], { hw: 5, reached: 2, why: 'timed out' });
  const got = says(h, 'lost-write');
  t.match(got, { result: 'unknown', count: 0 });
  t.equal(got.reason, 'the final read of orders-0 reached offset 2 of 5: timed out');
  t.end();
});

t.test('unknown: a leader served a higher watermark later, which covers the value', (t) => {
  const h = () =>
    acked()
      .view(1, 0, 1, 4)
      .final(0, [[0, v(0, 0)]]);
  t.match(says(h().watermark(1, 0, 4, 2), 'lost-write'), {
    result: 'unknown',
    count: 0,
    reason:
      'the final read of orders-0 reached offset 1 of 1: a leader served the high watermark 2 later',
  });
  t.match(says(h().watermark(1, 0, 4, 1), 'lost-write'), { result: 'invalid', count: 1 });
  t.match(says(h().watermark(2, 0, 4, 2, false), 'lost-write'), { result: 'invalid', count: 1 });
  const told = acked()
    .final(0, [[0, v(0, 0)]], { epoch: 5 })
    .watermark(1, 0, 4, 2);
  t.match(
    says(told, 'lost-write'),
    { result: 'invalid', count: 1 },
    'an older leader casts no doubt',
  );
  t.end();
});

t.test('unknown: no final read at all, or none of one key', (t) => {
  t.match(says(acked(), 'lost-write'), { result: 'unknown', reason: 'no key had a final read' });
  const two = history({ keys: 2 })
    .send(0, 0, v(0, 0))
    .ok(0)
    .final(0, [[0, v(0, 0)]]);
  t.match(says(two, 'lost-write'), { result: 'unknown', reason: 'orders-1 had no final read' });
  t.end();
});

t.test('the last complete final read counts', (t) => {
  const whole: [number, number][] = [
    [0, v(0, 0)],
    [1, v(1, 0)],
  ];
  const late = acked().final(0, [], { hw: 2, reached: 0, why: 'x' }).final(0, whole);
  t.match(says(late, 'lost-write'), { result: 'valid' });
  const early = acked().final(0, whole).final(0, [], { hw: 2, reached: 0, why: 'x' });
  t.match(says(early, 'lost-write'), { result: 'valid' });
  t.end();
});

t.test('not applicable: a history that can have no final reads', (t) => {
  const evidence = { watermarks: false, finalReads: false, replicas: false, views: false };
  const h = history({ evidence }).send(0, 0, v(0, 0)).ok(0);
  t.match(says(h, 'lost-write'), { result: 'not-applicable', count: 0 });
  t.end();
});
