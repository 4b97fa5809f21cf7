import t from 'tap';
import { history, v } from '../support/history.js';
import { says } from '../support/judged.js';

const id = 'split-brain';

t.test('ok: leaders of their epochs; stale views; a leader of -1; other keys', (t) => {
  const h = history({ keys: 2 }).view(1, 0, 1, 4).view(2, 0, 1, 4).view(3, 0, 3, 5);
  h.view(1, 0, 1, 4).view(2, 0, -1, 5).view(2, 0, 3, 5).view(1, 1, 2, 5).view(1, 0, 3, 5);
  t.match(says(h, id), { result: 'valid', count: 0, checked: 8 });
  t.end();
});
t.test('ok: a stale leader that acked nothing, or nothing different', (t) => {
  const h = history().view(1, 0, 1, 4).send(0, 0, v(0, 0)).ok(0, 1).view(3, 0, 3, 5);
  h.view(1, 0, 1, 4).send(1, 0, v(1, 0)).info().send(2, 0, v(2, 0)).ok(1, 3);
  t.match(says(h, id), { result: 'valid', count: 0 });
  t.end();
});
t.test('bad: two leaders in one epoch, whoever names them', (t) => {
  const h = history().view(1, 0, 1, 4).view(2, 0, 3, 4).view(1, 0, 1, 4).view(2, 0, 3, 4);
  const got = says(h, id);
  t.match(got, { result: 'invalid', count: 1 });
  t.match(got.found[0], { key: 0, data: { epoch: 4, nodes: [1, 3] } });
  t.match(
    got.found[0]!.explanation,
    /in epoch 4: node 1 \(by node 1 at .*\) and node 3 \(by node 2 at/,
  );
  t.end();
});
t.test('bad: one offset acked by two nodes; one anomaly for all of its offsets', (t) => {
  const h = history({ acks: 1 }).view(1, 0, 1, 4);
  for (let i = 0; i < 3; i++) h.send(0, 0, v(0, i)).ok(i, 1);
  h.view(3, 0, 3, 5).view(1, 0, 1, 4);
  for (let i = 0; i < 3; i++) h.send(1, 0, v(1, i)).ok(i, 3);
  h.view(1, 0, 1, 4).view(3, 0, 3, 5).view(1, 0, 3, 5);
  const got = says(h, id);
  t.match(got, { result: 'invalid', count: 1, places: ['0@0'] });
  t.match(got.found[0], { data: { nodes: [1, 3], epochs: [4, 5], offsets: 3 } });
  t.match(
    got.found[0]!.explanation,
    /From .* to .* both node 1 \(epoch 4\) and node 3 \(epoch 5\) said that they lead orders-0, and both acknowledged a write to it at offset 0: w0\.0, node 1, epoch 4 at .*, and w1\.0, node 3, epoch 5 at .*\. The same holds for 2 more offsets\./,
  );
  t.end();
});
t.test('bad: they did not lead at one time, as far as probes saw', (t) => {
  const h = history().send(0, 0, v(0, 0)).ok(0, 1).send(1, 0, v(1, 0)).ok(0, 3);
  const got = says(h, id);
  t.match(got, { result: 'invalid', count: 1 });
  t.match(got.found[0]!.explanation, /^Node 1 and node 3 both acknowledged a write to orders-0/);
  t.end();
});
t.test('ok: one node that acked an offset twice is not two nodes', (t) => {
  const h = history().send(0, 0, v(0, 0)).ok(0, 1).send(1, 0, v(1, 0)).ok(0, 1);
  t.match(says(h, id), { result: 'valid', count: 0 });
  t.match(says(h, 'inconsistent-offsets'), { count: 1 });
  t.end();
});
