/** A run's folder from a history that Jepsen recorded, and its rules. */
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  createRecorder,
  files,
  importEdn,
  type ImportOptions,
  linkLatest,
  openRun,
  writeJson,
} from '../history/index.js';
import { flagName, SchismError, type OptionSpecs, type RunInfo } from '../model/index.js';
import { freeRunFolder, version } from './execute.js';

/** By which rules an imported history is judged; kept in its run.json. */
export type Rules = Pick<ImportOptions, 'subVia' | 'wwDeps'>;

export const ruleOptions = {
  subVia: {
    type: 'string',
    choices: ['assign', 'subscribe'],
    help: 'how consumers of an imported history get their keys; default: subscribe if it has such an op',
  },
} as const satisfies OptionSpecs;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Makes `results/<time>-imported-<file name>` from an EDN file and gives its path. Throws a
 * SchismError that names what is wrong with the file; then no folder is left, nor if a signal ends
 * the process.
 */
export async function importRun(file: string, resultsDir: string, rules: Rules): Promise<string> {
  const dir = freeRunFolder(resultsDir, `imported-${basename(file).replace(/[^\w.-]+/g, '-')}`);
  let created: string | undefined = dir;
  const remove = (): void => {
    rmSync(dir, { recursive: true, force: true });
    try {
      if (created !== dir) rmdirSync(dirname(dir));
    } catch {
      // Another run has its folder there by now.
    }
  };
  const gone = (signal: NodeJS.Signals): void => {
    remove();
    process.removeListener(signal, gone);
    process.kill(process.pid, signal);
  };
  for (const signal of signals) process.on(signal, gone);
  try {
    created = mkdirSync(dir, { recursive: true });
    const recorder = createRecorder(join(dir, files.history));
    let info: RunInfo;
    try {
      info = await importEdn(file, recorder, rules);
    } finally {
      await recorder.close();
    }
    const command = ['npm', 'run', 'schism', '--', 'check', '--from-edn', file];
    for (const [name, value] of Object.entries(info.options)) {
      if (value === true) command.push(flagName(name));
      else if (value !== false) command.push(flagName(name), String(value));
    }
    writeJson(join(dir, files.run), { ...info, schism: version(), command });
  } catch (error) {
    remove();
    throw error;
  } finally {
    for (const signal of signals) process.removeListener(signal, gone);
  }
  linkLatest(dir);
  return dir;
}

/** Lets an imported run be judged by other rules from now on. */
export function changeRules(dir: string, rules: Rules): void {
  const given = Object.entries(rules).filter(([, value]) => value !== undefined);
  if (given.length === 0) return;
  const run = openRun(dir);
  if (run.info.origin !== 'imported') {
    const flags = given.map(([name, value]) =>
      value === false ? `\`--no-${flagName(name).slice(2)}\`` : `\`${flagName(name)}\``,
    );
    throw new SchismError(
      'usage',
      `Expected an imported run for ${flags.join(' and ')}, got ${dir}, which was recorded.`,
    );
  }
  const options = { ...run.info.options, ...Object.fromEntries(given) };
  writeJson(join(run.dir, files.run), { ...run.info, options });
}
