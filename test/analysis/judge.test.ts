import t from 'tap';
import { judge } from '../../src/analysis/index.js';
import type { Checker } from '../../src/model/index.js';
import { history, v, type Rec } from '../support/history.js';
import { checkers, judged } from '../support/judged.js';

/** A run that lacks nothing: two acks, a poll, a proven fault, final reads, replicas, probes. */
const whole = (acks = -1) => {
  const h = history({ acks }).route(1, 'proven').phase('load').view(1, 0, 1, 4);
  h.watermark(1, 0, 4, 0).at(100).fault(1).send(0, 0, v(0, 0)).ok(0).send(1, 0, v(1, 0)).ok(1);
  for (let i = 0; i < 20; i++) h.poll(2, 0, 0).ok([[0, v(0, 0)]]);
  return h.heal(1).phase('heal').at(20_000).phase('final');
};
const both: Rec[] = [
  [0, v(0, 0), 4],
  [1, v(1, 0), 4],
];
const ended = (h: ReturnType<typeof whole>, records: Rec[] = both) =>
  h.final(0, records).replica(0, 1, records).replica(0, 2, records).isr(1, 0, 4, 1, 2);

t.test('valid: its sentence, counts and rows', (t) => {
  const verdict = judged(ended(whole()));
  t.match(verdict, {
    verdict: 'valid',
    sentence: '22 operations, 1 of 1 faults proven, every ack kept',
    reasons: [],
    cautions: [],
    cases: [],
    faults: { total: 1, proven: 1, unproven: [], moot: [] },
    history: { truncated: false },
  });
  t.strictSame(verdict.atRisk, [{ fault: 1, key: 0, inForce: 2, beforeLeaderChange: 0 }]);
  const rows = new Map(verdict.checkers.map((one) => [one.id, one]));
  t.match(rows.get('final-reads'), { result: 'valid', checked: 1, count: 0 });
  t.match(rows.get('fault-evidence'), { result: 'valid', checked: 1, count: 0 });
  t.equal(rows.size, checkers.length + 2);
  t.end();
});

const noKeys = () => {
  const h = whole();
  h.run.keys.length = 0;
  return h;
};

t.test('unknown: each gap in the evidence, by name', (t) => {
  const bare = () => history().phase('load').view(1, 0, 1, 4).watermark(1, 0, 4, 0);
  const gaps: [string, Parameters<typeof judged>[0], RegExp][] = [
    ['unproven', ended(whole().fault(2, 'unproven').heal(2)), /^fault 2 was not seen to take hold/],
    ['not gone', ended(whole().fault(2).heal(2, 'unproven')), /^fault 2 was not seen to be gone/],
    ['never healed', ended(whole().fault(2)), /^fault 2 was never healed/],
    ['no proof', ended(whole().faultStart(2).faultRow(2, 'faultApplied')), /fault 2 was not seen/],
    [
      'refused',
      ended(whole().faultRow(2, 'faultRefused')),
      /fault 2 could not be applied: no leader/,
    ],
    ['route', ended(whole().route(2, 'unproven')), /node 2 was not seen to use its links only/],
    ['short', whole().final(0, both, { hw: 9, reached: 2 }), /orders-0 reached offset 2 of 9/],
    ['no final', whole(), /no key had a final read/],
    ['no replica', whole().final(0, both), /no replica was read/],
    [
      'replica',
      ended(whole()).replica(0, 3, [], { hw: -1, reached: 0, wanted: 2 }),
      /on node 3 was read to offset 0/,
    ],
    [
      'nothing acked',
      bare()
        .send(0, 0, v(0, 0))
        .info()
        .final(0, [[0, v(0, 0)]]),
      /no write was acknowledged/,
    ],
    ['nothing read', bare().send(0, 0, v(0, 0)).ok(0), /no record was read/],
    [
      'no views',
      history()
        .send(0, 0, v(0, 0))
        .ok(0)
        .final(0, [[0, v(0, 0)]]),
      /no node told during the load which keys/,
    ],
    [
      'views before the load only',
      history()
        .view(1, 0, 1, 4)
        .watermark(1, 0, 4, 0)
        .phase('load')
        .send(0, 0, v(0, 0))
        .ok(0)
        .phase('heal')
        .view(1, 0, 1, 4)
        .watermark(1, 0, 4, 1)
        .final(0, [[0, v(0, 0)]])
        .replica(0, 1, [[0, v(0, 0)]]),
      /no node told during the load which keys it leads/,
    ],
    [
      'every fault moot',
      ended(bare().fault(1, 'moot').heal(1).send(0, 0, v(0, 0)).ok(0).send(1, 0, v(1, 0)).ok(1)),
      /no fault was seen in force: the only one could not be looked at: 20 of 20/,
    ],
    ['acks=0', ended(whole(0)), /with acks=0 no write is acknowledged/],
    ['no key named', noKeys(), /no key had a final read/],
  ];
  for (const [name, h, words] of gaps) {
    const verdict = judged(h);
    t.equal(verdict.verdict, 'unknown', name);
    t.ok(
      verdict.reasons.some((reason) => words.test(reason)),
      `${name}: ${verdict.reasons.join(' | ')}`,
    );
    t.match(verdict.sentence, /^nothing wrong seen, but /, name);
  }
  t.end();
});

