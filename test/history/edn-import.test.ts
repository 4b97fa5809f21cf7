import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { F, fName, importedValue, Kind, kindName, valueName } from '../../src/model/index.js';
import { importFile, importText } from './edn-support.js';
import type { Whole } from './support.js';

/** A row in few words: `ok send p3 #2 k0 @5 =7 "text"`. */
const short = (row: Whole): string =>
  [
    `${kindName(row.kind)} ${fName(row.f)}`,
    ...(row.process >= 0 ? [`p${row.process}`] : []),
    ...(row.op >= 0 ? [`#${row.op}`] : []),
    ...(row.key >= 0 ? [`k${row.key}`] : []),
    ...(row.offset >= 0 ? [`@${row.offset}`] : []),
    ...(row.value >= 0 ? [`=${valueName(row.value)}`] : []),
    ...(row.code !== 0 ? [`code ${row.code}`] : []),
    ...(row.text === undefined ? [] : [`"${row.text}"`]),
  ].join(' ');

/** The rows of ops, without those that the import adds. */
async function rowsOf(t: Test, ...lines: string[]): Promise<string[]> {
  const { rows } = await importText(t, lines.join('\n'));
  for (const row of rows) t.same([row.node, row.epoch, row.peer], [-1, -1, -1]);
  return rows.filter((row) => row.kind !== Kind.meta).map(short);
}

const line = (
  type: string,
  process: number | string,
  f: string,
  value: string,
  more = '',
): string => `{:type :${type}, :process ${process}, :f :${f}, :value ${value}${more}}`;

t.test('a send, whose offset is told, is not told, and is nil', async (t) => {
  const rows = await rowsOf(
    t,
    '{:index 4, :time 10, :type :invoke, :process 3, :f :send, :value [[:send 0 7]]}',
    '{:index 5, :time 20, :type :ok, :process 3, :f :send, :value [[:send 0 [5 7]]]}',
    line('invoke', 3, 'send', '[[:send 0 8] [:send 1 8]]'),
    line('info', 3, 'send', '[[:send 0 8] [:send 1 [nil 8]]]', ', :error :timeout'),
    line('invoke', 4, 'send', '[[:send 0 9]]'),
    line('fail', 4, 'send', 'nil', ', :error [:definite "no"]'),
    line('invoke', 4, 'send', '[[:send 0 9]]'),
    line('ok', 4, 'send', '[[:send 0 [-1 9]]]'),
  );
  t.same(rows, [
    'invoke send p3 #4 k0 =7',
    'ok send p3 #4 k0 @5 =7',
    'invoke send p3 #6 k0 =8',
    'invoke send p3 #6 k1 =8',
    'info send p3 #6 k0 =8 ":timeout"',
    'info send p3 #6 k1 =8',
    'invoke send p4 #8 k0 =9',
    'fail send p4 #8 k0 =9 "[:definite "no"]"',
    'invoke send p4 #10 k0 =9',
    'ok send p4 #10 k0 =9',
  ]);
});

t.test('polls: of several keys, of none, twice of one, with empty lists', async (t) => {
  const rows = await rowsOf(
    t,
    line('invoke', 0, 'poll', '[[:poll]]'),
    line('ok', 0, 'poll', '[[:poll {2 [[0 5] [3 6]], 7 []}]]'),
    line('invoke', 0, 'poll', '[[:poll] [:poll]]'),
    line('ok', 0, 'poll', '[[:poll {7 [[1 1]]}] [:poll {2 [[4 7]], 7 [[2 2]]}]]'),
    line('invoke', 0, 'poll', '[[:poll]]'),
    line('ok', 0, 'poll', '[[:poll {}]]'),
    line('invoke', 0, 'poll', '[[:poll]]'),
    line('fail', 0, 'poll', '[[:poll {2 ((4 7))}]]').replace('((4 7))', '([4 7])'),
    line('invoke', 0, 'poll', 'nil'),
    line('info', 0, 'poll', '[]'),
  );
  t.same(rows, [
    'invoke poll p0 #0',
    'ok poll p0 #0 k0',
    'ok poll p0 #0 k1',
    'record poll p0 #0 k0 @0 =5 code 1',
    'record poll p0 #0 k0 @3 =6 code 1',
    'invoke poll p0 #2',
    'ok poll p0 #2 k1',
    'ok poll p0 #2 k0',
    'record poll p0 #2 k1 @1 =1 code 1',
    'record poll p0 #2 k1 @2 =2 code 1',
    'record poll p0 #2 k0 @4 =7 code 1',
    'invoke poll p0 #4',
    'ok poll p0 #4',
    'invoke poll p0 #6',
    'fail poll p0 #6 k0',
    'record poll p0 #6 k0 @4 =7 code 2',
    'invoke poll p0 #8',
    'info poll p0 #8',
  ]);
});

