import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { launcher, root, schism, type Ended } from '../support/cli.js';

/** One sentence on stderr, nothing on stdout, no stack. */
function refused(t: Test, ended: Ended, code: number, sentence: RegExp): void {
  t.equal(ended.code, code, ended.stderr);
  t.match(ended.stderr, sentence);
  t.equal(ended.stderr.trim().split('\n').length, 1, 'one line');
  t.notMatch(ended.stderr, /\n\s+at /, 'no stack');
  t.equal(ended.stdout, '');
}

t.test('wrong words are refused with one sentence and 254', async (t) => {
  const wrong: [string[], RegExp][] = [
    [['test', '--no-such-flag'], /unknown option '--no-such-flag'/],
    [
      ['test', '--nemesis', 'meteor'],
      /Expected `--nemesis` to be one of .*partition.*, got `meteor`\./,
    ],
    [['test', '--workload', 'x'], /Expected `--workload` to be one of .*queue.*, got `x`\./],
    [['test', '--target', 'x'], /Expected `--target` to be one of .*kafka.*, got `x`\./],
    [['test', '--time-limit', 'soon'], /Expected `--time-limit` to be a duration .*, got `soon`\./],
    [
      ['test', '--concurrency', '0'],
      /Expected `--concurrency` to be a whole number from 1 to 1000, got `0`\./,
    ],
    [['test', '--rate', 'fast'], /Expected `--rate` to be a number of 0 or more, got `fast`\./],
    [['test', '--kill-target', 'one'], /got `--kill-target`: it belongs to kill\./],
    [['test', '--schedule', '/no/such/file'], /Expected `--schedule` to be a readable file/],
    [
      ['test', '--plant', 'no-truncate,weeds'],
      /Expected `--plant` to be one of ack-before-replicate, .*, got `weeds`\./,
    ],
    [
      ['test', '--heartbeat', '500ms'],
      /Expected `--heartbeat` to be below the election time-out of 500 ms, got `500ms`\./,
    ],
    [
      ['test', '--replication-factor', '5'],
      /Expected `--replication-factor` to be at most the 3 nodes, got `?5`?\./,
    ],
    [
      ['test', '--target', 'embedded@3'],
      /Expected `--target` to be `embedded`, which has no versions, got `embedded@3`\./,
    ],
    [
      ['test', '--links', 'builtin', '--toxiproxy', 'http://127.0.0.1:1'],
      /Expected `--links` to be toxiproxy or auto with `--toxiproxy`, got `builtin`\./,
    ],
    [['test', '--plugin', '/no/such/file.js'], /Expected `--plugin` to be a JavaScript file/],
    [['test', 'stray'], /too many arguments/],
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['report'], /missing required argument 'run'/],
    [['check', '/no/such/run'], /\/no\/such\/run/],
    [['report', root], /run\.json/],
    [
      ['test', '--nemesis', 'partition', '--links', 'none'],
      /Expected `--links` to be builtin, toxiproxy or auto/,
    ],
  ];
  for (const [args, sentence] of wrong) refused(t, await schism(args), 254, sentence);
});

t.test('help exits 0 and shows the flags of the plug-ins too', async (t) => {
  const { code, stdout } = await schism(['test', '--help']);
  t.equal(code, 0);
  for (const flag of ['--nemesis', '--partition-shape', '--acks', '--kafka-home', '--bootstrap']) {
    t.match(stdout, flag);
  }
});

t.test('list shows every kind', async (t) => {
  const { code, stdout } = await schism(['list']);
  t.equal(code, 0);
  for (const id of [
    'embedded',
    'kafka',
    'external',
    'queue',
    'partition',
    'lost-write',
    'no-truncate',
  ]) {
    t.match(stdout, new RegExp(`\\b${id}\\b`));
  }
});

t.test('a Toxiproxy that is none, and one that does not answer', async (t) => {
  const server = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const args = (url: string) => ['test', '--nemesis', 'partition', '--toxiproxy', url];
  const env = { SCHISM_CACHE: t.testdir() };
  const busy = await schism(args(`http://127.0.0.1:${port}`), { env });
  server.close();
  t.equal(busy.code, 254, busy.stderr);
  const dead = await schism(args('http://127.0.0.1:1'), { env });
  t.equal(dead.code, 254, dead.stderr);
});

t.test('without Java', async (t) => {
  const bin = t.testdir({});
  symlinkSync(process.execPath, join(bin, 'node'));
  const ended = await schism(['test', '--target', 'kafka'], { env: { PATH: bin } });
  refused(t, ended, 254, /Java/);
});

t.test('an exception inside gives 255', async (t) => {
  const planted = 'data:text/javascript,setTimeout(()=>{throw new Error("planted")},20)';
  const ended = await schism(['list'], { nodeArgs: ['--import', planted] });
  // `list` may be done before the timer fires on a fast machine: then it was simply a list.
  if (ended.code !== 0) {
    t.equal(ended.code, 255);
    t.match(ended.stderr, /something went wrong inside Schism itself: planted/);
    t.notMatch(ended.stderr, /\n\s+at /);
  } else t.fail('the planted exception came too late');
});

t.test('an unbuilt and a stale checkout say so and give 255', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'schism-unbuilt-'));
  try {
    cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true });
    for (const file of ['package.json', 'tsconfig.json'])
      cpSync(join(root, file), join(copy, file));
    const there = launcher.replace(root, copy);
    refused(t, await schism(['list'], { launcher: there }), 255, /not built: run `npm ci`/);
    mkdirSync(join(copy, 'dist', 'src', 'cli'), { recursive: true });
    writeFileSync(join(copy, 'dist', 'src', 'cli', 'main.js'), 'export const main = () => {};\n');
    writeFileSync(join(copy, 'dist', '.sources'), 'another hash');
    refused(t, await schism(['list'], { launcher: there }), 255, /older than its sources/);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
