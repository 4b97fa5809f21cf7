/** The end of a run against a cluster that is scripted answer by answer. */
import t from 'tap';
import { Probes } from '../../src/runner/probes.js';
import { readFinals, readReplicas } from '../../src/runner/finals.js';
import {
  F,
  Kind,
  type Cluster,
  type PollOutcome,
  type Recorder,
  type ReplicaBatch,
  type Row,
  type View,
} from '../../src/model/index.js';

/** What one node says: the leader and epoch that it names, and its watermark if it leads. */
const says = (node: number, leader: number, epoch: number, hw = -1, isr = [1, 2]): View => ({
  node,
  timeNs: 0,
  partitions: [{ key: 0, leader, epoch, isr }],
  watermarks:
    hw < 0 ? [] : [{ key: 0, epoch, highWatermark: hw, logStart: 0, asLeader: leader === node }],
});

interface Script {
  /** Rounds of answers; the last one is repeated. */
  rounds: View[][];
  poll?: (offset: number) => PollOutcome;
  replica?: (node: number) => Partial<ReplicaBatch>;
}

function scripted({ rounds, poll, replica }: Script) {
  const rows: Row[] = [];
  let op = 0;
  const recorder: Recorder = {
    now: () => performance.now() * 1e6,
    nextOp: () => op++,
    append: (more) => void rows.push(...more),
    complete: (row) => void rows.push(...[row].flat()),
    flush: () => undefined,
    close: () => Promise.resolve(),
  };
  let round = 0;
  const none = { n: 0, offsets: new Float64Array(), values: new Float64Array() };
  const epochs = new Int32Array();
  const cluster: Partial<Cluster> = {
    views: () => Promise.resolve(rounds[Math.min(round++, rounds.length - 1)]!),
    client: () =>
      Promise.resolve({
        send: () => Promise.reject(new Error('not asked')),
        poll: ({ offset }) => Promise.resolve(poll!(offset)),
        close: () => Promise.resolve(),
      }),
    ...(replica && {
      async *replica(_key, node) {
        await Promise.resolve();
        const batch = { logStart: 0, highWatermark: 10, next: 10, ...none, epochs };
        yield { ...batch, ...replica(node) };
      },
    }),
  };
  const probes = new Probes(cluster as Cluster, recorder, () => undefined);
  const { signal } = new AbortController();
  const events = { line: () => undefined, tick: () => undefined };
  const parts = { cluster, probes, recorder, events, keys: 1, replicationFactor: 2, signal };
  const of = (f: number, kind: number): Row[] =>
    rows.filter((row) => row.f === f && row.kind === kind);
  return { parts: parts as never, probes, of };
}

const upTo = (end: number) => (offset: number) => ({
  type: 'ok' as const,
  node: 1,
  records: {
    n: 1,
    offsets: Float64Array.of(offset),
    values: Float64Array.of(offset),
    epochs: Int32Array.of(0),
  },
  next: Math.min(end, offset + 1),
  highWatermark: end,
});

t.test('a leader of an epoch that is over gives no mark', async (t) => {
  // Node 2 leads by now, and does not answer; node 1 has not heard of it.
  const stale = [says(1, 1, 4, 7), says(3, 2, 5)];
  const { parts, of } = scripted({ rounds: [stale], poll: upTo(7) });
  t.same(await readFinals(parts, 300), [undefined]);
  t.match(of(F.final, Kind.fail), [{ text: 'no leader gave a high watermark' }]);
});

t.test('a new leader is waited for until it has what was served before', async (t) => {
  const before = [says(1, 1, 4, 9)];
  const low = [says(2, 2, 5, 3), says(1, 2, 5)];
  const { parts, probes } = scripted({
    rounds: [before, low, low, low, [says(2, 2, 5, 9)]],
    poll: upTo(9),
  });
  await probes.ask();
  t.match(await readFinals(parts, 5000), [{ leader: 2, highWatermark: 9 }]);
});

t.test('one that stays low is taken as it is in the end', async (t) => {
  const { parts, probes } = scripted({
    rounds: [[says(1, 1, 4, 9)], [says(2, 2, 5, 3)]],
    poll: upTo(3),
  });
  await probes.ask();
  t.match(await readFinals(parts, 300), [{ highWatermark: 3 }]);
});

t.test('a read that gets on is not given up, one that does not is', async (t) => {
  let asked = 0;
  const slow = (offset: number): PollOutcome => {
    // Longer than the bound altogether, never without a record for as long.
    const until = performance.now() + 20;
    while (performance.now() < until);
    asked++;
    return upTo(20)(offset);
  };
  const { parts, of } = scripted({ rounds: [[says(1, 1, 4, 20)]], poll: slow });
  await readFinals(parts, 300);
  t.match(of(F.final, Kind.ok), [{ offset: 20, value: 20 }]);
  t.equal(asked, 20);

  const stuck = scripted({ rounds: [[says(1, 1, 4, 20)]], poll: upTo(5) });
  await readFinals(stuck.parts, 100);
  const text = 'it got no further for 0.1 s';
  t.match(stuck.of(F.final, Kind.fail), [{ offset: 5, value: 20, text }]);
});

t.test("a replica's own log start is recorded", async (t) => {
  const { parts, of } = scripted({
    rounds: [[says(1, 1, 4, 10)]],
    poll: upTo(10),
    replica: (node) => ({ logStart: node === 2 ? 6 : 0 }),
  });
  await readReplicas(parts, await readFinals(parts, 300), 300);
  t.match(
    of(F.replica, Kind.invoke).map(({ node, offset }) => [node, offset]),
    [
      [1, 0],
      [2, 6],
    ],
  );
});
