/** Within one poll: an offset between two of its records holds a value that it did not return. */
import { num, PollWalker, sec, skipped, type Gap } from '../src/analysis/index.js';
import { valueName, type Checker, type Facts } from '../src/model/index.js';

interface State {
  facts: Facts;
  polls: PollWalker;
  gaps: Gap[];
  checked: number;
}

const checker: Checker<State> = {
  meta: {
    id: 'int-poll-skip',
    help: 'a poll passed over an offset between two of its records that holds a value',
    anomalies: ['int-poll-skip'],
    facts: ['finals', 'log'],
    shard: 'process',
  },
  start: (_run, facts) => ({ facts, polls: new PollWalker(), gaps: [], checked: 0 }),
  step(state, batch) {
    state.polls.step(batch, ({ from, to, key, op, process, timeNs }) => {
      if (to > from) state.checked++;
      for (let i = from + 1; i < to; i++) {
        const [before, offset] = [batch.offset[i - 1]!, batch.offset[i]!];
        if (offset > before + 1)
          state.gaps.push({ key, from: before + 1, to: offset, op, process, timeNs, lastOp: -1 });
      }
    });
  },
  finish({ facts, gaps, checked }, emit) {
    for (const gap of gaps) {
      const missed = skipped(facts, gap);
      if (!missed) continue;
      const { key, op, process, timeNs } = gap;
      emit({ type: 'int-poll-skip', key, ...missed, timeNs, ops: [op] }, () => {
        const name = valueName(missed.value);
        const final = facts.finals.keys.get(key);
        const says = `offset ${gap.from - 1}, then offset ${gap.to}; not ${missed.offset}: ${name}`;
        return {
          ops: final ? [op, final.op] : [op],
          proof: [{ op, process, timeNs, what: 'poll', says }],
          explanation: `Process ${process} polled ${facts.keyText(key)} and got at ${sec(timeNs)} offset ${gap.from - 1} and next offset ${gap.to}. Offset ${missed.offset}, which it did not get, holds ${name}.`,
          data: { before: gap.from - 1, after: gap.to },
        };
      });
    }
    if (checked === 0) return { notApplicable: 'no poll returned a record' };
    return { checked, what: `${num(checked)} polls that returned records` };
  },
};
export default checker;
