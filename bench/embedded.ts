/**
 * The reference cluster against Apache Kafka on this machine: `npm run bench:embedded`. Acked sends
 * a second (acks=all, one record a send) of ten clients to three partitions on three nodes, without
 * links. Both run all the time and take turns at the work, so that what else the machine does meets
 * both; the idle one costs the other a little. Neither syncs its files, which is Kafka's default: a
 * killed broker loses nothing, a power loss may. Then the memory of each broker, and, to know it,
 * the reference cluster with `--fsync`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeValue, type OptionValues, type Target } from '../src/model/index.js';
import embedded from '../src/targets/embedded/index.js';
import kafka from '../src/targets/kafka/index.js';
import { processesWith } from '../test/support/e2e.js';
import { startTarget, type TargetRun } from '../test/support/target.js';
import { interval, median } from './statistics.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '10' },
    warmUp: { type: 'string', default: '15' },
    concurrency: { type: 'string', default: '10' },
    messages: { type: 'string', default: '100000' },
    /** Without Kafka: nothing is compared. */
    alone: { type: 'boolean', default: false },
  },
});
const [rounds, seconds, warmUp] = [values.rounds, values.seconds, values.warmUp].map(Number) as [
  number,
  number,
  number,
];
const [concurrency, messages] = [Number(values.concurrency), Number(values.messages)];
const partitions = 3;
const dir = mkdtempSync(join(tmpdir(), 'schism-bench-'));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

class Contestant {
  readonly name: string;
  readonly perSecond: number[] = [];
  acked = 0;
  readonly #run: TargetRun;
  #sequence = 0;

  private constructor(name: string, run: TargetRun) {
    this.name = name;
    this.#run = run;
  }

  static async start(name: string, target: Target, more: OptionValues = {}): Promise<Contestant> {
    const options = { nodes: 3, requestTimeout: 10_000, valueBytes: 100, ...more };
    const run = await startTarget(target, join(dir, name), options, 'none');
    const one = new Contestant(name, run);
    try {
      await run.cluster.createTopics([{ name: 'bench', partitions, replicationFactor: 3 }]);
    } catch (error) {
      await one.end();
      throw error;
    }
    return one;
  }

  /** Each client sends one record after another until the time is over, or so many are acked. */
  async work(ms: number, until = Infinity): Promise<number> {
    const begun = performance.now();
    const before = this.acked;
    const worker = async (number: number): Promise<void> => {
      const client = await this.#run.cluster.client(number);
      const key = number % partitions;
      while (performance.now() - begun < ms && this.acked < until) {
        const sent = [makeValue(number, this.#sequence++)];
        const outcome = await client.send({ key, values: sent, acks: -1 });
        if (outcome.type !== 'ok') throw new Error(`${this.name}: ${outcome.error}`);
        this.acked += 1;
      }
      await client.close();
    };
    await Promise.all(Array.from({ length: concurrency }, (_, number) => worker(number)));
    return ((this.acked - before) / (performance.now() - begun)) * 1000;
  }

  /** MB of each broker, in the order of the nodes; none where there is no /proc. */
  memory(): number[] {
    const { dataDir, dir: own } = this.#run;
    return this.#run.cluster.nodes.flatMap(({ id }) => {
      // A broker is named by its data or by its settings, whichever its command line has.
      const pids = [
        ...processesWith(join(own, 'nodes', String(id), 'server.properties')),
        ...processesWith(join(dataDir, `node-${id}`)),
      ];
      return pids.slice(0, 1).map((pid) => {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
      });
    });
  }

  async end(): Promise<void> {
    await this.#run.end();
  }
}

const running: Contestant[] = [];
async function started(...args: Parameters<typeof Contestant.start>): Promise<Contestant> {
  const one = await Contestant.start(...args);
  running.push(one);
  return one;
}
const figures = (numbers: readonly number[]): string => numbers.map((n) => n.toFixed(0)).join(' ');

async function takeTurns(contestants: readonly Contestant[]): Promise<void> {
  for (const one of contestants) await one.work(warmUp * 1000);
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contestants : [...contestants].reverse();
    for (const one of order) one.perSecond.push(await one.work(seconds * 1000));
    const told = contestants.map(
      ({ name, perSecond }) => `${name} ${figures([perSecond.at(-1)!])}`,
    );
    say(`round ${round + 1}: acked sends a second: ${told.join(', ')}`);
  }
  for (const { name, perSecond } of contestants)
    say(`${name}: median ${median(perSecond).toFixed(0)} acked sends a second`);
}

try {
  const ours = await started('embedded', embedded);
  const theirs = values.alone ? undefined : await started('kafka', kafka);
  const both = theirs ? [theirs, ours] : [ours];
  await takeTurns(both);
  if (theirs) {
    const ratios = ours.perSecond.map((one, round) => one / theirs.perSecond[round]!);
    const [low, high] = interval(ratios);
    say(
      `embedded by kafka: median ${median(ratios).toFixed(2)} of ${rounds} rounds, 95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}`,
    );
  }
  for (const one of both) {
    await one.work(600_000, messages);
    say(`${one.name}: ${figures(one.memory())} MB a broker after ${one.acked} messages`);
  }
  for (const one of running.splice(0)) await one.end();

  const synced = await started('embedded-fsync', embedded, { fsync: true });
  await synced.work(2000);
  say(
    `embedded with --fsync: ${figures([await synced.work(seconds * 1000)])} acked sends a second`,
  );
} finally {
  for (const one of running) await one.end();
  rmSync(dir, { recursive: true, force: true });
}
