/** The page of a run's folder, and what holds for each. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { writeReport } from '../../src/report/index.js';
import { misnested } from './wellformed.js';

/** Stand-ins for the built script and style: what they do is tested in a browser. */
function assets(dir: string): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'page.js'), 'const words = "</script> <!--";');
  writeFileSync(join(dir, 'page.css'), 'body { margin: 0 }');
  return `${dir}/`;
}

export async function page(dir: string): Promise<string> {
  const path = await writeReport(dir, { assets: assets(join(dir, '..', 'assets')) });
  return readFileSync(path, 'utf8');
}
const ids = (text: string): string[] => [...text.matchAll(/ id="([^"]+)"/g)].map((one) => one[1]!);

/** What holds for the page of every run. */
export function sound(t: Test, text: string): void {
  t.equal(misnested(text), undefined, 'every tag is closed in order');
  t.equal(new Set(ids(text)).size, ids(text).length, 'ids are unique');
  t.notMatch(text, /(?:src|href)="(?:https?:)?\/\//, 'nothing is loaded');
  for (const id of ['happened', 'timeline', 'anomalies', 'measures', 'faults', 'checkers', 'run'])
    t.match(text, `id="${id}"`, id);
  const data = /<script type="application\/json" id="run-data">(.*?)<\/script>/s.exec(text)?.[1];
  t.type((JSON.parse(data ?? '') as { keys: unknown }).keys, Array, 'the data can be read');
  const said = text.replace(/<(script|style)\b.*?<\/\1>/gs, '').replace(/<[^>]+>/g, ' ');
  t.notMatch(said, /undefined|NaN|\[object|Infinity/, 'no figure is missing');
}
