/** The corpus: histories of Jepsen's Kafka workload with the verdicts of Jepsen's own checker. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Up from the compiled test to the checkout. */
function found(from: string): string {
  const here = join(from, 'test/corpus/jepsen-kafka');
  return existsSync(here) ? here : found(dirname(from));
}
/** `SCHISM_CORPUS` names another folder of the same form. */
export const corpus = process.env['SCHISM_CORPUS'] ?? found(import.meta.dirname);

/** Not another one, of which nobody knows beforehand what differs. */
export const isOurs = process.env['SCHISM_CORPUS'] === undefined;

/** A case is an array whose form depends on its type; see the fields that `cases.ts` reads. */
export type Case = (number | number[])[];
export interface Reference {
  file: string;
  subVia: 'assign' | 'subscribe';
  wwDeps: boolean;
  throws?: string;
  valid?: boolean;
  badErrorTypes?: string[];
  errors?: Record<
    string,
    {
      count: number;
      cases: Case[];
      readers?: number[][];
      offsets?: [key: number, value: number, offsets: number[]][];
    }
  >;
  choices?: [key: number, offset: number, value: number][];
  /** Components of two ops or more, or their number and that of their ops. */
  sccs?: Record<string, number[][] | { sccs: number; ops: number }>;
  worstRealtimeLag?: { time: number; process: number; key: number; lag: number } | null;
}
export interface Planted {
  defect: string;
  variant?: string;
  key?: number;
  value?: number;
  values?: number[];
  offset?: number;
  op?: number;
  ops?: number[];
  delta?: number;
  /** [key, value] each. */
  cases?: [number, number][];
  lost?: [number, number][];
}
export interface Manifest {
  file: string;
  kind: string;
  planted: Planted[];
}

const lines = <T>(name: string): T[] =>
  readFileSync(join(corpus, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);

/** One line a history; with the setting of ww-deps picked for it, or the other one. */
export const referencesOf = (other: boolean): Reference[] =>
  lines<Reference>(`verdicts${other ? '-other-ww' : ''}.jsonl`);
export const references = (): Reference[] => [...referencesOf(false), ...referencesOf(true)];
export const manifest = (): Map<string, Manifest> =>
  new Map(lines<Manifest>('manifest.jsonl').map((one) => [plain(one.file), one]));

/** `0001-lost-mid`, whether or not it is gzipped. */
export const plain = (file: string): string => file.replace(/\.edn(\.gz)?$/, '');
const names = new Map(readdirSync(corpus).map((file) => [plain(file), file]));
/** Where a history lies, gzipped or not. */
export const pathOf = (file: string): string => join(corpus, names.get(plain(file)) ?? file);
export function textOf(file: string): string {
  const bytes = readFileSync(pathOf(file));
  return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8');
}

/**
 * Invocation's index -> completion's: the verdicts name ops by their completion, we by their
 * invocation. An op that never ends has none.
 */
export function completions(text: string): Map<number, number> {
  const open = new Map<string, number>();
  const result = new Map<number, number>();
  for (const line of text.split('\n')) {
    const index = Number(/:index (\d+)/.exec(line)?.[1] ?? -1);
    const process = /:process (\d+)/.exec(line)?.[1];
    if (index < 0 || process === undefined) continue;
    if (line.includes(':type :invoke')) open.set(process, index);
    else if (open.has(process)) {
      result.set(open.get(process)!, index);
      open.delete(process);
    }
  }
  return result;
}
