import t from 'tap';
import { history, v } from '../support/history.js';
import { says } from '../support/judged.js';

const id = 'inconsistent-offsets';

t.test('ok: acks and all reads agree', (t) => {
  const h = history().send(0, 0, v(0, 0), v(0, 1)).ok(0);
  h.poll(1, 0, 1)
    .ok([[1, v(0, 1)]])
    .final(0, [
      [0, v(0, 0)],
      [1, v(0, 1)],
    ]);
  t.match(
    says(
      h.replica(0, 2, [
        [0, v(0, 0)],
        [1, v(0, 1)],
      ]),
      id,
    ),
    { result: 'valid', count: 0 },
  );
  t.end();
});
t.test('bad: each pair of sources', (t) => {
  const base = () => history().send(0, 0, v(0, 0)).ok(5).send(1, 0, v(1, 0)).info();
  const sources = {
    ack: base().send(2, 0, v(2, 0)).ok(5),
    poll: base()
      .poll(3, 0, 5)
      .ok([[5, v(1, 0)]]),
    final: base().final(0, [[5, v(1, 0)]]),
    replica: base().replica(0, 2, [[5, v(1, 0)]]),
  };
  for (const [name, h] of Object.entries(sources))
    t.match(says(h, id), { result: 'invalid', count: 1, places: ['0@5'] }, name);
  t.end();
});
t.test('bad: two polls of one offset', (t) => {
  const h = history().send(0, 0, v(0, 0)).info().send(1, 0, v(1, 0)).info();
  h.poll(2, 0, 0)
    .ok([[0, v(0, 0)]])
    .poll(3, 0, 0)
    .ok([[0, v(1, 0)]]);
  const got = says(h.final(0, [[0, v(1, 0)]]), id);
  t.match(got, { result: 'invalid', count: 1 });
  t.equal(got.found[0]!.value, v(0, 0), 'the value that is gone');
  t.match(
    got.found[0]!.explanation,
    /has 2 values: process 2 read .*got w0\.0; process 3 read .*got w1\.0/,
  );
  t.end();
});
t.test(
  'ok: an unknown send has no offset; a replica above its high watermark is not committed',
  (t) => {
    const h = history().send(0, 0, v(0, 0)).ok(0).send(1, 0, v(1, 0)).info();
    h.final(0, [[0, v(0, 0)]]).replica(0, 2, [[0, v(1, 0)]], { hw: 0, reached: 1 });
    t.match(says(h, id), { result: 'valid', count: 0 });
    t.end();
  },
);
t.test('not applicable: nothing was told or read', (t) => {
  t.match(says(history().send(0, 0, v(0, 0)).info(), id), { result: 'not-applicable' });
  t.end();
});
