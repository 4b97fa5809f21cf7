/** A read returned a value that nobody had sent to that key in this run by then. */
import {
  endSteps,
  fold,
  num,
  sec,
  sendStep,
  sentence,
  sightStep,
  sightText,
} from '../src/analysis/index.js';
import { foreignValue, valueName, type Facts, type Sight } from '../src/model/index.js';

export default fold(
  {
    id: 'phantom-read',
    help: 'a read returned a value that nobody had sent to that key',
    anomalies: ['phantom-read'],
    facts: ['writes', 'log'],
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
);

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
