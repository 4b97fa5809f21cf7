/** A verdict and a page from a run's folder alone. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from '../analysis/index.js';
import { exportJsonLines, files, openRun, writeJson } from '../history/index.js';
import type { RunInfo, Verdict } from '../model/index.js';
import { junit, writeReport } from '../report/index.js';
import { loadRegistry, type Registry } from './registry.js';

interface Judged {
  info: RunInfo;
  verdict: Verdict;
  report: string;
}

export async function judgeRun(dir: string, registry: Registry): Promise<Judged> {
  const { info, history } = openRun(dir);
  const verdict = judge({
    run: info,
    batches: history.batches(),
    truncated: history.truncated,
    checkers: [...registry.checkers.values()],
    now: () => performance.now(),
  });
  writeJson(join(dir, files.verdict), verdict);
  writeFileSync(join(dir, files.junit), junit(info, verdict));
  return { info, verdict, report: await writeReport(dir) };
}

/** `schism check RUN` */
export async function checkRun(
  dir: string,
  plugins: readonly string[],
): Promise<Judged & { dir: string }> {
  const run = openRun(dir);
  const judged = await judgeRun(run.dir, await loadRegistry(plugins));
  return { dir: run.dir, ...judged };
}

/** `schism report RUN` */
export async function reportRun(dir: string): Promise<string> {
  return writeReport(openRun(dir).dir);
}

/** `schism export RUN`: the history as JSON lines. */
export function exportRun(dir: string, write: (line: string) => void): void {
  const { info, history } = openRun(dir);
  exportJsonLines(history.batches(), info, write);
}
