/** Nodes with one replica each of one Raft group, and what must hold whatever happens to them. */
import { messageOf, seeded, type Random } from '../../../src/model/index.js';
import { heads, recordBatch } from '../../../src/targets/embedded/broker/batch.js';
import type { PlantName } from '../../../src/targets/embedded/broker/env.js';
import type { Log, Message } from '../../../src/targets/embedded/broker/types.js';
import { Clock } from './clock.js';
import { Network, type CutHow } from './network.js';
import { timing, VirtualNode } from './node.js';

export type Violation =
  /** One term, two leaders. */
  | 'two-leaders'
  /** A committed batch is another one on another node, or later. */
  | 'committed-changed'
  /** A new leader does not have all that was committed. */
  | 'leader-lacks'
  /** Committed for its client, and not in every log at the end. */
  | 'acked-lost'
  /** One offset was acked for two values. */
  | 'acked-twice'
  | 'commit-fell'
  /** Something was thrown. */
  | 'died'
  /** All is well again, and yet no leader, or logs that differ. */
  | 'apart';

/** Offset of a batch -> what it is. */
type Batches = Map<number, string>;

export class World {
  readonly clock = new Clock();
  readonly random: Random;
  readonly nodes: readonly VirtualNode[];
  readonly network: Network<Message>;
  /** First explanation by kind. */
  readonly violations = new Map<Violation, string>();
  /** Batches that were acked: offset and what it was. */
  readonly acked: Batches = new Map();
  proposals = 0;
  /** Everything that matters for a replay. */
  readonly trace: string[] = [];
  readonly #committed: Batches = new Map();
  /** Offset -> the term whose leader committed it. */
  readonly #committedIn = new Map<number, number>();
  readonly #leaders = new Map<number, number>();
  readonly #seen = new Map<VirtualNode, { incarnation: number; commit: number }>();

  constructor(seed: number | string, size: number, plants: readonly PlantName[] = []) {
    const random = seeded(seed);
    this.random = random.fork('faults');
    const replicas = Array.from({ length: size }, (_, i) => i + 1);
    this.network = new Network(this.clock, random.fork('network'), (_from, to, message) =>
      this.node(to).receive(message),
    );
    this.nodes = replicas.map(
      (id) =>
        new VirtualNode({
          id,
          replicas,
          clock: this.clock,
          random: random.fork(`node ${id}`),
          plants: new Set(plants),
          send: (to, message) => this.network.send(id, to, message),
          after: (node) => this.#check(node),
          log: (text) => this.trace.push(text),
          died: (node, error) => this.#violated('died', `node ${node.id}: ${messageOf(error)}`),
        }),
    );
    for (const node of this.nodes) node.start();
  }

  node(id: number): VirtualNode {
    return this.nodes[id - 1]!;
  }

  run(ms: number): void {
    this.clock.runUntil(this.clock.now + ms);
  }

  /** The leader of the newest term; waits for one up to ten election time-outs. */
  leader(): VirtualNode {
    for (let i = 0; i < 100; i++) {
      const leading = this.nodes.filter(({ group }) => group?.isLeader);
      const newest = leading.sort((a, b) => b.group!.term - a.group!.term)[0];
      if (newest) return newest;
      this.run(timing.electionTimeoutMs / 10);
    }
    throw new Error('no leader');
  }
  followers(): VirtualNode[] {
    const leader = this.leader();
    return this.nodes.filter((node) => node !== leader);
  }

  /** One batch after another in the same moment. */
  propose(node: VirtualNode, batches = 1): void {
    for (let i = 0; i < batches; i++)
      node.act(node.incarnation, (group) => {
        const values = Array.from({ length: 1 + (Math.floor(this.proposals / 4) % 3) }, (_, k) =>
          Buffer.from(`${this.proposals}.${k}`),
        );
        this.proposals++;
        const batch = recordBatch(values, this.clock.now);
        const proposed = group.propose(batch);
        if (!proposed) return;
        const told = describe(batch);
        group.whenCommitted(proposed.end, (committed) => {
          if (!committed) return;
          this.#once(this.acked, proposed.base, told, 'acked-twice');
        });
      });
  }

