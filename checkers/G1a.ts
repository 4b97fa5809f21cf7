/** A read returned a value whose send failed. If the send did happen, the table of errors is wrong. */
import {
  eachReader,
  ending,
  endNs,
  endSteps,
  isImported,
  num,
  opStep,
  rowsOf,
  sec,
  sendStep,
  sentence,
  sentSteps,
  sentText,
  sightStep,
  sightText,
  type Imported,
} from '../src/analysis/index.js';
import {
  F,
  Kind,
  valueName,
  type Checker,
  type Emit,
  type Facts,
  type Finish,
} from '../src/model/index.js';

interface State {
  facts: Facts;
  /** Op -> its reason's code, of sends that failed. */
  codes: Map<number, number>;
  /** A code's text where it came first: many ops share few reasons. */
  texts: Map<number, string>;
}

const checker: Checker<State> = {
  meta: {
    id: 'G1a',
    help: 'a read returned a value whose send failed',
    anomalies: ['G1a'],
    facts: ['writes', 'log', 'ops', 'order'],
    shard: 'key',
  },
  start: (_run, facts) => ({ facts, codes: new Map(), texts: new Map() }),
  step({ facts, codes, texts }, batch) {
    if (facts.ops) return;
    for (const i of rowsOf(batch).heads) {
      if (batch.kind[i] !== Kind.fail || batch.f[i] !== F.send) continue;
      codes.set(batch.op[i]!, batch.code[i]!);
      const text = batch.texts.get(i);
      if (text !== undefined && !texts.has(batch.code[i]!)) texts.set(batch.code[i]!, text);
    }
  },
  finish({ facts, codes, texts }, emit) {
    if (isImported(facts)) return imported(facts, emit);
    const { writes, log } = facts;
    let read = 0;
    let failed = 0;
    for (let w = 0; w < writes.n; w++) {
      if (log.readAt[w]! >= 0) read++;
      if (writes.outcome[w] !== Kind.fail) continue;
      failed++;
      if (log.readAt[w]! < 0) continue;
      const [key, value, op] = [writes.key[w]!, writes.value[w]!, writes.op[w]!];
      const sight = log.at(key, log.readAt[w]!).find((s) => s.value === value)!;
      const { offset, timeNs } = sight;
      emit({ type: 'G1a', key, offset, value, timeNs, ops: [op, sight.op] }, () => {
        const code = codes.get(op) ?? 0;
        const reason = texts.get(code) ?? `code ${code}`;
        return {
          ops: [op, sight.op],
          proof: [sendStep(facts, w), ...endSteps(facts, w, -1, reason), sightStep(sight)],
          explanation: `Process ${writes.process[w]!} sent ${valueName(value)} to ${facts.keyText(key)} and was told at ${sec(writes.completeNs[w]!)} that it failed: ${sentence(reason)} ${sentence(sightText(sight))} Either the cluster took what it refused, or this reason does not mean that nothing happened.`,
          data: { reason, code, node: writes.node[w]! },
        };
      });
    }
    const what = `${num(failed)} failed sends against ${num(read)} values that were read`;
    return read === 0 ? { notApplicable: 'no value was read' } : { checked: failed, what };
  },
};
export default checker;

/**
 * Jepsen counts readers that ended ok only. A reader whose own outcome is another has read the
 * value all the same, so it counts here.
 */
function imported(facts: Imported, emit: Emit): Finish {
  const { ops, order } = facts;
  const failed: number[] = [];
  let read = 0;
  for (let v = 0; v < order.n; v++) {
    if (order.readBy[v]! > 0) read++;
    const o = order.writer[v]!;
    if (o >= 0 && ops.outcome[o] === Kind.fail && order.readBy[v]! > 0) failed.push(v);
  }
  const readers = new Map<number, number[]>(failed.map((v) => [v, []]));
  eachReader(facts, failed, (v, o) => {
    // What an op reads of itself is a precommitted-read.
    const seen = readers.get(v)!;
    if (o !== order.writer[v] && seen.at(-1) !== o) seen.push(o);
  });
  for (const [v, by] of readers) {
    const first = by.find((o) => ops.outcome[o] === Kind.ok) ?? by[0];
    if (first === undefined) continue;
    const [key, value, timeNs] = [order.key[v]!, order.value[v]!, endNs(ops, first)];
    const shown = [ops.op[order.writer[v]!]!, ops.op[first]!];
    emit({ type: 'G1a', key, offset: -1, value, timeNs, ops: shown }, () => ({
      ops: shown,
      proof: [...sentSteps(facts, v), opStep(ops, first, 'poll', order.text(v))],
      explanation: `${sentence(sentText(facts, v))} Process ${ops.process[first]!} polled it (#${ops.op[first]!}, ${ending(ops, first)}, ${sec(timeNs)}).`,
      data: { readers: by.map((o) => ops.op[o]!) },
    }));
  }
  if (read === 0) return { notApplicable: 'no value was read' };
  return { checked: read, what: `${num(read)} values that were read, against failed sends` };
}
