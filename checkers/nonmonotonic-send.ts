/**
 * A process was told a lower or equal offset for a send than for the one that it had completed
 * before it invoked this one, on the same key.
 */
import {
  faultText,
  isImported,
  nodeText,
  num,
  processSend,
  rowsOf,
  sec,
} from '../src/analysis/index.js';
import { F, isHead, Kind, valueName, type Checker, type Facts } from '../src/model/index.js';

interface Sent {
  op: number;
  offset: number;
  value: number;
  node: number;
  timeNs: number;
}
interface State {
  facts: Facts;
  /** By process and key: the send that completed last. */
  last: Sent[][];
  /** By process, which has one op in flight: what `last` was when it was invoked. */
  open: { op: number; before: Sent | undefined }[];
  found: { key: number; process: number; before: Sent; after: Sent }[];
  checked: number;
}

const checker: Checker<State> = {
  meta: {
    id: 'nonmonotonic-send',
    help: 'a later send of a process was acked at a lower or equal offset',
    anomalies: ['nonmonotonic-send'],
    facts: ['leaders', 'ops', 'order'],
    shard: 'process',
  },
  start: (_run, facts) => ({ facts, last: [], open: [], found: [], checked: 0 }),
  step(state, batch) {
    if (state.facts.ops) return;
    for (const i of rowsOf(batch).ops) {
      if (batch.f[i] !== F.send) continue;
      const [kind, op, process, key] = [
        batch.kind[i]!,
        batch.op[i]!,
        batch.process[i]!,
        batch.key[i]!,
      ];
      const head = isHead(batch, i);
      const last = (state.last[process] ??= []);
      if (kind === Kind.invoke) {
        if (head) state.open[process] = { op, before: last[key] };
        continue;
      }
      const open = state.open[process];
      const before = open?.op === op ? open.before : undefined;
      const offset = batch.offset[i]!;
      if (kind !== Kind.ok || offset < 0) continue;
      const after = {
        op,
        offset,
        value: batch.value[i]!,
        node: batch.node[i]!,
        timeNs: batch.timeNs[i]!,
      };
      // The values of one send follow each other; their order is another checker's.
      if (head) {
        state.checked++;
        if (before && offset <= before.offset) state.found.push({ key, process, before, after });
      }
      last[key] = after;
    }
  },
  finish({ facts, found, checked }, emit) {
    if (isImported(facts)) return processSend('nonmonotonic-send', facts, emit);
    for (const { key, process, before, after } of found) {
      const { offset, value, timeNs } = after;
      const ops = [before.op, after.op];
      emit({ type: 'nonmonotonic-send', key, offset, value, timeNs, ops }, () => {
        const told = (sent: Sent): string =>
          `${valueName(sent.value)} at offset ${sent.offset} (${nodeText(sent.node)}, ${sec(sent.timeNs)})`;
        return {
          ops,
          proof: [before, after].map((sent) => ({
            op: sent.op,
            process,
            timeNs: sent.timeNs,
            what: 'ok',
            says: `${valueName(sent.value)} at offset ${sent.offset}, node ${sent.node}`,
          })),
          explanation: `Process ${process} sent twice to ${facts.keyText(key)}, one after the other: it was told first ${told(before)}, then ${told(after)}.${faultText(facts, timeNs)}`,
          data: { before: before.offset, beforeValue: before.value, beforeOp: before.op },
        };
      });
    }
    if (checked === 0) return { notApplicable: 'no send was acknowledged with an offset' };
    return { checked, what: `${num(checked)} acknowledged sends` };
  },
};
export default checker;
