/** Ports of an embedded cluster: 127.0.0.1 is the one address that every system has. */
import type { Address, LinkSpec } from '../../model/index.js';
import { freePorts } from '../../processes/index.js';
import type { Layout } from '../local/layout.js';

const host = '127.0.0.1';

export interface EmbeddedLayout extends Layout {
  /** Where a node dials a peer. */
  dial(from: number, to: number): Address;
}

/** A port for each node, and for each path to it unless `workers`, the clients, is undefined. */
export async function embeddedLayout(
  nodes: readonly number[],
  workers: number | undefined,
): Promise<EmbeddedLayout> {
  const clients = Array.from({ length: workers ?? 0 }, (_, worker) => `client-${worker}` as const);
  const paths: Pick<LinkSpec, 'from' | 'to' | 'purpose'>[] =
    workers === undefined
      ? []
      : nodes.flatMap((to) => [
          ...nodes.filter((from) => from !== to).map((from) => ({ from, to, purpose: 'broker' })),
          ...clients.map((from) => ({ from, to, purpose: 'client' })),
        ]);
  const ports = await freePorts(nodes.length + paths.length, [host]);
  const at = new Map(nodes.map((node, i) => [node, { host, port: ports[i]! }]));
  const links = paths.map((path, i): LinkSpec => {
    const listen = { host, port: ports[nodes.length + i]! };
    return { ...path, listen, upstream: at.get(Number(path.to))! };
  });
  const listens = new Map(links.map(({ from, to, listen }) => [`${from} ${to}`, listen]));

  return {
    nodes,
    bootstrap: [...at.values()],
    linked: workers !== undefined,
    real(node) {
      // One listener for everything; what reaches it is told apart by the path.
      const address = at.get(node)!;
      return { client: address, broker: address, controller: address };
    },
    linkSpecs: (some) =>
      links.filter(({ from }) => typeof from === 'number' || Number(from.split('-')[1]) < some),
    route(address, worker) {
      const node = nodes.find((id) => at.get(id)!.port === address.port);
      if (node === undefined || address.host !== host) return address;
      return listens.get(`client-${worker ?? ''} ${node}`) ?? address;
    },
    dial: (from, to) => listens.get(`${from} ${to}`) ?? at.get(to)!,
  };
}
