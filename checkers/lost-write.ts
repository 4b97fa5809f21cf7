/**
 * A value that was acked, or read by an ok poll, at or above the log start, and that the complete
 * final read of its key does not have.
 */
import {
  epochOf,
  eachReader,
  endNs,
  endSteps,
  faultText,
  finalsFinish,
  finalStep,
  fold,
  isAcked,
  nodeText,
  num,
  opStep,
  recordAt,
  sendStep,
  sendText,
  sentence,
  sentSteps,
  sentText,
  sightStep,
  sightText,
  type Imported,
} from '../src/analysis/index.js';
import {
  Kind,
  valueName,
  type Anomaly,
  type Emit,
  type Facts,
  type FinalRead,
  type Finish,
  type RunInfo,
  type Sight,
} from '../src/model/index.js';

export default fold(
  {
    id: 'lost-write',
    help: 'an acked or polled value that the complete final read does not have',
    anomalies: ['lost-write'],
    facts: ['writes', 'finals', 'log', 'leaders', 'ops', 'order'],
    shard: 'key',
  },
  (run, facts, emit) => {
    const { writes, finals, log } = facts;
    let checked = 0;
    for (let w = 0; w < writes.n; w++) {
      const acked = isAcked(writes, w);
      const polled = log.polledBy[w]! >= 0;
      if (!acked && !polled) continue;
      const [key, value] = [writes.key[w]!, writes.value[w]!];
      const read = finals.keys.get(key);
      if (!read?.complete) continue;
      const offset = acked ? writes.offset[w]! : log.readAt[w]!;
      // Below the log start it expired, which is not a loss. An ack that is younger than the final
      // read was promised after the watermark that the read had to reach.
      if (offset < read.logStart || (acked && writes.completeNs[w]! > read.invokeNs)) continue;
      checked++;
      if (finals.find(key, value) >= 0) continue;
      const seen = log.at(key, offset);
      const mine = seen.find((s) => s.value === value && (s.by === 'ack') === acked);
      const timeNs = mine?.timeNs ?? writes.completeNs[w]!;
      emit({ type: 'lost-write', key, offset, value, timeNs, ops: [writes.op[w]!] }, () =>
        whole(run, facts, w, read, seen, offset, acked, timeNs),
      );
    }
    const keys = [...finals.keys.values()].filter((read) => read.complete).length;
    const what = `${num(checked)} acknowledged or polled writes against the final reads of ${keys} ${keys === 1 ? 'key' : 'keys'}`;
    return finalsFinish(run, facts, checked, what);
  },
  imported,
);

type Whole = Omit<Anomaly, 'type' | 'key' | 'offset' | 'value' | 'timeNs'>;

function whole(
  run: RunInfo,
  facts: Facts,
  w: number,
  read: FinalRead,
  seen: readonly Sight[],
  offset: number,
  acked: boolean,
  timeNs: number,
): Whole {
  const { writes } = facts;
  const value = writes.value[w]!;
  const name = valueName(value);
  const node = writes.node[w]!;
  const epoch = acked ? epochOf(facts.leaders, node, read.key, writes.completeNs[w]!) : -1;
  const before = seen.find((s) => s.value === value && s.by !== 'ack');
  const otherwise = seen.find((s) => s.value !== value && s.by === 'poll');
  const now = recordAt(read, offset);
  const holds = now ? valueName(now.value) : 'nothing';
  const said = [
    sendText(facts, w, epoch),
    ...(acked || !before ? [] : [sightText(before)]),
    ...(otherwise ? [sightText(otherwise)] : []),
    `the final read, from offset ${read.logStart} to the high watermark ${read.highWatermark}, has no ${name}${otherwise ? '' : `; at offset ${offset} it has ${holds}`}`,
  ];
  const acks =
    acked && run.acks === 1
      ? ` With acks=1 Kafka permits this: ${nodeText(node)} may answer before any other node has the record.`
      : '';
  const shownNs = otherwise?.timeNs ?? read.timeNs;
  return {
    ops: [
      writes.op[w]!,
      ...(acked || !before ? [] : [before.op]),
      ...(otherwise ? [otherwise.op] : []),
      read.op,
    ],
    proof: [
      sendStep(facts, w),
      ...endSteps(facts, w, epoch),
      ...(acked || !before ? [] : [sightStep(before)]),
      ...(otherwise ? [sightStep(otherwise)] : []),
      finalStep(read, `no ${name}`),
    ],
    explanation: `${said.map(sentence).join(' ')}${faultText(facts, timeNs)}${acks}`,
    data: {
      acked,
      node,
      epoch,
      ...(now && { holdsNow: now.value, holdsNowEpoch: now.epoch }),
      ...(acked && { ackedNs: writes.completeNs[w]! }),
      firstReadOp: otherwise?.op ?? read.op,
      finalOp: read.op,
      shownNs,
      acksPermit: acked && run.acks === 1,
    },
  };
}

