import t from 'tap';
import { history } from '../support/history.js';
import { says } from '../support/judged.js';

const id = 'epoch-regress';

t.test('ok: views that are stale or older than another node has', (t) => {
  const h = history({ keys: 2 })
    .view(1, 0, 1, 4)
    .view(2, 0, 3, 6)
    .view(1, 0, 1, 4)
    .view(1, 1, 1, 2);
  t.match(says(h.view(2, 0, -1, 7).view(1, 0, 3, 7), id), { result: 'valid', checked: 6 });
  t.end();
});
t.test('bad: within one node and key; the quorum too', (t) => {
  const h = history().node(1, 'up').view(1, 0, 1, 5).view(1, 0, 1, 4).view(1, 0, 1, 5);
  const got = says(h, id);
  t.match(got, { result: 'invalid', count: 1 });
  t.match(got.found[0]!.explanation, /^Node 1 named epoch 5 of orders-0 at .* and epoch 4 at/);
  const quorum = says(history().quorum(2, 1, 9).quorum(2, 1, 8), id);
  t.match(quorum, { result: 'invalid', count: 1 });
  t.match(quorum.found[0]!.explanation, /epoch 9 of the metadata quorum/);
  t.end();
});
t.test('ok: after a restart, however it was told', (t) => {
  for (const between of ['down', 'starting'] as const) {
    const h = history().node(1, 'up').view(1, 0, 1, 5).node(1, between, 2).view(1, 0, 1, 4);
    t.match(says(h, id), { count: 0 }, between);
  }
  const silent = history().view(1, 0, 1, 5).silent(1).view(1, 0, 1, 4);
  t.match(says(silent, id), { count: 0 }, 'a silence where nobody tells of restarts');
  t.end();
});
t.test('bad: a pause, and a silence of a process that is known to live, are no restart', (t) => {
  const evidence = { ...history().run.evidence, incarnations: true };
  const h = history({ evidence })
    .node(1, 'up')
    .view(1, 0, 1, 5)
    .node(1, 'paused')
    .silent(1)
    .node(1, 'up');
  t.match(says(h.view(1, 0, 1, 4), id), { result: 'invalid', count: 1 });
  t.end();
});
t.test('ok: rows that are written in another order than the answers came', (t) => {
  const h = history().at(20).view(1, 0, 1, 5).at(10).view(1, 0, 1, 4);
  t.match(says(h, id), { count: 0 });
  const late = history().at(5).node(1, 'up').at(30).node(1, 'starting', 2).at(500).view(1, 0, 1, 5);
  t.match(says(late.at(4000).view(1, 0, 1, 4), id), { count: 0 }, 'an answer of the old process');
  t.end();
});
t.test('not applicable: nobody named an epoch', (t) => {
  t.match(says(history(), id), { result: 'not-applicable' });
  t.end();
});
