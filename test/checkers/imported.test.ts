/** Jepsen's rules on histories by hand: good, bad, indeterminate, and where ours are truer. */
import t from 'tap';
import { judgedEdn, told } from '../support/edn.js';

/** Name, steps, anomalies as `told` writes them. Keys are dense by their first appearance. */
type Golden = [name: string, steps: string[], anomalies: string[], options?: object];

const sends = (...values: number[]): string[] =>
  values.map((value, i) => `0 ok send [[:send 0 [${i} ${value}]]]`);

const golden: Record<string, Golden[]> = {
  'lost-write and unseen': [
    ['all read', [...sends(1, 2), '1 ok poll [[:poll {0 [[0 1] [1 2]]}]]'], []],
    [
      'one that a later read passed over',
      [...sends(1, 2), '1 ok poll [[:poll {0 [[1 2]]}]]'],
      ['lost-write key 0 1', 'unseen key 0 1'],
    ],
    ['the last one', [...sends(1, 2), '1 ok poll [[:poll {0 [[0 1]]}]]'], ['unseen key 0 2']],
    [
      'every poll came back empty',
      [...sends(1), '1 ok poll [[:poll {}]]', '2 ok poll [[:poll {0 []}]]'],
      ['unseen key 0 1'],
    ],
    [
      'read by a failed op only',
      [...sends(1, 2), '2 fail poll [[:poll {0 [[0 1]]}]]', '1 ok poll [[:poll {0 [[1 2]]}]]'],
      ['lost-write key 0 1', 'unseen key 0 1'],
    ],
    [
      'unknown and never read',
      [...sends(1), '2 info send [[:send 0 9]]', '1 ok poll [[:poll {0 [[0 1]]}]]'],
      [],
    ],
    [
      'failed and never read',
      [...sends(1), '2 fail send [[:send 0 9]]', '1 ok poll [[:poll {0 [[0 1]]}]]'],
      [],
    ],
    [
      'torn: unknown, one of its writes was read, the other passed over',
      [
        '2 info txn [[:send 0 [0 8]] [:send 0 [1 9]]]',
        ...['0 ok send [[:send 0 [2 1]]]', '1 ok poll [[:poll {0 [[1 9] [2 1]]}]]'],
      ],
      ['lost-write key 0 8', 'unseen key 0 8'],
    ],
    [
      'torn without offsets: Jepsen is silent',
      ['2 info txn [[:send 0 8] [:send 1 9]]', '1 ok poll [[:poll {0 [[0 8]]}]]'],
      ['unseen key 1 9'],
    ],
    [
      'what the last op read is not unseen',
      [
        '0 ok send [[:send 5 [0 1]]]',
        '1 ok poll [[:poll {5 [[0 1]]}]]',
        ...['2 info send [[:send 0 [0 8]]]', '1 ok poll [[:poll {0 [[0 8]]}]]'],
      ],
      [],
    ],
    [
      'an op that never ends is unknown',
      ['2 invoke send [[:send 0 8]]', ...sends(1), '1 ok poll [[:poll {0 [[0 1] [1 8]]}]]'],
      [],
    ],
  ],
  'duplicate and inconsistent-offsets': [
    [
      'one value twice',
      [...sends(1), '1 ok poll [[:poll {0 [[0 1]]}]]', '2 ok poll [[:poll {0 [[3 1]]}]]'],
      ['duplicate key 0 1'],
    ],
    [
      'two values at one offset, by two readers',
      ['3 info send [[:send 0 7]]', ...sends(1), '1 ok poll [[:poll {0 [[0 1]]}]]'].concat(
        '2 ok poll [[:poll {0 [[0 7]]}]]',
      ),
      ['inconsistent-offsets key 0 7'],
    ],
    [
      'by an ack and a reader',
      ['3 info send [[:send 0 7]]', ...sends(1), '1 ok poll [[:poll {0 [[0 7] [1 1]]}]]'],
      ['duplicate key 0 1', 'inconsistent-offsets key 0 7'],
    ],
    [
      'what an unread info op was told counts for nothing',
      ['3 info send [[:send 0 [0 7]]]', ...sends(1), '1 ok poll [[:poll {0 [[0 1]]}]]'],
      [],
    ],
  ],
  'G1a, precommitted-read and phantom-read': [
    [
      'an ok reader',
      [...sends(1), '2 fail send [[:send 0 9]]', '1 ok poll [[:poll {0 [[0 1] [1 9]]}]]'],
      ['G1a key 0 9'],
    ],
    [
      'an unsure reader: Jepsen is silent',
      [
        ...[...sends(1), '2 fail send [[:send 0 9]]', '1 info poll [[:poll {0 [[1 9]]}]]'],
        '3 ok poll [[:poll {0 [[0 1]]}]]',
      ],
      ['G1a key 0 9'],
    ],
    [
      'an own write, of a failed op too',
      [
        '1 fail txn [[:send 0 9] [:poll {0 [[1 9]]}]]',
        ...[...sends(1), '2 ok poll [[:poll {0 [[0 1]]}]]'],
      ],
      ['precommitted-read key 0 9'],
    ],
    [
      'invented, and sent to another key',
      [...sends(1), '0 ok send [[:send 1 [0 2]]]', '1 ok poll [[:poll {0 [[0 1]], 1 [[0 2]]}]]']
        .concat('1 ok poll [[:poll {0 [[1 77]]}]]', '1 ok poll [[:poll {1 [[1 1]]}]]')
        .map(String),
      ['phantom-read key 0 77', 'phantom-read key 1 1'],
    ],
  ],
  'within one poll': [
    [
      'an offset without a value is no skip',
      ['0 ok send [[:send 0 [0 1]]]', '0 ok send [[:send 0 [5 2]]]'].concat(
        '1 ok poll [[:poll {0 [[0 1] [5 2]]}]]',
      ),
      [],
    ],
    [
      'a skip',
      [...sends(1, 2, 3), '2 ok poll [[:poll {0 [[0 1] [1 2] [2 3]]}]]'].concat(
        '1 ok poll [[:poll {0 [[0 1] [2 3]]}]]',
      ),
      ['int-poll-skip key 0 2'],
    ],
    [
      'a skip across two polls of one txn',
      [...sends(1, 2, 3), '2 ok poll [[:poll {0 [[0 1] [1 2] [2 3]]}]]'].concat(
        '1 info txn [[:poll {0 [[0 1]]}] [:poll {0 [[2 3]]}]]',
      ),
      ['int-poll-skip key 0 2'],
    ],
    [
      'a key that was rebalanced meanwhile is exempt',
      [...sends(1, 2, 3), '2 ok poll [[:poll {0 [[0 1] [1 2] [2 3]]}]]'].concat(
        '1 ok poll [[:poll {0 [[0 1] [2 3]]}]], :rebalance-log [{:keys [0]}]',
      ),
      [],
    ],
    [
      'backwards',
      [...sends(1, 2), '2 ok poll [[:poll {0 [[0 1] [1 2]]}]]'].concat(
        '1 ok poll [[:poll {0 [[1 2] [0 1]]}]]',
      ),
      ['int-nonmonotonic-poll key 0 1'],
    ],
  ],
  'from one poll to the next': [
    [
      'a skip',
      [...sends(1, 2, 3), '2 ok poll [[:poll {0 [[0 1] [1 2] [2 3]]}]]'].concat(
        '1 ok poll [[:poll {0 [[0 1]]}]]',
        '1 fail poll [[:poll {0 [[2 3]]}]]',
      ),
      ['poll-skip key 0 2'],
    ],
    [
      'permitted where consumers subscribe',
      [...sends(1, 2, 3), '2 ok poll [[:poll {0 [[0 1] [1 2] [2 3]]}]]'].concat(
        '1 ok poll [[:poll {0 [[0 1]]}]]',
        '1 ok poll [[:poll {0 [[2 3]]}]]',
      ),
      ['(poll-skip key 0 2)'],
      { subVia: 'subscribe' },
    ],
    [
      'an info op does not move the process',
      [...sends(1, 2, 3), '2 ok poll [[:poll {0 [[0 1] [1 2] [2 3]]}]]'].concat(
        '1 ok poll [[:poll {0 [[0 1]]}]]',
        '1 fail poll [[:poll {0 [[1 2]]}]]',
        '1 ok poll [[:poll {0 [[1 2] [2 3]]}]]',
      ),
      [],
    ],
    [
      'back, after an assign that keeps the key',
      [...sends(1, 2), '1 ok poll [[:poll {0 [[0 1] [1 2]]}]]', '1 ok assign [0]'].concat(
        '1 ok poll [[:poll {0 [[0 1]]}]]',
      ),
      ['nonmonotonic-poll key 0 1'],
    ],
    [
      'back, after an assign that drops it',
      [...sends(1, 2), '1 ok poll [[:poll {0 [[0 1] [1 2]]}]]', '1 ok assign [5]'].concat(
        '1 ok assign [0]',
        '1 ok poll [[:poll {0 [[0 1]]}]]',
      ),
      [],
    ],
    [
      'a failed assign drops nothing',
      [...sends(1, 2), '1 ok poll [[:poll {0 [[0 1] [1 2]]}]]', '1 fail assign [5]'].concat(
        '1 ok poll [[:poll {0 [[0 1]]}]]',
      ),
      ['nonmonotonic-poll key 0 1'],
    ],
    [
      'an empty list moves nobody: Jepsen is silent',
      [...sends(1, 2, 3), '2 ok poll [[:poll {0 [[0 1] [1 2] [2 3]]}]]'].concat(
        '1 ok poll [[:poll {0 [[0 1]]}]]',
        '1 ok poll [[:poll {0 []}]]',
        '1 ok poll [[:poll {0 [[2 3]]}]]',
      ),
      ['poll-skip key 0 2'],
    ],
  ],
  'the order of sends': [
    [
      'within one op, others between them: permitted',
      ['0 ok txn [[:send 0 [0 1]] [:send 0 [2 2]]]', '3 ok send [[:send 0 [1 7]]]'].concat(
        '1 ok poll [[:poll {0 [[0 1] [1 7] [2 2]]}]]',
      ),
      ['(int-send-skip key 0 7)'],
    ],
    [
      'within one op, exchanged',
      ['0 ok txn [[:send 0 [1 1]] [:send 0 [0 2]]]', '1 ok poll [[:poll {0 [[0 2] [1 1]]}]]'],
      ['int-nonmonotonic-send key 0 2'],
    ],
    [
      'from one op to the next, an assign between: Jepsen is silent',
      ['0 ok send [[:send 0 [1 1]]]', '0 ok assign [4]', '0 ok send [[:send 0 [0 2]]]'].concat(
        '1 ok poll [[:poll {0 [[0 2] [1 1]]}]]',
      ),
      ['nonmonotonic-send key 0 2'],
    ],
    [
      'a failed send is not one of them',
      ['0 fail send [[:send 0 9]]', '0 ok send [[:send 0 [0 2]]]', '0 ok send [[:send 0 [1 3]]]']
        .concat('1 ok poll [[:poll {0 [[0 2] [1 3]]}]]')
        .map(String),
      [],
    ],
  ],
};

