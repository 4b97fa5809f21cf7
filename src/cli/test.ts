/** `schism test`: runs, with live progress, a verdict each, and the worst verdict as exit code. */
import type { Command } from 'commander';
import {
  dryRun,
  execute,
  loadRegistry,
  prepare,
  readStory,
  runOptions,
  verdictLines,
  verdictText,
  type Outcome,
} from '../compose.js';
import { exitCodes, type VerdictWord } from '../model/index.js';
import { addFlags } from './flags.js';
import { onInterrupt, stopping } from './interrupt.js';
import { liveView, terminal } from './live.js';

const rank: Record<VerdictWord, number> = { valid: 0, unknown: 1, invalid: 2 };

export function addTest(program: Command): void {
  const command = program
    .command('test')
    .description('break a cluster, record what its clients see, judge it, show why')
    .allowExcessArguments(false);
  addFlags(command, runOptions, 'Options');
  command.action(async (raw: Record<string, unknown>) => {
    process.exitCode = await test(raw);
  });
  command.addHelpText(
    'afterAll',
    '\n`schism list` shows targets, workloads, nemeses and checkers.',
  );
}

/** Options of plug-ins are flags as well; they are known only once the plug-ins are loaded. */
export async function addPluginFlags(program: Command, argv: readonly string[]): Promise<void> {
  const command = program.commands.find((one) => one.name() === 'test');
  if (!command) return;
  const plugins = argv.flatMap((word, i) =>
    word === '--plugin' ? [argv[i + 1] ?? ''] : word.startsWith('--plugin=') ? [word.slice(9)] : [],
  );
  const registry = await loadRegistry(plugins);
  for (const [sort, all] of [
    ['Target', registry.targets],
    ['Workload', registry.workloads],
    ['Nemesis', registry.nemeses],
  ] as const) {
    for (const [id, plugin] of all) addFlags(command, plugin.meta.options, `${sort} ${id}`);
  }
}

async function test(raw: Record<string, unknown>): Promise<number> {
  const first = await prepare(raw);
  if (first.options['dryRun'] === true) {
    process.stdout.write(await dryRun(first));
    return exitCodes.valid;
  }
  const count = Number(first.options['testCount']);
  const interrupt = onInterrupt(stopping);
  const verdicts: { seed: number; word: VerdictWord; dir: string }[] = [];
  for (let i = 0; i < count && !interrupt.aborted; i++) {
    const prepared = i === 0 ? first : await prepare({ ...raw, seed: first.seed + i });
    const live = liveView(prepared, interrupt);
    try {
      const outcome = await execute(prepared, live.events, interrupt);
      live.end();
      say(outcome);
      verdicts.push({ seed: prepared.seed, word: outcome.verdict.verdict, dir: outcome.dir });
    } finally {
      live.end();
    }
  }
  if (count > 1) {
    for (const { seed, word, dir } of verdicts) {
      process.stdout.write(`${word.padEnd(8)} seed ${seed}  ${shortPath(dir)}\n`);
    }
  }
  const worst = verdicts.reduce<VerdictWord>(
    (word, one) => (rank[one.word] > rank[word] ? one.word : word),
    'valid',
  );
  // Runs that were not made any more say nothing: what was asked for is not known.
  return exitCodes[verdicts.length < count && worst === 'valid' ? 'unknown' : worst];
}

function say({ info, verdict, dir }: Outcome): void {
  const where = shortPath(dir);
  process.stdout.write(
    terminal.isTty
      ? `${verdictText(info, verdict, where, { width: 80, color: terminal.color, unicode: terminal.unicode, story: readStory(dir) })}\n`
      : `${verdictLines(info, verdict, where).join('\n')}\n`,
  );
}

/** Relative to where the user stands, if that is shorter. */
function shortPath(dir: string): string {
  const here = `${process.cwd()}/`;
  return dir.startsWith(here) ? dir.slice(here.length) : dir;
}
