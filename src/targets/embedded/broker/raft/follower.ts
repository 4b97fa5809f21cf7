/** What a follower does with the entries of an append. */
import { heads, stamp, type Head } from '../batch.js';
import type { Log, Message } from '../types.js';
import type { GroupOptions } from './group.js';

/** As in the answer: the log is the leader's up to `end`, or where the leader is to look next. */
interface Taken {
  ok: boolean;
  end: number;
  epoch: number;
}

export class Follower {
  readonly #group: GroupOptions;
  /** Plant follower-drops: up to where it said that it has all. */
  #pretended = 0;

  constructor(group: GroupOptions) {
    this.#group = group;
  }

  /** Throws if the leader lacks what is committed: then two leaders were possible. */
  take(message: Message & { kind: 'append' }, commit: number): Taken {
    const { log, plants, env } = this.#group;
    const { base, entries } = message;
    const matches =
      (base <= log.end && log.epochAt(base - 1) === message.prevEpoch) ||
      // Plant no-truncate: an own tail counts as the leader's.
      (plants.has('no-truncate') && base <= log.end) ||
      (plants.has('follower-drops') && base === this.#pretended);
    if (!matches) return { ok: false, ...log.endOfEpoch(message.prevEpoch) };
    let end = base;
    const lacking: Head[] = [];
    for (const head of heads(entries)) {
      end = head.end;
      if (lacking.length > 0 || !this.#has(head)) lacking.push(head);
    }
    const first = lacking[0];
    if (first === undefined) return { ok: true, end, epoch: 0 };
    // Plant follower-drops: acks what it does not store, now and then.
    if (plants.has('follower-drops') && env.random() < 0.1) this.#pretended = end;
    else {
      this.#cut(log, first.base, commit);
      const rest = entries.subarray(first.at);
      log.append(plants.has('reorder-batch') ? exchanged(entries, lacking) : rest);
    }
    return { ok: true, end, epoch: 0 };
  }

  /** Same end and epoch: one leader wrote it, so all before it is the same too. */
  #has(head: Head): boolean {
    const { log, plants } = this.#group;
    if (plants.has('no-truncate') && head.base < log.end) return true;
    return head.end <= log.end && log.epochAt(head.end - 1) === head.epoch;
  }

  #cut(log: Log, to: number, commit: number): void {
    if (to >= log.end) return;
    if (to < commit) {
      const { plants, name, env } = this.#group;
      const text = `${name}: expected to keep all below ${commit}, got a leader without ${to}`;
      if (plants.size === 0) throw new Error(text);
      env.log(text);
    }
    log.truncate(to);
  }
}

/** Plant reorder-batch: the contents of the last two batches change places. */
function exchanged(entries: Buffer, lacking: readonly Head[]): Buffer {
  const bytes = (head: Head) => Buffer.from(entries.subarray(head.at, head.at + head.size));
  const [a, b] = lacking.slice(-2);
  if (a === undefined || b === undefined) return Buffer.concat(lacking.map(bytes));
  const [second, first] = [bytes(a), bytes(b)];
  stamp(first, a.base, a.epoch);
  stamp(second, a.base + (b.end - b.base), b.epoch);
  return Buffer.concat([...lacking.slice(0, -2).map(bytes), first, second]);
}
