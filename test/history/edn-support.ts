/** Imports EDN lines through a file, as the CLI does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import {
  createRecorder,
  exportEdn,
  type History,
  importEdn,
  type ImportOptions,
  readHistory,
} from '../../src/history/index.js';
import type { RunInfo } from '../../src/model/index.js';
import { readRows, type Whole } from './support.js';

export interface Imported {
  info: RunInfo;
  history: History;
  rows: Whole[];
}

let files = 0;

export async function importFile(
  dir: string,
  file: string,
  options: ImportOptions = {},
): Promise<Imported> {
  const arrow = join(dir, `${files++}.arrow`);
  const recorder = createRecorder(arrow);
  let info: RunInfo;
  try {
    info = await importEdn(file, recorder, options);
  } finally {
    await recorder.close();
  }
  const history = readHistory(arrow);
  return { info, history, rows: readRows(history.batches()) };
}

export function importText(
  t: Test,
  content: string | Buffer,
  options: ImportOptions = {},
): Promise<Imported> {
  const dir = t.testdir();
  const file = join(dir, `${files++}.edn`);
  writeFileSync(file, content);
  return importFile(dir, file, options);
}

export function exported({ info, history }: Pick<Imported, 'info' | 'history'>): string[] {
  const lines: string[] = [];
  exportEdn(
    () => history.batches(),
    info,
    (line) => lines.push(line),
  );
  return lines;
}
