/** A read returned a value that nobody had sent to that key in this run by then. */
import {
  eachReader,
  ending,
  endNs,
  endSteps,
  fold,
  num,
  opStep,
  sec,
  sendStep,
  sentence,
  sightStep,
  sightText,
  type Imported,
} from '../src/analysis/index.js';
import {
  foreignValue,
  valueName,
  type Emit,
  type Facts,
  type Finish,
  type Sight,
} from '../src/model/index.js';

export default fold(
  {
    id: 'phantom-read',
    help: 'a read returned a value that nobody had sent to that key',
    anomalies: ['phantom-read'],
    facts: ['writes', 'log', 'ops', 'order'],
    shard: 'key',
  },
  (_run, facts, emit) => {
    let checked = 0;
    facts.log.each((sight, text) => {
      checked++;
      const w = facts.writes.find(sight.value);
      const why = wrong(facts, sight, w, text);
      if (why === undefined) return;
      const { key, offset, value, timeNs, op } = sight;
      const ops = w >= 0 ? [facts.writes.op[w]!, op] : [op];
      emit({ type: 'phantom-read', key, offset, value, timeNs, ops }, () => ({
        ops,
        proof: [
          sightStep(sight),
          ...(w < 0 ? [] : [sendStep(facts, w), ...endSteps(facts, w, -1)]),
        ].sort((a, b) => a.timeNs - b.timeNs),
        explanation: `${sentence(sightText(sight))} ${why}`,
        data: { node: sight.node, ...(text !== undefined && { bytes: text }) },
      }));
    });
    if (checked === 0) return { notApplicable: 'no value was read' };
    return { checked, what: `${num(checked)} values at the offsets where they were read` };
  },
  imported,
);

/** Jepsen's checker throws here. */
function imported(facts: Imported, emit: Emit): Finish {
  const { ops, order } = facts;
  const nobodys: number[] = [];
  let checked = 0;
  for (let v = 0; v < order.n; v++) {
    if (order.readBy[v]! > 0) checked++;
    if (order.writer[v]! < 0) nobodys.push(v);
  }
  const first = new Map<number, number>();
  eachReader(facts, nobodys, (v, o) => {
    if (!first.has(v)) first.set(v, o);
  });
  for (const [v, o] of first) {
    const [key, value, op, timeNs] = [order.key[v]!, order.value[v]!, ops.op[o]!, endNs(ops, o)];
    emit({ type: 'phantom-read', key, offset: -1, value, timeNs, ops: [op] }, () => ({
      ops: [op],
      proof: [opStep(ops, o, 'poll', order.text(v))],
      explanation: `Process ${ops.process[o]!} polled ${order.text(v)} from ${facts.keyText(key)} (#${op}, ${ending(ops, o)}, ${sec(timeNs)}). Nobody sent it to that key.`,
      data: {},
    }));
  }
  if (checked === 0) return { notApplicable: 'no value was read' };
  return { checked, what: `${num(checked)} values that were read, against all that was sent` };
}

function wrong(facts: Facts, sight: Sight, w: number, text?: string): string | undefined {
  const { writes } = facts;
  const name = valueName(sight.value);
  const key = facts.keyText(sight.key);
  if (sight.value === foreignValue)
    return `It is no value of this run: its bytes at offset ${sight.offset} of ${key} begin with ${JSON.stringify(text ?? '')}.`;
  if (w < 0) return `Nobody sent ${name} in this run.`;
  if (writes.key[w] !== sight.key)
    return `Process ${writes.process[w]!} sent ${name} to ${facts.keyText(writes.key[w]!)}, and nobody sent it to ${key}.`;
  if (sight.timeNs < writes.invokeNs[w]!)
    return `Process ${writes.process[w]!} sent it to ${key} only later, at ${sec(writes.invokeNs[w]!)}.`;
  return undefined;
}
