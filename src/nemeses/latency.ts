/** Slows all links of a node, both ways: a far or an overloaded network. */
import type { Endpoint, Nemesis, OptionSpecs } from '../model/index.js';
import { linksOf, pairsOf } from './links.js';
import { nodeParams, planTarget, resolveNodes } from './node-faults.js';
import { checkParams, number } from './params.js';
import { planChoice, planTimes } from './plan.js';
import { checkTarget } from './resolve.js';

const specs: OptionSpecs = {
  latencyMs: {
    type: 'number',
    default: 200,
    min: 0,
    max: 60_000,
    help: 'added to each packet, each way',
    placeholder: 'ms',
  },
  latencyJitterMs: {
    type: 'number',
    default: 50,
    min: 0,
    max: 60_000,
    help: 'by which the latency varies, up and down',
    placeholder: 'ms',
  },
};

const latency: Nemesis = {
  meta: {
    id: 'latency',
    help: 'slows the links of nodes, to each other and to clients',
    needs: ['links'],
    options: {
      ...specs,
      latencyTarget: {
        type: 'string',
        choices: ['one', 'leader', 'all'],
        help: 'which nodes to slow; default: by seed',
        placeholder: 'target',
      },
    },
  },
  plan: (random, topology, { options, ...times }) =>
    planTimes(random, { ...times, options }).map((when) => {
      const target = options['latencyTarget'] ?? random.pick(['one', 'leader', 'all']);
      return {
        nemesis: 'latency',
        ...when,
        params: {
          target: planTarget(target, random, topology),
          latencyMs: Number(options['latencyMs'] ?? 200),
          jitterMs: Number(options['latencyJitterMs'] ?? 50),
          choice: planChoice(random),
        },
      };
    }),
  validate: (fault, topology) => {
    checkParams(fault, {
      ...nodeParams,
      latencyMs: specs['latencyMs']!,
      jitterMs: specs['latencyJitterMs']!,
    });
    checkTarget(fault, 'target', topology);
  },
  resolve: async (fault, scene) => {
    const found = await resolveNodes(fault, scene, { title: 'slow', kind: 'slow' });
    const figures = `by ${number(fault, 'latencyMs', 200)} ± ${number(fault, 'jitterMs', 50)} ms`;
    return { ...found, what: `${found.what} ${figures}` };
  },
  apply: (fault, { nodes }, scene) => {
    const rest = scene.topology.nodes.filter((node) => !nodes.includes(node));
    const among = nodes.flatMap((from) =>
      nodes.filter((to) => to !== from).map((to) => ({ from, to })),
    );
    const others: Endpoint[] = [...rest, 'clients'];
    const shape = {
      latencyMs: number(fault, 'latencyMs', 200),
      jitterMs: number(fault, 'jitterMs', 50),
    };
    return linksOf(scene).shape([...among, ...pairsOf(nodes, others, 'both')], shape);
  },
};
export default latency;
