/** The life of a run: start, load under faults, heal, recover, final reads, stop. */
import { setMaxListeners } from 'node:events';
import {
  F,
  keyName,
  Kind,
  messageOf,
  type Cluster,
  type KeyName,
  type LinkBackend,
  type Nemesis,
  type OptionValues,
  type Phase,
  type Random,
  type RunEvents,
  type RunInfo,
  type Schedule,
  type Target,
  type Topology,
  type Workload,
} from '../model/index.js';
import { FaultRunner } from './faults.js';
import { readFinals, readReplicas, recover } from './finals.js';
import { load } from './load.js';
import { Meter } from './meter.js';
import { Probes } from './probes.js';
import type { StartClock } from './start-clock.js';
import { delay, within } from './wait.js';

export interface RunParts {
  dir: string;
  dataDir: string;
  cacheDir: string;
  target: Target;
  workload: Workload;
  nemeses: ReadonlyMap<string, Nemesis>;
  links: LinkBackend | undefined;
  options: OptionValues;
  random: Random;
  timeLimitMs: number;
  /** Makes the plan once the cluster is known. */
  plan(topology: Topology): Schedule;
  recorder: StartClock;
  events: RunEvents;
  /** Filled in as things become known; saved by `save`. */
  info: RunInfo;
  save(info: RunInfo, schedule?: Schedule): void;
  /** Ctrl-C: heal, stop, judge what there is. */
  interrupt: AbortSignal;
}

/** How long the cluster may take to be whole again after all faults are healed, ms. */
const recoverMs = 60_000;

/** Runs it all; the cluster is stopped and the history closed when this ends, however it ends. */
export async function run(parts: RunParts): Promise<void> {
  const { info, recorder, events } = parts;
  let cluster: Cluster | undefined;
  try {
    phase(parts, 'start');
    cluster = await parts.target.start({
      dir: parts.dir,
      dataDir: parts.dataDir,
      cacheDir: parts.cacheDir,
      options: parts.options,
      concurrency: info.concurrency,
      now: () => recorder.now(),
      recorder,
      progress: (text) => events.line('start', text),
      links: parts.links,
      signal: parts.interrupt,
    });
    await runOn(parts, cluster);
    info.ended = parts.interrupt.aborted
      ? { how: 'interrupted', timeNs: recorder.now(), why: 'it was interrupted' }
      : { how: 'complete', timeNs: recorder.now() };
  } catch (error) {
    const interrupted = parts.interrupt.aborted;
    info.ended = {
      how: interrupted ? 'interrupted' : 'failed',
      timeNs: recorder.now(),
      why: interrupted ? 'it was interrupted' : messageOf(error),
    };
    if (!interrupted) throw error;
  } finally {
    await finish(parts, cluster);
  }
}

async function finish(parts: RunParts, cluster: Cluster | undefined): Promise<void> {
  const { info, recorder } = parts;
  phase(parts, 'end');
  const timed = stopwatch(info);
  try {
    await timed('stop', async () => {
      try {
        await cluster?.stop();
      } finally {
        await parts.links?.close();
      }
    });
  } finally {
    await recorder.close();
    parts.save(info);
  }
}

