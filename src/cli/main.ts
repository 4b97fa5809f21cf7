/** The commands. argv and exit codes live here, nothing else does. */
import { Command, CommanderError } from 'commander';
import { exitCodes, SchismError } from '../model/index.js';
import { addCalibrate } from './calibrate.js';
import { addCheck, addExport, addReport } from './check.js';
import { addList } from './list.js';
import { addPluginFlags, addTest } from './test.js';

export async function main(argv: readonly string[]): Promise<void> {
  // Whoever read our output has gone, `head` for one: what is under way still is to end properly.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  const program = new Command('schism')
    .description(
      'Finds out whether a Kafka-compatible cluster keeps its promises while it is broken.',
    )
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .showSuggestionAfterError(true);
  addTest(program);
  addCheck(program);
  addReport(program);
  addExport(program);
  addList(program);
  addCalibrate(program);
  for (const command of program.commands) {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  }
  try {
    if (argv.length === 0) {
      program.outputHelp();
      throw new SchismError('usage', 'Expected a command, got nothing.');
    }
    if (argv[0] === 'test' || argv[0] === 'help') await addPluginFlags(program, argv);
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    process.exitCode = fail(error);
  }
  // Sockets of clients that were given up must not keep a finished program alive.
  await flushed();
  process.exit(process.exitCode ?? exitCodes.crash);
}

function fail(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
    process.stderr.write(`schism: ${message}\n`);
    return exitCodes.usage;
  }
  if (error instanceof SchismError) {
    process.stderr.write(`schism: ${error.message}\n`);
    if (process.env['SCHISM_DEBUG'] !== undefined) process.stderr.write(`${error.stack ?? ''}\n`);
    return error.code === 'cluster' ? exitCodes.crash : exitCodes.usage;
  }
  throw error;
}

/** A pipe takes its time: exit only once all was taken. */
const flushed = (): Promise<unknown> =>
  Promise.all(
    [process.stdout, process.stderr].map(
      (stream) =>
        new Promise<void>((resolve) => {
          stream.write('', () => resolve());
        }),
    ),
  );