t.test('transactions: a head, sends and polls in order, rebalances, records', async (t) => {
  const rows = await rowsOf(
    t,
    line('invoke', 1, 'txn', '[[:send 0 1] [:poll] [:send 1 1] [:poll]]'),
    line(
      'ok',
      1,
      'txn',
      '[[:send 0 [3 1]] [:poll {1 [[0 9]]}] [:send 1 [4 1]] [:poll {0 [[3 1]]}]]',
      ', :rebalance-log [{:keys [0 1], :type :assigned} {:keys [1]}]',
    ),
    line('invoke', 1, 'txn', '[]'),
    line('info', 1, 'txn', '[]', ', :error :crashed'),
    line('invoke', 2, 'send', '[]'),
    line('ok', 2, 'send', '[]'),
    line('invoke', 2, 'txn', '[[:send 0 2] [:poll]]'),
    line('ok', 2, 'txn', '[[:send 0 [5 2]] [:poll {}]]'),
  );
  t.same(rows, [
    'invoke txn p1 #0',
    'invoke send p1 #0 k0 =1',
    'invoke poll p1 #0',
    'invoke send p1 #0 k1 =1',
    'ok txn p1 #0',
    'ok send p1 #0 k0 @3 =1',
    'ok poll p1 #0 k1',
    'ok send p1 #0 k1 @4 =1',
    'ok poll p1 #0 k0',
    'ok rebalance p1 #0 k0',
    'ok rebalance p1 #0 k1',
    'record txn p1 #0 k1 @0 =9 code 1',
    'record txn p1 #0 k0 @3 =1 code 1',
    'invoke txn p1 #2',
    'info txn p1 #2 ":crashed"',
    'invoke txn p2 #4',
    'ok txn p2 #4',
    'invoke txn p2 #6',
    'invoke send p2 #6 k0 =2',
    'invoke poll p2 #6',
    'ok txn p2 #6',
    'ok send p2 #6 k0 @5 =2',
    'ok poll p2 #6',
  ]);
});

t.test('assign, subscribe, crash, and what no checker reads', async (t) => {
  const rows = await rowsOf(
    t,
    line('invoke', 0, 'assign', '[1 0]', ', :seek-to-beginning? true'),
    line('ok', 0, 'assign', '[1 0]', ', :seek-to-beginning? true'),
    line('invoke', 0, 'subscribe', '#{}'),
    line('ok', 0, 'subscribe', '()'),
    line('invoke', 0, 'debug-topic-partitions', '[0 1]'),
    line(
      'ok',
      0,
      'debug-topic-partitions',
      '{0 {:hw 3}}',
      ', :exception {:via [#object[a.B 0x1f "b"]]}',
    ),
    line('info', ':nemesis', 'start-partition', '{"n1" #{"n2"}}'),
    line('info', 'nil', 'note', 'nil'),
    line('invoke', 0, 'crash', 'nil'),
    line('info', 0, 'crash', 'nil'),
  );
  t.same(rows, [
    'invoke assign p0 #0 k0 code 1',
    'invoke assign p0 #0 k1 code 1',
    'ok assign p0 #0 k0 code 1',
    'ok assign p0 #0 k1 code 1',
    'invoke subscribe p0 #2',
    'ok subscribe p0 #2',
    'invoke other p0 #4 ":f :debug-topic-partitions, :value [0 1]"',
    'ok other p0 #4 ":f :debug-topic-partitions, :value {0 {:hw 3}}, :exception {:via [#object [a.B 0x1f "b"]]}"',
    'info other #6 ":process :nemesis, :f :start-partition, :value {"n1" #{"n2"}}"',
    'info other #7 ":process nil, :f :note, :value nil"',
    'invoke crash p0 #8',
    'info crash p0 #8',
  ]);
});

t.test('keys and values that are no small whole numbers', async (t) => {
  const { info, rows } = await importText(
    t,
    [
      line(
        'invoke',
        0,
        'send',
        '[[:send "a" 4294967296] [:send :b/c {:x 1}] [:send "a" 2147483647]]',
      ),
      line(
        'ok',
        0,
        'send',
        '[[:send "a" [0 4294967296]] [:send :b/c [1 {:x 1}]] [:send "a" [2 2147483647]]]',
      ),
      line('invoke', 0, 'poll', '[[:poll]]'),
      line('ok', 0, 'poll', '[[:poll {"a" [[0 4294967296] [7 -1]]}]]'),
    ].join('\n'),
  );
  t.same(
    info.keys.map(({ topic, partition, topicId }) => [topic, partition, topicId]),
    [
      ['"a"', -1, '"a"'],
      [':b/c', -1, ':b/c'],
    ],
  );
  t.same(rows.filter((row) => row.kind !== Kind.meta).map(short), [
    'invoke send p0 #0 k0 =text 0 "4294967296"',
    'invoke send p0 #0 k1 =text 1 "{:x 1}"',
    'invoke send p0 #0 k0 =2147483647',
    'ok send p0 #0 k0 @0 =text 0',
    'ok send p0 #0 k1 @1 =text 1',
    'ok send p0 #0 k0 @2 =2147483647',
    'invoke poll p0 #2',
    'ok poll p0 #2 k0',
    'record poll p0 #2 k0 @0 =text 0 code 1',
    'record poll p0 #2 k0 @7 =text 2 code 1 "-1"',
  ]);
  t.equal(rows.find((row) => row.f === F.send)?.value, importedValue(0, 2 ** 31));
});

