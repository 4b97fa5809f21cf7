/** From what the user asked for to what will be run; everything that can be refused is, here. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseSchedule, planSchedule } from '../generator/index.js';
import {
  durationText,
  expected,
  flagName,
  parseDuration,
  parseOption,
  parseOptions,
  SchismError,
  seeded,
  messageOf,
  type Capability,
  type Nemesis,
  type OptionSpecs,
  type OptionValues,
  type Schedule,
  type Target,
  type Topology,
  type Workload,
} from '../model/index.js';
import { findToxiproxy } from '../network/index.js';
import { runOptions } from './options.js';
import { loadRegistry, pick, type Registry } from './registry.js';

export interface Prepared {
  registry: Registry;
  target: Target;
  workload: Workload;
  /** Those that the run uses, by id. */
  nemeses: Map<string, Nemesis>;
  nemesisName: string;
  options: OptionValues;
  specs: OptionSpecs;
  seed: number;
  /** What connections run through; undefined: no links. */
  links: 'builtin' | 'toxiproxy' | undefined;
  cacheDir: string;
  timeLimitMs: number;
  plan(topology: Topology): Schedule;
  command: string[];
}

/** What a nemesis needs, in words. */
const needWords: Record<Capability, string> = {
  links: 'links between nodes that can be cut',
  kill: 'a way to kill and start a node',
  pause: 'a way to pause and resume a node',
  stop: 'a way to stop and start a node',
};

/**
 * Checks all options and that nothing is missing on this machine. Throws a SchismError (usage)
 * with one sentence. Starts nothing.
 */
export async function prepare(raw: Readonly<Record<string, unknown>>): Promise<Prepared> {
  const early = parseOptions(runOptions, only(raw, runOptions));
  const registry = await loadRegistry((early['plugin'] as string[] | undefined) ?? []);
  const [targetName, version] = splitVersion(String(early['target']));
  const target = pick(registry.targets, '--target', targetName);
  const workload = pick(registry.workloads, '--workload', String(early['workload']));
  const text = scheduleText(early['schedule'] as string | undefined);
  const names =
    text === undefined
      ? nemesisNames(String(early['nemesis']))
      : // A name that is none is for parseSchedule to tell, with its place in the file.
        namesIn(text).filter((id) => registry.nemeses.has(id));
  const nemeses = new Map(names.map((id) => [id, pick(registry.nemeses, '--nemesis', id)]));

  const specs: OptionSpecs = Object.assign(
    {},
    runOptions,
    workload.meta.options,
    target.meta.options,
    ...[...nemeses.values()].map((nemesis) => nemesis.meta.options),
  ) as OptionSpecs;
  refuseStrangers(raw, specs, registry);
  if (version !== undefined && !(`${targetName}Version` in specs))
    throw expected('`--target`', `\`${targetName}\`, which has no versions`, early['target']);
  const versioned = version === undefined ? raw : { ...raw, [`${targetName}Version`]: version };
  const options = parseOptions(specs, versioned);
  refuseIncapable(target, nemeses, options);
  const { nodes, replicationFactor } = options;
  if (typeof nodes === 'number' && Number(replicationFactor ?? 1) > nodes)
    throw expected('`--replication-factor`', `at most the ${nodes} nodes`, replicationFactor);

  const seed = Number(options['seed'] ?? Math.floor(Math.random() * 100_000));
  const cacheDir = process.env['SCHISM_CACHE'] ?? join(homedir(), '.cache', 'schism');
  const links = linksOf(options, target, nemeses);
  if (options['dryRun'] !== true) {
    await target.check(options, cacheDir);
    if (links === 'toxiproxy')
      await findToxiproxy({ url: options['toxiproxy'] as string | undefined, cacheDir });
  }
  const timeLimitMs = Number(options['timeLimit']);
  const file = options['schedule'] as string | undefined;
  const plan = (topology: Topology): Schedule =>
    text !== undefined && file !== undefined
      ? parseSchedule(text, file, [...registry.nemeses.values()], topology)
      : planSchedule({
          seed: String(seed),
          nemeses: [...nemeses.values()],
          topology,
          plan: {
            timeLimitMs,
            intervalMs: Number(options['nemesisInterval']),
            durationMs: Number(options['nemesisDuration']),
            options,
          },
        });
  // A schedule that does not fit is refused before brokers are started, where the size is known.
  if (typeof options['nodes'] === 'number') plan(expectedTopology(options, workload));
  return {
    registry,
    target,
    workload,
    nemeses,
    nemesisName: text === undefined ? String(early['nemesis']) : 'schedule',
    options: { ...options, seed },
    specs,
    seed,
    links,
    cacheDir,
    timeLimitMs,
    plan,
    command: commandOf(raw, specs, seed),
  };
}

