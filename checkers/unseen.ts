/**
 * An acked value that nobody read: no poll, no replica read, and not the complete final read of
 * its key. Each is a lost write too; this says that no reader ever had a chance to act on it.
 */
import {
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
} from '../src/analysis/index.js';
import { valueName } from '../src/model/index.js';

export default fold(
  {
    id: 'unseen',
    help: 'an acked value that nobody had read at the end',
    anomalies: ['unseen'],
    facts: ['writes', 'finals', 'log'],
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
);
