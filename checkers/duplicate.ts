/**
 * One value at two or more offsets of a key. Our clients never retry, so one send writes once,
 * whatever became of its answer.
 */
import {
  endSteps,
  endNs,
  epochOf,
  fold,
  num,
  opStep,
  sendStep,
  sendText,
  sentence,
  sentSteps,
  sentText,
  sightStep,
  sightText,
  type Imported,
} from '../src/analysis/index.js';
import { valueName, type Emit, type Finish } from '../src/model/index.js';

export default fold(
  {
    id: 'duplicate',
    help: 'one value at two or more offsets of a key',
    anomalies: ['duplicate'],
    facts: ['writes', 'log', 'ops', 'order'],
    shard: 'key',
  },
  (_run, facts, emit) => {
    const { writes, log } = facts;
    for (const again of log.copies) {
      const { key, offset, value, timeNs } = again;
      const w = writes.find(value);
      emit(
        { type: 'duplicate', key, offset, value, timeNs, ops: [writes.op[w]!, again.op] },
        () => {
          const first = log
            .at(key, log.readAt[w]!)
            .find((s) => s.value === value && s.by !== 'ack')!;
          const node = writes.node[w]!;
          const epoch = epochOf(facts.leaders, node, key, writes.completeNs[w]!);
          const sights = [first, again].sort((a, b) => a.timeNs - b.timeNs);
          return {
            ops: [writes.op[w]!, ...sights.map((s) => s.op)],
            proof: [sendStep(facts, w), ...endSteps(facts, w, epoch), ...sights.map(sightStep)],
            explanation: `${sentence(sendText(facts, w, epoch))} It was sent once, and stands at two offsets of ${facts.keyText(key)}, ${first.offset} and ${offset}: ${sights.map(sightText).join('; ')}.`,
            data: { offsets: [first.offset, offset], name: valueName(value) },
          };
        },
      );
    }
    let checked = 0;
    for (let w = 0; w < writes.n; w++) if (log.readAt[w]! >= 0) checked++;
    if (checked === 0) return { notApplicable: 'no value was read' };
    return { checked, what: `${num(checked)} values that were read` };
  },
  imported,
);

function imported(facts: Imported, emit: Emit): Finish {
  const { ops, order } = facts;
  for (const [v, { offsets, by }] of order.copies) {
    const key = order.key[v]!;
    const value = order.value[v]!;
    const shown = by.map((o) => ops.op[o]!);
    const timeNs = Math.max(...by.map((o) => endNs(ops, o)));
    emit({ type: 'duplicate', key, offset: offsets[1]!, value, timeNs, ops: shown }, () => ({
      ops: [...new Set(shown)],
      proof: [
        ...sentSteps(facts, v),
        ...by.map((o, i) => opStep(ops, o, 'poll', `${order.text(v)} at offset ${offsets[i]!}`)),
      ].sort((a, b) => a.timeNs - b.timeNs),
      explanation: `${sentence(sentText(facts, v))} It stands at ${num(offsets.length)} offsets of ${facts.keyText(key)}: ${offsets.map((offset, i) => `${offset} (#${shown[i]!})`).join(', ')}.`,
      data: { offsets: [...offsets], name: order.text(v) },
    }));
  }
  if (order.n === 0) return { notApplicable: 'no value was sent or read' };
  return { checked: order.n, what: `${num(order.n)} values that were sent or read` };
}