export function expectedTopology(options: OptionValues, workload: Workload): Topology {
  const keys = workload.topics(options).reduce((sum, topic) => sum + topic.partitions, 0);
  const nodes = Array.from({ length: Number(options['nodes']) }, (_, i) => i + 1);
  return { nodes, keys, workers: Number(options['concurrency']) };
}

/** The random stream of a run's clients. */
export const clientRandom = (seed: number) => seeded(seed).fork('clients');

function splitVersion(name: string): [string, string | undefined] {
  const at = name.indexOf('@');
  return at < 0 ? [name, undefined] : [name.slice(0, at), name.slice(at + 1)];
}

const nemesisNames = (text: string): string[] => [
  ...new Set(text.split(',').map((name) => name.trim())),
];

function scheduleText(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SchismError(
      'usage',
      `Expected \`--schedule\` to be a readable file, got \`${file}\`: ${messageOf(error)}`,
    );
  }
}

/** Which nemeses a schedule needs; whether it is well made is for parseSchedule to say. */
function namesIn(text: string): string[] {
  try {
    const { faults } = JSON.parse(text) as { faults?: { nemesis?: unknown }[] };
    const names = (faults ?? []).map((fault) => fault.nemesis);
    return [...new Set(names.filter((name): name is string => typeof name === 'string'))];
  } catch {
    return [];
  }
}

function only(raw: Readonly<Record<string, unknown>>, specs: OptionSpecs): Record<string, unknown> {
  return Object.fromEntries(Object.entries(raw).filter(([name]) => name in specs));
}

/** An option of a plug-in that this run does not use would be ignored in silence: refuse it. */
function refuseStrangers(
  raw: Readonly<Record<string, unknown>>,
  specs: OptionSpecs,
  registry: Registry,
): void {
  for (const name of Object.keys(raw)) {
    if (name in specs) continue;
    const owner = [...registry.targets, ...registry.workloads, ...registry.nemeses].find(
      ([, plugin]) => name in plugin.meta.options,
    );
    const whose = owner ? `it belongs to ${owner[0]}` : 'nothing knows it';
    throw new SchismError(
      'usage',
      `Expected options of the target, workload and nemeses of this run, got \`${flagName(name)}\`: ${whose}.`,
    );
  }
}

const needsLinks = (nemeses: ReadonlyMap<string, Nemesis>): string | undefined =>
  [...nemeses.values()].find((nemesis) => nemesis.meta.needs.includes('links'))?.meta.id;

function linksOf(
  options: OptionValues,
  target: Target,
  nemeses: ReadonlyMap<string, Nemesis>,
): Prepared['links'] {
  const needed = needsLinks(nemeses);
  const { links, toxiproxy } = options;
  if (toxiproxy !== undefined && links !== 'auto' && links !== 'toxiproxy')
    throw expected('`--links`', 'toxiproxy or auto with `--toxiproxy`', links);
  switch (links) {
    case 'builtin':
    case 'toxiproxy':
      return links;
    case 'none':
      if (needed === undefined) return undefined;
      throw new SchismError(
        'usage',
        `Expected \`--links\` to be builtin, toxiproxy or auto with \`--nemesis ${needed}\`, got \`none\`.`,
      );
    default:
      // Whoever names a server wants it.
      if (toxiproxy !== undefined) return 'toxiproxy';
      return needed === undefined ? undefined : (target.meta.links ?? 'toxiproxy');
  }
}

function refuseIncapable(
  target: Target,
  nemeses: ReadonlyMap<string, Nemesis>,
  options: OptionValues,
): void {
  const can = target.capabilities(options);
  for (const nemesis of nemeses.values()) {
    const missing = nemesis.meta.needs.filter((need) => !can.includes(need));
    if (missing.length === 0) continue;
    throw new SchismError(
      'usage',
      `Nemesis ${nemesis.meta.id} needs ${missing.map((need) => needWords[need]).join(' and ')}, which target ${target.meta.id} does not have with these options.`,
    );
  }
}

/** The command that repeats the run: what the user gave, and the seed. */
function commandOf(
  raw: Readonly<Record<string, unknown>>,
  specs: OptionSpecs,
  seed: number,
): string[] {
  const words = ['npm', 'run', 'jepsen', '--'];
  for (const [name, spec] of Object.entries(specs)) {
    const value = name === 'seed' ? seed : raw[name];
    if (value === undefined || name === 'testCount' || name === 'dryRun') continue;
    const parsed = parseOption(name, spec, value);
    if (spec.type === 'boolean') {
      if (parsed === true) words.push(flagName(name));
    } else if (spec.type === 'list') {
      for (const one of parsed as string[]) words.push(flagName(name), one);
    } else if (spec.type === 'duration') {
      words.push(flagName(name), shortDuration(value, Number(parsed)));
    } else words.push(flagName(name), String(parsed));
  }
  return words;
}

/** As the user wrote it, if it can be read back. */
const shortDuration = (raw: unknown, ms: number): string =>
  typeof raw === 'string' && parseDuration(raw) === ms ? raw : durationText(ms);
