/**
 * An acked value that nobody read: no poll, no replica read, and not the complete final read of
 * its key. Each is a lost write too; this says that no reader ever had a chance to act on it.
 */
import {
  endNs,
  endSteps,
  epochOf,
  faultText,
  finalsFinish,
  finalStep,
  fold,
  isAcked,
  num,
  sendStep,
  sendText,
  sentence,
  sentSteps,
  sentText,
  type Imported,
} from '../src/analysis/index.js';
import { F, Kind, valueName, type Emit, type Finish, type Ops } from '../src/model/index.js';

export default fold(
  {
    id: 'unseen',
    help: 'an acked value that nobody had read at the end',
    anomalies: ['unseen'],
    facts: ['writes', 'finals', 'log', 'ops', 'order'],
    shard: 'key',
  },
  (run, facts, emit) => {
    const { writes, finals, log } = facts;
    let checked = 0;
    for (let w = 0; w < writes.n; w++) {
      const read = finals.keys.get(writes.key[w]!);
      if (!isAcked(writes, w) || !read?.complete) continue;
      const [key, value, offset] = [writes.key[w]!, writes.value[w]!, writes.offset[w]!];
      const timeNs = writes.completeNs[w]!;
      if (offset < read.logStart || timeNs > read.invokeNs) continue;
      checked++;
      if (log.readAt[w]! >= 0) continue;
      emit({ type: 'unseen', key, offset, value, timeNs, ops: [writes.op[w]!] }, () => {
        const node = writes.node[w]!;
        const epoch = epochOf(facts.leaders, node, key, timeNs);
        const name = valueName(value);
        return {
          ops: [writes.op[w]!, read.op],
          proof: [sendStep(facts, w), ...endSteps(facts, w, epoch), finalStep(read, `no ${name}`)],
          explanation: `${sentence(sendText(facts, w, epoch))} No poll returned ${name}, and the final read, from offset ${read.logStart} to the high watermark ${read.highWatermark}, does not have it.${faultText(facts, timeNs)}`,
          data: { node, epoch, finalOp: read.op },
        };
      });
    }
    return finalsFinish(
      run,
      facts,
      checked,
      `${num(checked)} acknowledged writes against every read`,
    );
  },
  imported,
);

/**
 * A committed value that no ok op read. Jepsen asks it of ok ops; an info op of which an ok op read
 * another write has committed too, so a torn one is found. Jepsen's own quirk, to take for unseen
 * what the last op read of a key without ok sends, is left out: that value was read.
 */
function imported(facts: Imported, emit: Emit): Finish {
  const { ops, order } = facts;
  let checked = 0;
  // One that came back empty too: nobody read anything, and what was promised is missing.
  if (!ops.f.some((_, o) => isOkPoll(ops, o))) return { notApplicable: 'no poll ended ok' };
  for (let v = 0; v < order.n; v++) {
    const o = order.writer[v]!;
    if (o < 0 || ops.committed[o] === 0) continue;
    checked++;
    if ((order.readBy[v]! & 1) === 1) continue;
    const [key, value, op, timeNs] = [order.key[v]!, order.value[v]!, ops.op[o]!, endNs(ops, o)];
    emit({ type: 'unseen', key, offset: -1, value, timeNs, ops: [op] }, () => {
      const torn =
        ops.outcome[o] === Kind.ok ? '' : ' Another of its writes was read, so it has committed.';
      return {
        ops: [op],
        proof: sentSteps(facts, v),
        explanation: `${sentence(sentText(facts, v))}${torn} No poll that ended ok returned it, to the end of the history.`,
        data: { torn: torn !== '' },
      };
    });
  }
  return { checked, what: `${num(checked)} committed values against every ok poll` };
}

const isOkPoll = (ops: Ops, o: number): boolean =>
  o < ops.n &&
  ops.outcome[o] === Kind.ok &&
  (ops.f[o] === F.poll || ops.firstSegment[o] !== ops.firstSegment[o + 1]);
