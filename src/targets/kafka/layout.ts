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
 * of the JVM that dials, and to `route` for clients. Without links it is the real address, so that
 * anything on this machine finds the cluster.
 */
import { hostname } from 'node:os';
import type { Address, LinkSpec } from '../../model/index.js';
import type { Layout, Purpose } from '../local/layout.js';

export const purposes = ['client', 'broker', 'controller'] as const;

export interface KafkaLayout extends Layout {
  readonly ports: Readonly<Record<Purpose, number>>;
}

export const name = (node: number): string => `broker-${node}`;
export const realHost = (node: number): string => `127.3.0.${node}`;
const peerHost = (from: number, to: number): string => `127.1.${from}.${to}`;
const clientHost = (worker: number, to: number): string => {
  const block = Math.floor(worker / 250);
  return `127.${block === 0 ? 2 : block + 3}.${(worker % 250) + 1}.${to}`;
};

export function kafkaLayout(given: Pick<KafkaLayout, 'nodes' | 'ports' | 'linked'>): KafkaLayout {
  const { nodes, ports, linked } = given;
  return {
    ...given,
    bootstrap: nodes.map((node) => advertised(given, node, 'client')),
    real(node) {
      const at = (port: number): Address => ({ host: realHost(node), port });
      return {
        client: at(ports.client),
        broker: at(ports.broker),
        controller: at(ports.controller),
      };
    },
    linkSpecs: (workers) => linkSpecs(given, workers),
    route(address, worker) {
      const node = nodes.find((id) => linked && name(id) === address.host);
      if (node === undefined) return address;
      const host = worker === undefined ? realHost(node) : clientHost(worker, node);
      return { host, port: address.port };
    },
  };
}

export const advertised = (
  { ports, linked }: Pick<KafkaLayout, 'ports' | 'linked'>,
  node: number,
  purpose: Purpose,
): Address => ({ host: linked ? name(node) : realHost(node), port: ports[purpose] });

/** The hosts file of one node's JVM: with it no other name is known there. */
export function hostsFile({ nodes, linked }: KafkaLayout, node: number): string {
  const addressOf = (peer: number): string =>
    peer === node || !linked ? realHost(peer) : peerHost(node, peer);
  const names = ['127.0.0.1 localhost', `127.0.0.1 ${hostname()}`];
  return [...names, ...nodes.map((peer) => `${addressOf(peer)} ${name(peer)}`), ''].join('\n');
}

function linkSpecs(
  { nodes, ports }: Pick<KafkaLayout, 'nodes' | 'ports'>,
  workers: number,
): LinkSpec[] {
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
