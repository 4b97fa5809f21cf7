/**
 * Addresses of a cluster on loopback. Linux answers on all of 127.0.0.0/8 without aliases, so
 * each path has an address of its own and all of them have the same three ports:
 *
 *   127.3.0.D          node D itself
 *   127.1.S.D          the link by which node S reaches node D
 *   127.2.(W+1).D      the link by which the client of worker W reaches node D; from worker 250
 *                      on 127.4, 127.5 ... instead of 127.2
 *
 * An advertised address is the same for all who ask; what `broker-2` means is up to the hosts file
 * of the JVM that dials, and to `route` for clients.
 */
import { hostname } from 'node:os';
import type { Address, LinkSpec } from '../../model/index.js';

export const purposes = ['client', 'broker', 'controller'] as const;
export type Purpose = (typeof purposes)[number];
export type Ports = Readonly<Record<Purpose, number>>;

export interface Layout {
  readonly nodes: readonly number[];
  readonly ports: Ports;
  /** Whether nodes and clients go through links. */
  readonly linked: boolean;
}

export const name = (node: number): string => `broker-${node}`;
export const realHost = (node: number): string => `127.3.0.${node}`;
export const peerHost = (from: number, to: number): string => `127.1.${from}.${to}`;
const clientHost = (worker: number, to: number): string => {
  const block = Math.floor(worker / 250);
  return `127.${block === 0 ? 2 : block + 3}.${(worker % 250) + 1}.${to}`;
};

export const realAddresses = (layout: Layout, node: number): Record<Purpose, Address> => {
  const at = (port: number): Address => ({ host: realHost(node), port });
  const { client, broker, controller } = layout.ports;
  return { client: at(client), broker: at(broker), controller: at(controller) };
};

export const advertised = (layout: Layout, node: number, purpose: Purpose): Address => ({
  host: name(node),
  port: layout.ports[purpose],
});

/** The hosts file of one node's JVM: with it no other name is known there. */
export function hostsFile(layout: Layout, node: number): string {
  const addressOf = (peer: number): string =>
    peer === node || !layout.linked ? realHost(peer) : peerHost(node, peer);
  const names = ['127.0.0.1 localhost', `127.0.0.1 ${hostname()}`];
  return [...names, ...layout.nodes.map((peer) => `${addressOf(peer)} ${name(peer)}`), ''].join(
    '\n',
  );
}

/** Every dialled path of the cluster. */
export function linkSpecs(layout: Layout, workers: number): LinkSpec[] {
  const { nodes, ports } = layout;
  const link = (from: LinkSpec['from'], to: number, purpose: Purpose, host: string): LinkSpec => {
    const port = ports[purpose];
    return { from, to, purpose, listen: { host, port }, upstream: { host: realHost(to), port } };
  };
  const peers = nodes.flatMap((from) =>
    nodes
      .filter((to) => to !== from)
      .flatMap((to) => [
        link(from, to, 'controller', peerHost(from, to)),
        link(from, to, 'broker', peerHost(from, to)),
      ]),
  );
  const clients = Array.from({ length: workers }, (_, worker) =>
    nodes.map((to) => link(`client-${worker}`, to, 'client', clientHost(worker, to))),
  );
  return [...peers, ...clients.flat()];
}

/** Where a client must dial to reach an advertised address; others stay as they are. */
export function route(layout: Layout, address: Address, worker: number | undefined): Address {
  const node = layout.nodes.find((id) => name(id) === address.host);
  if (node === undefined) return address;
  const host = worker === undefined || !layout.linked ? realHost(node) : clientHost(worker, node);
  return { host, port: address.port };
}