t.test('unknown: interrupted, failed, killed, cut', (t) => {
  const over = ended(whole());
  const how = (change: Partial<typeof over.run>) => {
    const h = ended(whole());
    Object.assign(h.run, change);
    return judged(h);
  };
  t.match(how({ ended: { how: 'interrupted', timeNs: 1 } }).reasons, ['the run was interrupted']);
  t.match(how({ ended: { how: 'failed', timeNs: 1, why: 'x' } }).reasons, ['the run failed: x']);
  const killed = ended(whole());
  delete killed.run.ended;
  t.match(judged(killed).reasons, ['the run did not end: its tester was stopped']);
  t.match(judged(over, { truncated: true }), { verdict: 'unknown', history: { truncated: true } });
  t.end();
});

t.test('moot is no reason; it and other weaknesses are cautions', (t) => {
  const moot = judged(ended(whole(1).fault(2, 'moot').heal(2, 'moot').notice('Mind the gap.')));
  t.match(moot, { verdict: 'valid', faults: { total: 2, proven: 1, moot: [2] } });
  t.match(moot.cautions, [/Fault 2 could not be looked at/, /acks=1/, 'Mind the gap.']);
  const route = judged(ended(whole().route(2, 'moot').route(3, 'moot').route(3, 'proven')));
  t.match(route.cautions, [/^Whether node 2 used its links could not be seen: dials a peer/]);
  const none = history({ nemesis: 'none' }).phase('load').view(1, 0, 1, 4).watermark(1, 0, 4, 0);
  const calm = judged(ended(none.send(0, 0, v(0, 0)).ok(0).send(1, 0, v(1, 0)).ok(1)));
  t.match(calm, { verdict: 'valid', sentence: /no fault, every ack kept/ });
  t.match(calm.cautions, [/No fault was applied/, /Only 0 polls ended ok/]);
  const safe = ended(whole().at(30_000).fault(2).heal(2));
  t.equal(judged(safe).cautions.length, 0, 'one fault with acks at risk is enough');
  t.end();
});

t.test('acked values below the log start are expired, and a caution', (t) => {
  const h = whole().final(0, [[1, v(1, 0), 4]], { logStart: 1 });
  h.replica(0, 1, [[1, v(1, 0), 4]], { logStart: 1 })
    .replica(0, 2, both)
    .isr(1, 0, 4, 1, 2);
  const verdict = judged(h);
  t.equal(verdict.verdict, 'valid', 'a replica that still has them differs legally');
  t.strictSame(verdict.cautions, [
    '1 acknowledged value of orders-0 lies below its log start at the end, 1: expired or deleted, and not judged.',
  ]);
  t.end();
});

t.test('a run whose faults put no ack at risk says so', (t) => {
  const h = history().phase('load').view(1, 0, 1, 4).watermark(1, 0, 4, 0);
  h.send(0, 0, v(0, 0)).ok(0).send(1, 0, v(1, 0)).ok(1).at(5000).fault(1).heal(1);
  const verdict = judged(ended(h));
  t.equal(verdict.verdict, 'valid');
  t.match(verdict.cautions[0], /No ack was at risk in any fault: its green is worth little/);
  t.end();
});

