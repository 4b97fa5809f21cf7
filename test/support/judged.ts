/** A history judged by one checker or by all of them. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judge } from '../../src/analysis/index.js';
import type { Anomaly, Batch, Checker, CheckerResult, Verdict } from '../../src/model/index.js';
import type { History } from './history.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'checkers');
const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
/** Every checker of the folder. */
export const checkers: Checker[] = await Promise.all(
  files.map(async (file) => {
    const module = (await import(join(folder, file))) as { default: Checker };
    return module.default;
  }),
);

export function judged(
  history: History,
  options: { batches?: Batch[]; truncated?: boolean; checkers?: readonly Checker[] } = {},
): Verdict {
  let ms = 0;
  return judge({
    run: history.run,
    batches: options.batches ?? history.batches(),
    truncated: options.truncated ?? false,
    checkers: options.checkers ?? checkers,
    now: () => ms++,
  });
}

/** What one checker says of a history. */
export function says(
  history: History,
  id: string,
): CheckerResult & { anomalies: never } & {
  found: Anomaly[];
  /** `orders-0@3 w0.1` */
  places: string[];
} {
  const verdict = judged(history, { checkers: checkers.filter((one) => one.meta.id === id) });
  const row = verdict.checkers.find((one) => one.id === id);
  if (!row) throw new Error(`Expected a checker ${id}, got none.`);
  const found = verdict.cases.flatMap((one) => one.anomalies);
  const places = found.map((a) => `${a.key}@${a.offset}`);
  return { ...row, found, places } as never;
}
