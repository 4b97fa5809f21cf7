/** Jepsen's rules for what one process sees and sends, in one op and from one to the next. */
import { F, Kind, type Emit, type Finish } from '../model/index.js';
import { delta, eachProcess, endNs, once, opStep, sentSteps, type Imported } from './imported.js';
import { num, sec } from './words.js';

const polls: Finish = { notApplicable: 'no poll returned records to compare' };

/** Two neighbours of one op: what it polled, or what it sent. */
interface Neighbours {
  type: string;
  o: number;
  a: number;
  b: number;
  by: number;
  what: 'poll' | 'send';
}

function emitNeighbours(
  facts: Imported,
  { type, o, a, b, by, what }: Neighbours,
  emit: Emit,
): void {
  const { ops, order } = facts;
  const [key, op, timeNs] = [order.key[a]!, ops.op[o]!, endNs(ops, o)];
  emit({ type, key, ...about(facts, a, b), timeNs, ops: [op] }, () => {
    const [first, second, name] = [order.text(a), order.text(b), facts.keyText(key)];
    const did = what === 'poll' ? 'polled' : 'sent';
    return {
      ops: [op],
      proof: [
        ...sentSteps(facts, a),
        ...(what === 'poll' ? sentSteps(facts, b) : []),
        opStep(ops, o, what, `${first} and next ${second}, ${places(facts, a, b)}`),
      ].sort((x, y) => x.timeNs - y.timeNs),
      explanation: `Process ${ops.process[o]!} ${did} ${first} and next ${second} of ${name} in one operation (#${op}, ${sec(timeNs)}). ${between(facts, a, b)}`,
      data: { delta: by, values: [order.value[a]!, order.value[b]!] },
    };
  });
}

/** The first value that was passed over, or the one that came too early, and both neighbours. */
function about({ order }: Imported, a: number, b: number) {
  const key = order.key[a]!;
  const skips = order.place[b]! > order.place[a]! + 1;
  const at = skips ? order.place[a]! + 1 : order.place[b]!;
  const value = order.value[skips ? order.chain[key]![at]! : b]!;
  const values = [order.value[a]!, order.value[b]!];
  return { offset: order.offsets[key]![at]!, value, values };
}

const places = ({ order }: Imported, a: number, b: number): string =>
  `places ${order.place[a]!} and ${order.place[b]!} of the key's log`;

/** What lies between two values, or how they lie. */
function between(facts: Imported, a: number, b: number): string {
  const { order } = facts;
  const [from, to] = [order.place[a]!, order.place[b]!];
  const chain = order.chain[order.key[a]!]!;
  if (a === b) return `It is one and the same value.`;
  if (to < from)
    return `In the key's log ${order.text(b)} stands before ${order.text(a)}: ${places(facts, b, a)}.`;
  const skipped = to - from - 1;
  const first = order.text(chain[from + 1]!);
  const rest =
    skipped > 1
      ? `${num(skipped)} values stand between them, the first is ${first}`
      : `${first} stands between them`;
  return `In the key's log ${rest}.`;
}

/** Neighbours within one op's records of a key whose places do not go on by one. */
const oddNeighbours = once((facts) => {
  const { ops, order } = facts;
  const { place } = order;
  const { firstRead, reads } = ops;
  const found: Omit<Neighbours, 'type' | 'what'>[] = [];
  let checked = 0;
  for (let o = 0; o < ops.n; o++) {
    for (let s = ops.firstSegment[o]!; s < ops.firstSegment[o + 1]!; s++) {
      const [from, to] = [firstRead[s]!, firstRead[s + 1]!];
      checked += to - from;
      let before = from < to ? place[reads[from]!]! : -1;
      for (let r = from + 1; r < to; r++) {
        const now = place[reads[r]!]!;
        const by = now - before;
        const known = now >= 0 && before >= 0;
        before = now;
        if (by === 1 || !known || ops.rebalanced(o, ops.segmentKey[s]!)) continue;
        found.push({ o, a: reads[r - 1]!, b: reads[r]!, by });
      }
    }
  }
  return { found, checked };
});

/** int-poll-skip (`skip`) and int-nonmonotonic-poll. */
export const intPoll =
  (type: string, skip: boolean) =>
  (facts: Imported, emit: Emit): Finish => {
    const { found, checked } = oddNeighbours(facts);
    for (const one of found)
      if (skip === one.by > 1) emitNeighbours(facts, { ...one, type, what: 'poll' }, emit);
    return checked === 0 ? polls : { checked, what: `${num(checked)} records that were polled` };
  };

/** Neighbours within what one op sent to a key whose places do not go on by one. */
const oddSends = once(({ ops, order }) => {
  const found: Omit<Neighbours, 'type' | 'what'>[] = [];
  let checked = 0;
  /** By key: the value that was sent last, and by which op. */
  const last = { v: [] as number[], o: [] as number[] };
  for (let o = 0; o < ops.n; o++) {
    const [from, to] = [ops.firstSend[o]!, ops.firstSend[o + 1]!];
    if (to - from < 2 || ops.outcome[o] === Kind.invoke) continue;
    for (let s = from; s < to; s++) {
      const b = ops.sendValue[s]!;
      const key = order.key[b]!;
      const a = last.o[key] === o ? last.v[key]! : -1;
      last.v[key] = b;
      last.o[key] = o;
      if (a < 0) continue;
      checked++;
      const by = delta(order, a, b);
      if (by !== 1) found.push({ o, a, b, by });
    }
  }
  return { found, checked };
});

