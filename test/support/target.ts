/** A cluster of some target without a runner. Run as a program, a kafka one stays until killed. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRecorder } from '../../src/history/index.js';
import type { Cluster, LinkBackend, OptionValues, Target } from '../../src/model/index.js';
import { builtinBackend, toxiproxyBackend } from '../../src/network/index.js';
import { tempFolder } from '../../src/processes/index.js';
import kafka from '../../src/targets/kafka/index.js';
import { cacheDir } from './need.js';

export interface TargetRun {
  cluster: Cluster;
  dir: string;
  dataDir: string;
  history: string;
  /** Idempotent. */
  end: () => Promise<void>;
}

/** If the cluster does not start, nothing is left. */
export async function startTarget(
  target: Target,
  dir: string,
  options: OptionValues,
  carriedBy: 'builtin' | 'toxiproxy' | 'none',
): Promise<TargetRun> {
  mkdirSync(dir, { recursive: true });
  const history = join(dir, 'history.arrow');
  const recorder = createRecorder(history);
  const data = tempFolder('schism-data-');
  const now = (): number => recorder.now();
  const progress = (): void => undefined;
  let backend: LinkBackend | undefined;
  let cluster: Cluster | undefined;
  const end = async (): Promise<void> => {
    await cluster?.stop();
    await backend?.close();
    await recorder.close();
  };
  try {
    const link = { cacheDir: cacheDir(), now, progress, logFile: join(dir, 'links.log') };
    if (carriedBy === 'builtin') backend = await builtinBackend(link);
    if (carriedBy === 'toxiproxy') backend = await toxiproxyBackend(link);
    cluster = await target.start({
      dir,
      dataDir: data.path,
      cacheDir: cacheDir(),
      options,
      concurrency: 2,
      now,
      recorder,
      progress,
      links: backend,
      signal: new AbortController().signal,
    });
  } catch (error) {
    await end();
    await data.remove();
    throw error;
  }
  return { cluster, dir, dataDir: data.path, history, end };
}

export const startKafka = (dir: string, options: OptionValues): Promise<TargetRun> =>
  startTarget(kafka, dir, options, 'toxiproxy');

const [, program, dir] = process.argv;
if (program === fileURLToPath(import.meta.url) && dir !== undefined) {
  const run = await startKafka(dir, {});
  process.stdout.write(`${run.dataDir}\n`);
  setInterval(() => undefined, 1000);
}
