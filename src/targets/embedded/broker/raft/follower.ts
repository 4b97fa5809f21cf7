/** What a follower does with the entries of an append. */
import { heads, type Head } from '../batch.js';
import type { Message } from '../types.js';
import type { GroupOptions } from './options.js';
import { behindOwnTail, exchanged, hidden } from './planted.js';

/** As in the answer: the log is the leader's up to `end`, or where the leader is to look next. */
interface Taken {
  ok: boolean;
  end: number;
  epoch: number;
}

/** Throws if the leader lacks what is committed: then two leaders were possible. */
export function take(
  group: GroupOptions,
  { base, prevEpoch, entries }: Message & { kind: 'append' },
  commit: number,
): Taken {
  const { log, plants, env } = group;
  const keepsTail = plants.has('no-truncate');
  if (base > log.end || (log.epochAt(base - 1) !== prevEpoch && !keepsTail))
    return { ok: false, ...log.endOfEpoch(prevEpoch) };
  const sent = [...heads(entries)];
  const taken = { ok: true, end: sent.at(-1)?.end ?? base, epoch: 0 };
  // Same end and epoch: one leader wrote it, so all before it is the same too.
  const has = ({ end, epoch }: Head) =>
    end <= log.end && (log.epochAt(end - 1) === epoch || keepsTail);
  const known = sent.findIndex((head) => !has(head));
  if (known < 0) return taken;
  const lacking = sent.slice(known);
  const [first] = lacking as [Head, ...Head[]];
  // Plant no-truncate: it acks, and keeps its own records where the leader has others.
  if (keepsTail) {
    log.append(behindOwnTail(log, entries, lacking));
    return taken;
  }
  if (first.base < log.end) cut(group, first.base, commit);
  // Two leaders of one term (vote-forgotten) have batches that begin elsewhere.
  if (log.end < first.base) return { ok: false, ...log.endOfEpoch(log.lastEpoch) };
  const rest = entries.subarray(first.at);
  // Plant follower-drops: now and then it acks what it does not store.
  if (plants.has('follower-drops') && env.random() < 0.1) log.append(hidden(rest));
  else log.append(plants.has('reorder-batch') ? exchanged(rest) : rest);
  return taken;
}

function cut({ name, plants, env, log }: GroupOptions, to: number, commit: number): void {
  if (to < commit) {
    const text = `${name}: expected to keep all below ${commit}, got a leader without ${to}`;
    env.log(text);
    if (plants.size === 0) {
      // Thrown from here it would close a connection; from a timer it ends the broker.
      env.after(0, () => {
        throw new Error(text);
      });
      throw new Error(text);
    }
  }
  log.truncate(to);
}
