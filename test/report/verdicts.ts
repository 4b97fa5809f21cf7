/** Verdicts as the checkers would give them for the runs of fixture.ts. */
import {
  type Anomaly,
  type Case,
  type CheckerResult,
  type Verdict,
} from '../../src/model/index.js';
import { electedAt, endAt, healedAt, type World } from './fixture.js';

const s = 1e9;

const checker = (id: string, more: Partial<CheckerResult> = {}): CheckerResult => ({
  id,
  anomalies: [id],
  result: 'valid',
  count: 0,
  checked: 100,
  what: `100 things for ${id}`,
  durationMs: 12,
  ...more,
});

export function verdictOf(world: World, more: Partial<Verdict> = {}): Verdict {
  const { ops, fork } = world;
  const bad = fork.length > 0;
  return {
    format: 1,
    verdict: bad ? 'invalid' : 'valid',
    sentence: bad
      ? `${fork.length} acknowledged writes to orders-0 were lost`
      : 'every ack was kept',
    reasons: [],
    cases: bad ? lossCases(world) : [],
    checkers: [
      checker('lost-write', bad ? { result: 'invalid', count: fork.length } : {}),
      checker('inconsistent-offsets', bad ? { result: 'invalid', count: fork.length } : {}),
      checker('split-brain', bad ? { result: 'invalid', count: 1 } : {}),
      checker('duplicate'),
      checker('poll-skip'),
      checker('stale-replica', {
        result: 'not-applicable',
        reason: 'this target reads no replica',
        what: '',
      }),
    ],
    faults: { total: 1, proven: 1, unproven: [], moot: [] },
    atRisk: [{ fault: 1, key: 0, inForce: fork.length + 4, beforeLeaderChange: 12 }],
    cautions: [],
    stats: {
      ops,
      byF: { send: ops },
      ackedValues: world.acked,
      polledRecords: 5000,
      finalRecords: world.acked - fork.length,
      latencyMs: { p50: 11, p95: 19, p99: 30, max: 400 },
      perSecond: (ops.ok + ops.fail + ops.info) / 25,
      gaps: world.run.keys.map(({ key }) => ({ key, fromNs: 11 * s, toNs: 12.4 * s })),
      recoveries: [
        { fault: 1, fromNs: healedAt, toNs: healedAt + 9e8, what: 'node 1 in sync again' },
      ],
      reasons: [{ reason: 'timed-out', type: 'info', count: ops.info }],
    },
    history: { rows: 12345, truncated: false, lastNs: endAt },
    durationMs: 140,
    ...more,
  };
}

function lossCases(world: World): Case[] {
  const { fork, forkAt, sign } = world;
  const first = fork[0]!;
  const data = { node: 1, epoch: 4 };
  const lost: Anomaly = {
    type: 'lost-write',
    key: 0,
    offset: first.offset,
    value: first.value,
    timeNs: first.timeNs,
    ops: [first.op, ...(sign ? [sign.op] : [])],
    proof: [
      {
        op: first.op,
        process: first.process,
        timeNs: first.timeNs - 1e7,
        what: 'send',
        says: `value w${first.process}.x`,
      },
      {
        op: first.op,
        process: first.process,
        timeNs: first.timeNs,
        what: 'ok',
        says: `at offset ${forkAt}, node 1, epoch 4`,
      },
      ...(sign
        ? [
            {
              op: sign.op,
              process: sign.process,
              timeNs: sign.timeNs,
              what: 'poll',
              says: `offset ${sign.offset}: another value, node 3, epoch 5`,
            },
          ]
        : []),
      {
        op: 999_999,
        process: -1,
        timeNs: 28 * s,
        what: 'final',
        says: `offsets 0 to ${(world.logs[0]?.length ?? 0) - 1}: not there`,
      },
    ],
    explanation: 'It was acked and is gone.',
    data,
  };
  const split: Anomaly = {
    ...lost,
    type: 'split-brain',
    offset: -1,
    value: -1,
    timeNs: electedAt,
    proof: [
      {
        op: -1,
        process: -1,
        timeNs: electedAt,
        what: 'probe',
        says: 'node 1 and node 3 both lead orders-0',
      },
    ],
    spanNs: [11.5 * s, 16 * s],
  };
  const all = fork.map(({ offset, value, timeNs }): [number, number, number] => [
    offset,
    value,
    timeNs,
  ]);
  const base = { keys: [0], faults: [1] };
  return [
    {
      ...base,
      id: 'lost-write-1',
      type: 'lost-write',
      count: fork.length,
      spanNs: [first.timeNs, fork.at(-1)!.timeNs],
      sentence: `Process ${first.process} sent w${first.process}.20 to orders-0 and was told that it holds offset ${forkAt}. The final read has no such value. The same holds for ${fork.length - 1} more values.`,
      anomalies: [lost],
      all,
      alsoCountedBy: [{ type: 'inconsistent-offsets', count: fork.length }],
    },
    {
      ...base,
      id: 'split-brain-1',
      type: 'split-brain',
      count: 1,
      spanNs: [11.5 * s, 16 * s],
      sentence:
        'From 11.5 s to 16 s both node 1 (epoch 4) and node 3 (epoch 5) said that they lead orders-0.',
      anomalies: [split],
      all: [[-1, -1, electedAt]],
      alsoCountedBy: [],
      partOf: 'lost-write-1',
    },
  ];
}
