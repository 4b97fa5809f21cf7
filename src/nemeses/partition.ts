/** Cuts links. A shape is a name for two sides, which way packets are lost, and how long. */
import {
  expected,
  SchismError,
  type Endpoint,
  type Fault,
  type FaultText,
  type Nemesis,
  type OptionSpecs,
  type PlanOptions,
  type Random,
  type Scene,
  type Topology,
} from '../model/index.js';
import { flap } from './flap.js';
import { linksOf, pairsOf, sideText } from './links.js';
import { noteOf } from './node-faults.js';
import { checkParams, choiceSpec, field, number, text } from './params.js';
import { planChoice, planTimes } from './plan.js';
import { checkTarget, isNode, readEndpoints, Sight, writeEndpoints } from './resolve.js';

interface Shape {
  title: string;
  /** Sides; `leader` stands for that of a key, which the seed picks. */
  from: string;
  to: string;
}

const shapes: Readonly<Record<string, Shape>> = {
  // Clients still reach the leader: with acks=1 it goes on acknowledging what will be truncated.
  'isolate-leader': { title: 'isolate leader', from: 'leader', to: 'rest' },
  minority: { title: 'cut minority off', from: 'minority', to: 'rest' },
  halves: { title: 'split in halves', from: 'half', to: 'rest' },
  'one-way': { title: 'cut one way', from: 'minority', to: 'rest' },
  flapping: { title: 'flap links', from: 'leader', to: 'rest' },
  'client-side': { title: 'cut clients off', from: 'some-clients', to: 'leader' },
};
/** In schedule files only: any two sides. */
const pairsShape = 'pairs';
const hows = ['drop', 'refuse'] as const;
const directions = ['both', 'out', 'in'] as const;

const params: OptionSpecs = {
  shape: { type: 'string', choices: [...Object.keys(shapes), pairsShape], help: 'shape' },
  from: { type: 'string', help: 'one side' },
  to: { type: 'string', help: 'the other side' },
  how: { type: 'string', choices: hows, help: 'whether packets vanish or links are closed' },
  direction: { type: 'string', choices: directions, help: 'which packets are lost' },
  periodMs: { type: 'number', min: 100, max: 600_000, help: 'from flap to flap' },
  onMs: { type: 'number', min: 50, max: 600_000, help: 'how long each flap is cut' },
  choice: choiceSpec,
};

const symbol = (side: string, random: Random, topology: Topology): string =>
  side === 'leader' ? `leader(${random.below(topology.keys)})` : side;

function plan(random: Random, topology: Topology, options: PlanOptions): Omit<Fault, 'id'>[] {
  const { partitionShape, partitionHow } = options.options;
  const how = partitionHow === 'refuse' ? 'refuse' : 'drop';
  if (how === 'refuse' && partitionShape === 'one-way')
    // Who closes a connection closes it both ways.
    throw expected('`--partition-how`', 'drop with `--partition-shape one-way`', how);
  const names = Object.keys(shapes).filter((name) => how === 'drop' || name !== 'one-way');
  return planTimes(random, options).map((when) => {
    const name = typeof partitionShape === 'string' ? partitionShape : random.pick(names);
    const shape = shapes[name];
    if (!shape) throw expected('`--partition-shape`', `one of ${names.join(', ')}`, name);
    const client = name === 'client-side' && random.next() < 0.3;
    return {
      nemesis: 'partition',
      ...when,
      params: {
        shape: name,
        from: symbol(shape.from, random, topology),
        to: client ? 'all' : symbol(shape.to, random, topology),
        how,
        direction: name === 'one-way' ? random.pick(['out', 'in']) : 'both',
        ...(name === 'flapping' ? { periodMs: 1000, onMs: 500 } : {}),
        choice: planChoice(random),
      },
    };
  });
}

function validate(fault: Fault, topology: Topology): void {
  checkParams(fault, params);
  const shape = text(fault, 'shape', pairsShape);
  for (const side of ['from', 'to']) {
    if (shape === pairsShape && fault.params[side] === undefined)
      throw expected(field(side), 'there with shape pairs', undefined);
    checkTarget(fault, side, topology, true);
  }
  if (text(fault, 'from', '') === 'rest') throw expected(field('from'), 'other than rest', 'rest');
  if (text(fault, 'how', 'drop') === 'refuse' && directionOf(fault) !== 'both')
    throw expected(field('how'), 'drop where packets are lost one way', 'refuse');
  if (shape !== 'flapping') {
    for (const name of ['periodMs', 'onMs'])
      if (fault.params[name] !== undefined)
        throw expected(field(name), 'absent but with shape flapping', fault.params[name]);
  } else if (onMsOf(fault) >= periodMsOf(fault))
    throw expected(field('onMs'), `less than periodMs (${periodMsOf(fault)})`, onMsOf(fault));
}

