/** nonmonotonic-send and int-nonmonotonic-send. */
import t from 'tap';
import { history, v } from '../support/history.js';
import { says } from '../support/judged.js';

t.test('ok: offsets of a process ascend on each key; others come between', (t) => {
  const h = history({ keys: 2 }).send(0, 0, v(0, 0)).ok(5).send(1, 0, v(1, 0)).ok(3);
  h.send(0, 1, v(0, 1)).ok(0).send(0, 0, v(0, 2)).info().send(0, 0, v(0, 3)).ok(9);
  t.match(says(h, 'nonmonotonic-send'), { result: 'valid', count: 0, checked: 4 });
  t.end();
});
t.test('bad: lower, and equal', (t) => {
  const h = history().send(0, 0, v(0, 0)).ok(5).send(0, 0, v(0, 1)).ok(4).send(0, 0, v(0, 2)).ok(4);
  const got = says(h, 'nonmonotonic-send');
  t.match(got, { result: 'invalid', count: 2 });
  t.match(got.found[0]!.explanation, /told first w0\.0 at offset 5 .*, then w0\.1 at offset 4/);
  t.end();
});
t.test('bad: against the last value of a send with several', (t) => {
  const h = history().send(0, 0, v(0, 0), v(0, 1)).ok(5).send(0, 0, v(0, 2)).ok(6);
  t.match(says(h, 'nonmonotonic-send'), { result: 'invalid', count: 1, places: ['0@6'] });
  t.end();
});
t.test('ok: two sends that overlap prove no order', (t) => {
  const h = history();
  const first = h.send(0, 0, v(0, 0));
  const second = h.send(0, 0, v(0, 1));
  first.ok(5);
  second.ok(4);
  t.match(says(h, 'nonmonotonic-send'), { result: 'valid', count: 0 });
  t.end();
});
t.test('not applicable: acks=0', (t) => {
  const h = history({ acks: 0 }).send(0, 0, v(0, 0)).ok(-1).send(0, 0, v(0, 1)).ok(-1);
  t.match(says(h, 'nonmonotonic-send'), { result: 'not-applicable' });
  t.end();
});

t.test('int ok: the values of one send stand in their order, gaps or not', (t) => {
  const h = history()
    .send(0, 0, v(0, 0), v(0, 1))
    .info()
    .final(0, [
      [2, v(0, 0)],
      [4, v(0, 1)],
    ]);
  t.match(says(h, 'int-nonmonotonic-send'), { result: 'valid', checked: 1 });
  t.end();
});
t.test('int bad: they stand the other way round', (t) => {
  const h = history()
    .send(0, 0, v(0, 0), v(0, 1))
    .info()
    .final(0, [
      [2, v(0, 1)],
      [4, v(0, 0)],
    ]);
  const got = says(h, 'int-nonmonotonic-send');
  t.match(got, { result: 'invalid', count: 1, places: ['0@2'] });
  t.match(got.found[0]!.explanation, /They stand at offsets 4 and 2/);
  t.end();
});
t.test('int ok: a value at two offsets is judged as a duplicate', (t) => {
  const h = history().send(0, 0, v(0, 0), v(0, 1)).ok(0);
  h.poll(1, 0, 1)
    .ok([
      [1, v(0, 1)],
      [2, v(0, 0)],
    ])
    .final(0, [
      [0, v(0, 0)],
      [1, v(0, 1)],
      [2, v(0, 0)],
    ]);
  t.match(says(h, 'int-nonmonotonic-send'), { count: 0 });
  t.match(says(h, 'duplicate'), { count: 1 });
  t.end();
});
t.test('int not applicable: only one of them was read', (t) => {
  const h = history()
    .send(0, 0, v(0, 0), v(0, 1))
    .info()
    .final(0, [[2, v(0, 1)]]);
  t.match(says(h, 'int-nonmonotonic-send'), { result: 'not-applicable' });
  t.end();
});
