/** What partition and latency have in common: pairs of endpoints. */
import { SchismError, type Endpoint, type Links, type Pair, type Scene } from '../model/index.js';
import { isNode, nodesText } from './resolve.js';

/** Packets that are lost. A client and a client have no link. */
export function pairsOf(
  from: readonly Endpoint[],
  to: readonly Endpoint[],
  direction: string,
): Pair[] {
  const out = from.flatMap((a) => to.map((b): Pair => ({ from: a, to: b })));
  const linked = out.filter((pair) => isNode(pair.from) || isNode(pair.to));
  const back = linked.map((pair): Pair => ({ from: pair.to, to: pair.from }));
  return direction === 'out' ? linked : direction === 'in' ? back : [...linked, ...back];
}

export function linksOf(scene: Scene): Links {
  if (scene.cluster.links) return scene.cluster.links;
  throw new SchismError('cluster', 'Expected the cluster to have links, got none.');
}

/** `node 1`, `nodes 2 3`, `clients 0 4`, `clients` */
export function sideText(side: readonly Endpoint[]): string {
  const nodes = side.filter(isNode);
  const clients = side.flatMap((one) =>
    isNode(one) || one === 'clients' ? [] : [one.slice('client-'.length)],
  );
  return [
    ...(nodes.length > 0 ? [nodesText(nodes)] : []),
    ...(side.includes('clients') ? ['clients'] : []),
    ...(clients.length > 0
      ? [`${clients.length === 1 ? 'client' : 'clients'} ${clients.join(' ')}`]
      : []),
  ].join(' ');
}
