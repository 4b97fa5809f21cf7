/**
 * A poll that goes on from the process's last poll of the key (it asked for that one's next
 * offset) returned a record that is not above the last one. A poll from elsewhere proves nothing.
 */
import { num, PollWalker, sec } from '../src/analysis/index.js';
import { valueName, type Checker, type Facts } from '../src/model/index.js';

interface Step {
  key: number;
  op: number;
  lastOp: number;
  process: number;
  timeNs: number;
  before: number;
  offset: number;
  value: number;
}
interface State {
  facts: Facts;
  polls: PollWalker;
  found: Step[];
  checked: number;
}

const checker: Checker<State> = {
  meta: {
    id: 'nonmonotonic-poll',
    help: 'a poll that goes on from the last one returned an earlier record',
    anomalies: ['nonmonotonic-poll'],
    facts: [],
    shard: 'process',
  },
  start: (_run, facts) => ({ facts, polls: new PollWalker(), found: [], checked: 0 }),
  step(state, batch) {
    state.polls.step(batch, ({ from, to, key, op, process, timeNs, last }) => {
      if (to === from || !last || last.offset < 0) return;
      state.checked++;
      const offset = batch.offset[from]!;
      if (offset > last.offset) return;
      const found = { key, op, lastOp: last.op, process, timeNs, before: last.offset, offset };
      state.found.push({ ...found, value: batch.value[from]! });
    });
  },
  finish({ facts, found, checked }, emit) {
    for (const { key, op, lastOp, process, timeNs, before, offset, value } of found) {
      emit({ type: 'nonmonotonic-poll', key, offset, value, timeNs, ops: [lastOp, op] }, () => ({
        ops: [lastOp, op],
        proof: [
          {
            op,
            process,
            timeNs,
            what: 'poll',
            says: `first record at offset ${offset}: ${valueName(value)}; the poll before ended with offset ${before}`,
          },
        ],
        explanation: `Process ${process} polled ${facts.keyText(key)} from where its last poll (#${lastOp}), whose last record was at offset ${before}, had left off. At ${sec(timeNs)} it got offset ${offset}: ${valueName(value)}.`,
        data: { before, lastOp },
      }));
    }
    if (checked === 0) return { notApplicable: 'no poll goes on from another one' };
    return { checked, what: `${num(checked)} polls that go on from the last one` };
  },
};
export default checker;
