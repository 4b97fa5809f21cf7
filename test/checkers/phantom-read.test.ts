import t from 'tap';
import { foreignValue } from '../../src/model/index.js';
import { history, v } from '../support/history.js';
import { says } from '../support/judged.js';

t.test('ok: what was sent is read, whatever the client was told', (t) => {
  const h = history().send(0, 0, v(0, 0)).ok(0).send(1, 0, v(1, 0)).info();
  h.send(2, 0, v(2, 0));
  h.final(0, [
    [0, v(0, 0)],
    [1, v(1, 0)],
    [2, v(2, 0)],
  ]);
  t.match(says(h, 'phantom-read'), { result: 'valid', checked: 3 });
  t.end();
});
t.test('ok: read while its send was still open', (t) => {
  const h = history();
  const send = h.send(0, 0, v(0, 0));
  h.poll(1, 0, 0).ok([[0, v(0, 0)]]);
  t.match(says(send.ok(0), 'phantom-read'), { result: 'valid', count: 0 });
  t.end();
});
t.test('bad: sent by nobody, foreign, of another key, and before it was sent', (t) => {
  const cases: [ReturnType<typeof history>, RegExp][] = [
    [history().final(0, [[0, v(7, 7)]]), /Nobody sent w7\.7 in this run/],
    [
      history().final(0, [[0, foreignValue]]),
      /no value of this run: its bytes .* begin with "hello"/,
    ],
    [
      history({ keys: 2 })
        .send(0, 1, v(0, 0))
        .ok(0)
        .final(0, [[0, v(0, 0)]]),
      /sent w0\.0 to orders-1, and nobody sent it to orders-0/,
    ],
    [
      history()
        .poll(1, 0, 0)
        .ok([[0, v(0, 0)]])
        .send(0, 0, v(0, 0))
        .ok(0),
      /sent it to orders-0 only later/,
    ],
  ];
  for (const [h, words] of cases) {
    const got = says(h, 'phantom-read');
    t.match(got, { result: 'invalid', count: 1, places: ['0@0'] });
    t.match(got.found[0]!.explanation, words);
  }
  t.end();
});
t.test('one anomaly for each place, however often it is read', (t) => {
  const h = history();
  for (let i = 0; i < 5; i++) h.poll(1, 0, 0).ok([[0, v(7, 7)]]);
  t.match(says(h.final(0, [[0, v(7, 7)]]), 'phantom-read'), { count: 1 });
  t.end();
});
