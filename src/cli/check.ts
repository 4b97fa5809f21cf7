/** `schism check`, `schism report`, `schism export`: from a run's folder alone. */
import type { Command } from 'commander';
import {
  changeRules,
  checkRun,
  exportEdnRun,
  exportParquetRun,
  exportRun,
  importRun,
  reportRun,
  ruleOptions,
  runOptions,
  type Rules,
  verdictLines,
} from '../compose.js';
import { exitCodes, expected, parseOption } from '../model/index.js';
import { addFlags } from './flags.js';
import { onInterrupt } from './interrupt.js';

const runHelp = "a run's folder, or `results/latest`";

interface CheckFlags {
  plugin?: string[];
  json?: boolean;
  worth?: string;
  fromEdn?: string;
  subVia?: string;
  wwDeps?: boolean;
  resultsDir?: string;
}

export function addCheck(program: Command): void {
  const command = program
    .command('check')
    .description('judge a recorded run again, or a history of Jepsen, and draw its page')
    .argument('[run]', runHelp)
    .option(
      '--from-edn <file>',
      "a history of a Jepsen store, plain or gzipped, instead of a run's",
    )
    .option('--ww-deps', 'the order of values counts as a dependency in an imported history')
    .option('--no-ww-deps', 'it does not (as is the default)')
    .option('--plugin <file>', 'a checker from outside; can be repeated', collect)
    .option('--json', 'print the verdict as JSON')
    .allowExcessArguments(false)
    .action(async (run: string | undefined, flags: CheckFlags) => {
      const worthMs = Number(parseOption('worth', runOptions.worth, flags.worth));
      const folder = await folderOf(run, flags);
      const cut = new AbortController();
      const begins = (text: string): void => {
        // The page is drawn with what was measured by then.
        onInterrupt(undefined, cut);
        if (process.stderr.isTTY) process.stderr.write(`judge  ${text}\n`);
      };
      const limit = { worthMs, signal: cut.signal, begins };
      const { dir, info, verdict } = await checkRun(folder, flags.plugin ?? [], limit);
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify(verdict, undefined, 2)}\n`
          : `${verdictLines(info, verdict, dir).join('\n')}\n`,
      );
      process.exitCode = exitCodes[verdict.verdict];
    });
  const { worth, resultsDir } = runOptions;
  addFlags(command, { worth, ...ruleOptions, resultsDir }, 'Options');
}

/** The run that is to be judged: one that is there, by other rules if so told, or a new one. */
async function folderOf(run: string | undefined, flags: CheckFlags): Promise<string> {
  const { fromEdn, wwDeps, resultsDir } = flags;
  const subVia = parseOption('subVia', ruleOptions.subVia, flags.subVia) as Rules['subVia'];
  if (fromEdn === undefined) {
    if (run === undefined) throw expected('`check`', "given a run's folder or `--from-edn`", run);
    if (resultsDir !== undefined)
      throw expected('`--results-dir`', 'given with `--from-edn` only', resultsDir);
    changeRules(run, { subVia, wwDeps });
    return run;
  }
  if (run !== undefined) throw expected('`--from-edn`', 'given instead of a run', run);
  if (fromEdn === '') throw expected('`--from-edn`', 'a file', fromEdn);
  const results = parseOption('resultsDir', runOptions.resultsDir, resultsDir);
  return importRun(fromEdn, String(results), { subVia, wwDeps });
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
    .option('--edn', 'print it as EDN lines, which Jepsen reads')
    .option('--parquet <file>', 'write it as Parquet (DuckDB reads it); replaces the file')
    .allowExcessArguments(false)
    .action((run: string, options: { parquet?: string; edn?: boolean }) => {
      if (options.edn === true && options.parquet !== undefined)
        throw expected('`--edn`', 'given without `--parquet`', options.parquet);
      process.exitCode = exitCodes.valid;
      if (options.parquet !== undefined) {
        exportParquetRun(run, options.parquet);
        return;
      }
      let pending: string[] = [];
      const print = options.edn === true ? exportEdnRun : exportRun;
      print(run, (line) => {
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