/** int-send-skip (`skip`) and int-nonmonotonic-send. */
export const intSend =
  (type: string, skip: boolean) =>
  (facts: Imported, emit: Emit): Finish => {
    const { found, checked } = oddSends(facts);
    for (const one of found)
      if (skip === one.by > 1) emitNeighbours(facts, { ...one, type, what: 'send' }, emit);
    if (checked === 0) return { notApplicable: 'no op sent two values to one key' };
    return { checked, what: `${num(checked)} neighbours within an op` };
  };

/** By key: the value that was polled or sent last, and the op. */
interface Last {
  v: number[];
  o: number[];
  /** Whose it is; another's counts no more. */
  of: number[];
}

interface Pair {
  type: string;
  key: number;
  a: { v: number; o: number };
  b: { v: number; o: number };
  by: number;
  what: 'poll' | 'send';
}

function emitPair(facts: Imported, { type, key, a, b, by, what }: Pair, emit: Emit): void {
  const { ops, order } = facts;
  const ids = [ops.op[a.o]!, ops.op[b.o]!];
  const timeNs = endNs(ops, b.o);
  emit({ type, key, ...about(facts, a.v, b.v), timeNs, ops: ids }, () => {
    const [first, second] = [order.text(a.v), order.text(b.v)];
    const did = what === 'poll' ? ['polled', 'last', 'began with'] : ['sent', 'last', 'sent first'];
    return {
      ops: ids,
      proof: [
        opStep(ops, a.o, what, `${what === 'poll' ? 'ends' : 'last sends'} with ${first}`),
        opStep(ops, b.o, what, `begins with ${second}, ${places(facts, a.v, b.v)}`),
      ],
      explanation: `Process ${ops.process[b.o]!} ${did[0]!} ${first} of ${facts.keyText(key)} ${did[1]!} (#${ids[0]!}), and its next operation on that key (#${ids[1]!}, ${sec(timeNs)}) ${did[2]!} ${second}. ${between(facts, a.v, b.v)}`,
      data: { delta: by, values: [order.value[a.v]!, order.value[b.v]!] },
    };
  });
}

/**
 * The last value that an ok op of a process polled of a key against the first that its next op polls
 * of it, where that does not go on by one. Assign and subscribe drop the keys that they do not name.
 * Unlike Jepsen's, an empty answer does not make us forget where the process was.
 */
const oddPairs = once((facts) => {
  const { ops, order } = facts;
  const { firstSegment, firstRead, segmentKey, reads } = ops;
  const last: Last = { v: [], o: [], of: [] };
  const found: Omit<Pair, 'type' | 'what'>[] = [];
  let [checked, assignment] = [0, 0];
  const step = (o: number): void => {
    const outcome = ops.outcome[o]!;
    if (outcome === Kind.invoke) return;
    const f = ops.f[o]!;
    if ((f === F.assign || f === F.subscribe) && outcome !== Kind.fail) {
      assignment++;
      for (const key of ops.keysOf(o))
        if (last.of[key] === assignment - 1) last.of[key] = assignment;
    }
    for (let s = firstSegment[o]!; s < firstSegment[o + 1]!; s++) {
      const [from, to] = [firstRead[s]!, firstRead[s + 1]!];
      if (from === to) continue;
      const key = segmentKey[s]!;
      const b = reads[from]!;
      if (last.of[key] === assignment) {
        checked++;
        const v = last.v[key]!;
        const by = delta(order, v, b);
        if (by !== 1) found.push({ key, a: { v, o: last.o[key]! }, b: { v: b, o }, by });
      }
      if (outcome !== Kind.ok) continue;
      last.v[key] = reads[to - 1]!;
      last.o[key] = o;
      last.of[key] = assignment;
    }
  };
  eachProcess(ops, (mine) => {
    // Beyond the next one, so that an assign finds nothing of the process before.
    assignment += 2;
    for (const o of mine) step(o);
  });
  return { found, checked };
});

/** poll-skip (`skip`) and nonmonotonic-poll. */
export const processPoll =
  (type: string, skip: boolean) =>
  (facts: Imported, emit: Emit): Finish => {
    const { found, checked } = oddPairs(facts);
    for (const one of found)
      if (skip === one.by > 1) emitPair(facts, { ...one, type, what: 'poll' }, emit);
    return checked === 0
      ? polls
      : { checked, what: `${num(checked)} polls that go on from another` };
  };

/**
 * nonmonotonic-send: the last value that an ok or info op of a process sent to a key against the
 * first that its next one sends. Unlike Jepsen's, assign and subscribe change nothing: they are
 * about the consumer.
 */
export function processSend(type: string, facts: Imported, emit: Emit): Finish {
  const { ops, order } = facts;
  const last: Last = { v: [], o: [], of: [] };
  let [checked, process] = [0, 0];
  const step = (o: number): void => {
    if (ops.outcome[o] !== Kind.ok && ops.outcome[o] !== Kind.info) return;
    for (let s = ops.firstSend[o]!; s < ops.firstSend[o + 1]!; s++) {
      const b = ops.sendValue[s]!;
      const key = order.key[b]!;
      const a = { v: last.v[key]!, o: last.of[key] === process ? last.o[key]! : o };
      last.v[key] = b;
      last.o[key] = o;
      last.of[key] = process;
      // Only the first of an op's values of a key follows on the op before.
      if (a.o === o) continue;
      checked++;
      const by = delta(order, a.v, b);
      if (by < 1) emitPair(facts, { type, key, a, b: { v: b, o }, by, what: 'send' }, emit);
    }
  };
  eachProcess(ops, (mine) => {
    process++;
    for (const o of mine) step(o);
  });
  if (checked === 0) return { notApplicable: 'no process sent twice to a key' };
  return { checked, what: `${num(checked)} sends that follow another` };
}
