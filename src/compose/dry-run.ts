/** `--dry-run`: the schedule and what would be run, without touching a cluster. */
import type { Topology } from '../model/index.js';
import { expectedTopology, type Prepared } from './prepare.js';

export function startFor(prepared: Prepared): Promise<string> {
  const topology: Topology = expectedTopology(prepared.options, prepared.workload);
  return Promise.resolve(`${JSON.stringify(prepared.plan(topology), undefined, 2)}\n`);
}
