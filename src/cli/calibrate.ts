/** `schism calibrate`: what a verdict is worth, measured on planted defects. */
import type { Command } from 'commander';
import { calibrate, version } from '../compose.js';
import { exitCodes, parseOptions, type OptionSpecs } from '../model/index.js';
import { addFlags } from './flags.js';
import { onInterrupt, stopping } from './interrupt.js';

const specs = {
  out: {
    type: 'string',
    default: 'docs',
    placeholder: 'dir',
    help: 'where CALIBRATION.md and calibration.json are written',
  },
  seeds: { type: 'number', default: 3, min: 1, integer: true, help: 'runs of each pair' },
  timeLimit: { type: 'duration', default: 12_000, min: 1000, help: 'of each run' },
  only: {
    type: 'list',
    placeholder: 'name',
    help: 'a defect, `clean`, or one pair (`clean/kill`); can be repeated',
  },
  jobs: { type: 'number', default: 1, min: 1, integer: true, help: 'runs at a time' },
  fresh: { type: 'boolean', default: false, help: 'make runs again that were made already' },
} as const satisfies OptionSpecs;

export function addCalibrate(program: Command): void {
  const command = program
    .command('calibrate')
    .description('run each planted defect of the embedded cluster, and none; write what was found')
    .allowExcessArguments(false);
  addFlags(command, specs, 'Options');
  command.action(async (raw: Record<string, unknown>) => {
    const options = parseOptions(specs, raw);
    const verdict = await calibrate({
      out: String(options['out']),
      seeds: Number(options['seeds']),
      timeLimitS: Number(options['timeLimit']) / 1000,
      only: (options['only'] ?? []) as string[],
      jobs: Number(options['jobs']),
      fresh: options['fresh'] === true,
      schism: version(),
      keep: 'results/calibration',
      say: (line) => process.stdout.write(`${line}\n`),
      interrupt: onInterrupt(stopping),
    });
    process.exitCode = exitCodes[verdict];
  });
}
