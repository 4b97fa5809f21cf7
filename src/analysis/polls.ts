/** Ok polls with their records, and how each goes on from the last one of its process and key. */
import { F, Kind, type Batch, type Facts } from '../model/index.js';
import { recordAt } from './finals.js';
import { lowerBound } from './columns.js';

export interface PollSeen {
  op: number;
  process: number;
  key: number;
  node: number;
  timeNs: number;
  /** The offset that it asked for. */
  asked: number;
  /** Rows of its records: from, to (exclusive). */
  from: number;
  to: number;
  /** The poll that this one goes on from, if it asked for that one's next offset. */
  last: Chain | undefined;
}
interface Chain {
  op: number;
  /** The next offset that it named. */
  next: number;
  /** What a reader that misses nothing sees next: after its last record, or what it asked for. */
  expected: number;
  /** Its last record's offset, or -1. */
  offset: number;
}

export class PollWalker {
  readonly #asked = new Map<number, number>();
  readonly #chains = new Map<number, Chain>();

  step(batch: Batch, look: (poll: PollSeen) => void): void {
    for (let i = 0; i < batch.n; i++) {
      if (batch.f[i] !== F.poll) continue;
      const [kind, op] = [batch.kind[i]!, batch.op[i]!];
      if (kind === Kind.invoke) this.#asked.set(op, batch.offset[i]!);
      else if (kind === Kind.ok) this.#ok(batch, i, look);
      else if (kind !== Kind.record) this.#asked.delete(op);
    }
  }

  #ok(batch: Batch, i: number, look: (poll: PollSeen) => void): void {
    const [op, process, key] = [batch.op[i]!, batch.process[i]!, batch.key[i]!];
    const asked = this.#asked.get(op) ?? -1;
    this.#asked.delete(op);
    let to = i + 1;
    while (to < batch.n && batch.kind[to] === Kind.record && batch.op[to] === op) to++;
    const name = process * 65_536 + key;
    const before = this.#chains.get(name);
    const last = before && asked >= 0 && before.next === asked ? before : undefined;
    const [node, timeNs] = [batch.node[i]!, batch.timeNs[i]!];
    look({ op, process, key, node, timeNs, asked, from: i + 1, to, last });
    const offset = to > i + 1 ? batch.offset[to - 1]! : (last?.offset ?? -1);
    const expected = to > i + 1 ? offset + 1 : (last?.expected ?? asked);
    this.#chains.set(name, { op, next: batch.offset[i]!, expected, offset });
  }
}

/** Offsets from `from` to below `to` that a poll passed over. */
export interface Gap {
  key: number;
  from: number;
  to: number;
  op: number;
  process: number;
  timeNs: number;
  /** The op before, if it is part of the witness. */
  lastOp: number;
}

/** How many offsets of one gap are looked at where no complete final read names those that hold. */
const lookAt = 10_000;

/**
 * The first offset of a gap that held a value when the poll passed over it, and that value. The
 * complete final read decides: what it does not have expired (below the log start), was compacted,
 * is a control record, or was lost, which lost-write says.
 */
export function skipped(facts: Facts, gap: Gap): { offset: number; value: number } | undefined {
  const read = facts.finals.keys.get(gap.key);
  if (read?.complete) {
    const j = lowerBound(read.offsets, read.n, gap.from);
    if (j >= read.n || read.offsets[j]! >= gap.to) return undefined;
    return { offset: read.offsets[j]!, value: read.values[j]! };
  }
  for (let offset = gap.from; offset < Math.min(gap.to, gap.from + lookAt); offset++) {
    const record = read && recordAt(read, offset);
    if (record) return { offset, value: record.value };
    // Seen first later than this poll: it was there to be returned.
    const later = facts.log
      .at(gap.key, offset)
      .find((sight) => sight.by !== 'ack' && sight.timeNs > gap.timeNs);
    if (later) return { offset, value: later.value };
  }
  return undefined;
}
