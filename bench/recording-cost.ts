/**
 * What recording takes from a load: `npm run bench:recording`. The real load over the real client
 * against the scripted broker, once with the recorder and a file on disk, once with a recorder that
 * keeps nothing. Both legs of a pair follow one another, in alternating order; the ratio of a pair
 * is operations per second with recording by those without.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createRecorder } from '../src/history/index.js';
import { parseOptions, seeded, type Recorder } from '../src/model/index.js';
import { load } from '../src/runner/load.js';
import { Meter } from '../src/runner/meter.js';
import external from '../src/targets/external/index.js';
import { startScripted } from '../test/support/scripted.js';
import queue from '../workloads/queue.js';
import { interval, median } from './statistics.js';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '2' },
    concurrency: { type: 'string', default: '10' },
  },
});
const [pairs, seconds, concurrency] = [
  Number(values.pairs),
  Number(values.seconds),
  Number(values.concurrency),
];
const warmUpMs = 500;
const dir = mkdtempSync(join(tmpdir(), 'schism-bench-'));
let files = 0;

/** Gives times and numbers as the real one does. */
function keepsNothing(): Recorder {
  const startNs = process.hrtime.bigint();
  let op = 0;
  return {
    now: () => Number(process.hrtime.bigint() - startNs),
    nextOp: () => op++,
    append: () => undefined,
    complete: () => undefined,
    flush: () => undefined,
    close: () => Promise.resolve(),
  };
}

/** Operations a second of one leg, on new topics. */
async function leg(bootstrap: string, recorder: Recorder): Promise<number> {
  const options = parseOptions(
    { ...external.meta.options, ...queue.meta.options },
    { bootstrap: [bootstrap], replicationFactor: 1 },
  );
  const cluster = await external.start({
    ...{ dir, dataDir: dir, cacheDir: dir, options, concurrency, recorder, links: undefined },
    now: () => recorder.now(),
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  try {
    const keys = await cluster.createTopics(
      queue.topics(options).map((topic) => ({ ...topic, replicationFactor: 1 })),
    );
    const stop = new AbortController();
    const meter = new Meter();
    const loading = load(
      {
        ...{ cluster, workload: queue, recorder, meter, options, concurrency },
        ...{ random: seeded(1).fork('clients'), keys: keys.length, acks: -1, rate: 0 },
      },
      stop.signal,
    );
    await sleep(warmUpMs);
    const [before, begun] = [meter.ok, performance.now()];
    await sleep(seconds * 1000);
    const perSecond = ((meter.ok - before) / (performance.now() - begun)) * 1000;
    stop.abort();
    await loading;
    return perSecond;
  } finally {
    await cluster.stop();
    await recorder.close();
  }
}

const broker = await startScripted();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
try {
  const real = () => leg(broker.address, createRecorder(join(dir, `${files++}.arrow`)));
  const none = () => leg(broker.address, keepsNothing());
  const found: { recorded: number; bare: number }[] = [];
  await none();
  for (let pair = 0; pair < pairs; pair++) {
    let [recorded, bare] = [0, 0];
    if (pair % 2 === 0) [recorded, bare] = [await real(), await none()];
    else [bare, recorded] = [await none(), await real()];
    found.push({ recorded, bare });
    const ratio = (recorded / bare).toFixed(3);
    say(
      `pair ${pair + 1}: ${recorded.toFixed(0)} ops/s recorded, ${bare.toFixed(0)} not: ${ratio}`,
    );
  }
  const ratios = found.map(({ recorded, bare }) => recorded / bare);
  const [low, high] = interval(ratios);
  say(`recorded, median     ${median(found.map((one) => one.recorded)).toFixed(0)} ops/s`);
  say(`not recorded, median ${median(found.map((one) => one.bare)).toFixed(0)} ops/s`);
  say(
    `ratio of ${pairs} pairs, median ${median(ratios).toFixed(3)}, 95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}`,
  );
} finally {
  broker.end();
  rmSync(dir, { recursive: true, force: true });
}
