import t from 'tap';
import { history, v } from '../support/history.js';
import { says } from '../support/judged.js';

const acked = () => history().send(0, 0, v(0, 0)).ok(0);

t.test('ok: the final read counts as a reader', (t) => {
  t.match(says(acked().final(0, [[0, v(0, 0)]]), 'unseen'), { result: 'valid', checked: 1 });
  t.end();
});
t.test('ok: a poll had it, though it is lost now', (t) => {
  const h = acked()
    .poll(1, 0, 0)
    .ok([[0, v(0, 0)]])
    .final(0, []);
  t.match(says(h, 'unseen'), { result: 'valid', count: 0 });
  t.end();
});
t.test('bad: nobody had it', (t) => {
  const got = says(acked().final(0, []), 'unseen');
  t.match(got, { result: 'invalid', count: 1, places: ['0@0'] });
  t.match(got.found[0]!.explanation, /No poll returned w0\.0, and the final read/);
  t.end();
});
t.test('ok: unknown, failed, expired, and acks=0', (t) => {
  t.match(says(history().send(0, 0, v(0, 0)).info().final(0, []), 'unseen'), { count: 0 });
  t.match(says(history().send(0, 0, v(0, 0)).fail().final(0, []), 'unseen'), { count: 0 });
  t.match(says(acked().final(0, [], { logStart: 1, hw: 1 }), 'unseen'), { count: 0 });
  const none = history({ acks: 0 }).send(0, 0, v(0, 0)).ok(-1).final(0, []);
  t.match(says(none, 'unseen'), { count: 0 });
  t.end();
});
t.test('unknown: a final read that stopped short', (t) => {
  t.match(says(acked().final(0, [], { hw: 3, reached: 0 }), 'unseen'), {
    result: 'unknown',
    count: 0,
  });
  t.end();
});
