/**
 * One value at two or more offsets of a key. Our clients never retry, so one send writes once,
 * whatever became of its answer.
 */
import {
  endSteps,
  epochOf,
  fold,
  num,
  sendStep,
  sendText,
  sentence,
  sightStep,
  sightText,
} from '../src/analysis/index.js';
import { valueName } from '../src/model/index.js';

export default fold(
  {
    id: 'duplicate',
    help: 'one value at two or more offsets of a key',
    anomalies: ['duplicate'],
    facts: ['writes', 'log'],
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
);
