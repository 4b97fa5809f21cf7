import t from 'tap';
import { history, v } from '../support/history.js';
import { says } from '../support/judged.js';

const acked = () => history().send(0, 0, v(0, 0)).ok(0).send(1, 0, v(1, 0)).ok(1);

t.test('ok: every acked value is in the final read', async (t) => {
  const got = says(
    acked().final(0, [
      [0, v(0, 0)],
      [1, v(1, 0)],
    ]),
    'lost-write',
  );
  t.match(got, { result: 'valid', count: 0, checked: 2 });
});

t.test('bad: an acked value that the final read lacks', async (t) => {
  const h = history({ acks: 1 })
    .fault(1)
    .view(1, 0, 1, 4)
    .send(5, 0, v(5, 7))
    .ok(0, 1)
    .send(6, 0, v(6, 1))
    .ok(0, 3)
    .poll(3, 0, 0)
    .ok([[0, v(6, 1), 5]], { node: 3 })
    .heal(1)
    .final(0, [[0, v(6, 1), 5]]);
  const got = says(h, 'lost-write');
  t.match(got, { result: 'invalid', count: 1, places: ['0@0'] });
  const [a] = got.found;
  t.match(a!.data, { node: 1, epoch: 4, holdsNow: v(6, 1), holdsNowEpoch: 5, acksPermit: true });
  t.equal(
    a!.explanation,
    'Process 5 sent w5.7 to orders-0 and was told at 0.005 s by node 1 in epoch 4 that it holds offset 0. ' +
      'Process 3 read offset 0 at 0.009 s from node 3 and got w6.1. ' +
      'The final read, from offset 0 to the high watermark 1, has no w5.7. ' +
      'Fault 1, isolate leader node 1 | 2 3, was in force. ' +
      'With acks=1 Kafka permits this: node 1 may answer before any other node has the record.',
  );
  t.strictSame(
    a!.proof.map((s) => s.what),
    ['send', 'ok', 'poll', 'final'],
  );
});
