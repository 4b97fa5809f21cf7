import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { createRecorder, openRun, readHistory } from '../../src/history/index.js';
import { F, foreignValue, Kind, makeValue, type Row } from '../../src/model/index.js';
import { makeRunFolder } from '../support/run-folder.js';
import { exported, importText } from './edn-support.js';

/** Ops of Jepsen's workloads with all that may vary, as pairs of lines without index and time. */
const key = fc.constantFrom('0', '1', '2', '"a"', ':b');
const value = fc.oneof(
  fc.nat({ max: 50 }).map(String),
  fc.constantFrom('-1', '9999999999', 'nil', '[1 2]', '{:a 1}', '"x"'),
);
const offset = fc.nat({ max: 60 });
const pair = fc.tuple(offset, value).map(([o, v]) => `[${o} ${v}]`);
const polled = fc
  .uniqueArray(fc.tuple(key, fc.array(pair, { maxLength: 4 })), {
    maxLength: 3,
    selector: ([k]) => k,
  })
  .map((keys) => `[:poll {${keys.map(([k, pairs]) => `${k} [${pairs.join(' ')}]`).join(', ')}}]`);
const sent = fc.tuple(key, value, fc.option(offset)).map(([k, v, o]) => ({
  invoke: `[:send ${k} [nil ${v}]]`,
  end: `[:send ${k} [${o ?? 'nil'} ${v}]]`,
}));
const read = polled.map((end) => ({ invoke: '[:poll]', end }));
const type = fc.constantFrom('ok', 'ok', 'ok', 'fail', 'info');
const micro = fc
  .oneof(
    fc.tuple(fc.constant('send'), fc.array(sent, { maxLength: 3 })),
    fc.tuple(fc.constant('poll'), fc.array(read, { maxLength: 3 })),
    fc.tuple(fc.constant('txn'), fc.array(fc.oneof(sent, read), { maxLength: 5 })),
  )
  .map(([f, ops]) => ({
    f,
    invoke: `[${ops.map((op) => op.invoke).join(' ')}]`,
    end: `[${ops.map((op) => op.end).join(' ')}]`,
    more: '',
  }));
const keyed = fc
  .tuple(
    fc.constantFrom('assign', 'subscribe'),
    fc.uniqueArray(key, { maxLength: 3 }),
    fc.boolean(),
  )
  .map(([f, keys, seek]) => ({
    f,
    invoke: `[${keys.join(' ')}]`,
    end: `[${keys.join(' ')}]`,
    more: seek ? ', :seek-to-beginning? true' : '',
  }));
const plain = fc
  .constantFrom('crash', 'debug-topic-partitions')
  .map((f) => ({ f, invoke: 'nil', end: 'nil', more: '' }));
const op = fc.record({
  what: fc.oneof({ weight: 5, arbitrary: micro }, keyed, plain),
  type,
  error: fc.constantFrom('', ', :error :timeout', ', :error [:definite "a \\"b\\""]'),
  log: fc.constantFrom('', '', ', :rebalance-log [{:keys [0 1]} {:keys [1 "a"]}]'),
  open: fc.boolean(),
});
const nemesis = '{:type :info, :process :nemesis, :f :kill, :value {"n1" :killed}}';

const history = fc
  .array(fc.tuple(fc.nat({ max: 3 }), op, fc.boolean()), { maxLength: 12 })
  .map((ops) => {
    const lines: string[] = [nemesis];
    // Each process has at most one op in flight; some stay so for a while, or for ever.
    const open = new Map<number, string>();
    for (const [process, { what, type, error, log, open: stays }, fault] of ops) {
      const before = open.get(process);
      if (before !== undefined) lines.push(before);
      const head = `:process ${process}, :f :${what.f}`;
      lines.push(`{:type :invoke, ${head}, :value ${what.invoke}${what.more}}`);
      const end = `{:type :${type}, ${head}, :value ${what.end}${what.more}${error}${log}}`;
      if (stays) open.set(process, end);
      else {
        open.delete(process);
        lines.push(end);
      }
      if (fault) lines.push(nemesis);
    }
    return lines.map((line, i) => `{:index ${i}, :time ${i * 10}, ${line.slice(1)}`).join('\n');
  });

