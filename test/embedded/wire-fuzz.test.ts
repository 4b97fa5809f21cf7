import fc from 'fast-check';
import t from 'tap';
import { feed, hostile } from './wire-fuzz.js';
import { Raw, startServed } from './wire-node.js';

t.test('hostile frames close their connection at most', async (t) => {
  const served = await startServed(t);
  const seen = { closed: 0, open: 0 };
  await fc.assert(
    fc.asyncProperty(hostile, async (one) => {
      seen[await feed(served, one)]++;
    }),
    { numRuns: 3000 },
  );
  t.ok(seen.closed > 300 && seen.open > 300, `both happened: ${JSON.stringify(seen)}`);
});

t.test('the same over TCP', async (t) => {
  const served = await startServed(t);
  await fc.assert(
    fc.asyncProperty(hostile, async ({ bytes }) => {
      const raw = new Raw(t, served.port);
      raw.socket.end(bytes);
      await raw.closed;
    }),
    { numRuns: 200 },
  );
  t.equal((await new Raw(t, served.port).ask('ApiVersions', 0, {}))['errorCode'], 0);
});

t.test('memory is taken for what came, not for what was announced', async (t) => {
  const served = await startServed(t);
  const before = process.memoryUsage().arrayBuffers;
  const size = Buffer.from([0, 0xff, 0xff, 0xff, 0, 18, 0, 0]);
  const raws = Array.from({ length: 100 }, () => new Raw(t, served.port));
  for (const raw of raws) raw.write(size);
  // Asked on a later connection, so the others' bytes have come as well or come soon.
  await new Raw(t, served.port).ask('ApiVersions', 0, {});
  const grown = process.memoryUsage().arrayBuffers - before;
  t.ok(grown < 64 << 20, `${grown} bytes for 1.6 GB announced`);
});
