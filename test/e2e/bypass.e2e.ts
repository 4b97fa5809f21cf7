/** A node that goes round its links, through the whole CLI: unknown, never valid. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { root } from '../support/cli.js';
import { wholeRun } from '../support/e2e.js';
import { need } from '../support/need.js';

/**
 * The kafka target, but for the hosts file of node 1: there peers have their real addresses. It is
 * written before the node's storage is formatted, which takes a JVM's time: the node itself never
 * sees the first one.
 */
const plugin = (target: string): string => `
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import kafka from ${JSON.stringify(target)};

export default {
  ...kafka,
  async start(context) {
    const hosts = join(context.dir, 'nodes', '1', 'hosts');
    const timer = setInterval(() => {
      let text;
      try {
        text = readFileSync(hosts, 'utf8');
      } catch {
        return;
      }
      if (!text.includes('127.1.1.3 broker-3\\n')) return;
      writeFileSync(hosts, text.replaceAll('127.1.1.', '127.3.0.'));
      clearInterval(timer);
    }, 5);
    try {
      return await kafka.start(context);
    } finally {
      clearInterval(timer);
    }
  },
};
`;

t.test('one broker knows the real addresses of its peers', async (t) => {
  if (!need(t, 'linux', 'java', 'maven', 'toxiproxy')) return;
  const file = join(t.testdir({}), 'bypass.mjs');
  writeFileSync(file, plugin(join(root, 'dist', 'src', 'targets', 'kafka', 'index.js')));
  for (const nemesis of [
    ['--links', 'toxiproxy'],
    ['--nemesis', 'partition', '--partition-shape', 'isolate-leader'],
  ]) {
    await t.test(nemesis.join(' '), async (t) => {
      const args = ['--target', 'kafka', '--time-limit', '15', '--seed', '1', '--plugin', file];
      const run = await wholeRun(t, [...args, ...nemesis]);
      t.equal(run.code, 2, run.stdout);
      t.equal(run.verdict.verdict, 'unknown');
      t.match(run.verdict.reasons.join('\n'), /node 1 is connected past its links to node \d/);
    });
  }
});