/**
 * Jepsen's rule: of each key, a committed value that no ok op read, although one read a value that
 * stands at or behind its last place.
 */
function imported(facts: Imported, emit: Emit): Finish {
  const { ops, order } = facts;
  /** By key: the value that stands farthest back among those that an ok op read. */
  const bounds = new Map<number, number>();
  for (let v = 0; v < order.n; v++) {
    if ((order.readBy[v]! & 1) === 0 || order.first[v]! < 0) continue;
    const key = order.key[v]!;
    const bound = bounds.get(key);
    if (bound === undefined || order.first[v]! > order.first[bound]!) bounds.set(key, v);
  }
  const lost: number[] = [];
  let checked = 0;
  for (let v = 0; v < order.n; v++) {
    const o = order.writer[v]!;
    const bound = bounds.get(order.key[v]!);
    if (o < 0 || ops.committed[o] === 0 || bound === undefined || order.last[v]! < 0) continue;
    if (order.last[v]! > order.first[bound]!) continue;
    checked++;
    if ((order.readBy[v]! & 1) === 0) lost.push(v);
  }
  const seen = new Map<number, number>();
  const wanted = lost.length > 0 ? new Set(lost.map((v) => bounds.get(order.key[v]!)!)) : [];
  eachReader(facts, wanted, (v, o) => {
    if (ops.outcome[o] === Kind.ok && !seen.has(v)) seen.set(v, o);
  });
  for (const v of lost) lostOne(facts, v, bounds.get(order.key[v]!)!, seen, emit);
  if (checked === 0) return { notApplicable: 'no committed value lies before one that was read' };
  return { checked, what: `${num(checked)} committed values before one that was read` };
}

function lostOne(
  facts: Imported,
  v: number,
  bound: number,
  seen: ReadonlyMap<number, number>,
  emit: Emit,
): void {
  const { ops, order } = facts;
  const [key, value, o] = [order.key[v]!, order.value[v]!, order.writer[v]!];
  const reader = seen.get(bound)!;
  const offset = order.offsets[key]![order.last[v]!]!;
  const shown = [ops.op[o]!, ops.op[reader]!];
  emit({ type: 'lost-write', key, offset, value, timeNs: endNs(ops, o), ops: shown }, () => {
    const [name, behind] = [order.text(v), order.text(bound)];
    const at = `${behind}, which stands at offset ${order.offsets[key]![order.first[bound]!]!}`;
    return {
      ops: shown,
      proof: [...sentSteps(facts, v), opStep(ops, reader, 'poll', at)],
      explanation: `${sentence(sentText(facts, v))} Process ${ops.process[reader]!} polled ${at} (#${ops.op[reader]!}), at or behind offset ${offset}, the place of ${name}; and yet no poll that ended ok returned ${name}.`,
      data: { acked: ops.outcome[o] === Kind.ok, bound: order.value[bound]! },
    };
  });
}
