/** One run from begin to verdict and page. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createRecorder, files, linkLatest, writeJson } from '../history/index.js';
import { builtinBackend, installedToxiproxy, toxiproxyBackend } from '../network/index.js';
import { tempFolder } from '../processes/index.js';
import { run, startClock } from '../runner/index.js';
import {
  F,
  Kind,
  type LinkBackend,
  type Recorder,
  type RunEvents,
  type RunInfo,
  type Verdict,
} from '../model/index.js';
import { judgeRun } from './judge.js';
import { clientRandom, type Prepared } from './prepare.js';

export interface Outcome {
  dir: string;
  info: RunInfo;
  verdict: Verdict;
  report: string;
}

/**
 * Runs, judges and draws. Rejects when the cluster or a tool failed; then too there is a folder
 * with whatever was recorded, a verdict and a page, if anything was recorded at all.
 */
export async function execute(
  prepared: Prepared,
  events: RunEvents,
  interrupt: AbortSignal,
): Promise<Outcome> {
  const { options } = prepared;
  const dir = makeRunFolder(prepared);
  const info = firstInfo(prepared);
  const save = (now: RunInfo, schedule?: unknown): void => {
    writeJson(join(dir, files.run), now);
    if (schedule !== undefined) writeJson(join(dir, files.schedule), schedule);
  };
  save(info);
  const recorder = startClock(createRecorder(join(dir, files.history)));
  const data = options['keepData'] === true ? undefined : tempFolder('schism-data-');
  const dataDir = data?.path ?? join(dir, 'data');
  mkdirSync(dataDir, { recursive: true });
  let failure: unknown;
  try {
    const links = await linkBackend(prepared, { dir, recorder, events, interrupt });
    await nameUnused(prepared, info, events);
    info.facts['Links'] = links?.name ?? 'none: clients and nodes are connected directly';
    await run({
      dir,
      dataDir,
      cacheDir: prepared.cacheDir,
      target: prepared.target,
      workload: prepared.workload,
      nemeses: prepared.nemeses,
      links,
      options,
      random: clientRandom(prepared.seed),
      timeLimitMs: prepared.timeLimitMs,
      plan: (topology) => prepared.plan(topology),
      recorder,
      events,
      info,
      save,
      interrupt,
    });
  } catch (error) {
    // Before the run began, an interruption is all that happened.
    if (interrupt.aborted && info.ended === undefined) {
      info.ended = { how: 'interrupted', timeNs: recorder.now(), why: 'it was interrupted' };
      save(info);
    } else failure = error;
  } finally {
    await recorder.close();
    await data?.remove();
  }
  // A cluster that never came up left nothing to judge: only its logs are worth keeping.
  if (failure !== undefined && info.keys.length === 0) throw asError(failure);
  const worthMs = Number(options['worth']);
  const begins = (text: string): void => events.line('judge', text);
  const outcome = await judgeRun(dir, prepared.registry, { worthMs, signal: interrupt, begins });
  if (failure !== undefined) throw asError(failure);
  return { ...outcome, dir };
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

function linkBackend(
  { links, options, cacheDir }: Prepared,
  at: {
    dir: string;
    recorder: Pick<Recorder, 'now' | 'append'>;
    events: RunEvents;
    interrupt: AbortSignal;
  },
): Promise<LinkBackend> | undefined {
  if (links === undefined) return undefined;
  const common = {
    now: () => at.recorder.now(),
    progress: (text: string) => {
      at.events.line('start', text);
      // During the load it is a restart of what carries the links, which the verdict must tell.
      const timeNs = at.recorder.now();
      if (timeNs > 0) at.recorder.append([{ kind: Kind.meta, f: F.notice, timeNs, text }]);
    },
    signal: at.interrupt,
  };
  if (links === 'builtin') return builtinBackend({ ...common, logFile: join(at.dir, 'links.log') });
  const url = options['toxiproxy'] as string | undefined;
  return toxiproxyBackend({ ...common, url, cacheDir });
}

/** A Toxiproxy that is there might be what the user expects to be used. */
async function nameUnused(prepared: Prepared, info: RunInfo, events: RunEvents): Promise<void> {
  const { links, options, cacheDir } = prepared;
  if (links !== 'builtin' || options['links'] !== 'auto') return;
  const found = await installedToxiproxy(cacheDir);
  if (found === undefined) return;
  const version = found.version === undefined ? '' : ` ${found.version}`;
  info.facts['Toxiproxy'] = `found${version}, not used; \`--links toxiproxy\` uses it`;
  events.line('start', `Toxiproxy${version} was found; \`--links toxiproxy\` uses it`);
}

/** `results/<time>-<target>-<workload>-<nemesis>`, and `results/latest` that leads to it. */
function makeRunFolder({ options, target, workload, nemesisName }: Prepared): string {
  const what = `${target.meta.id}-${workload.meta.id}-${nemesisName.replaceAll(',', '+')}`;
  const dir = freeRunFolder(String(options['resultsDir']), what);
  mkdirSync(dir, { recursive: true });
  linkLatest(dir);
  return dir;
}

/** `<results>/<time>-<what>`, which does not exist yet. */
export function freeRunFolder(resultsDir: string, what: string): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace(/\..*/, '');
  const first = join(resolve(resultsDir), `${time}-${what}`);
  let dir = first;
  for (let i = 2; existsSync(dir); i++) dir = `${first}-${i}`;
  return dir;
}

function firstInfo(prepared: Prepared): RunInfo {
  const { options, target, workload, nemesisName, seed, command } = prepared;
  const acks = options['acks'];
  const notice = target.notice?.(options);
  return {
    format: 1,
    schism: version(),
    startedAt: new Date().toISOString(),
    target: target.meta.id,
    workload: workload.meta.id,
    nemesis: nemesisName,
    seed: String(seed),
    options,
    command,
    concurrency: Number(options['concurrency']),
    acks: acks === 'all' || acks === undefined ? -1 : Number(acks),
    nodes: [],
    keys: [],
    facts: { 'Node.js': process.versions.node, Platform: `${process.platform} ${process.arch}` },
    ...(notice !== undefined && { notice }),
    evidence: { watermarks: false, finalReads: false, replicas: false, views: false },
    origin: 'recorded',
    recoveryBoundMs: Number(options['recoveryBound']),
  };
}

export function version(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