t.test('acks in the second before a leader change of a fault count once', (t) => {
  const h = history({ keys: 2 }).view(1, 0, 1, 4).at(1000).send(0, 0, v(0, 0)).ok(0);
  h.at(1500).send(0, 0, v(0, 1)).ok(1).send(0, 1, v(0, 2)).ok(0);
  h.at(2000).fault(1).at(2200).view(2, 0, 2, 5).at(2300).view(3, 0, 3, 6).heal(1);
  t.strictSame(judged(h).atRisk, [
    { fault: 1, key: 0, inForce: 0, beforeLeaderChange: 1 },
    { fault: 1, key: 1, inForce: 0, beforeLeaderChange: 0 },
  ]);
  t.end();
});

t.test(
  'invalid stays invalid with an unproven fault, an interruption, a checker that throws',
  (t) => {
    const thrower = { ...checkers[0]!, meta: { ...checkers[0]!.meta, id: 'thrower' } };
    thrower.step = () => {
      throw new Error('planted');
    };
    const h = ended(whole().fault(2, 'unproven'), [[0, v(0, 0), 4]]);
    h.run.ended = { how: 'interrupted', timeNs: 1 };
    const verdict = judged(h, { checkers: [thrower, ...checkers] });
    t.equal(verdict.verdict, 'invalid');
    t.equal(verdict.sentence, '1 acknowledged write to orders-0 was lost');
    t.ok(verdict.reasons.length >= 3, 'and says what is unknown besides');
    t.end();
  },
);

t.test('a checker that throws is unknown, its stack kept; the others go on', (t) => {
  for (const where of ['start', 'step', 'finish'] as const) {
    const thrower: Checker = {
      meta: { id: 'thrower', help: '', anomalies: ['x'], facts: [], shard: 'whole' },
      start: () => undefined,
      step: () => undefined,
      finish: () => ({ checked: 1, what: '' }),
    };
    thrower[where] = () => {
      throw new Error(`planted in ${where}`);
    };
    const verdict = judged(ended(whole()), { checkers: [thrower, ...checkers] });
    t.equal(verdict.verdict, 'unknown');
    t.match(verdict.sentence, /but the checker thrower threw: planted in/);
    const [row, ...others] = verdict.checkers;
    t.match(row, { result: 'unknown', reason: /planted/, stack: /judge\.test/ });
    t.notOk(others.some((one) => one.result === 'unknown' || one.stack));
  }
  t.end();
});

t.test('what a checker found before it threw counts, its thunk too', (t) => {
  const meta = { id: 'thrower', help: '', anomalies: ['odd'], facts: [], shard: 'whole' as const };
  const thrower: Checker = {
    meta,
    start: () => undefined,
    step: () => undefined,
    finish: (_state, emit) => {
      emit({ type: 'odd', key: 0, offset: 1, value: 2, timeNs: 3 }, () => {
        throw new Error('no words');
      });
      return { checked: 1, what: '' };
    },
  };
  const verdict = judged(ended(whole()), { checkers: [thrower] });
  t.match(verdict, { verdict: 'invalid', sentence: 'odd: 1 anomaly on orders-0' });
  t.match(verdict.checkers[0], { result: 'invalid', count: 1, stack: /no words/ });
  t.match(verdict.cases, [{ type: 'odd', count: 1, anomalies: [], sentence: '1 of odd.' }]);
  t.end();
});

t.test('a checker that cannot judge makes the run unknown; one that need not does not', (t) => {
  const plain = (finish: ReturnType<Checker['finish']>): Checker => ({
    meta: { id: 'plain', help: '', anomalies: [], facts: [], shard: 'whole' },
    start: () => undefined,
    step: () => undefined,
    finish: () => finish,
  });
  const unknown = judged(ended(whole()), { checkers: [plain({ unknown: 'too dark' })] });
  t.match(unknown, { verdict: 'unknown', reasons: ['plain could not judge: too dark'] });
  const not = judged(ended(whole()), { checkers: [plain({ notApplicable: 'no groups' })] });
  t.match(not.verdict, 'valid');
  t.end();
});

t.test('throws what the history throws', (t) => {
  const broken = (function* () {
    yield* whole().batches();
    throw new Error('unreadable');
  })();
  const input = { run: whole().run, batches: broken, truncated: false, checkers, now: () => 0 };
  t.throws(() => judge(input), /unreadable/);
  t.end();
});
