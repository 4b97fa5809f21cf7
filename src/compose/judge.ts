/** A verdict and a page from a run's folder alone. */
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from '../analysis/index.js';
import { measureWorth } from '../calibration/index.js';
import {
  exportEdn,
  exportJsonLines,
  exportParquet,
  files,
  openRun,
  writeJson,
  writeWhole,
} from '../history/index.js';
import { SchismError, type RunInfo, type Verdict } from '../model/index.js';
import { junit, writeReport } from '../report/index.js';
import { runOptions } from './options.js';
import { loadRegistry, type Registry } from './registry.js';

interface Judged {
  /** With links resolved. */
  dir: string;
  info: RunInfo;
  verdict: Verdict;
  report: string;
}

/** How long the worth of a valid verdict may be measured. */
export interface WorthLimit {
  worthMs?: number;
  /** Ends it early; the page is written all the same. */
  signal?: AbortSignal;
  /** Called before it begins, with a line of progress. */
  begins?: (text: string) => void;
}

export async function judgeRun(
  folder: string,
  registry: Registry,
  { worthMs = runOptions.worth.default, signal, begins }: WorthLimit = {},
): Promise<Judged> {
  const { dir, info, history } = openRun(folder);
  const checkers = [...registry.checkers.values()];
  const now = (): number => performance.now();
  const verdict = judge({
    run: info,
    batches: history.batches({ reuse: true }),
    truncated: history.truncated,
    checkers,
    now,
  });
  const measured = verdict.verdict === 'valid' && info.origin !== 'imported' && worthMs > 0;
  // Before the first file is written: from here on a signal must not leave it beside old ones.
  if (measured) begins?.(`valid; planting changes for up to ${worthMs / 1000} s (--worth 0: not)`);
  writeJson(join(dir, files.verdict), verdict);
  if (measured) {
    verdict.worth = await measureWorth({
      run: info,
      batches: () => history.batches(),
      checkers,
      budgetMs: worthMs,
      passMs: verdict.durationMs,
      now,
      ...(signal && { signal }),
    });
    writeJson(join(dir, files.verdict), verdict);
  }
  writeWhole(join(dir, files.junit), junit(info, verdict));
  return { dir, info, verdict, report: await writeReport(dir) };
}

/** `schism check RUN` */
export async function checkRun(
  dir: string,
  plugins: readonly string[],
  limit: WorthLimit = {},
): Promise<Judged> {
  return judgeRun(dir, await loadRegistry(plugins), limit);
}

/** `schism report RUN` */
export const reportRun = (dir: string): Promise<string> => writeReport(dir);

/** `schism export RUN`: the history as JSON lines. */
export function exportRun(dir: string, write: (line: string) => void): void {
  const { info, history } = openRun(dir);
  exportJsonLines(history.batches(), info, write);
}

/** `schism export RUN --edn`: the history as lines that Jepsen reads. */
export function exportEdnRun(dir: string, write: (line: string) => void): void {
  const { info, history } = openRun(dir);
  exportEdn(() => history.batches(), info, write);
}

/** `schism export RUN --parquet FILE` */
export function exportParquetRun(dir: string, file: string): void {
  const run = openRun(dir);
  const own = Object.values(files).map((name) => join(run.dir, name));
  if (existsSync(file) && own.includes(realpathSync(file)))
    throw new SchismError('usage', `Expected another file than the run's own ${file}.`);
  exportParquet(run.history.batches(), run.info, file);
}
