/** What a broker's log file says about its trouble. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** Where the next line will stand. */
export function endOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last line written after `from`; if the broker ended in order, the last ERROR or FATAL. */
export function lastWords(file: string, from: number, inOrder: boolean): string {
  const lines = linesAfter(file, from);
  const errors = inOrder ? lines.filter((line) => /\b(ERROR|FATAL)\b/.test(line)) : [];
  return errors.at(-1) ?? lines.at(-1) ?? 'nothing';
}

/** The first `n` lines at level ERROR or FATAL written after `from`, or the last `n` lines. */
export function troubles(file: string, from: number, n: number): string {
  const lines = linesAfter(file, from);
  const bad = lines.filter(isTrouble).slice(0, n);
  return (bad.length > 0 ? bad : lines.slice(-n)).join('\n') || '(nothing)';
}

// The exception of an ERROR stands at the begin of the next line.
const isTrouble = (line: string): boolean =>
  /\b(ERROR|FATAL)\b|^[\w.$]+(Exception|Error)\b/.test(line);

/** A log of hours is not read whole. */
const mostBytes = 1 << 20;

/** Without empty lines and stack frames. */
function linesAfter(file: string, from: number): string[] {
  let text: string;
  try {
    const fd = openSync(file, 'r');
    try {
      const { size } = fstatSync(fd);
      const start = Math.max(from, size - mostBytes);
      const bytes = Buffer.alloc(Math.max(0, size - start));
      text = bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, start));
    } finally {
      closeSync(fd);
    }
  } catch {
    return [];
  }
  return text.split('\n').filter((line) => line.trim() !== '' && !/^\s+(at |\.\.\.)/.test(line));
}
