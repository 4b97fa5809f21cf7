/** Within one poll, a record at an offset that is not above the one before it. */
import { num, PollWalker, sec } from '../src/analysis/index.js';
import { valueName, type Checker, type Facts } from '../src/model/index.js';

interface Step {
  key: number;
  op: number;
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
    id: 'int-nonmonotonic-poll',
    help: 'the records of one poll do not ascend',
    anomalies: ['int-nonmonotonic-poll'],
    facts: [],
    shard: 'process',
  },
  start: (_run, facts) => ({ facts, polls: new PollWalker(), found: [], checked: 0 }),
  step(state, batch) {
    state.polls.step(batch, ({ from, to, key, op, process, timeNs }) => {
      if (to > from) state.checked++;
      for (let i = from + 1; i < to; i++) {
        const [before, offset] = [batch.offset[i - 1]!, batch.offset[i]!];
        if (offset > before) continue;
        state.found.push({ key, op, process, timeNs, before, offset, value: batch.value[i]! });
      }
    });
  },
  finish({ facts, found, checked }, emit) {
    for (const { key, op, process, timeNs, before, offset, value } of found) {
      emit({ type: 'int-nonmonotonic-poll', key, offset, value, timeNs, ops: [op] }, () => {
        const says = `offset ${before}, then offset ${offset}: ${valueName(value)}`;
        return {
          ops: [op],
          proof: [{ op, process, timeNs, what: 'poll', says }],
          explanation: `Process ${process} polled ${facts.keyText(key)} and got at ${sec(timeNs)}, in one answer, ${says}.`,
          data: { before },
        };
      });
    }
    if (checked === 0) return { notApplicable: 'no poll returned a record' };
    return { checked, what: `${num(checked)} polls that returned records` };
  },
};
export default checker;
