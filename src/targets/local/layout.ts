/** Where everything of a cluster on this machine is. */
import type { Address, LinkSpec } from '../../model/index.js';

export type Purpose = 'client' | 'broker' | 'controller';
/** Of one node; some may be the same. */
export type Addresses = Readonly<Record<Purpose, Address>>;

export interface Layout {
  readonly nodes: readonly number[];
  /** Where clients start: advertised addresses. */
  readonly bootstrap: readonly Address[];
  /** Whether nodes and clients go through links. */
  readonly linked: boolean;
  /** Where a node itself listens, behind no link. */
  real(node: number): Addresses;
  /** Every dialled path of the cluster. */
  linkSpecs(workers: number): LinkSpec[];
  /** Where a client must dial to reach an advertised address; others stay as they are. */
  route(address: Address, worker: number | undefined): Address;
}
