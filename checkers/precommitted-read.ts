/** An op polled a value that it sent itself: its own write, before it had committed. */
import { endNs, fold, num, opStep, sec } from '../src/analysis/index.js';

export default fold(
  {
    id: 'precommitted-read',
    help: 'an op polled a value that it sent itself',
    anomalies: ['precommitted-read'],
    facts: ['ops', 'order'],
    shard: 'process',
  },
  () => ({ notApplicable: 'no operation of this run both sends and polls' }),
  (facts, emit) => {
    const { ops, order } = facts;
    let checked = 0;
    for (let o = 0; o < ops.n; o++) {
      const from = ops.firstRead[ops.firstSegment[o]!]!;
      const to = ops.firstRead[ops.firstSegment[o + 1]!]!;
      if (from === to || ops.firstSend[o] === ops.firstSend[o + 1]) continue;
      checked++;
      let r = from;
      while (r < to && order.writer[ops.reads[r]!] !== o) r++;
      if (r === to) continue;
      const read = ops.reads.subarray(from, to);
      const own = new Set(read.filter((v) => order.writer[v] === o));
      const v = [...own][0]!;
      const [key, value, op, timeNs] = [order.key[v]!, order.value[v]!, ops.op[o]!, endNs(ops, o)];
      emit({ type: 'precommitted-read', key, offset: -1, value, timeNs, ops: [op] }, () => ({
        ops: [op],
        proof: [opStep(ops, o, 'txn', `sent and polled ${order.text(v)}`)],
        explanation: `Process ${ops.process[o]!} sent ${order.text(v)} to ${facts.keyText(key)} and polled it in the same operation (#${op}, ${sec(timeNs)}).`,
        data: { values: [...own].map((one) => order.value[one]!) },
      }));
    }
    if (checked === 0) return { notApplicable: 'no operation both sent and polled' };
    return { checked, what: `${num(checked)} operations that both sent and polled` };
  },
);
