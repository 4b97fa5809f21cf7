/** `schism list`: what there is, from the plug-ins' own `meta`, and the runs on disk. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadRegistry } from '../compose.js';
import { exitCodes } from '../model/index.js';

export function addList(program: Command): void {
  program
    .command('list')
    .description('show targets, workloads, nemeses, checkers, plants and recorded runs')
    .option('--results-dir <dir>', 'where runs are kept', 'results')
    .option(
      '--plugin <file>',
      'a plug-in from outside; can be repeated',
      (v, b: string[]) => [...b, v],
      [] as string[],
    )
    .allowExcessArguments(false)
    .action(async (options: { resultsDir: string; plugin: string[] }) => {
      const registry = await loadRegistry(options.plugin);
      const out: string[] = [];
      for (const [title, all] of Object.entries(registry)) {
        out.push(`${title}:`);
        for (const [id, plugin] of all as Map<string, { meta: { help: string } }>) {
          out.push(`  ${id.padEnd(24)} ${plugin.meta.help}`);
        }
      }
      for (const [id, { meta }] of registry.targets) {
        if (!meta.plants) continue;
        out.push(`plants of ${id} (--plant):`);
        for (const [name, { help }] of Object.entries(meta.plants))
          out.push(`  ${name.padEnd(24)} ${help}`);
      }
      out.push('runs:', ...runs(options.resultsDir));
      process.stdout.write(`${out.join('\n')}\n`);
      process.exitCode = exitCodes.valid;
    });
}

function runs(dir: string): string[] {
  let names: string[];
  try {
    names = readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [`  none: there is no folder ${dir}`];
  }
  if (names.length === 0) return ['  none yet'];
  return names.map((name) => `  ${verdictOf(join(dir, name)).padEnd(8)} ${name}`);
}

function verdictOf(dir: string): string {
  try {
    const text = readFileSync(join(dir, 'verdict.json'), 'utf8');
    return (JSON.parse(text) as { verdict: string }).verdict;
  } catch {
    return '-';
  }
}
