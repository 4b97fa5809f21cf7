/** A graceful restart, of one node after the other: what an upgrade does to a cluster. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  messageOf,
  type Applied,
  type Fault,
  type Healed,
  type Nemesis,
  type PlanOptions,
  type Proof,
  type Random,
  type Scene,
  type Topology,
} from '../model/index.js';
import { combineProofs } from './combine.js';
import { nodeParams, order, patiently, resolveNodes } from './node-faults.js';
import { checkParams, number } from './params.js';
import { planChoice, planTimes } from './plan.js';
import { checkTarget } from './resolve.js';

/** What a graceful stop, a rest and a start take of one node, generously. */
const perNodeMs = 5000;
/** How long a node stays down. */
const downMs = 1000;
/** How long a node that was started may take to be seen before the next one is stopped. */
const upMs = 15_000;

function plan(random: Random, topology: Topology, options: PlanOptions): Omit<Fault, 'id'>[] {
  const target = String(options.options['restartTarget'] ?? 'all');
  const lastsMs = target === 'all' ? topology.nodes.length * perNodeMs : perNodeMs;
  return planTimes(random, options, Math.max(options.durationMs, lastsMs)).map((when) => ({
    nemesis: 'restart',
    ...when,
    params: { target, downMs, choice: planChoice(random) },
  }));
}

/** Ends when it is healed: the node that is down then is started, the rest is left alone. */
async function roll(nodes: readonly number[], restMs: number, scene: Scene): Promise<Applied> {
  const stop = new AbortController();
  const rest = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);
  const stopped: Promise<Proof>[] = [];
  const started: Promise<Proof>[] = [];
  const turn = async (applied: Applied): Promise<void> => {
    stopped.push(applied.proof);
    await rest(restMs);
    const healed = await applied.heal();
    started.push(healed.proof);
    await Promise.race([healed.proof, rest(upMs)]);
  };
  const queue = [...nodes];
  const first = await patiently(() => stopFirst(queue, scene));
  const others = async (): Promise<void> => {
    await turn(first);
    for (const id of queue) {
      if (stop.signal.aborted) return;
      // Another fault has it: a node that could not be stopped was not touched.
      const next = await order(scene, id, 'stop').catch(messageOf);
      if (typeof next !== 'string') await turn(next);
      else stopped.push(Promise.resolve({ state: 'moot', timeNs: scene.now(), by: next }));
    }
  };
  const running = others();
  const proof = running
    .catch(() => undefined)
    .then(() => Promise.all(stopped))
    .then((proofs) => {
      const one = combineProofs(proofs);
      return { ...one, by: `${started.length} of ${nodes.length} restarted: ${one.by}` };
    });
  let healed: Promise<Healed> | undefined;
  const heal = async (): Promise<Healed> => {
    stop.abort();
    await running;
    return { proof: Promise.all(started).then(combineProofs) };
  };
  return { proof, heal: () => (healed ??= heal()) };
}

/** Takes the first node that can be stopped out of the queue; the others keep their order. */
async function stopFirst(queue: number[], scene: Scene): Promise<Applied> {
  let refused: unknown;
  for (const [i, id] of queue.entries())
    try {
      const applied = await order(scene, id, 'stop');
      queue.splice(i, 1);
      return applied;
    } catch (error) {
      refused = error;
    }
  throw refused;
}

const restart: Nemesis = {
  meta: {
    id: 'restart',
    help: 'restarts nodes gracefully, one after the other',
    needs: ['stop'],
    options: {
      restartTarget: {
        type: 'string',
        choices: ['one', 'all'],
        default: 'all',
        help: 'which nodes to restart',
        placeholder: 'target',
      },
    },
  },
  plan,
  validate: (fault, topology) => {
    const down = { type: 'number', min: 0, max: 600_000, help: 'how long a node is down' } as const;
    checkParams(fault, { ...nodeParams, downMs: down });
    checkTarget(fault, 'target', topology);
  },
  resolve: async (fault, scene) => {
    const found = await resolveNodes(fault, scene, { title: 'restart', kind: 'restart' });
    return { ...found, title: found.nodes.length > 1 ? 'rolling restart' : 'restart' };
  },
  apply: (fault, text, scene) => roll(text.nodes, number(fault, 'downMs', downMs), scene),
};
export default restart;
