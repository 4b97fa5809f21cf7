/** The values of one send stand in the log in another order than they were sent in. */
import { fold, intSend, num, sec, sightStep } from '../src/analysis/index.js';
import { valueName } from '../src/model/index.js';

export default fold(
  {
    id: 'int-nonmonotonic-send',
    help: 'the values of one send stand in another order',
    anomalies: ['int-nonmonotonic-send'],
    facts: ['writes', 'log', 'ops', 'order'],
    shard: 'key',
  },
  (_run, facts, emit) => {
    const { writes, log } = facts;
    // A value at two offsets has no one place; duplicate names it.
    const copied = new Set(log.copies.map((sight) => sight.value));
    let checked = 0;
    for (let w = 1; w < writes.n; w++) {
      if (writes.op[w] !== writes.op[w - 1] || writes.key[w] !== writes.key[w - 1]) continue;
      const [before, offset] = [log.readAt[w - 1]!, log.readAt[w]!];
      if (before < 0 || offset < 0) continue;
      checked++;
      const [key, value, op] = [writes.key[w]!, writes.value[w]!, writes.op[w]!];
      const sent = writes.value[w - 1]!;
      if (offset > before || copied.has(value) || copied.has(sent)) continue;
      const sights = [
        log.at(key, before).find((s) => s.value === sent && s.by !== 'ack')!,
        log.at(key, offset).find((s) => s.value === value && s.by !== 'ack')!,
      ];
      const timeNs = Math.max(...sights.map((s) => s.timeNs));
      const ops = [op, ...sights.map((s) => s.op)];
      emit({ type: 'int-nonmonotonic-send', key, offset, value, timeNs, ops }, () => ({
        ops,
        proof: sights.map(sightStep),
        explanation: `Process ${writes.process[w]!} sent ${valueName(sent)} and then ${valueName(value)} to ${facts.keyText(key)} in one request at ${sec(writes.invokeNs[w]!)}. They stand at offsets ${before} and ${offset}.`,
        data: { before },
      }));
    }
    if (checked === 0) return { notApplicable: 'no send held two values that were read' };
    return { checked, what: `${num(checked)} neighbours within a send` };
  },
  intSend('int-nonmonotonic-send', false),
);
