/** The four checkers of what one consumer sees: within a poll, and from poll to poll. */
import t from 'tap';
import { history, v, type Rec } from '../support/history.js';
import { says } from '../support/judged.js';

const ids = ['int-poll-skip', 'int-nonmonotonic-poll', 'poll-skip', 'nonmonotonic-poll'] as const;
const rec = (offset: number): Rec => [offset, v(0, offset)];
const sent = (n = 6) => {
  const h = history();
  for (let i = 0; i < n; i++) h.send(0, 0, v(0, i)).ok(i);
  return h;
};
const all = (n = 6) => Array.from({ length: n }, (_, i) => rec(i));
/** The counts of the four, in the order of `ids`. */
const counts = (h: ReturnType<typeof sent>) => ids.map((id) => says(h, id).count);

t.test('ok: polls that follow each other, empty ones between', (t) => {
  const h = sent()
    .poll(1, 0, 0)
    .ok([rec(0), rec(1)])
    .poll(1, 0, 2)
    .ok([]);
  h.poll(1, 0, 2)
    .fail()
    .poll(1, 0, 2)
    .ok([rec(2), rec(3)])
    .poll(1, 0, 4)
    .ok([rec(4), rec(5)]);
  h.final(0, all());
  t.strictSame(counts(h), [0, 0, 0, 0]);
  for (const id of ids) t.match(says(h, id), { result: 'valid' }, id);
  t.end();
});
t.test('bad: int-poll-skip, known by the final read', (t) => {
  const h = sent()
    .poll(1, 0, 0)
    .ok([rec(0), rec(1), rec(4)])
    .final(0, all());
  t.strictSame(counts(h), [1, 0, 0, 0]);
  const [a] = says(h, 'int-poll-skip').found;
  t.match(a, { offset: 2, value: v(0, 2) });
  t.match(
    a!.explanation,
    /got at .* offset 1 and next offset 4\. Offset 2, which it did not get, holds w0\.2/,
  );
  t.end();
});
t.test('bad: int-poll-skip, known by a later poll where the final read is not whole', (t) => {
  const h = sent()
    .poll(1, 0, 0)
    .ok([rec(0), rec(2)])
    .poll(2, 0, 0)
    .ok([rec(0), rec(1)]);
  t.strictSame(counts(h), [1, 0, 0, 0]);
  t.strictSame(counts(h.final(0, [], { hw: 6, reached: 0 })), [1, 0, 0, 0]);
  t.end();
});
t.test('ok: a gap that never held a value, or whose value expired or is lost', (t) => {
  const gap = history().send(0, 0, v(0, 0)).ok(0).send(0, 0, v(0, 2)).ok(2);
  gap
    .poll(1, 0, 0)
    .ok([rec(0), rec(2)])
    .final(0, [rec(0), rec(2)]);
  t.strictSame(counts(gap), [0, 0, 0, 0], 'a control record');
  const before = sent()
    .poll(2, 0, 0)
    .ok(all(3))
    .poll(1, 0, 0)
    .ok([rec(3), rec(4)]);
  before.final(0, [rec(3), rec(4), rec(5)], { logStart: 3 });
  t.strictSame(counts(before), [0, 0, 0, 0], 'expired below the log start');
  const unread = sent()
    .poll(2, 0, 0)
    .ok(all(3))
    .poll(1, 0, 0)
    .ok([rec(0), rec(2)]);
  t.strictSame(counts(unread), [0, 0, 0, 0], 'seen only earlier, and no final read says it stayed');
  t.end();
});
t.test('bad: int-nonmonotonic-poll, back and twice the same', (t) => {
  const h = sent()
    .poll(1, 0, 0)
    .ok([rec(0), rec(2), rec(1), rec(1)])
    .final(0, all());
  t.equal(says(h, 'int-nonmonotonic-poll').count, 2);
  t.match(
    says(h, 'int-nonmonotonic-poll').found[0]!.explanation,
    /in one answer offset 2, then offset 1\. Offset 1 held w0\.1/,
  );
  t.end();
});
t.test('bad: poll-skip from poll to poll, also over an empty one', (t) => {
  const h = sent()
    .poll(1, 0, 0)
    .ok([rec(0), rec(1)])
    .poll(1, 0, 2)
    .ok([rec(3)])
    .final(0, all());
  t.strictSame(counts(h), [0, 0, 1, 0]);
  const next = sent()
    .poll(1, 0, 0)
    .ok([rec(0)], { next: 3 })
    .poll(1, 0, 3)
    .ok([rec(3)]);
  t.strictSame(counts(next.final(0, all())), [0, 0, 1, 0], 'its next offset passed over 1 and 2');
  const empty = sent()
    .poll(1, 0, 0)
    .ok([rec(0)])
    .poll(1, 0, 1)
    .ok([], { next: 3 });
  t.strictSame(
    counts(
      empty
        .poll(1, 0, 3)
        .ok([rec(3)])
        .final(0, all()),
    ),
    [0, 0, 1, 0],
  );
  t.match(
    says(h, 'poll-skip').found[0]!.explanation,
    /its last poll \(#\d+\) left off at offset 2\. Offset 2/,
  );
  t.end();
});
t.test('bad: poll-skip of the very offset that was asked for', (t) => {
  const h = sent()
    .poll(1, 0, 3)
    .ok([rec(4)])
    .final(0, all());
  t.strictSame(counts(h), [0, 0, 1, 0]);
  t.end();
});
t.test('ok: a poll that starts elsewhere than the last one ended', (t) => {
  const h = sent()
    .poll(1, 0, 0)
    .ok([rec(0), rec(1)])
    .poll(1, 0, 4)
    .ok([rec(4)]);
  h.poll(1, 0, 0)
    .ok([rec(0)])
    .poll(2, 0, 3)
    .ok([rec(3)])
    .final(0, all());
  t.strictSame(counts(h), [0, 0, 0, 0]);
  t.end();
});
t.test('bad: nonmonotonic-poll, when the next one goes on from the last', (t) => {
  const h = sent()
    .poll(1, 0, 0)
    .ok([rec(0), rec(1)], { next: 1 })
    .poll(1, 0, 1)
    .ok([rec(1)]);
  t.strictSame(counts(h.final(0, all())), [0, 0, 0, 1]);
  t.match(says(h, 'nonmonotonic-poll').found[0], { offset: 1, data: { to: 1 } });
  t.end();
});
t.test('ok: another process, another key, and a process that was replaced', (t) => {
  const h = sent()
    .poll(1, 0, 0)
    .ok([rec(0), rec(1)])
    .poll(1, 0, 2)
    .info();
  h.poll(11, 0, 0)
    .ok([rec(0)])
    .poll(2, 0, 0)
    .ok([rec(0)])
    .final(0, all());
  t.strictSame(counts(h), [0, 0, 0, 0]);
  t.end();
});
t.test('not applicable: no poll returned a record', (t) => {
  for (const id of ids)
    t.match(says(sent().poll(1, 0, 0).ok([]), id), { result: 'not-applicable' }, id);
  t.end();
});
