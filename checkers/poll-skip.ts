/**
 * A poll did not begin where it should: an offset from the one that it asked for (or, where it
 * goes on from the process's last poll of the key, from that one's last record on) to its first
 * record holds a value.
 */
import { pollChecker, processPoll } from '../src/analysis/index.js';

export default pollChecker(
  'poll-skip',
  'a poll began after an offset that it should have returned and that holds a value',
  ({ from: row, to: end, asked, last }, batch, add) => {
    if (end === row || asked < 0) return false;
    const from = last?.expected ?? asked;
    const to = batch.offset[row]!;
    const lastOp = last?.op ?? -1;
    const wanted = last ? `its last poll (#${lastOp}) left off at` : 'it asked for';
    if (to > from) {
      const says = `offset ${to} as its first record; ${wanted} offset ${from}`;
      add({ from, to, value: -1, lastOp, says });
    }
    return true;
  },
  processPoll('poll-skip', true),
);
