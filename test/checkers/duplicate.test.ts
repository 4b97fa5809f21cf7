import t from 'tap';
import { history, v } from '../support/history.js';
import { says } from '../support/judged.js';

t.test('ok: read many times at its one offset', (t) => {
  const h = history().send(0, 0, v(0, 0)).ok(0);
  h.poll(1, 0, 0)
    .ok([[0, v(0, 0)]])
    .final(0, [[0, v(0, 0)]])
    .replica(0, 1, [[0, v(0, 0)]]);
  t.match(says(h, 'duplicate'), { result: 'valid', checked: 1 });
  t.end();
});
t.test('bad: at two offsets, once for each further one', (t) => {
  const h = history().send(0, 0, v(0, 0)).ok(0);
  h.final(0, [
    [0, v(0, 0)],
    [1, v(0, 0)],
    [2, v(0, 0)],
  ])
    .poll(1, 0, 1)
    .ok([[1, v(0, 0)]]);
  const got = says(h, 'duplicate');
  t.match(got, { result: 'invalid', count: 2, places: ['0@1', '0@2'] });
  t.match(got.found[0]!.explanation, /sent once, and stands at two offsets of orders-0, 0 and 1/);
  t.end();
});
t.test('bad: an unknown send that took effect twice', (t) => {
  const h = history().send(0, 0, v(0, 0)).info();
  h.poll(1, 0, 0)
    .ok([[0, v(0, 0)]])
    .poll(1, 0, 1)
    .ok([[1, v(0, 0)]]);
  t.match(says(h, 'duplicate'), { result: 'invalid', count: 1 });
  t.end();
});
t.test('bad: acked at another offset than it is read at', (t) => {
  const h = history()
    .send(0, 0, v(0, 0))
    .ok(4)
    .final(0, [[5, v(0, 0)]]);
  t.match(says(h, 'duplicate'), { result: 'invalid', count: 1, places: ['0@4'] });
  t.end();
});
t.test('ok: the same value of another key is no second place', (t) => {
  const h = history({ keys: 2 })
    .send(0, 0, v(0, 0))
    .ok(0)
    .final(0, [[0, v(0, 0)]]);
  t.match(says(h.final(1, [[3, v(0, 0)]]), 'duplicate'), { count: 0 });
  t.end();
});
t.test('not applicable: nothing was read', (t) => {
  t.match(says(history().send(0, 0, v(0, 0)).ok(0), 'duplicate'), { result: 'not-applicable' });
  t.end();
});
