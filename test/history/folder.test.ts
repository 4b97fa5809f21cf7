import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createRecorder, files, linkLatest, openRun, writeJson } from '../../src/history/index.js';
import type { RunInfo } from '../../src/model/index.js';

const info: RunInfo = {
  format: 1,
  schism: '0.1.0',
  startedAt: '2026-01-01T00:00:00.000Z',
  target: 'kafka',
  workload: 'queue',
  nemesis: 'none',
  seed: '1',
  options: {},
  command: ['schism', 'test'],
  concurrency: 10,
  acks: -1,
  nodes: [1, 2, 3],
  keys: [],
  facts: {},
  evidence: { watermarks: true, finalReads: true, replicas: true, views: true },
  origin: 'recorded',
  recoveryBoundMs: 10_000,
};

async function makeRun(parent: string, name: string): Promise<string> {
  const dir = join(parent, name);
  mkdirSync(dir);
  writeJson(join(dir, files.run), info);
  await createRecorder(join(dir, files.history)).close();
  return dir;
}

t.test('a run is opened with what it has', async (t) => {
  const dir = await makeRun(realpathSync(t.testdir()), 'run');
  const { info: read, history, ...rest } = openRun(dir);
  t.strictSame(read, info);
  t.equal(history.rows, 0);
  t.strictSame(rest, { dir }, 'no schedule and no verdict yet');
  writeJson(join(dir, files.schedule), { version: 1, seed: '1', faults: [] });
  writeJson(join(dir, files.verdict), { format: 1, verdict: 'valid' });
  const run = openRun(dir);
  t.strictSame(run.schedule, { version: 1, seed: '1', faults: [] });
  t.equal(run.verdict?.verdict, 'valid');
});

t.test('latest leads to the newest run, and is resolved when it is opened', async (t) => {
  const parent = realpathSync(t.testdir());
  for (const name of ['first', 'second']) {
    const dir = await makeRun(parent, name);
    linkLatest(dir);
    t.equal(openRun(join(parent, 'latest')).dir, dir);
  }
  t.strictSame(readdirSync(parent).sort(), ['first', 'latest', 'second']);
  rmSync(join(parent, 'second'), { recursive: true });
  t.throws(() => openRun(join(parent, 'latest')), /run's folder, got a link that leads nowhere\.$/);
});

t.test('each way in which a run cannot be read has a sentence', async (t) => {
  const parent = realpathSync(t.testdir());
  const refused = (dir: string, message: RegExp) =>
    t.throws(() => openRun(dir), { name: 'SchismError', code: 'history', message });
  refused(join(parent, 'none'), /^Expected .*none to be a run's folder, got ENOENT: no such file/);
  const dir = await makeRun(parent, 'run');
  refused(join(dir, files.run), /^Expected .*run\.json to be a run's folder, got a file\.$/);
  const run = (text: string, message: RegExp) => {
    writeFileSync(join(dir, files.run), text);
    refused(dir, message);
  };
  run('{"format": 1,', /^Expected .*run\.json to be JSON, got .*JSON/);
  run('[1]', /^Expected .*run\.json to hold an object, got \[1\]\.$/);
  run('null', /to hold an object, got null\.$/);
  run('{"format":2}', /^Expected .*run\.json to have "format": 1, got 2\.$/);
  run('{}', /to have "format": 1, got none\.$/);
  run('{"format":1,"keys":{}}', /to have a usable "keys", got \{\}\.$/);
  const { concurrency, ...without } = info;
  run(JSON.stringify(without), /to have a usable "concurrency", got none\.$/);
  run(JSON.stringify({ ...info, concurrency: -concurrency }), /"concurrency", got -10\.$/);
  writeJson(join(dir, files.run), info);
  for (const [name, version] of [
    [files.schedule, 'version'],
    [files.verdict, 'format'],
  ] as const) {
    writeFileSync(join(dir, name), '{"version":9,"format":9}');
    refused(dir, new RegExp(`${name} to have "${version}": 1, got 9\\.$`));
    writeFileSync(join(dir, name), '');
    refused(dir, new RegExp(`${name} to be JSON, got `));
    rmSync(join(dir, name));
  }
  rmSync(join(dir, files.history));
  refused(dir, /^Expected a history at .*history\.arrow, got ENOENT/);
  rmSync(join(dir, files.run));
  refused(dir, /^Expected .*run to be a run's folder, got a folder without run\.json\.$/);
});

t.test('JSON is replaced whole or not at all', (t) => {
  const dir = t.testdir();
  const file = join(dir, 'a.json');
  writeFileSync(`${file}.tmp`, 'left by a kill');
  writeJson(file, { a: 1 });
  t.equal(readFileSync(file, 'utf8'), '{\n  "a": 1\n}\n');
  t.throws(() => writeJson(file, { a: 1n }), /BigInt/);
  t.equal(readFileSync(file, 'utf8'), '{\n  "a": 1\n}\n');
  t.strictSame(readdirSync(dir), ['a.json']);
  const message = /^Expected to write .*no\/a\.json, got ENOENT/;
  t.throws(() => writeJson(join(dir, 'no', 'a.json'), 1), { code: 'history', message });
  mkdirSync(join(dir, 'b.json'));
  t.throws(() => writeJson(join(dir, 'b.json'), 1), { code: 'history' });
  t.strictSame(readdirSync(dir).sort(), ['a.json', 'b.json'], 'nothing half-written is left');
  t.end();
});
