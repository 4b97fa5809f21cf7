/** A cluster of the kafka target with links by Toxiproxy. Run as a program it stays until killed. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRecorder } from '../../src/history/index.js';
import type { Cluster, LinkBackend, OptionValues } from '../../src/model/index.js';
import { toxiproxyBackend } from '../../src/network/index.js';
import { tempFolder } from '../../src/processes/index.js';
import kafka from '../../src/targets/kafka/index.js';
import { cacheDir } from './need.js';

export interface KafkaRun {
  cluster: Cluster;
  dir: string;
  dataDir: string;
  history: string;
  /** Idempotent. */
  end: () => Promise<void>;
}

/** If the cluster does not start, nothing is left. */
export async function startKafka(dir: string, options: OptionValues): Promise<KafkaRun> {
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
    const logFile = join(dir, 'toxiproxy.log');
    backend = await toxiproxyBackend({ cacheDir: cacheDir(), now, progress, logFile });
    cluster = await kafka.start({
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

const [, program, dir] = process.argv;
if (program === fileURLToPath(import.meta.url) && dir !== undefined) {
  const run = await startKafka(dir, {});
  process.stdout.write(`${run.dataDir}\n`);
  setInterval(() => undefined, 1000);
}
