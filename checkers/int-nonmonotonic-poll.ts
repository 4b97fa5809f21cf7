/** Within one poll, a record at an offset that is not above the one before it. */
import { intPoll, pollChecker } from '../src/analysis/index.js';

export default pollChecker(
  'int-nonmonotonic-poll',
  'the records of one poll do not ascend',
  (poll, batch, add) => {
    for (let i = poll.from + 1; i < poll.to && !poll.smooth; i++) {
      const [before, from] = [batch.offset[i - 1]!, batch.offset[i]!];
      if (from > before) continue;
      const says = `in one answer offset ${before}, then offset ${from}`;
      add({ from, to: before, value: batch.value[i]!, lastOp: -1, says });
    }
    return poll.to > poll.from;
  },
  intPoll('int-nonmonotonic-poll', false),
);
