/**
 * A poll did not begin where it should: an offset from the one that it asked for (or, where it
 * goes on from the process's last poll of the key, from that one's last record on) to its first
 * record holds a value.
 */
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
    id: 'poll-skip',
    help: 'a poll passed over an offset that holds a value, after the last poll or after what it asked for',
    anomalies: ['poll-skip'],
    facts: ['finals', 'log'],
    shard: 'process',
  },
  start: (_run, facts) => ({ facts, polls: new PollWalker(), gaps: [], checked: 0 }),
  step(state, batch) {
    state.polls.step(batch, ({ from, to, key, op, process, timeNs, asked, last }) => {
      if (to === from || asked < 0) return;
      state.checked++;
      const first = last?.expected ?? asked;
      const gap = { key, from: first, to: batch.offset[from]!, op, process, timeNs };
      if (gap.to > gap.from) state.gaps.push({ ...gap, lastOp: last?.op ?? -1 });
    });
  },
  finish({ facts, gaps, checked }, emit) {
    for (const gap of gaps) {
      const missed = skipped(facts, gap);
      if (!missed) continue;
      const { key, op, process, timeNs, lastOp } = gap;
      const ops = lastOp < 0 ? [op] : [lastOp, op];
      emit({ type: 'poll-skip', key, ...missed, timeNs, ops }, () => {
        const name = valueName(missed.value);
        const wanted = lastOp < 0 ? 'it asked for' : `its last poll (#${lastOp}) left off at`;
        return {
          ops,
          proof: [
            {
              op,
              process,
              timeNs,
              what: 'poll',
              says: `first record at offset ${gap.to}; ${wanted} ${gap.from}`,
            },
          ],
          explanation: `Process ${process} polled ${facts.keyText(key)} and got at ${sec(timeNs)} as its first record offset ${gap.to}; ${wanted} offset ${gap.from}. Offset ${missed.offset}, which it did not get, holds ${name}.`,
          data: { expected: gap.from, first: gap.to, lastOp },
        };
      });
    }
    if (checked === 0) return { notApplicable: 'no poll returned a record' };
    return { checked, what: `${num(checked)} polls that returned records` };
  },
};
export default checker;
