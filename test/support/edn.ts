/** Histories as a Jepsen store has them, written by hand, imported and judged. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from '../../src/analysis/index.js';
import { createRecorder, importEdn, readHistory } from '../../src/history/index.js';
import type { Batch, RunInfo, Verdict } from '../../src/model/index.js';
import { checkers } from './judged.js';

/**
 * One line for each `PROCESS TYPE F VALUE MORE`: `0 ok send [[:send 0 [3 7]]]`. An ok, fail or info
 * whose op was not begun begins it first.
 */
export function ednLines(steps: readonly string[]): string {
  const lines: string[] = [];
  const open = new Map<string, string>();
  const add = (type: string, process: string, f: string, rest: string): void => {
    const index = lines.length;
    lines.push(
      `{:index ${index}, :time ${(index + 1) * 1_000_000}, :type :${type}, :process ${process}, :f :${f}, :value ${rest}}`,
    );
  };
  for (const step of steps) {
    const [process = '', type = '', f = '', ...rest] = step.split(' ');
    const value = rest.join(' ');
    if (type === 'invoke') open.set(process, value);
    else if (!open.has(process)) {
      const asked = value
        .replace(/\[:send (\S+) \[\S+ (\S+)\]\]/g, '[:send $1 $2]')
        .replace(/\[:poll \{.*?\}\]/g, '[:poll]')
        .replace(/, :rebalance-log.*/, '');
      add('invoke', process, f, asked);
    }
    if (type !== 'invoke') open.delete(process);
    add(type, process, f, value);
  }
  return `${lines.join('\n')}\n`;
}

interface ImportedEdn {
  run: RunInfo;
  batches: Batch[];
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'schism-edn-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const importedFile = (edn: string): Promise<ImportedEdn> =>
  inFolder(async (folder) => {
    const arrow = join(folder, 'history.arrow');
    const recorder = createRecorder(arrow);
    const run = await importEdn(edn, recorder);
    await recorder.close();
    return { run, batches: [...readHistory(arrow).batches()] };
  });

export const imported = (text: string): Promise<ImportedEdn> =>
  inFolder((folder) => {
    const edn = join(folder, 'history.edn');
    writeFileSync(edn, text);
    return importedFile(edn);
  });

export async function judgedEdn(
  steps: readonly string[],
  options: RunInfo['options'] = {},
): Promise<Verdict> {
  const { run, batches } = await imported(ednLines(steps));
  const with_ = { ...run, options: { ...run.options, ...options } };
  return judge({ run: with_, batches, truncated: false, checkers, now: () => 0 });
}

/** `lost-write key 0 7` for each anomaly, permitted ones in brackets, in order. */
export const told = ({ cases }: Verdict, run = 'key'): string[] =>
  cases
    .flatMap(({ type, permitted, anomalies }) =>
      anomalies.map(({ key, value }) => {
        const text = `${type} ${run} ${key} ${value % 2 ** 32}`;
        return permitted === undefined ? text : `(${text})`;
      }),
    )
    .sort();