  cut(from: number, to: number, how: CutHow = 'drop'): void {
    this.network.cut(from, to, how);
  }
  /** Both ways. */
  separate(a: VirtualNode, others: readonly VirtualNode[], how: CutHow = 'drop'): void {
    for (const b of others) {
      this.cut(a.id, b.id, how);
      this.cut(b.id, a.id, how);
    }
  }
  heal(): void {
    for (const a of this.nodes)
      for (const b of this.nodes) if (a !== b) this.network.heal(a.id, b.id);
  }

  /** Ends all faults, waits, and compares all logs. */
  finish(): void {
    this.heal();
    for (const node of this.nodes) {
      node.resume();
      node.start();
    }
    this.run(10 * timing.electionTimeoutMs);
    const [first, ...others] = this.nodes.map((node) => node.group);
    const bytes = first && first.log.read(first.log.start, first.log.end, Infinity);
    for (const group of this.nodes.map((node) => node.group)) {
      if (!group || !first || group.leader < 1 || group.leader !== first.leader)
        this.#violated('apart', 'not one leader');
      else if (group.commit !== group.log.end || group.isr.length !== this.nodes.length)
        this.#violated(
          'apart',
          `commit ${group.commit} of ${group.log.end}, isr ${group.isr.join()}`,
        );
    }
    for (const group of others)
      if (group && bytes && !group.log.read(group.log.start, group.log.end, Infinity).equals(bytes))
        this.#violated('apart', 'the logs differ');
    for (const { id, group } of this.nodes) {
      const has = group ? batchesOf(group.log, 0, group.log.end) : new Map<number, string>();
      for (const [offset, batch] of this.acked)
        if (has.get(offset) !== batch)
          this.#violated('acked-lost', `node ${id} at ${offset}: ${has.get(offset)}, not ${batch}`);
    }
  }

  #violated(kind: Violation, text: string): void {
    if (!this.violations.has(kind))
      this.violations.set(kind, `${Math.round(this.clock.now)} ms: ${text}`);
  }

  #once(known: Batches, offset: number, batch: string, kind: Violation): void {
    const before = known.get(offset);
    if (before === undefined) known.set(offset, batch);
    else if (before !== batch) this.#violated(kind, `at ${offset}: ${before}, then ${batch}`);
  }

  #check(node: VirtualNode): void {
    const { id, group, incarnation } = node;
    if (!group) return;
    const { commit, term, log } = group;
    const before = this.#seen.get(node);
    const seen = before?.incarnation === incarnation ? before : { incarnation, commit: 0 };
    if (commit < seen.commit)
      this.#violated('commit-fell', `node ${id}: ${seen.commit}, ${commit}`);
    if (commit > seen.commit) {
      this.trace.push(`${this.clock.now} ${id} ${term} ${commit}`);
      for (const [offset, batch] of batchesOf(log, seen.commit, commit)) {
        if (!this.#committed.has(offset)) this.#committedIn.set(offset, term);
        const told = `${batch} of ${log.epochAt(offset)}`;
        this.#once(this.#committed, offset, told, 'committed-changed');
      }
    }
    if (commit !== seen.commit) this.#seen.set(node, { incarnation, commit });
    if (group.isLeader) this.#checkLeader(node, term, log);
  }

  #checkLeader({ id }: VirtualNode, term: number, log: Log): void {
    const known = this.#leaders.get(term);
    if (known === id) return;
    if (known !== undefined) this.#violated('two-leaders', `term ${term}: ${known} and ${id}`);
    this.#leaders.set(term, id);
    const has = batchesOf(log, 0, log.end);
    // Late votes may make a leader of a term that is over; it need not know what came after.
    const due = (offset: number) => this.#committedIn.get(offset)! < term;
    for (const [offset, batch] of this.#committed)
      if (due(offset) && `${has.get(offset)} of ${log.epochAt(offset)}` !== batch)
        this.#violated('leader-lacks', `node ${id}, term ${term}, at ${offset}: ${batch}`);
  }
}

/** Size in offsets and CRC, which covers all that a client wrote. */
const describe = (bytes: Buffer, at = 0): string =>
  `${1 + bytes.readInt32BE(at + 23)} records, crc ${bytes.readUInt32BE(at + 17)}`;

function batchesOf(log: Log, from: number, to: number): Batches {
  const batches: Batches = new Map();
  const bytes = log.read(from, to, Infinity);
  for (const { at, base } of heads(bytes)) batches.set(base, describe(bytes, at));
  return batches;
}