t.test('an imported history that is exported and imported has the same rows', async (t) => {
  await fc.assert(
    fc.asyncProperty(history, async (text) => {
      const first = await importText(t, text);
      const again = await importText(t, exported(first).join('\n'));
      t.same(again.rows, first.rows);
      t.same(again.info.keys, first.info.keys);
      t.equal(again.info.concurrency, first.info.concurrency);
    }),
    { numRuns: 200 },
  );
});

t.test('an imported history comes out as it came in', async (t) => {
  const lines = [
    '{:index 0, :time 5, :type :invoke, :process 0, :f :subscribe, :value [0 1], :seek-to-beginning? true}',
    '{:index 1, :time 6, :type :info, :process 0, :f :subscribe, :value [0 1], :seek-to-beginning? true, :error :timeout}',
    '{:index 2, :time 7, :type :info, :process :nemesis, :f :kill, :value {"n1" :killed}}',
    '{:index 5, :time 8, :type :invoke, :process 4, :f :txn, :value [[:poll] [:send 0 7]]}',
    '{:index 6, :time 9, :type :ok, :process 4, :f :txn, :value [[:poll {1 [[0 1] [2 2]], 0 []}] [:send 0 [nil 7]]], :rebalance-log [{:keys [0 1]}]}',
    '{:index 7, :time 9, :type :invoke, :process 4, :f :poll, :value [[:poll]]}',
    '{:index 8, :time 9, :type :fail, :process 4, :f :poll, :value [[:poll]], :error [:no "way"]}',
    '{:index 9, :time 9, :type :invoke, :process 4, :f :send, :value [[:send "k" 12345678901]]}',
    '{:index 10, :time 9, :type :ok, :process 4, :f :send, :value [[:send "k" [3 12345678901]]]}',
    '{:index 11, :time 9, :type :invoke, :process 4, :f :crash, :value nil}',
  ];
  t.same(exported(await importText(t, lines.join('\n'))), lines);
});

