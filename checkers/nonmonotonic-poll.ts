/**
 * A poll that goes on from the process's last poll of the key (it asked for that one's next
 * offset) returned a record that is not above the last one. A poll from elsewhere proves nothing.
 */
import { pollChecker, processPoll } from '../src/analysis/index.js';

export default pollChecker(
  'nonmonotonic-poll',
  'a poll that goes on from the last one returned an earlier record',
  ({ from: row, to: end, last }, batch, add) => {
    if (end === row || !last || last.offset < 0) return false;
    const from = batch.offset[row]!;
    if (from <= last.offset) {
      const says = `offset ${from} first, going on from its last poll (#${last.op}), which had ended with offset ${last.offset}`;
      add({ from, to: last.offset, value: batch.value[row]!, lastOp: last.op, says });
    }
    return true;
  },
  processPoll('nonmonotonic-poll', false),
);
