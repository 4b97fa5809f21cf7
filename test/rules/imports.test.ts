import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { root } from '../support/cli.js';

/** A copy of the sources with one more file in it, judged by the project's own rules. */
async function judged(file: string, text: string): Promise<{ code: number; output: string }> {
  const copy = mkdtempSync(join(tmpdir(), 'schism-rules-'));
  try {
    for (const name of ['src', 'checkers', 'workloads', 'package.json', 'tsconfig.json']) {
      cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    cpSync(join(root, '.dependency-cruiser.cjs'), join(copy, '.dependency-cruiser.cjs'));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    if (file !== '') {
      mkdirSync(join(copy, file, '..'), { recursive: true });
      writeFileSync(join(copy, file), text);
    }
    return await new Promise((resolve) => {
      execFile('npm', ['run', '-s', 'imports'], { cwd: copy }, (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
      });
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

t.test('the sources as they are keep the rules', async (t) => {
  const { code, output } = await judged('', '');
  t.equal(code, 0, output);
});

t.test('a checker that imports the Kafka client is caught', async (t) => {
  const { code, output } = await judged(
    'checkers/planted.ts',
    "export { pingKafka } from '../src/kafka/ping.js';\n",
  );
  t.not(code, 0);
  t.match(output, /checkers imports only what it may/);
  t.match(output, /checkers\/planted\.ts/);
});

t.test('a package outside its folder is caught', async (t) => {
  const { code, output } = await judged(
    'src/runner/planted.ts',
    "export { Kafka } from 'kafkajs';\n",
  );
  t.not(code, 0);
  t.match(output, /kafkajs only in src\/kafka/);
});
