import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { RunInfo, Verdict } from '../../src/model/index.js';
import { oneSentence, schism, start } from '../support/cli.js';
import { makeRunFolder } from '../support/run-folder.js';

const send = (process: number, value: number, offset: number): string[] => [
  `{:type :invoke, :process ${process}, :f :send, :value [[:send 0 ${value}]]}`,
  `{:type :ok, :process ${process}, :f :send, :value [[:send 0 [${offset} ${value}]]]}`,
];
const poll = (process: number, pairs: string): string[] => [
  `{:type :invoke, :process ${process}, :f :poll, :value [[:poll]]}`,
  `{:type :ok, :process ${process}, :f :poll, :value [[:poll {0 [${pairs}]}]]}`,
];
const valid = [
  ...send(0, 1, 0),
  ...send(0, 2, 1),
  '{:type :info, :process :nemesis, :f :kill, :value nil}',
  ...poll(1, '[0 1] [1 2]'),
].join('\n');
/** 2 was acked and stands before 3, and nobody polled it. */
const lost = [...send(0, 1, 0), ...send(0, 2, 1), ...send(0, 3, 2), ...poll(1, '[0 1] [2 3]')].join(
  '\n',
);

const infoOf = (dir: string): RunInfo =>
  JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as RunInfo;

t.test('check --from-edn makes a run, judges it and draws its page', async (t) => {
  const dir = t.testdir({ 'my history.edn': valid, 'bad.edn.gz': gzipSync(lost) });
  const results = join(dir, 'results');
  const file = join(dir, 'my history.edn');
  const good = await schism(['check', '--from-edn', file, '--results-dir', results]);
  t.equal(good.code, 0, good.stdout + good.stderr);
  t.match(good.stdout, /^verdict: valid/m);
  const run = join(results, readlinkSync(join(results, 'latest')));
  t.match(run, /\/\d{8}T\d{6}-imported-my-history\.edn$/);
  for (const name of ['run.json', 'history.arrow', 'verdict.json', 'junit.xml', 'report.html'])
    t.ok(existsSync(join(run, name)), name);
  t.match(infoOf(run), {
    origin: 'imported',
    options: { subVia: 'assign', wwDeps: false },
    command: ['npm', 'run', 'schism', '--', 'check', '--from-edn', file, '--sub-via', 'assign'],
  });

  const args = ['check', '--from-edn', join(dir, 'bad.edn.gz'), '--results-dir', results];
  const bad = await schism([...args, '--ww-deps', '--sub-via', 'subscribe']);
  t.equal(bad.code, 1, bad.stdout + bad.stderr);
  t.match(bad.stdout, /^verdict: invalid \(lost-write 1/m);
  const latest = join(results, 'latest');
  t.match(infoOf(latest).options, { subVia: 'subscribe', wwDeps: true });

  const again = await schism(['check', latest, '--no-ww-deps', '--sub-via', 'assign']);
  t.equal(again.code, 1, again.stdout + again.stderr);
  t.match(infoOf(latest).options, { subVia: 'assign', wwDeps: false });
  t.equal((await schism(['check', latest, '--ww-deps'])).code, 1);
  t.match(infoOf(latest).options, { subVia: 'assign', wwDeps: true });
  t.equal((await schism(['check', latest])).code, 1);
  t.match(infoOf(latest).options, { subVia: 'assign', wwDeps: true }, 'what was told is kept');
});

t.test('a value that is no whole number is told as it was written', async (t) => {
  const long = `"${'z'.repeat(300)}"`;
  const texts = ['"a b"', '{:x 1}', '-1', '4294967296', 'nil', long];
  const failed = send(0, 0, 0).map((line) => line.replaceAll(' 0]', ' :gone]'));
  failed[1] = '{:type :fail, :process 0, :f :send, :value [[:send 0 :gone]], :error :no}';
  const lines = [...failed, ...poll(1, [':gone', ...texts].map((v, i) => `[${i} ${v}]`).join(' '))];
  const dir = t.testdir({ 'h.edn': lines.join('\n') });
  const file = join(dir, 'h.edn');
  const { code, stdout } = await schism([
    'check',
    '--from-edn',
    file,
    '--results-dir',
    dir,
    '--json',
  ]);
  t.equal(code, 1);
  const { cases } = JSON.parse(stdout) as Verdict;
  const told = (type: string): string[] =>
    cases
      .filter((one) => one.type === type)
      .flatMap((one) => one.anomalies.map((a) => a.explanation));
  const phantoms = told('phantom-read');
  t.equal(phantoms.length, texts.length);
  for (const [i, text] of [...texts.slice(0, -1), `${long.slice(0, 200)}…`].entries())
    t.ok(phantoms[i]?.startsWith(`Process 1 polled ${text} from key 0 `), text);
  t.match(told('G1a').join(), /sent :gone to key 0/);
  t.notMatch(stdout, /text \d/);
});

t.test('export --edn of an imported run gives its lines back', async (t) => {
  const lines = valid.split('\n').map((line, i) => `{:index ${i}, :time ${i}, ${line.slice(1)}`);
  const dir = t.testdir({ 'h.edn': lines.join('\n') });
  await schism(['check', '--from-edn', join(dir, 'h.edn'), '--results-dir', dir]);
  const { code, stdout } = await schism(['export', join(dir, 'latest'), '--edn']);
  t.equal(code, 0);
  t.same(stdout.trimEnd().split('\n'), lines);
});

t.test('a recorded run keeps its verdict through EDN', async (t) => {
  for (const [lose, code] of [
    [0, 0],
    [3, 1],
  ] as const) {
    const dir = t.testdir();
    const run = await makeRunFolder(join(dir, 'run'), { lose });
    t.equal((await schism(['check', run, '--worth', '0'])).code, code);
    const { stdout } = await schism(['export', run, '--edn']);
    writeFileSync(join(dir, 'run.edn'), stdout);
    const args = ['check', '--from-edn', join(dir, 'run.edn'), '--results-dir', dir];
    const imported = await schism(args);
    t.equal(imported.code, code, imported.stdout + imported.stderr);
    if (lose > 0) t.match(imported.stdout, /unseen 3/);
  }
});

t.test('a signal in the middle of an import leaves nothing', async (t) => {
  const lines: string[] = [];
  for (let i = 0; i < 300_000; i++) lines.push(...send(0, i, i));
  const dir = t.testdir({ 'big.edn': lines.join('\n') });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const results = join(dir, signal);
    const args = ['check', '--from-edn', join(dir, 'big.edn'), '--results-dir', results];
    const run = start(args);
    while (!existsSync(results) && run.child.exitCode === null) await sleep(1);
    run.child.kill(signal);
    const ended = await run.ended;
    t.equal(ended.signal, signal, ended.stdout + ended.stderr);
    t.notOk(existsSync(results), 'the folder is gone');
  }
});