async function runOn(parts: RunParts, cluster: Cluster): Promise<void> {
  const { info, recorder, events, options } = parts;
  const keys = await prepare(parts, cluster);
  const topology: Topology = {
    nodes: cluster.nodes.map((node) => node.id),
    keys: keys.length,
    workers: info.concurrency,
  };
  const schedule = parts.plan(topology);
  const meter = new Meter();
  let loading = false;
  const probes = new Probes(cluster, recorder, (key, claims) => {
    const words = claims.map(({ node, epoch }) => `node ${node} epoch ${epoch}`);
    events.line(
      'leader',
      `${keyName(keys[key]!)} ${words.join(' AND ') || 'none'}`,
      loading ? recorder.now() : undefined,
    );
  });
  const faults = new FaultRunner(
    { cluster, topology, nemeses: parts.nemeses, recorder, events },
    schedule,
  );
  await faults.routes();
  await probes.ask(true);
  probes.start();

  const ended = new AbortController();
  const stop = AbortSignal.any([ended.signal, parts.interrupt]);
  // Every worker and every fault waits with it: many listeners are no leak here.
  setMaxListeners(0, stop, parts.interrupt);
  recorder.begin();
  loading = true;
  info.startedAt = new Date().toISOString();
  parts.save(info, schedule);
  phase(parts, 'load');
  const ticking = setInterval(() => {
    recorder.flush();
    events.tick({
      timeNs: recorder.now(),
      limitNs: parts.timeLimitMs * 1e6,
      ok: meter.ok,
      fail: meter.fail,
      info: meter.info,
      perSecond: meter.rate(recorder.now()),
      p50Ms: meter.quantileMs(0.5),
      p99Ms: meter.quantileMs(0.99),
      faults: faults.statuses,
      leaders: keys.map((key) => ({ key: keyName(key), claims: probes.claims.get(key.key) ?? [] })),
    });
  }, 1000);
  const timed = stopwatch(info);
  const breaking = faults.run(stop);
  try {
    const working = load(
      {
        cluster,
        workload: parts.workload,
        recorder,
        meter,
        random: parts.random,
        options,
        concurrency: info.concurrency,
        keys: keys.length,
        acks: info.acks,
        rate: Number(options['rate'] ?? 0),
      },
      stop,
    );
    // A load that fails must not wait for the time limit.
    await Promise.race([delay(parts.timeLimitMs, stop), working]);
    ended.abort();
    await timed('drain', () => working);
    phase(parts, 'heal');
    await timed('heal', () => breaking);
    parts.save(info, schedule);
    clearInterval(ticking);
    await probes.stop();
    if (!parts.interrupt.aborted) await conclude(parts, cluster, probes, faults, keys.length);
    else await faults.settle(3000);
  } finally {
    ended.abort();
    clearInterval(ticking);
    await within(10_000, breaking);
    await probes.stop();
  }
}

/** Topics, names of keys, and what the target turned out to be. */
async function prepare(parts: RunParts, cluster: Cluster): Promise<KeyName[]> {
  const { info, recorder, options, workload } = parts;
  const replicationFactor = Number(options['replicationFactor'] ?? 3);
  const keys = await cluster.createTopics(
    workload.topics(options).map((topic) => ({ ...topic, replicationFactor })),
  );
  for (const key of keys) {
    recorder.append([
      {
        kind: Kind.meta,
        f: F.key,
        timeNs: recorder.now(),
        key: key.key,
        text: JSON.stringify(key),
      },
    ]);
  }
  info.keys = keys;
  info.nodes = cluster.nodes.map((node) => node.id);
  info.facts = { ...info.facts, ...cluster.facts };
  info.evidence = {
    watermarks: true,
    finalReads: true,
    views: true,
    replicas: cluster.replica !== undefined,
    incarnations: cluster.ownsProcesses === true,
  };
  parts.events.line(
    'start',
    `ready: nodes ${info.nodes.join(' ')}, ${keys.length === 1 ? '1 key' : `${keys.length} keys`}`,
  );
  return keys;
}

/** Recovery, final reads, replicas. */
async function conclude(
  parts: RunParts,
  cluster: Cluster,
  probes: Probes,
  faults: FaultRunner,
  keys: number,
): Promise<void> {
  const { info, events, recorder } = parts;
  const timed = stopwatch(info);
  const about = {
    cluster,
    probes,
    recorder,
    events,
    keys,
    replicationFactor: Number(parts.options['replicationFactor'] ?? 3),
    signal: parts.interrupt,
  };
  phase(parts, 'recover');
  const whole = await timed('recover', () => recover(about, recoverMs));
  if (!whole) {
    const text = `The cluster was not whole again within ${recoverMs / 1000} s: some node gave no answer, or some key had no full set of in-sync replicas.`;
    recorder.append([{ kind: Kind.meta, f: F.notice, timeNs: recorder.now(), text }]);
    events.line('note', text);
  }
  await faults.settle(15_000);
  phase(parts, 'final');
  const marks = await timed('final', () => readFinals(about, info.recoveryBoundMs));
  phase(parts, 'replicas');
  await timed('replicas', () => readReplicas(about, marks, info.recoveryBoundMs));
}

function phase(parts: RunParts, name: Phase): void {
  const { recorder } = parts;
  recorder.append([{ kind: Kind.meta, f: F.phase, timeNs: recorder.now(), text: name }]);
}

function stopwatch(info: RunInfo): <T>(name: string, what: () => Promise<T>) => Promise<T> {
  return async (name, what) => {
    const begin = performance.now();
    try {
      return await what();
    } finally {
      info.timings = { ...info.timings, [name]: Math.round(performance.now() - begin) };
    }
  };
}
