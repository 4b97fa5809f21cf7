/**
 * Finds plug-ins by folder: a file (or a folder with index.js) whose default export has `meta.id`.
 * The id is the file's name. `--plugin FILE` adds one from outside, which imports `schism/plugin`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { register } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  expected,
  messageOf,
  SchismError,
  type Checker,
  type Nemesis,
  type Target,
  type Workload,
} from '../model/index.js';

export interface Registry {
  checkers: Map<string, Checker>;
  workloads: Map<string, Workload>;
  nemeses: Map<string, Nemesis>;
  targets: Map<string, Target>;
}
type Plugin = Checker | Workload | Nemesis | Target;
type Sort = keyof Registry;

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folders: Record<Sort, string> = {
  checkers: join(dist, 'checkers'),
  workloads: join(dist, 'workloads'),
  nemeses: join(dist, 'src', 'nemeses'),
  targets: join(dist, 'src', 'targets'),
};
/** The function that tells one kind of plug-in from the others. */
const mark: Record<Sort, string> = {
  checkers: 'step',
  workloads: 'worker',
  nemeses: 'apply',
  targets: 'start',
};

export async function loadRegistry(plugins: readonly string[] = []): Promise<Registry> {
  const registry: Registry = {
    checkers: new Map(),
    workloads: new Map(),
    nemeses: new Map(),
    targets: new Map(),
  };
  for (const sort of Object.keys(folders) as Sort[]) {
    for (const file of pluginFiles(folders[sort])) {
      const plugin = await defaultOf(file);
      if (sortOf(plugin) !== sort) continue;
      add(registry, sort, plugin as Plugin);
    }
  }
  if (plugins.length > 0) letPluginsImportUs();
  for (const file of plugins) await addOutside(registry, file);
  return registry;
}

function pluginFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) =>
      entry.isDirectory() ? join(folder, entry.name, 'index.js') : join(folder, entry.name),
    )
    .filter((file) => file.endsWith('.js') && existsSync(file))
    .sort();
}

async function defaultOf(file: string): Promise<unknown> {
  const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  return module.default;
}

function sortOf(plugin: unknown): Sort | undefined {
  if (typeof plugin !== 'object' || plugin === null) return undefined;
  const { meta } = plugin as { meta?: { id?: unknown } };
  if (typeof meta?.id !== 'string') return undefined;
  const has = (name: string): boolean =>
    typeof (plugin as Record<string, unknown>)[name] === 'function';
  // A checker and a target both have `start`; only one of them has `step`.
  return (['checkers', 'workloads', 'nemeses', 'targets'] as const).find((s) => has(mark[s]));
}

function add(registry: Registry, sort: Sort, plugin: Plugin): void {
  (registry[sort] as Map<string, Plugin>).set(plugin.meta.id, plugin);
}

async function addOutside(registry: Registry, file: string): Promise<void> {
  const path = resolve(file);
  if (!existsSync(path)) throw expected('`--plugin`', 'a JavaScript file', file);
  let plugin: unknown;
  try {
    plugin = await defaultOf(path);
  } catch (error) {
    throw new SchismError('usage', `The plug-in ${file} cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const sort = sortOf(plugin);
  if (!sort) {
    throw expected(
      `the default export of ${basename(file)}`,
      'a checker, workload, nemesis or target with `meta.id`',
      typeof plugin,
    );
  }
  add(registry, sort, plugin as Plugin);
}

/** A plug-in lies anywhere; `schism` and `schism/plugin` must lead it here all the same. */
function letPluginsImportUs(): void {
  const ours = {
    schism: pathToFileURL(join(dist, 'src', 'index.js')).href,
    'schism/plugin': pathToFileURL(join(dist, 'src', 'plugin.js')).href,
  };
  const hook = `const ours = ${JSON.stringify(ours)};
export const resolve = (name, context, next) =>
  ours[name] ? { url: ours[name], shortCircuit: true } : next(name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

/** One of a kind by its id, or a sentence that lists what there is. */
export function pick<T>(all: ReadonlyMap<string, T>, flag: string, id: string): T {
  const found = all.get(id);
  if (!found) throw expected(`\`${flag}\``, `one of ${[...all.keys()].join(', ')}`, id);
  return found;
}
