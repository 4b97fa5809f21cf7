/** One offset of a key with two or more values, across acks, polls, final and replica reads. */
import {
  endNs,
  faultText,
  fold,
  num,
  opStep,
  sec,
  sightStep,
  sightText,
  type Imported,
} from '../src/analysis/index.js';
import type { Emit, Finish, Sight } from '../src/model/index.js';

export default fold(
  {
    id: 'inconsistent-offsets',
    help: 'one offset with two or more values',
    anomalies: ['inconsistent-offsets'],
    facts: ['writes', 'finals', 'log', 'ops', 'order'],
    shard: 'key',
  },
  (_run, { log, finals, ...facts }, emit) => {
    for (const { key, offset } of log.conflicts) {
      // The first sight of each value tells it; a second one of the same adds nothing.
      const firsts = new Map<number, Sight>();
      for (const sight of log.at(key, offset))
        if (!firsts.has(sight.value)) firsts.set(sight.value, sight);
      const seen = [...firsts.values()];
      const gone = seen.find((s) => finals.find(key, s.value) < 0) ?? seen[0]!;
      const { timeNs } = seen[1]!;
      const at = { type: 'inconsistent-offsets', key, offset, value: gone.value, timeNs };
      emit({ ...at, ops: seen.map((s) => s.op) }, () => ({
        ops: seen.map((s) => s.op),
        proof: seen.map(sightStep),
        explanation: `Offset ${offset} of ${facts.keyText(key)} has ${seen.length} values: ${seen.map(sightText).join('; ')}.${faultText({ ...facts, log, finals }, timeNs)}`,
        data: { values: seen.map((s) => s.value), nodes: seen.map((s) => s.node) },
      }));
    }
    if (log.n === 0) return { notApplicable: 'no offset was told or read' };
    return { checked: log.n, what: `${num(log.n)} sights of values at offsets` };
  },
  imported,
);

function imported(facts: Imported, emit: Emit): Finish {
  const { ops, order } = facts;
  for (const { key, offset, values, by } of order.conflicts) {
    const shown = by.map((o) => ops.op[o]!);
    const timeNs = endNs(ops, by[1]!);
    const value = order.value[values[1]!]!;
    const at = { type: 'inconsistent-offsets', key, offset, value, timeNs, ops: shown };
    emit(at, () => ({
      ops: [...new Set(shown)],
      proof: by.map((o, i) =>
        opStep(ops, o, 'poll', `offset ${offset}: ${order.text(values[i]!)}`),
      ),
      explanation: `Offset ${offset} of ${facts.keyText(key)} has ${values.length} values: ${values.map((v, i) => `${order.text(v)} by process ${ops.process[by[i]!]!} (#${shown[i]!}, ${sec(endNs(ops, by[i]!))})`).join('; ')}.`,
      data: { values: values.map((v) => order.value[v]!) },
    }));
  }
  if (order.n === 0) return { notApplicable: 'no offset was told or read' };
  return { checked: order.n, what: `${num(order.n)} values at the offsets where they were seen` };
}
