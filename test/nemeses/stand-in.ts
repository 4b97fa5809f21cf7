/**
 * A cluster that does nothing and writes down what it is told. Clusters are an outer interface:
 * here only what nemeses order is of interest; that the orders work is shown on real brokers.
 */
import {
  type Applied,
  type Cluster,
  type ClusterNode,
  type FaultText,
  type Links,
  type Proof,
  type ProofState,
  type Scene,
  type Topology,
} from '../../src/model/index.js';

export const proof = (state: ProofState, by = state as string, timeNs = 1): Proof => ({
  state,
  timeNs,
  by,
});

export interface StandIn {
  scene: Scene;
  /** `kill 2`, `cut drop 1>2 2>1`, `heal kill 2`, `flap on`, in order. */
  log: string[];
  dead: Set<number>;
  /** Orders that are refused, as in the log. */
  broken: Set<string>;
  /** Leader of each key; -1 none. */
  leaders: number[];
  isr: number[][];
  controller: number;
  texts: Map<number, FaultText>;
}

export const topologyOf = (nodes: number, keys = 3, workers = 4): Topology => ({
  nodes: Array.from({ length: nodes }, (_, i) => i + 1),
  keys,
  workers,
});

export function standIn(topology: Topology): StandIn {
  const log: string[] = [];
  const dead = new Set<number>();
  const broken = new Set<string>();
  let clock = 0;
  const order = (text: string, done?: () => void, undone?: () => void): Promise<Applied> => {
    if (broken.has(text)) return Promise.reject(new Error(`${text} failed`));
    log.push(text);
    done?.();
    let healed = false;
    return Promise.resolve({
      proof: Promise.resolve(proof('proven', `${text} seen`)),
      heal: () => {
        if (!healed) {
          log.push(`heal ${text}`);
          undone?.();
        }
        healed = true;
        return Promise.resolve({ proof: Promise.resolve(proof('proven', `${text} gone`)) });
      },
    });
  };
  const nodes = topology.nodes.map((id): ClusterNode => ({
    id,
    addresses: {},
    incarnation: 1,
    isAlive: () => !dead.has(id),
    kill: () =>
      order(
        `kill ${id}`,
        () => dead.add(id),
        () => dead.delete(id),
      ),
    pause: () => order(`pause ${id}`),
    stop: () =>
      order(
        `stop ${id}`,
        () => dead.add(id),
        () => dead.delete(id),
      ),
    logs: () => [],
  }));
  const written = (pairs: Parameters<Links['cut']>[0]): string =>
    pairs.map(({ from, to }) => `${from}>${to}`).join(' ');
  const links: Links = {
    name: 'stand-in',
    cut: (pairs, how) => order(`cut ${how} ${written(pairs)}`),
    shape: (pairs, shape) => order(`shape ${JSON.stringify(shape)} ${written(pairs)}`),
  };
  const stand: StandIn = {
    log,
    dead,
    broken,
    leaders: Array.from({ length: topology.keys }, (_, key) => (key % topology.nodes.length) + 1),
    isr: Array.from({ length: topology.keys }, () => [...topology.nodes]),
    controller: 1,
    texts: new Map(),
    scene: {
      cluster: { nodes, links } as unknown as Cluster,
      topology,
      // Each look at the clock takes a second, so that waiting for a leader is short.
      now: () => (clock += 1e9),
      leaders: () =>
        Promise.resolve(
          stand.leaders.map((leader, key) => ({ key, leader, epoch: 1, isr: stand.isr[key]! })),
        ),
      controller: () => Promise.resolve(stand.controller),
      earlier: (fault) => stand.texts.get(fault),
      flap: (_fault, on) => log.push(on ? 'flap on' : 'flap off'),
    },
  };
  return stand;
}
