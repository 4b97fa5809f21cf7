/** What a search finds: `w5.103`, `103`, `@333`, `p13`, `#2034`, `lost`, `timed`, `orders-0`, `fail`. */
import { fName, valueName, valueSequence } from '../../model/op.js';
import { isSend, keyText, outName } from './run.js';
import type { Run } from './run.js';

type Test = (row: number) => boolean;

/** Rows in which every word holds, in the order of their invokes. */
export function findOps(run: Run, text: string): number[] {
  const tests = text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => testOf(run, word));
  if (tests.length === 0) return [];
  const rows: number[] = [];
  for (let row = 0; row < run.n; row++) if (tests.every((test) => test(row))) rows.push(row);
  return rows.sort((a, b) => run.t0[a]! - run.t0[b]!);
}

function testOf(run: Run, word: string): Test {
  const number = Number(word.slice(1));
  if (/^#\d+$/.test(word)) return (row) => run.id[row] === number;
  if (/^p\d+$/.test(word)) return (row) => run.process[row] === number;
  if (/^@\d+$/.test(word))
    return (row) =>
      outName(run, row) === 'ok' &&
      run.lane[row]! >= 0 &&
      run.from[row]! <= number &&
      number < Math.max(run.to[row]!, isSend(run, row) ? run.from[row]! + 1 : 0);
  if (/^w\d+\.\d+$/.test(word)) return (row) => isSend(run, row) && hasValue(run, row, word);
  if (/^\d+$/.test(word))
    return (row) =>
      run.id[row] === Number(word) ||
      (run.value[row]! >= 0 && valueSequence(run.value[row]!) === Number(word));
  if (word === 'lost') return (row) => run.lost.has(row);
  if (word === 'found') return (row) => run.found.has(row) || run.lost.has(row);
  const keys = new Set(run.data.keys.flatMap((_, k) => (keyText(run, k) === word ? [k] : [])));
  const errors = new Set<number>();
  run.data.errors.forEach((error, i) => {
    if (error.toLowerCase().includes(word)) errors.add(i);
  });
  return (row) =>
    outName(run, row) === word ||
    fName(run.f[row]!) === word ||
    keys.has(run.key[row]!) ||
    (run.error[row]! >= 0 && errors.has(run.error[row]!));
}

/** A send of several values has them in sequence. */
function hasValue(run: Run, row: number, name: string): boolean {
  const first = run.value[row]!;
  for (let k = 0; k < run.count[row]!; k++) if (valueName(first + k) === name) return true;
  return false;
}
