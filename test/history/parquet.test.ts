import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  createRecorder,
  exportJsonLines,
  exportParquet,
  files,
  openRun,
  readHistory,
} from '../../src/history/index.js';
import { F, importedValue, Kind, type KeyName } from '../../src/model/index.js';
import { oneSentence, schism } from '../support/cli.js';
import { need } from '../support/need.js';
import { makeRunFolder } from '../support/run-folder.js';

type Json = Record<string, string | number>;
type Query = (sql: string) => Promise<Record<string, unknown>[]>;

/** A real DuckDB, in this process; the query gets the file's name for `FILE`. */
async function duckdb(t: Test, file: string): Promise<Query> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  t.teardown(() => {
    connection.closeSync();
    instance.closeSync();
  });
  return async (sql) =>
    (
      await connection.runAndReadAll(sql.replaceAll('FILE', `'${file.replaceAll("'", "''")}'`))
    ).getRowObjectsJS();
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** Every row of the file, and of the JSON lines, with the same names and without absent fields. */
function compare(t: Test, rows: readonly Record<string, unknown>[], lines: readonly Json[]): void {
  const present = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).flatMap(([name, value]) =>
        value === null ? [] : [[name, typeof value === 'bigint' ? Number(value) : value]],
      ),
    ),
  );
  const wanted = lines.map((line) =>
    Object.fromEntries(Object.entries(line).map(([name, value]) => [snake(name), value])),
  );
  t.strictSame(present, wanted);
}

t.test('DuckDB reads what the JSON lines say, with types', async (t) => {
  if (!need(t, 'duckdb')) return;
  const dir = await makeRunFolder(join(t.testdir(), 'run'), { lose: 3 });
  const run = openRun(dir);
  const lines: Json[] = [];
  exportJsonLines(run.history.batches(), run.info, (line) => lines.push(JSON.parse(line) as Json));
  const file = join(dir, "it's.parquet");
  const { code, stdout, stderr } = await schism(['export', dir, '--parquet', file]);
  t.equal(code, 0, stderr);
  t.equal(stdout, '');
  const query = await duckdb(t, file);
  compare(t, await query('select * from FILE order by row'), lines);
  const types = await query('select column_name, column_type from (describe select * from FILE)');
  t.strictSame(Object.fromEntries(types.map((row) => [row['column_name'], row['column_type']])), {
    ...{ row: 'BIGINT', time_ns: 'BIGINT', kind: 'VARCHAR', f: 'VARCHAR', process: 'INTEGER' },
    ...{ op: 'BIGINT', key: 'VARCHAR', offset: 'BIGINT', value: 'VARCHAR' },
    ...{ high_watermark: 'BIGINT', log_start: 'BIGINT', node: 'INTEGER', epoch: 'INTEGER' },
    ...{ leader: 'INTEGER', in_sync: 'INTEGER', peer: 'INTEGER', acks: 'INTEGER' },
    ...{ outcome: 'VARCHAR', proof: 'VARCHAR', state: 'VARCHAR', code: 'INTEGER', text: 'VARCHAR' },
  });
  // What it is for: acked values that no final read returned.
  const lost = await query(
    `select value, "offset" from FILE where kind = 'ok' and f = 'send' and value not in
     (select value from FILE where kind = 'record' and f = 'final') order by row`,
  );
  t.strictSame(lost, [
    { value: 'w0.97', offset: 97n },
    { value: 'w0.98', offset: 98n },
    { value: 'w0.99', offset: 99n },
  ]);
  // Statistics of the columns are used for this, and must not hide a row.
  const [last] = await query(`select count(*) as n from FILE where row >= ${lines.length - 1}`);
  t.equal(last?.['n'], 1n);
});

t.test('several row groups, an imported history, an empty one', async (t) => {
  if (!need(t, 'duckdb')) return;
  const dir = t.testdir();
  const keys: KeyName[] = [{ key: 0, topic: 'key 7', partition: -1, topicId: '7' }];
  const recorder = createRecorder(join(dir, 'history'));
  const n = 120_000;
  for (let i = 0; i < n; i += 2) {
    const about = { f: F.send, op: i, process: i % 5, key: 0, value: importedValue(0, i) };
    const big = 2 ** 53 - 1 - n;
    recorder.append([
      { ...about, kind: Kind.invoke, timeNs: big + i },
      { ...about, kind: Kind.ok, timeNs: big + i + 1, offset: i, text: i % 3 ? 'Grüße 𝄞' : '' },
    ]);
  }
  await recorder.close();
  const history = readHistory(join(dir, 'history'));
  const file = join(dir, 'h.parquet');
  exportParquet(history.batches(), { keys }, file);
  const query = await duckdb(t, file);
  const [groups] = await query(
    'select count(distinct row_group_id) as n, max(row_group_num_rows) as most from parquet_metadata(FILE)',
  );
  t.strictSame(groups, { n: 3n, most: 50_000n });
  const lines: Json[] = [];
  exportJsonLines(history.batches(), { keys }, (line) => lines.push(JSON.parse(line) as Json));
  compare(t, await query('select * from FILE order by row'), lines);
  t.match(lines[1], { key: 'key 7', value: '0', text: '' });

  const empty = createRecorder(join(dir, 'none'));
  await empty.close();
  exportParquet(readHistory(join(dir, 'none')).batches(), { keys: [] }, file);
  t.strictSame(await query('select count(*) as n from FILE'), [{ n: 0n }], 'it was replaced');
});

t.test('never half-written: the old file stays, and nothing else', async (t) => {
  const dir = await makeRunFolder(join(t.testdir(), 'run'));
  const { info, history } = openRun(dir);
  const file = join(dir, 'h.parquet');
  writeFileSync(file, 'old');
  const before = readdirSync(dir);
  const cut = function* () {
    yield* history.batches();
    throw new Error('planted');
  };
  t.throws(() => exportParquet(cut(), info, file), { message: 'planted' });
  t.equal(readFileSync(file, 'utf8'), 'old');
  t.strictSame(readdirSync(dir), before);
});

t.test('wrong use is one sentence', async (t) => {
  const dir = await makeRunFolder(join(t.testdir(), 'run'));
  mkdirSync(join(dir, 'folder'));
  const wrong: [run: string, file: string, says: RegExp][] = [
    [dir, join(dir, 'folder'), /Expected .*folder to be a file to write, got a directory/],
    [dir, '/dev/full', /Expected \/dev\/full to be a file to write, got a device/],
    [dir, join(dir, 'none', 'x'), /Expected to write .*x, got ENOENT/],
    [dir, join(dir, files.history), /Expected another file than the run's own .*history.arrow/],
    [join(dir, 'none'), join(dir, 'x'), /to be a run's folder/],
  ];
  for (const [run, file, says] of wrong) {
    const ended = await schism(['export', run, '--parquet', file]);
    t.equal(ended.code, 254, file);
    oneSentence(t, ended, says);
  }
  t.ok(openRun(dir).history.rows > 0, 'the history is whole');
});
