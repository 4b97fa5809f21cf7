import t from 'tap';
import { F, Kind, makeValue } from '../../src/model/index.js';
import type { Row } from '../../src/model/index.js';
import { collectOps } from '../../src/report/data-ops.js';
import { pack, unpack } from '../../src/report/page/pack.js';
import { openRun } from '../../src/report/page/run.js';
import { findOps } from '../../src/report/page/find.js';
import { timelineSection } from '../../src/report/timeline-section.js';
import { dataOf, verdictOf } from './harness.js';
import { makeRun, toBatches } from './made-run.js';

const made = makeRun({ seconds: 20, concurrency: 6, keys: 3, rate: 60 });
const verdict = verdictOf(made);

t.test('columns survive packing, also values of many workers', (t) => {
  const column = [0, -1, 1, 127, 128, -128, 1e9, makeValue(300, 4_000_000_000), 5, -2];
  t.same([...unpack(pack(column), column.length)], column);
  t.same([...unpack(pack([]), 0)], []);
  t.end();
});

t.test('every op is in the page, with what it was told', (t) => {
  const run = openRun(dataOf(made, verdict));
  const { ops } = collectOps(made.run, made.batches);
  t.equal(run.n, ops.n);
  const { counts } = run.data;
  t.equal(counts.ok + counts.fail + counts.info, counts.send + counts.poll);
  t.equal(counts.ok + counts.fail + counts.info + made.run.keys.length, ops.n);
  let at = 0;
  for (let row = 0; row < ops.n; row++) {
    const there = run.rowOf(ops.id[row]!);
    const same =
      there >= 0 &&
      Math.abs(run.t0[there]! - ops.t0[row]!) < 1e-5 &&
      Math.abs(run.t1[there]! - ops.t1[row]!) < 1e-5 &&
      run.value[there] === ops.value[row] &&
      run.from[there] === ops.from[row] &&
      run.to[there] === ops.to[row] &&
      run.count[there] === ops.count[row] &&
      run.out[there] === ops.out[row] &&
      run.process[there] === ops.process[row];
    if (!same) t.fail(`op ${ops.id[row]!} differs`);
    else at++;
  }
  t.equal(at, ops.n);
  t.end();
});

t.test('what was lost: where it stood, what is there now, who read it so', (t) => {
  const run = openRun(dataOf(made, verdict));
  t.ok(made.lost.length > 20);
  t.equal(run.lost.size, made.lost.length);
  for (const lost of made.lost) {
    const point = run.lost.get(run.rowOf(lost.op));
    t.equal(point?.offset, lost.offset);
    t.equal(point?.value, lost.value);
    t.not(point?.now, lost.value);
    if (point && point.read >= 0) {
      t.ok(run.from[point.read]! <= lost.offset && lost.offset < run.to[point.read]!);
      t.ok(run.t1[point.read]! > point.t);
    }
  }
  t.ok([...run.lost.values()].some((point) => point.read >= 0 && point.now >= 0));
  t.end();
});

t.test('two leaders are a split only if both acked', (t) => {
  const bad = dataOf(made).overlaps;
  t.match(bad, [{ key: 0, old: { node: 1, epoch: 4 }, young: { node: 3, epoch: 5 }, bad: true }]);
  const kept = makeRun({ seconds: 20, concurrency: 6, keys: 3, rate: 60, acks: -1 });
  t.match(dataOf(kept).overlaps, [{ key: 0, bad: false }]);
  t.end();
});

t.test('silence is drawn where nothing better is known', (t) => {
  const { nodeStates } = dataOf(made);
  const of = (node: number): string[] =>
    nodeStates.filter((s) => s.node === node).map((s) => s.state);
  t.same(of(1), ['up']);
  t.same(of(2).slice(0, 4), ['up', 'down', 'starting', 'up']);
  t.ok(of(3).includes('paused'));
  for (const s of nodeStates)
    if (s.state === 'silent')
      for (const other of nodeStates)
        if (other.node === s.node && (other.state === 'down' || other.state === 'paused'))
          t.ok(other.t1 <= s.t0 || other.t0 >= s.t1);
  t.end();
});

t.test('it opens on the first anomaly, else on the whole run', (t) => {
  const { open, begin, end } = dataOf(made, verdict);
  t.ok(open[0] < made.at.cut && open[0] >= made.at.cut - 1.51);
  t.ok(open[1] > made.lost.at(-1)!.ackNs / 1e9 && open[1] <= end);
  t.same(dataOf(made).open, [begin, end]);
  t.end();
});

t.test('a long run keeps what is rare or near, and counts the rest', (t) => {
  const limit = 2500;
  const whole = openRun(dataOf(made, verdict));
  const thin = openRun(dataOf(made, verdict, limit));
  const { rest } = thin.data;
  t.equal(thin.n, limit);
  t.equal(rest?.n, whole.n - limit);
  t.equal(thin.lost.size, whole.lost.size);
  const outs = (run: typeof whole, out: number): number => run.out.filter((o) => o === out).length;
  t.equal(outs(thin, Kind.fail), outs(whole, Kind.fail));
  t.equal(outs(thin, Kind.info), outs(whole, Kind.info));
  let counted = 0;
  for (const lane of thin.lanes.values())
    for (const column of [lane.rest?.sends, lane.rest?.polls])
      for (const n of column ?? []) counted += n;
  t.equal(counted, rest?.n);
  t.match(timelineSection(thin.data), /2,500 of .* operations are in this page one by one/);
  t.end();
});

t.test('an open op is info, a send of several values one op', (t) => {
  const send = { f: F.send, process: 3, key: 0 };
  const rows: Row[] = [
    { ...send, op: 0, kind: Kind.invoke, timeNs: 1e9, value: makeValue(3, 7) },
    { ...send, op: 0, kind: Kind.invoke, timeNs: 1e9, value: makeValue(3, 8) },
    { ...send, op: 0, kind: Kind.ok, timeNs: 2e9, value: makeValue(3, 7), offset: 40, node: 2 },
    { ...send, op: 0, kind: Kind.ok, timeNs: 2e9, value: makeValue(3, 8), offset: 41, node: 2 },
    { ...send, op: 1, kind: Kind.invoke, timeNs: 3e9, value: makeValue(3, 9) },
    { kind: Kind.meta, f: F.notice, timeNs: 5e9, text: 'the last row' },
  ];
  const short = { ...made, batches: toBatches(rows), lost: [] };
  const run = openRun(dataOf(short));
  t.equal(run.n, 2);
  t.match([run.count[0], run.from[0], run.to[0], run.out[0]], [2, 40, 42, Kind.ok]);
  t.match([run.out[1], run.t1[1]], [Kind.info, 5]);
  t.match(run.data.errors[run.error[1]!], /before its completion/);
  t.same(findOps(run, 'w3.8'), [0]);
  t.same(findOps(run, '@41'), [0]);
  t.same(findOps(run, 'info p3'), [1]);
  t.same(findOps(run, '@42'), []);
  t.end();
});

t.test('no operation at all', (t) => {
  const none = { ...made, batches: [], lost: [] };
  const data = dataOf(none);
  t.equal(data.ops.n, 0);
  t.ok(data.end > data.begin);
  t.match(timelineSection(data), /No operation was recorded/);
  t.end();
});

t.test('what comes from the cluster is escaped', (t) => {
  const data = dataOf(made, verdict);
  const html = timelineSection({ ...data, keys: ['<script>alert(1)</script>-0', 'b-0'] });
  t.notMatch(html, /<script>alert/);
  t.match(html, /&lt;script&gt;alert/);
  t.end();
});
