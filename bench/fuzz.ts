/**
 * Feeds hostile frames to a broker's parsers for a while: `node dist/bench/fuzz.js [seconds] [seed]`.
 * Ends with 1 and the case that did it at the first crash; says how memory went.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { feed, hostile } from '../test/embedded/wire-fuzz.js';
import { startServed } from '../test/embedded/wire-node.js';

const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const dir = mkdtempSync(join(tmpdir(), 'schism-fuzz-'));
const ends: (() => unknown)[] = [];
const megabytes = () => Math.round(process.memoryUsage().rss / 2 ** 20);

try {
  const served = await startServed({ testdir: () => dir, teardown: (end) => void ends.push(end) });
  const seen = { closed: 0, open: 0 };
  const [start, before] = [performance.now(), megabytes()];
  const run = (numRuns: number, from: number) =>
    fc.assert(
      fc.asyncProperty(hostile, async (one) => {
        seen[await feed(served, one)]++;
      }),
      { numRuns, seed: from },
    );
  for (let round = 0; performance.now() - start < seconds * 1000; round++)
    await run(2000, (seed + round) | 0);
  process.stdout.write(
    `seed ${seed}: ${seen.closed} connections closed, ${seen.open} left open, no crash; ` +
      `memory ${before} MB before, ${megabytes()} MB after\n`,
  );
} catch (error) {
  process.stderr.write(`seed ${seed}: ${String(error)}\n`);
  process.exitCode = 1;
} finally {
  for (const end of ends) await end();
  rmSync(dir, { recursive: true, force: true });
}
