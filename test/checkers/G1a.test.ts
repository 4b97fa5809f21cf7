import t from 'tap';
import { history, v } from '../support/history.js';
import { says } from '../support/judged.js';

t.test('ok: nobody read what failed', (t) => {
  const h = history().send(0, 0, v(0, 0)).fail().send(0, 0, v(0, 1)).ok(0);
  t.match(says(h.final(0, [[0, v(0, 1)]]), 'G1a'), { result: 'valid', checked: 1 });
  t.end();
});
t.test('bad: a poll, or only the final read, returned it', (t) => {
  for (const read of [
    history()
      .send(0, 0, v(0, 0))
      .fail('NOT_LEADER')
      .poll(1, 0, 0)
      .ok([[0, v(0, 0)]]),
    history()
      .send(0, 0, v(0, 0))
      .fail('NOT_LEADER')
      .final(0, [[0, v(0, 0)]]),
  ]) {
    const got = says(read, 'G1a');
    t.match(got, { result: 'invalid', count: 1, places: ['0@0'] });
    t.match(got.found[0]!.explanation, /that it failed: NOT_LEADER: refused\./);
  }
  t.end();
});
t.test('bad: read before its failure was known', (t) => {
  const h = history();
  const send = h.send(0, 0, v(0, 0));
  h.poll(1, 0, 0).ok([[0, v(0, 0)]]);
  t.match(says(send.fail(), 'G1a'), { result: 'invalid', count: 1 });
  t.end();
});
t.test('ok: an unknown or open send may be read', (t) => {
  const h = history().send(0, 0, v(0, 0)).info();
  h.send(1, 0, v(1, 0));
  t.match(
    says(
      h.final(0, [
        [0, v(0, 0)],
        [1, v(1, 0)],
      ]),
      'G1a',
    ),
    { result: 'valid', count: 0 },
  );
  t.end();
});
