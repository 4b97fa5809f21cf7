import t from 'tap';
import { history, v, type Rec } from '../support/history.js';
import { says } from '../support/judged.js';

const id = 'watermark-regress';
const log = (n: number): Rec[] => Array.from({ length: n }, (_, i) => [i, v(0, i)]);

t.test('ok: lower on a new leader, on followers, on a stale leader', (t) => {
  const h = history()
    .watermark(1, 0, 4, 10)
    .watermark(2, 0, 4, 12, false)
    .watermark(2, 0, 4, 7, false);
  h.watermark(3, 0, 5, 8).watermark(1, 0, 4, 10).watermark(3, 0, 5, 11).final(0, log(11));
  t.match(says(h, id), { result: 'valid', count: 0, checked: 4 });
  t.end();
});
t.test('bad: within one epoch, as its leader serves it', (t) => {
  const h = history().watermark(1, 0, 4, 10).watermark(1, 0, 4, 9).final(0, log(10));
  const got = says(h, id);
  t.match(got, { result: 'invalid', count: 1, places: ['0@9'] });
  t.match(
    got.found[0]!.explanation,
    /in epoch 4, served the high watermark 10 at .*, in the same epoch, 9 at/,
  );
  t.end();
});
t.test('bad: the final one is below one that a leader served', (t) => {
  const h = history().watermark(1, 0, 4, 10).watermark(3, 0, 5, 8).final(0, log(8));
  const got = says(h, id);
  t.match(got, { result: 'invalid', count: 1, places: ['0@8'] });
  t.match(got.found[0]!.explanation, /after all was healed, was told 8/);
  t.end();
});
t.test('ok: a final read that is not whole, and a watermark that rose after it began', (t) => {
  const h = history().watermark(1, 0, 4, 10).final(0, log(3), { hw: 8, reached: 3 });
  t.match(says(h, id), { count: 0 });
  t.match(says(history().final(0, log(3)).watermark(1, 0, 4, 4), id), { count: 0 });
  t.end();
});
t.test('ok: answers that were written in another order', (t) => {
  const h = history().at(20).watermark(1, 0, 4, 10).at(10).watermark(1, 0, 4, 9);
  t.match(says(h, id), { count: 0 });
  t.end();
});
t.test('not applicable: no leader told one', (t) => {
  t.match(says(history().watermark(2, 0, 4, 7, false), id), { result: 'not-applicable' });
  t.end();
});
