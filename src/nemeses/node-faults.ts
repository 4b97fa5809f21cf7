/** What kill, pause and restart have in common: a fault of whole nodes. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  SchismError,
  type Applied,
  type Fault,
  type FaultText,
  type OptionSpec,
  type OptionSpecs,
  type PlanOptions,
  type Random,
  type Scene,
  type Topology,
} from '../model/index.js';
import { applyAll } from './combine.js';
import { checkParams, choiceSpec, text } from './params.js';
import { planChoice, planTimes } from './plan.js';
import { checkTarget, isNode, nodesText, readEndpoints, Sight, writeEndpoints } from './resolve.js';

export const targetChoices = ['one', 'minority', 'leader', 'majority', 'all'] as const;

/** `--kill-target` and the like. Majority and all stop the cluster, so they must be asked for. */
export const targetOption = (verb: string): OptionSpec => ({
  type: 'string',
  choices: targetChoices,
  help: `which nodes to ${verb}; default: one, minority or leader, by seed`,
  placeholder: 'target',
});

export const nodeParams: OptionSpecs = {
  target: { type: 'string', help: 'which nodes' },
  choice: choiceSpec,
};

/** `leader` means that of a key, which the seed picks. */
export function planTarget(asked: unknown, random: Random, topology: Topology): string {
  const target = typeof asked === 'string' ? asked : random.pick(targetChoices.slice(0, 3));
  return target === 'leader' ? `leader(${random.below(topology.keys)})` : target;
}

export const planNodeFaults = (
  nemesis: string,
  random: Random,
  topology: Topology,
  options: PlanOptions,
): Omit<Fault, 'id'>[] =>
  planTimes(random, options).map((when) => ({
    nemesis,
    ...when,
    params: {
      target: planTarget(options.options[`${nemesis}Target`], random, topology),
      choice: planChoice(random),
    },
  }));

export function validateNodeFault(fault: Fault, topology: Topology): void {
  checkParams(fault, nodeParams);
  checkTarget(fault, 'target', topology);
}

/** What a sight had to do without, for `resolved`; nothing: no such field. */
export const noteOf = (sight: Sight): { note?: string } =>
  sight.notes.length > 0 ? { note: sight.notes.join('; ') } : {};

export async function resolveNodes(
  fault: Fault,
  scene: Scene,
  words: Pick<FaultText, 'title' | 'kind'>,
): Promise<FaultText> {
  const sight = new Sight(fault, scene);
  const earlier = fault.resolved?.['target'];
  const target = text(fault, 'target', 'one');
  const found = earlier === undefined ? await sight.find(target) : readEndpoints(earlier);
  const nodes = found.filter(isNode);
  const keys = await sight.keysLedBy(nodes);
  // Last, so that as little time as can be lies between this and the signal.
  const living = await sight.alive(nodes);
  return {
    nemesis: fault.nemesis,
    ...words,
    what: nodesText(living) + (sight.notes.length > 0 ? ' (stand-in)' : ''),
    nodes: living,
    keys,
    params: fault.params,
    resolved: { target: writeEndpoints(living), ...noteOf(sight) },
  };
}

type Order = 'kill' | 'pause' | 'stop';

/** Gives one order to one node. */
export function order(scene: Scene, id: number, verb: Order): Promise<Applied> {
  const node = scene.cluster.nodes.find((one) => one.id === id);
  const applied = node?.[verb]?.();
  if (applied) return applied;
  const message = `Expected node ${id} to have a way to ${verb} it, got none.`;
  return Promise.reject(new SchismError('cluster', message));
}

/** A node that another fault has paused, or is just ending, takes no order: tried again. */
const tries = 10;
const tryAgainMs = 1500;

export async function patiently(attempt: () => Promise<Applied>): Promise<Applied> {
  for (let left = tries - 1; ; left--)
    try {
      return await attempt();
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      if (left === 0 || !(cause instanceof SchismError)) throw error;
      await sleep(tryAgainMs);
    }
}

export const orderAll = (scene: Scene, nodes: readonly number[], verb: Order): Promise<Applied> =>
  patiently(() => applyAll(nodes.map((id) => () => order(scene, id, verb))));
