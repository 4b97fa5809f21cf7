import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import t from 'tap';
import { all, open, valuesOf } from './log-support.js';

/** The appender as one file, which starts five times faster. */
function bundle(outfile: string): string {
  const protocol = '@platformatic/kafka/dist/protocol/index.js';
  buildSync({
    entryPoints: [fileURLToPath(new URL('./log-child.js', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: { '@platformatic/kafka': join(process.cwd(), 'node_modules', protocol) },
    external: ['@platformatic/wasm-utils'],
    banner: {
      js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);",
    },
  });
  return outfile;
}

t.test('SIGKILL at random moments loses nothing that was reported', async (t) => {
  const dir = t.testdir();
  const child = bundle(join(dir, 'child.mjs'));
  let before = 0;
  for (let round = 0; round < 20; round++) {
    const appender = spawn(process.execPath, [child, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => appender.kill('SIGKILL'));
    const ended = once(appender, 'close');
    let text = '';
    appender.stdout.setEncoding('latin1').on('data', (more: string) => (text += more));
    await once(appender.stdout, 'data');
    await wait(Math.random() * 30);
    appender.kill('SIGKILL');
    await ended;
    // The last line may be cut off.
    const reported = Number(text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1));
    const notes: string[] = [];
    const log = open(dir, { segmentBytes: 20_000, note: (note) => notes.push(note) });
    t.ok(reported > before && log.end >= reported, `${log.end} of ${reported} ${notes.join()}`);
    const offsets = valuesOf(all(log)).map((value) => parseInt(value, 10));
    t.equal(offsets.length, log.end);
    t.ok(offsets.every((value, offset) => value === offset));
    before = log.end;
    log.close();
    const again: string[] = [];
    open(dir, { note: (note) => again.push(note) }).close();
    t.strictSame(again, [], 'only whole batches are left');
  }
});