for (const [group, cases] of Object.entries(golden)) {
  t.test(group, async (t) => {
    for (const [name, steps, anomalies, options] of cases) {
      const verdict = await judgedEdn(steps, { subVia: 'assign', wwDeps: false, ...options });
      t.strictSame(told(verdict), anomalies, name);
      const bad = anomalies.some((one) => !one.startsWith('('));
      t.equal(verdict.verdict, bad ? 'invalid' : 'valid', `${name}: verdict`);
      for (const { type, anomalies: found } of verdict.cases) {
        for (const one of found) {
          const text = `${name}: ${type} is told`;
          t.ok(one.ops.length > 0 && one.proof.length > 0 && one.timeNs > 0, text);
          t.notMatch(one.explanation, /undefined|NaN|-1/, text);
        }
      }
    }
  });
}

t.test('one cause, one card', async (t) => {
  // 2 was acked at offset 1, and 9 stands there: what follows hangs on the lost write.
  const truncated = ['3 info send [[:send 0 9]]', ...sends(1, 2), '0 ok send [[:send 0 [2 3]]]'];
  const verdict = await judgedEdn([...truncated, '1 ok poll [[:poll {0 [[0 1] [1 9] [2 3]]}]]'], {
    subVia: 'assign',
  });
  const own = verdict.cases.filter((one) => one.partOf === undefined);
  t.strictSame(
    own.map(({ type, count }) => [type, count]),
    [['lost-write', 1]],
  );
  t.match(own[0]?.alsoCountedBy, [{ type: 'inconsistent-offsets' }, { type: 'unseen' }]);
  t.match(verdict.sentence, /1 write to key 0 was lost|1 acknowledged write to key 0 was lost/);
  // A duplicate moves whoever reads it.
  const twice = await judgedEdn(
    [...sends(1, 2, 3), '1 ok poll [[:poll {0 [[0 1] [1 2] [2 3] [3 1]]}]]'],
    { subVia: 'assign' },
  );
  t.strictSame(
    twice.cases.filter((one) => one.partOf === undefined).map((one) => one.type),
    ['duplicate'],
    JSON.stringify(twice.cases.map(({ type, partOf }) => [type, partOf])),
  );
});

t.test('no evidence is no pass, and what such a history cannot tell is said', async (t) => {
  const unread = await judgedEdn(sends(1));
  t.match(unread, { verdict: 'unknown', reasons: ['no record was read'] });
  const unsent = await judgedEdn(['1 ok poll [[:poll {}]]']);
  t.match(unsent.reasons, ['no write was acknowledged', 'no record was read']);
  const fine = await judgedEdn([...sends(1), '1 ok poll [[:poll {0 [[0 1]]}]]']);
  t.match(fine.sentence, /2 operations, nothing seen that Jepsen's rules forbid/);
  const idle = fine.checkers.filter((one) => one.result === 'not-applicable').map((one) => one.id);
  t.ok(['split-brain', 'replica-divergence', 'final-reads'].every((id) => idle.includes(id)));
});
