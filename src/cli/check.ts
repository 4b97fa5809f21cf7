/** `schism check`, `schism report`, `schism export`: from a run's folder alone. */
import type { Command } from 'commander';
import {
  checkRun,
  exportParquetRun,
  exportRun,
  reportRun,
  runOptions,
  verdictLines,
} from '../compose.js';
import { exitCodes, parseOption } from '../model/index.js';
import { addFlags } from './flags.js';

const runHelp = "a run's folder, or `results/latest`";

export function addCheck(program: Command): void {
  const command = program
    .command('check')
    .description('judge a recorded run again, and draw its page again')
    .argument('<run>', runHelp)
    .option('--plugin <file>', 'a checker from outside; can be repeated', collect)
    .option('--json', 'print the verdict as JSON')
    .allowExcessArguments(false)
    .action(async (run: string, options: { plugin?: string[]; json?: boolean; worth?: string }) => {
      const worthMs = Number(parseOption('worth', runOptions.worth, options.worth));
      const { dir, info, verdict } = await checkRun(run, options.plugin ?? [], { worthMs });
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(verdict, undefined, 2)}\n`
          : `${verdictLines(info, verdict, dir).join('\n')}\n`,
      );
      process.exitCode = exitCodes[verdict.verdict];
    });
  addFlags(command, { worth: runOptions.worth }, 'Options');
}

export function addReport(program: Command): void {
  program
    .command('report')
    .description('draw the page of a recorded run again')
    .argument('<run>', runHelp)
    .allowExcessArguments(false)
    .action(async (run: string) => {
      process.stdout.write(`report: ${await reportRun(run)}\n`);
      process.exitCode = exitCodes.valid;
    });
}

export function addExport(program: Command): void {
  program
    .command('export')
    .description('print the history as JSON lines, or write it as another format')
    .argument('<run>', runHelp)
    .option('--parquet <file>', 'write it as Parquet (DuckDB reads it); replaces the file')
    .allowExcessArguments(false)
    .action((run: string, options: { parquet?: string }) => {
      process.exitCode = exitCodes.valid;
      if (options.parquet !== undefined) {
        exportParquetRun(run, options.parquet);
        return;
      }
      let pending: string[] = [];
      exportRun(run, (line) => {
        pending.push(line);
        if (pending.length < 1000) return;
        process.stdout.write(`${pending.join('\n')}\n`);
        pending = [];
      });
      if (pending.length > 0) process.stdout.write(`${pending.join('\n')}\n`);
    });
}

const collect = (value: string, before: string[] | undefined): string[] => [
  ...(before ?? []),
  value,
];