t.test(
  'a recorded history: polls by new processes where they do not go on, faults, final reads',
  async (t) => {
    const info = { ...(await importText(t, nemesis)).info, origin: 'recorded' as const };
    const dir = t.testdir();
    const file = join(dir, 'history.arrow');
    const recorder = createRecorder(file);
    const [v0, v1] = [makeValue(3, 0), makeValue(2 ** 20 - 1, 7)];
    const records = (offset: number, ...values: number[]) => ({
      n: values.length,
      offsets: Float64Array.from(values, (_, i) => offset + i),
      values: Float64Array.from(values),
      epochs: new Int32Array(values.length),
      foreign: new Map(values.flatMap((one, i) => (one === foreignValue ? [[i, 'a"b']] : []))),
    });
    const op =
      (f: number, id: number, process: number, more: Partial<Row> = {}) =>
      (kind: Kind, timeNs: number, end: Partial<Row> = {}): Row => ({
        kind,
        f,
        op: id,
        process,
        key: 1,
        timeNs,
        ...more,
        ...end,
      });
    recorder.append([{ kind: Kind.meta, f: F.phase, timeNs: 0, text: 'load' }]);
    const send = op(F.send, 0, 3);
    recorder.append([v0, v1].map((value) => send(Kind.invoke, 1, { value, code: -1 })));
    recorder.append(
      [v0, v1].map((value, i) => send(Kind.ok, 2, { value, offset: 4 + i, node: 1 })),
    );
    const poll = (id: number, from: number, next: number, ...values: number[]): void => {
      recorder.append([op(F.poll, id, 3)(Kind.invoke, 3, { offset: from })]);
      recorder.complete(op(F.poll, id, 3)(Kind.ok, 4, { offset: next }), records(from, ...values));
    };
    poll(1, 4, 5, v0);
    poll(2, 5, 6, v1);
    poll(3, 6, 6);
    recorder.append([op(F.poll, 4, 3)(Kind.invoke, 5, { offset: 6 })]);
    recorder.append([op(F.poll, 4, 3)(Kind.fail, 6, { code: 7, text: 'broker-down: "x"' })]);
    poll(5, 6, 7, foreignValue);
    poll(6, 0, 1, v1);
    const fault = { kind: Kind.fault, op: 1, timeNs: 7 };
    recorder.append([{ ...fault, f: F.faultStart, text: '{"title":"kill"}' }]);
    recorder.append([{ ...fault, f: F.faultApplied }]);
    recorder.append([{ ...fault, f: F.faultProof, code: 1, text: 'gone' }]);
    recorder.append([op(F.send, 7, 4)(Kind.invoke, 8, { value: makeValue(3, 1), code: 0 })]);
    recorder.append([op(F.send, 7, 4)(Kind.ok, 9, { value: makeValue(3, 1) })]);
    recorder.append([op(F.final, 8, -1)(Kind.invoke, 10, { offset: 4, value: 6 })]);
    recorder.complete(op(F.final, 8, -1)(Kind.ok, 11, { offset: 6 }), records(4, v0, v1));
    recorder.append([op(F.replica, 9, -1)(Kind.invoke, 12, { offset: 4, value: 6 })]);
    recorder.complete(op(F.replica, 9, -1)(Kind.ok, 13, { offset: 6 }), records(4, v0));
    await recorder.close();
    const lines = exported({ info, history: readHistory(file) });
    const at = (
      i: number,
      time: number,
      type: string,
      process: number | string,
      f: string,
      value: string,
      more = '',
    ): string =>
      `{:index ${i}, :time ${time}, :type :${type}, :process ${process}, :f :${f}, :value ${value}${more}}`;
    t.same(lines, [
      at(0, 1, 'invoke', 3, 'send', '[[:send 1 0] [:send 1 1]]'),
      at(1, 2, 'ok', 3, 'send', '[[:send 1 [4 0]] [:send 1 [5 1]]]'),
      at(2, 3, 'invoke', 5, 'assign', '[1]'),
      at(3, 3, 'ok', 5, 'assign', '[1]'),
      at(4, 3, 'invoke', 5, 'poll', '[[:poll]]'),
      at(5, 4, 'ok', 5, 'poll', '[[:poll {1 [[4 0]]}]]'),
      at(6, 3, 'invoke', 5, 'poll', '[[:poll]]'),
      at(7, 4, 'ok', 5, 'poll', '[[:poll {1 [[5 1]]}]]'),
      at(8, 3, 'invoke', 5, 'poll', '[[:poll]]'),
      at(9, 4, 'ok', 5, 'poll', '[[:poll {}]]'),
      at(10, 5, 'invoke', 5, 'poll', '[[:poll]]'),
      at(11, 6, 'fail', 5, 'poll', '[[:poll {}]]', String.raw`, :error "broker-down: \"x\""`),
      at(12, 3, 'invoke', 5, 'poll', '[[:poll]]'),
      at(13, 4, 'ok', 5, 'poll', String.raw`[[:poll {1 [[6 "a\"b"]]}]]`),
      at(14, 3, 'invoke', 6, 'assign', '[1]'),
      at(15, 3, 'ok', 6, 'assign', '[1]'),
      at(16, 3, 'invoke', 6, 'poll', '[[:poll]]'),
      at(17, 4, 'ok', 6, 'poll', '[[:poll {1 [[0 1]]}]]'),
      at(
        18,
        7,
        'info',
        ':nemesis',
        'fault-start',
        String.raw`{:fault 1, :text "{\"title\":\"kill\"}"}`,
      ),
      at(19, 7, 'info', ':nemesis', 'fault-applied', '{:fault 1}'),
      at(20, 8, 'invoke', 4, 'send', '[[:send 1 2]]'),
      at(21, 9, 'info', 4, 'send', '[[:send 1 2]]'),
      at(22, 10, 'invoke', 7, 'assign', '[1]'),
      at(23, 10, 'ok', 7, 'assign', '[1]'),
      at(24, 10, 'invoke', 7, 'poll', '[[:poll]]'),
      at(25, 11, 'ok', 7, 'poll', '[[:poll {1 [[4 0] [5 1]]}]]'),
    ]);
    t.equal((await importText(t, lines.join('\n'))).info.facts['Entries'], '26');
  },
);

t.test('a whole recorded run can be imported', async (t) => {
  const run = openRun(await makeRunFolder(t.testdir(), { sends: 20 }));
  const { info, rows } = await importText(t, exported(run).join('\n'));
  const count = (kind: number, f: number): number =>
    rows.filter((row) => row.kind === kind && row.f === f).length;
  t.equal(count(Kind.ok, F.send), 20);
  t.equal(count(Kind.ok, F.poll), 2, 'its poll and its final read');
  t.equal(count(Kind.record, F.poll), 40);
  t.equal(count(Kind.info, F.other), 4, 'a fault begins, is applied, is healed');
  t.equal(info.keys.length, 1);
});
