import t from 'tap';
import { history, v } from '../support/history.js';
import { judged, says } from '../support/judged.js';

t.test('counts ops by outcome; an open op is unknown; latencies, reasons and gaps', (t) => {
  const h = history().phase('load').at(100).send(0, 0, v(0, 0), v(0, 1)).ok(0);
  h.at(2000)
    .send(0, 0, v(0, 2))
    .fail()
    .send(1, 0, v(1, 0))
    .info()
    .poll(2, 0, 0)
    .ok([[0, v(0, 0)]]);
  h.send(3, 0, v(3, 0));
  h.at(4000)
    .phase('heal')
    .final(0, [
      [0, v(0, 0)],
      [1, v(0, 1)],
    ]);
  const { stats } = judged(h);
  t.strictSame(stats.ops, { ok: 2, fail: 1, info: 2 });
  t.strictSame(stats.byF, {
    send: { ok: 1, fail: 1, info: 2 },
    poll: { ok: 1, fail: 0, info: 0 },
  });
  t.match(stats, { ackedValues: 2, polledRecords: 1, finalRecords: 2, perSecond: 0.5 });
  t.strictSame(stats.latencyMs, { p50: 1, p95: 1, p99: 1, max: 1 });
  t.strictSame(stats.gaps, [{ key: 0, fromNs: 101e6, toNs: 4000e6 }]);
  t.match(stats.reasons.map((r) => r.reason).sort(), ['NOT_LEADER_OR_FOLLOWER', 'timed-out']);
  t.match(says(h, 'stats'), { result: 'valid', count: 0, checked: 5 });
  t.end();
});
t.test('recovery: from the heal until every key has its full in-sync set', (t) => {
  const h = history({ keys: 2 }).isr(1, 0, 4, 1, 2, 3).isr(2, 1, 4, 1, 2, 3).at(1000).fault(1);
  h.isr(2, 1, 4, 2, 3).isr(3, 0, 5, 2, 3).at(2000).heal(1);
  h.at(2500).isr(2, 1, 4, 1, 2, 3).at(3000).isr(3, 0, 5, 1, 2, 3);
  const { recoveries } = judged(h).stats;
  t.strictSame(recoveries, [
    { fault: 1, fromNs: 2001e6, toNs: 3000e6, what: 'all replicas in sync' },
  ]);
  t.end();
});
t.test('recovery: where no leader lists its replicas, until the node is up', (t) => {
  const h = history().fault(1, 'proven', { kind: 'kill' }).at(50).heal(1).at(80).node(1, 'up', 2);
  t.match(judged(h).stats.recoveries, [{ fault: 1, toNs: 80e6, what: 'the process was up' }]);
  t.end();
});
t.test('nothing at all', (t) => {
  const { stats } = judged(history());
  t.match(stats, { ops: { ok: 0, fail: 0, info: 0 }, perSecond: 0, latencyMs: { max: 0 } });
  t.end();
});
