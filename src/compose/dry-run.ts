/** `--dry-run`: the schedule and what would be run, without changing anything. */
import { expectedTopology, type Prepared } from './prepare.js';

export async function dryRun(prepared: Prepared): Promise<string> {
  const { target, options, workload } = prepared;
  const topology = expectedTopology(options, workload);
  const seen = await target.preview?.(options);
  const schedule = prepared.plan(seen ? { ...topology, nodes: seen.nodes } : topology);
  const commands = seen?.commands ?? [];
  return [
    JSON.stringify(schedule, undefined, 2),
    ...(commands.length > 0 ? ['what would be run on a node, where a fault asks for it:'] : []),
    ...commands.map((command) => `  ${command}`),
    '',
  ].join('\n');
}