const onMsOf = (fault: Fault): number => number(fault, 'onMs', 500);
const periodMsOf = (fault: Fault): number => number(fault, 'periodMs', 1000);
const shapeOf = (fault: Fault): Shape => {
  const found = shapes[text(fault, 'shape', pairsShape)] ?? {
    title: 'cut links',
    from: 'one',
    to: 'rest',
  };
  const key = (side: string): string => (side === 'leader' ? 'leader(0)' : side);
  return { title: found.title, from: key(found.from), to: key(found.to) };
};
const directionOf = (fault: Fault): string =>
  text(fault, 'direction', fault.params['shape'] === 'one-way' ? 'out' : 'both');

async function sides(fault: Fault, sight: Sight): Promise<[Endpoint[], Endpoint[]]> {
  const { from, to } = fault.resolved ?? {};
  if (from !== undefined && to !== undefined) return [readEndpoints(from), readEndpoints(to)];
  const shape = shapeOf(fault);
  const one = await sight.find(text(fault, 'from', shape.from));
  const target = text(fault, 'to', shape.to);
  const { nodes } = sight.scene.topology;
  const other: Endpoint[] =
    target === 'rest' ? nodes.filter((node) => !one.includes(node)) : await sight.find(target);
  return [one, other.filter((endpoint) => !one.includes(endpoint))];
}

async function resolve(fault: Fault, scene: Scene): Promise<FaultText> {
  const sight = new Sight(fault, scene);
  const [from, to] = await sides(fault, sight);
  if (from.length === 0 || to.length === 0)
    throw new SchismError(
      'cluster',
      `Expected two sides to cut, got ${sideText(from)} | ${sideText(to)}.`,
    );
  const fromNodes = from.filter(isNode);
  const direction = directionOf(fault);
  const arrow = { out: '→', in: '←' }[direction] ?? '|';
  const far = fromNodes.length > 0 && to.every(isNode) ? to.join(' ') : sideText(to);
  return {
    nemesis: fault.nemesis,
    title: shapeOf(fault).title,
    what: `${sideText(from)} ${arrow} ${far}` + (sight.notes.length > 0 ? ' (stand-in)' : ''),
    // Cut clients leave the node a full member of the cluster.
    nodes: fromNodes,
    keys: await sight.keysLedBy(fromNodes.length > 0 ? fromNodes : to.filter(isNode)),
    kind: text(fault, 'shape', pairsShape) === 'flapping' ? 'flap' : 'cut',
    params: fault.params,
    resolved: { from: writeEndpoints(from), to: writeEndpoints(to), ...noteOf(sight) },
  };
}

const partition: Nemesis = {
  meta: {
    id: 'partition',
    help: 'cuts links between nodes, or between clients and nodes',
    needs: ['links'],
    options: {
      partitionShape: {
        type: 'string',
        choices: Object.keys(shapes),
        help: 'which links are cut; default: by seed',
        placeholder: 'shape',
      },
      partitionHow: {
        type: 'string',
        choices: hows,
        default: 'drop',
        help: 'drop: packets vanish and nobody is told; refuse: links are closed',
        placeholder: 'how',
      },
    },
  },
  plan,
  validate,
  resolve,
  apply: (fault, { resolved, kind }, scene) => {
    const ends = [resolved['from'], resolved['to']].map((side) => readEndpoints(side ?? ''));
    const pairs = pairsOf(ends[0]!, ends[1]!, directionOf(fault));
    const how = text(fault, 'how', 'drop') === 'refuse' ? 'refuse' : 'drop';
    const links = linksOf(scene);
    if (kind !== 'flap') return links.cut(pairs, how);
    return flap({
      cut: () => links.cut(pairs, how),
      mark: (on) => scene.flap(fault, on),
      now: () => scene.now(),
      onMs: onMsOf(fault),
      offMs: periodMsOf(fault) - onMsOf(fault),
    });
  },
};
export default partition;