t.test(
  'tags, blank lines, comments, a missing index and time, a dangling invocation',
  async (t) => {
    const { info, rows } = await importText(
      t,
      [
        '; a history',
        '',
        '#jepsen.history.Op{:index 2, :time 5, :type :invoke, :process 0, :f :poll, :value [[:poll]]}',
        '#x #y {:type :invoke :process 1 :f :poll :value [[:poll]] :unknown {1 2}}\r',
        '{:index 9 :time 50 :type :ok :process 1 :f :poll :value [[:poll {}]]} ; no end of line',
      ].join('\n'),
    );
    t.same(
      rows.map((row) => [row.timeNs, short(row)]),
      [
        [0, 'meta phase "load"'],
        [5, 'invoke poll p0 #2'],
        [6, 'invoke poll p1 #3'],
        [50, 'ok poll p1 #3'],
        [50, 'meta phase "end"'],
      ],
    );
    t.same(info.ended, { how: 'complete', timeNs: 50 });
  },
);

t.test('a gzipped file, by its first bytes, and what run.json says', async (t) => {
  const lines = [
    line('invoke', 0, 'assign', '[0]'),
    line('ok', 0, 'assign', '[0]'),
    line('invoke', 0, 'send', '[[:send 0 1]]'),
    line('ok', 0, 'send', '[[:send 0 [0 1]]]'),
  ].join('\n');
  const dir = t.testdir();
  const file = join(dir, 'history.edn');
  writeFileSync(file, Buffer.concat([gzipSync(lines.slice(0, 50)), gzipSync(lines.slice(50))]));
  utimesSync(file, new Date(0), new Date('2026-02-03T04:05:06.000Z'));
  const { info, rows } = await importFile(dir, file);
  t.same(rows, (await importText(t, lines)).rows);
  t.match(info, {
    format: 1,
    origin: 'imported',
    target: 'imported',
    startedAt: '2026-02-03T04:05:06.000Z',
    options: { subVia: 'assign', wwDeps: false },
    keys: [{ key: 0, topic: 'key 0', partition: -1, topicId: '0' }],
    evidence: { watermarks: false, finalReads: false, replicas: false, views: false },
    facts: { 'Imported from': 'history.edn', Entries: '4' },
    concurrency: 1,
  });
  const named = rows.find((row) => row.f === F.key);
  t.same(JSON.parse(named?.text ?? ''), info.keys[0]);
  const subscribed = lines.replaceAll(':assign', ':subscribe');
  t.equal((await importText(t, subscribed)).info.options['subVia'], 'subscribe');
  const told = await importText(t, subscribed, { subVia: 'assign', wwDeps: true });
  t.same(told.info.options, { subVia: 'assign', wwDeps: true });
});

t.test('the number of workers', async (t) => {
  const op = (process: number, type = 'ok', f = 'poll'): string =>
    `${line('invoke', process, f, 'nil')}\n${line(type, process, f, 'nil')}`;
  const cases: [string, string[], number][] = [
    ['one', [op(0)], 1],
    ['each follows one that ended in info', [op(0, 'info'), op(1), op(3), op(1, 'info'), op(4)], 3],
    ['one process after the other', [op(0, 'info'), op(1, 'info'), op(2)], 1],
    ['a crash that ended ok', [op(0, 'ok', 'crash'), op(1)], 1],
    ['the one before goes on', [op(0), op(1), op(0, 'info'), op(2)], 2],
    ['a worker that did nothing', [op(0), op(2)], 3],
    ['ids far apart', [op(0), op(2_000_000_000)], 2],
  ];
  for (const [name, lines, workers] of cases)
    t.equal((await importText(t, lines.join('\n'))).info.concurrency, workers, name);
});

t.test('a long line and many rows in one op', async (t) => {
  const pairs = Array.from({ length: 200_000 }, (_, i) => `[${i} ${i + 1}]`);
  const { history, rows } = await importText(
    t,
    [
      line('invoke', 0, 'poll', '[[:poll]]'),
      line('ok', 0, 'poll', `[[:poll {0 [${pairs.join(' ')}], 1 [[0 1]]}]]`),
    ].join('\n'),
  );
  t.equal(rows.length, 200_001 + 3 + 4);
  const sizes = [...history.batches()].map((batch) => batch.n);
  t.ok(
    sizes.some((n) => n >= 200_003),
    'the completion is in one batch',
  );
  t.equal(short(rows.at(-2)!), 'record poll p0 #0 k1 @0 =1 code 1');
});
