/** Within one poll: an offset between two of its records holds a value that it did not return. */
import { intPoll, pollChecker } from '../src/analysis/index.js';

export default pollChecker(
  'int-poll-skip',
  'a poll passed over an offset between two of its records that holds a value',
  (poll, batch, add) => {
    for (let i = poll.from + 1; i < poll.to && !poll.smooth; i++) {
      const [before, to] = [batch.offset[i - 1]!, batch.offset[i]!];
      if (to <= before + 1) continue;
      const says = `offset ${before} and next offset ${to}`;
      add({ from: before + 1, to, value: -1, lastOp: -1, says });
    }
    return poll.to > poll.from;
  },
  intPoll('int-poll-skip', true),
);
