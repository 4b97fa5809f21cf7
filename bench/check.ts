/**
 * How fast histories are judged: `npm run bench:check [-- --large] [-- --repeat 7]`. Histories are
 * generated into a folder that goes at the end. Each is judged in processes of its own on one core:
 * one that judges it once gives the time of a first run and the peak of its memory, another repeats
 * it in turn with the reference loop, in alternating order. Both read the file anew each time, so
 * that a time is one of `schism check` without its report. Times are of the processor.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createFacts } from '../src/analysis/facts.js';
import { judge } from '../src/analysis/index.js';
import { StatsTable } from '../src/analysis/stats.js';
import { loadRegistry } from '../src/compose/registry.js';
import { readHistory } from '../src/history/index.js';
import type { Batch, RunInfo, Verdict } from '../src/model/index.js';
import { importedHistory } from './imported-history.js';
import { recordedHistory } from './recorded-history.js';
import { reference } from './reference.js';
import { interval, median } from './statistics.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Also 100 million records: 6 GB of disk, some minutes. */
    large: { type: 'boolean', default: false },
    repeat: { type: 'string', default: '7' },
    ops: { type: 'string', default: '500000' },
    only: { type: 'string' },
  },
});
const say = (line = ''): void => void process.stdout.write(`${line}\n`);
/** Processor time: what one core needs, whatever else the machine does meanwhile. */
const now = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

interface Measured {
  verdict: string;
  rows: number;
  polled: number;
  judgedMs: number[];
  referenceMs: number[];
  /** Resident at the peak. */
  peakMb: number;
  /** Of a process that only reads and sums. */
  parts: Record<string, number>;
}

/** In a process of its own. */
async function measure(file: string, repeat: number): Promise<Measured> {
  const run = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as RunInfo;
  const registry = await loadRegistry();
  const checkers = [...registry.checkers.values()];
  const parts: Record<string, number[]> = {};
  const note = (part: string, ms: number): void => void (parts[part] ??= []).push(ms);
  const timed = (work: () => void): number => {
    const begun = now();
    work();
    return now() - begun;
  };
  let verdict: Verdict | undefined;
  const inOne = (): number =>
    timed(() => {
      const batches = readHistory(file).batches({ reuse: true });
      verdict = judge({ run, batches, truncated: false, checkers, now: () => 0 });
    });
  /** Takes longer: the clock is read often. */
  const inParts = (): void => {
    let decodeMs = 0;
    function* decoded(): Generator<Batch> {
      const batches = readHistory(file).batches({ reuse: true });
      for (;;) {
        const begun = now();
        const next = batches.next();
        decodeMs += now() - begun;
        if (next.done === true) return;
        yield next.value;
      }
    }
    let rest = timed(() => {
      verdict = judge({ run, batches: decoded(), truncated: false, checkers, now });
    });
    note('decode', decodeMs);
    rest -= decodeMs;
    for (const one of verdict!.checkers) {
      note(one.id, one.durationMs);
      rest -= one.durationMs;
    }
    note('facts, statistics, cases', rest);
  };
  /** Facts and statistics by themselves. */
  const shared = (): void => {
    const [facts, table] = [createFacts(run), new StatsTable()];
    let [factsMs, statsMs] = [0, 0];
    for (const batch of readHistory(file).batches({ reuse: true })) {
      factsMs += timed(() => facts.step(batch));
      statsMs += timed(() => table.step(batch));
    }
    note('of it facts', factsMs + timed(() => facts.finish()));
    note('of it statistics', statsMs + timed(() => table.finish(facts)));
  };
  const summed = (): number => timed(() => reference(file));
  const [judgedMs, referenceMs]: number[][] = [[], []];
  for (let i = 0; i < repeat; i++) {
    if (i % 2 === 0) judgedMs!.push(inOne());
    if (repeat > 1) referenceMs!.push(summed());
    if (i % 2 === 1) judgedMs!.push(inOne());
    if (i === 0) continue;
    inParts();
    shared();
  }
  return {
    verdict: `${verdict!.verdict}: ${verdict!.sentence}`,
    rows: verdict!.history.rows,
    polled: verdict!.stats.polledRecords,
    judgedMs: judgedMs!,
    referenceMs: referenceMs!,
    peakMb: process.resourceUsage().maxRSS / 1024,
    parts: Object.fromEntries(Object.entries(parts).map(([part, ms]) => [part, median(ms)])),
  };
}

/** On one core: no threads for the collector and the compiler, which a busy machine does not have. */
function child(file: string, repeat: number): Measured {
  const self = fileURLToPath(import.meta.url);
  const args = ['--single-threaded', self, '--repeat', String(repeat), file];
  return JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1e8 }),
  ) as Measured;
}

const ms = (numbers: readonly number[]): string => {
  const [low, high] = interval(numbers);
  return `${median(numbers).toFixed(0)} ms (95 %: ${low.toFixed(0)} to ${high.toFixed(0)})`;
};

function report(name: string, file: string): number {
  const [first, warm] = [child(file, 1), child(file, Math.max(2, Number(values.repeat)))];
  const { rows, polled, judgedMs, referenceMs, parts } = warm;
  const [judged, base] = [median(judgedMs), median(referenceMs)];
  const mb = statSync(file).size / 2 ** 20;
  say();
  say(
    `${name}: ${polled.toLocaleString('en')} polled records in ${rows.toLocaleString('en')} rows, ${mb.toFixed(0)} MB`,
  );
  say(`  verdict           ${first.verdict}`);
  say(
    `  judged            ${ms(judgedMs)}; first time in its process ${first.judgedMs[0]!.toFixed(0)} ms`,
  );
  say(`  reference         ${ms(referenceMs)}, the file read and decoded`);
  say(`  multiple          ${(judged / base).toFixed(2)} times the reference`);
  say(
    `  polled records    ${(polled / judged / 1000).toFixed(2)} million a second; first time ${(polled / first.judgedMs[0]! / 1000).toFixed(2)}`,
  );
  say(`  rows              ${(rows / judged / 1000).toFixed(2)} million a second`);
  say(`  peak memory       ${first.peakMb.toFixed(0)} MB resident`);
  const slow = Object.entries(parts).filter(([, one]) => one >= 0.01 * judged);
  say(
    `  parts             ${slow.map(([part, one]) => `${part} ${one.toFixed(0)}`).join(', ')} ms`,
  );
  return judged / polled;
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'schism-bench-'));
  const wanted = (name: string): boolean => values.only === undefined || name.includes(values.only);
  try {
    const perRecord = new Map<number, number>();
    for (const millions of values.large ? [1, 10, 100] : [1, 10]) {
      const name = `recorded, ${millions} M`;
      if (!wanted(name)) continue;
      const file = join(dir, 'history.arrow');
      const run = await recordedHistory(file, millions * 1e6);
      writeFileSync(`${file}.json`, JSON.stringify(run));
      perRecord.set(millions, report(name, file));
      rmSync(file);
    }
    const [least, ...more] = perRecord;
    for (const [millions, one] of more)
      say(`time a record, ${millions} M against ${least![0]} M: ${(one / least![1]).toFixed(2)}`);
    if (wanted('imported')) {
      const file = join(dir, 'history.arrow');
      const { run } = await importedHistory(file, Number(values.ops));
      writeFileSync(`${file}.json`, JSON.stringify(run));
      report(`imported, ${(2 * Number(values.ops)).toLocaleString('en')} entries`, file);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const [file] = positionals;
if (file === undefined) await main();
else process.stdout.write(JSON.stringify(await measure(file, Number(values.repeat))));
