/** Who said when that it leads which key, and who led it as the newest epoch seen has it. */
import type { Batch, Claim, LeaderChange, Leaders } from '../model/index.js';

interface OpenClaim extends Claim {
  /** When a probe first said otherwise. */
  endNs: number;
}

export class LeaderTable implements Leaders {
  readonly claims: OpenClaim[] = [];
  readonly changes: LeaderChange[] = [];
  readonly #byKey = new Map<number, LeaderChange[]>();
  readonly #byNode = new Map<string, OpenClaim[]>();

  /** A view row. */
  view(batch: Batch, i: number): void {
    const [key, node, leader] = [batch.key[i]!, batch.node[i]!, batch.peer[i]!];
    const [epoch, timeNs] = [batch.epoch[i]!, batch.timeNs[i]!];
    this.#claim(key, node, leader, epoch, timeNs);
    if (epoch < 0) return;
    const list = this.#byKey.get(key) ?? [];
    this.#byKey.set(key, list);
    const newest = list.at(-1);
    // A node that names no leader within an epoch has only not heard of it yet.
    const named = newest?.epoch === epoch && newest.leader < 0 && leader >= 0;
    if (newest && epoch <= newest.epoch && !named) return;
    const change = { key, leader, epoch, timeNs };
    list.push(change);
    this.changes.push(change);
  }

  #claim(key: number, node: number, leader: number, epoch: number, timeNs: number): void {
    const name = `${node}/${key}`;
    const list = this.#byNode.get(name) ?? [];
    const last = list.at(-1);
    const open = last && last.endNs === Infinity ? last : undefined;
    if (leader === node && open?.epoch === epoch) {
      open.toNs = timeNs;
      return;
    }
    if (open) open.endNs = timeNs;
    if (leader !== node) return;
    const claim = { node, key, epoch, fromNs: timeNs, toNs: timeNs, endNs: Infinity };
    this.#byNode.set(name, list);
    list.push(claim);
    this.claims.push(claim);
  }

  at(key: number, timeNs: number): { leader: number; epoch: number } | undefined {
    return this.#byKey.get(key)?.findLast((change) => change.timeNs <= timeNs);
  }

  claimOf(node: number, key: number, timeNs: number): Claim | undefined {
    const claims = this.#byNode.get(`${node}/${key}`);
    return claims?.find((claim) => claim.fromNs <= timeNs && timeNs < claim.endNs);
  }
}
