/** The README's own commands, as they stand there, in a fresh clone. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { root } from '../support/cli.js';
import { need } from '../support/need.js';

/** Every line of the README's `sh` blocks, in order. */
function commands(readme: string): string[] {
  return [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap((block) =>
    block[1]!.split('\n').filter((line) => line.trim() !== ''),
  );
}

/** What the README promises of each; a command that is not here fails the test. */
const promised: [command: RegExp, code: number, output: RegExp][] = [
  [/^npm ci && npm run jepsen .*--nemesis partition --time-limit 60$/, 0, /^verdict: valid/m],
  [/--target kafka --nemesis partition/, 0, /^verdict: valid/m],
  [/--acks 1 .*isolate-leader/, 1, /^verdict: invalid \(lost-write \d/m],
  [/-- check results\/latest$/, 1, /^verdict: invalid/m],
  [/-- report results\/latest$/, 0, /^report: .*report\.html$/m],
  [/-- export results\/latest$/, 0, /^\{"row":0,/m],
  [/-- list$/, 0, /lost-write[\s\S]*invalid +\d{8}T/],
  [/--plant ack-before-replicate .*isolate-leader/, 1, /^verdict: invalid/m],
];
/** `.ci/run` runs it by itself, and this test is started by tap too. */
const runElsewhere = /^npm ci && npm test$/;

function run(command: string, cwd: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const options = { cwd, maxBuffer: 2 ** 30 };
    execFile('bash', ['-c', command], options, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? -1) : 0;
      resolve({ code, output: stdout + stderr });
    });
  });
}

t.test('every command of the README does what it says', { timeout: 800_000 }, async (t) => {
  if (!need(t, 'linux', 'java', 'maven', 'toxiproxy')) return;
  const clone = mkdtempSync(join(tmpdir(), 'schism-readme-'));
  try {
    execFileSync('git', ['clone', '-q', root, clone]);
    const all = commands(readFileSync(join(clone, 'README.md'), 'utf8'));
    t.ok(all.some((command) => runElsewhere.test(command)));
    const here = all.filter((command) => !runElsewhere.test(command));
    t.equal(here.length, promised.length, here.join('\n'));
    for (const [i, command] of here.entries()) {
      const [words, code, output] = promised[i]!;
      t.match(command, words);
      const got = await run(command, clone);
      t.equal(got.code, code, `${command}\n${got.output.slice(-3000)}`);
      t.match(got.output, output);
    }
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
});