async function refused(t: Test, args: string[], sentence: RegExp): Promise<void> {
  const ended = await schism(args);
  t.equal(ended.code, 254, `${args.join(' ')}: ${ended.stderr}`);
  t.equal(ended.stdout, '');
  oneSentence(t, ended, sentence);
}

t.test('wrong words are refused with one sentence and 254, and leave nothing', async (t) => {
  const dir = t.testdir({
    'h.edn': valid,
    'empty.edn': '',
    'cut.edn': valid.slice(0, -3),
    'cut.gz': gzipSync(valid).subarray(0, 40),
  });
  const run = await makeRunFolder(join(dir, 'run'));
  const from = (name: string): string[] => [
    'check',
    '--from-edn',
    join(dir, name),
    '--results-dir',
    join(dir, 'results'),
  ];
  await refused(
    t,
    ['check'],
    /Expected `check` to be given a run's folder or `--from-edn`, got nothing\./,
  );
  await refused(
    t,
    [...from('h.edn'), run],
    /Expected `--from-edn` to be given instead of a run, got `.*`\./,
  );
  await refused(
    t,
    ['check', run, '--results-dir', 'x'],
    /Expected `--results-dir` to be given with `--from-edn` only, got `x`\./,
  );
  await refused(
    t,
    ['check', run, '--ww-deps'],
    /Expected an imported run for `--ww-deps`, got .*, which was recorded\./,
  );
  await refused(
    t,
    ['check', run, '--no-ww-deps', '--sub-via', 'assign'],
    /for `--sub-via` and `--no-ww-deps`, got/,
  );
  await refused(
    t,
    [...from('h.edn'), '--sub-via', 'x'],
    /Expected `--sub-via` to be one of assign, subscribe, got `x`\./,
  );
  await refused(t, ['check', '--from-edn'], /argument missing/);
  await refused(t, ['check', '--from-edn', ''], /Expected `--from-edn` to be a file, got ``\./);
  await refused(t, ['check', '--from-edn', '/dev/null'], /EDN lines, got no regular file\./);
  await refused(t, from('none.edn'), /Expected .*none\.edn to be a file of EDN lines, got ENOENT/);
  await refused(t, from('.'), /to be a file of EDN lines, got a folder\./);
  await refused(
    t,
    from('empty.edn'),
    /Expected .*empty\.edn to hold a history, got no operation\./,
  );
  await refused(
    t,
    from('cut.edn'),
    /Expected .* at column \d+ of line 7 of .*cut\.edn, got the end of the line\./,
  );
  await refused(t, from('cut.gz'), /Expected .*cut\.gz to be whole gzip data, got /);
  await refused(
    t,
    ['export', run, '--edn', '--parquet', 'x'],
    /Expected `--edn` to be given without `--parquet`, got `x`\./,
  );
  t.notOk(readdirSync(dir).includes('results'), 'no folder is left');
  t.same(infoOf(run).options, {}, 'run.json is as it was');
});
