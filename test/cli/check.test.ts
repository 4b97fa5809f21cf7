import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Verdict } from '../../src/model/index.js';
import { schism } from '../support/cli.js';
import { makeRunFolder } from '../support/run-folder.js';

const verdictOf = (dir: string): Verdict =>
  JSON.parse(readFileSync(join(dir, 'verdict.json'), 'utf8')) as Verdict;

t.test('valid, invalid and unknown runs, judged from their folders', async (t) => {
  const good = await makeRunFolder(t.testdir());
  const valid = await schism(['check', good]);
  t.equal(valid.code, 0, valid.stdout + valid.stderr);
  t.match(valid.stdout, /^verdict: valid/m);
  for (const file of ['verdict.json', 'junit.xml', 'report.html']) {
    t.ok(statSync(join(good, file)).size > 0, file);
  }
});

t.test('a lost write is invalid, also with a fault that is not proven', async (t) => {
  for (const unproven of [false, true]) {
    const dir = await makeRunFolder(join(t.testdir(), String(unproven)), { lose: 3, unproven });
    const { code, stdout } = await schism(['check', dir]);
    t.equal(code, 1, stdout);
    t.match(stdout, /^verdict: invalid \(lost-write 3/m);
  }
});

t.test('a fault that is not proven makes a clean run unknown', async (t) => {
  const dir = await makeRunFolder(t.testdir(), { unproven: true });
  const { code, stdout } = await schism(['check', dir]);
  t.equal(code, 2, stdout);
  t.match(verdictOf(dir).reasons.join('\n'), /fault 1/i);
});

t.test('a history cut anywhere is judged as far as it goes, and never valid', async (t) => {
  const dir = await makeRunFolder(t.testdir());
  const file = join(dir, 'history.arrow');
  truncateSync(file, Math.floor(statSync(file).size * 0.6));
  const { code, stdout, stderr } = await schism(['check', dir]);
  t.equal(code, 2, stdout + stderr);
  t.match(verdictOf(dir).reasons.join('\n'), /cut|truncated/i);
});

t.test('a plug-in in another folder, which imports schism/plugin', async (t) => {
  const dir = await makeRunFolder(join(t.testdir(), 'run'));
  const file = join(dir, '..', 'too-many.js');
  writeFileSync(
    file,
    `import { F, Kind } from 'schism/plugin';
export default {
  meta: { id: 'too-many', help: 'no more than 50 acks', anomalies: ['too-many'], facts: [], shard: 'whole' },
  start: () => ({ acks: 0 }),
  step(state, batch) {
    for (let i = 0; i < batch.n; i++) {
      if (batch.kind[i] === Kind.ok && batch.f[i] === F.send) state.acks++;
    }
  },
  finish(state, emit) {
    if (state.acks > 50) {
      emit({ type: 'too-many', key: 0, offset: -1, value: -1, timeNs: 0 }, () => ({
        ops: [], proof: [], explanation: 'There were ' + state.acks + ' acks.', data: {},
      }));
    }
    return { checked: state.acks, what: state.acks + ' acks' };
  },
};
`,
  );
  const { code, stdout, stderr } = await schism(['check', dir, '--plugin', file]);
  t.equal(code, 1, stdout + stderr);
  t.match(stdout, /too-many 1/);
  t.match(stdout, /There were 100 acks\./);
  const listed = await schism(['list', '--plugin', file]);
  t.match(listed.stdout, /too-many +no more than 50 acks/);
});

t.test('a checker that throws makes the run unknown, and its stack is kept', async (t) => {
  const dir = await makeRunFolder(join(t.testdir(), 'run'));
  const file = join(dir, '..', 'thrower.js');
  writeFileSync(
    file,
    `export default {
  meta: { id: 'thrower', help: 'throws', anomalies: [], facts: [], shard: 'whole' },
  start: () => ({}),
  step() { throw new TypeError('planted in a checker'); },
  finish: () => ({ checked: 0, what: '' }),
};
`,
  );
  const { code, stdout, stderr } = await schism(['check', dir, '--plugin', file]);
  t.equal(code, 2, stdout + stderr);
  const result = verdictOf(dir).checkers.find((one) => one.id === 'thrower');
  t.equal(result?.result, 'unknown');
  t.match(result?.stack, /planted in a checker/);
  t.match(result?.stack, /thrower\.js/);
  t.match(readFileSync(join(dir, 'report.html'), 'utf8'), /planted in a checker/);
});

t.test(
  'interrupted while changes are planted: all files are written, of one verdict',
  async (t) => {
    const dir = await makeRunFolder(join(t.testdir(), 'run'));
    const file = join(dir, '..', 'ctrl-c.js');
    // The first time it judges; the second time changes are planted.
    writeFileSync(
      file,
      `let times = 0;
export default {
  meta: { id: 'ctrl-c', help: 'a signal', anomalies: ['unseen'], facts: [], shard: 'whole' },
  start: () => ({}),
  step() {},
  finish() {
    if (++times === 2) process.kill(process.pid, 'SIGINT');
    return { checked: 1, what: 'nothing' };
  },
};
`,
    );
    const { code, stdout, stderr } = await schism(['check', dir, '--plugin', file]);
    t.equal(code, 0, stdout + stderr);
    t.equal(stderr, '', 'progress is for a terminal');
    const { worth } = verdictOf(dir);
    t.ok(worth?.kinds.some((one) => one.notMeasured === 'it was interrupted'));
    t.match(readFileSync(join(dir, 'report.html'), 'utf8'), 'it was interrupted');
    t.ok(statSync(join(dir, 'junit.xml')).size > 0);
  },
);

t.test('export prints one JSON object a row', async (t) => {
  const dir = await makeRunFolder(t.testdir(), { sends: 5 });
  const { code, stdout } = await schism(['export', dir]);
  t.equal(code, 0);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  t.equal(rows.filter((row) => row['kind'] === 'ok' && row['f'] === 'send').length, 5);
});
