/** What may be planted into a valid imported history whose load is over, and what follows from it. */
import type { JepsenPlan, JepsenSimulation, Pair } from './jepsen-simulation.js';
import type { Micro } from './imported.js';

interface Planted {
  /** Gives the keys and values that the anomaly is about, unless it is about ops. */
  plant: (s: JepsenSimulation) => readonly [key: number, value: number][];
  /** Types that may come with it, and why. */
  consequences: readonly string[];
  /** What the plan must be for it. */
  needs?: Partial<JepsenPlan>;
  /** Whether it leaves the history valid. */
  permitted?: (plan: JepsenPlan) => boolean;
}

const send = (key: number, sent: number | readonly [number | null, number]): Micro => [
  ':send',
  key,
  sent,
];
const poll = (key: number, ...pairs: Pair[]): Micro => [':poll', [[key, pairs]]];

/** Three records that follow each other, each sent by a process of its own. */
const three = (s: JepsenSimulation): [Pair, Pair, Pair] => [s.sendOk(0), s.sendOk(0), s.sendOk(0)];
/** One process polls once for each list. */
function polls(s: JepsenSimulation, ...lists: Pair[][]): void {
  const process = s.fresh();
  for (const pairs of lists) s.both(process, 'ok', 'poll', [poll(0, ...pairs)]);
}
/** Ops that begin together, by new processes. */
function together(s: JepsenSimulation, ...ops: Micro[][]): void {
  const f = (done: Micro[]): string =>
    new Set(done.map(([kind]) => kind)).size > 1 ? 'txn' : 'send';
  const asked = (one: Micro): Micro =>
    one[0] === ':poll' ? [':poll'] : send(one[1], typeof one[2] === 'number' ? one[2] : one[2][1]);
  const processes = ops.map((done) => {
    const process = s.fresh();
    s.line('invoke', process, f(done), done.map(asked));
    return process;
  });
  ops.forEach((done, i) => s.line('ok', processes[i]!, f(done), done));
}

// What is placed at two offsets is known by its last one, so each reader of the first one jumps.
const jumps = ['int-poll-skip', 'poll-skip', 'int-nonmonotonic-poll', 'nonmonotonic-poll'];
// It is written before and after what stands between its places.
const circle = ['G0', 'PL-1-cycle-exists'];
const subscribes = ({ subVia }: JepsenPlan): boolean => subVia === 'subscribe';
const yes = (): boolean => true;

export const jepsenDefects: Readonly<Record<string, Planted>> = {
  'lost-write': {
    // Nobody read it, and the final polls pass over its place.
    consequences: ['unseen', 'int-poll-skip', 'poll-skip'],
    plant(s) {
      const value = s.value(0);
      s.both(s.fresh(), 'ok', 'send', [send(0, [s.logs[0]!.end++, value])]);
      s.sendOk(0);
      return [[0, value]];
    },
  },
  unseen: {
    consequences: [],
    plant(s) {
      const value = s.value(0);
      const told = s.random.pick([null, s.logs[0]!.end++]);
      s.both(s.fresh(), 'ok', 'send', [send(0, [told, value])]);
      return [[0, value]];
    },
  },
  duplicate: {
    consequences: [...jumps, ...circle],
    plant(s) {
      const [[, value]] = three(s);
      s.append(0, value);
      return [[0, value]];
    },
  },
  'inconsistent-offsets': {
    consequences: [],
    plant(s) {
      const [, [offset]] = three(s);
      const value = s.value(0);
      s.both(s.fresh(), 'info', 'send', [send(0, value)]);
      polls(s, [[offset, value]]);
      return [[0, value]];
    },
  },
  G1a: {
    consequences: [],
    plant(s) {
      const value = s.value(0);
      s.both(s.fresh(), 'fail', 'send', [send(0, value)]);
      s.append(0, value);
      return [[0, value]];
    },
  },
  'phantom-read': {
    consequences: [],
    plant(s) {
      const value = s.value(0);
      s.append(0, value);
      return [[0, value]];
    },
  },
  'precommitted-read': {
    consequences: [],
    plant(s) {
      const [pair] = s.append(0, s.value(0));
      const type = s.random.pick(['ok', 'info'] as const);
      s.both(s.fresh(), type, 'txn', [send(0, pair!), poll(0, pair!)]);
      return [[0, pair![1]]];
    },
  },
  'int-poll-skip': {
    consequences: [],
    plant(s) {
      const [a, b, c] = three(s);
      polls(s, [a, c]);
      return [[0, b[1]]];
    },
  },
  'int-nonmonotonic-poll': {
    consequences: [],
    plant(s) {
      const [a, b] = three(s);
      polls(s, [b, a]);
      return [[0, a[1]]];
    },
  },
  'poll-skip': {
    consequences: [],
    permitted: subscribes,
    plant(s) {
      const [a, b, c] = three(s);
      polls(s, [a], ...(s.random.below(2) === 0 ? [[]] : []), [c]);
      return [[0, b[1]]];
    },
  },
  'nonmonotonic-poll': {
    consequences: [],
    permitted: subscribes,
    plant(s) {
      const [a, b] = three(s);
      const again = s.random.pick([a, b]);
      polls(s, [a, b], [again]);
      return [[0, again[1]]];
    },
  },
  'nonmonotonic-send': {
    // With the order of versions as a dependency the two sends are a circle in time.
    consequences: ['G0-realtime', 'strong-PL-1-cycle-exists'],
    plant(s) {
      const process = s.fresh();
      const [first, second] = s.append(0, s.value(0), s.value(0)) as [Pair, Pair];
      s.both(process, 'ok', 'send', [send(0, second)]);
      s.both(process, 'ok', 'send', [send(0, first)]);
      return [[0, first[1]]];
    },
  },
  'int-nonmonotonic-send': {
    consequences: [],
    plant(s) {
      const [first, second] = s.append(0, s.value(0), s.value(0)) as [Pair, Pair];
      s.both(s.fresh(), 'ok', 'send', [send(0, second), send(0, first)]);
      return [[0, first[1]]];
    },
  },
  'int-send-skip': {
    consequences: circle,
    permitted: yes,
    plant(s) {
      const [a, b, c] = s.append(0, s.value(0), s.value(0), s.value(0)) as [Pair, Pair, Pair];
      together(s, [send(0, a), send(0, c)], [send(0, b)]);
      return [[0, b[1]]];
    },
  },
  G0: {
    consequences: ['PL-1-cycle-exists'],
    needs: { wwDeps: true, keys: 2 },
    permitted: yes,
    plant(s) {
      const [a, b] = s.append(0, s.value(0), s.value(0)) as [Pair, Pair];
      const [c, d] = s.append(1, s.value(1), s.value(1)) as [Pair, Pair];
      together(s, [send(0, a), send(1, d)], [send(0, b), send(1, c)]);
      return [];
    },
  },
  G1c: {
    consequences: ['PL-2-cycle-exists'],
    needs: { keys: 2 },
    permitted: ({ wwDeps }) => wwDeps,
    plant(s) {
      const [a] = s.append(0, s.value(0)) as [Pair];
      const [b] = s.append(1, s.value(1)) as [Pair];
      together(s, [send(0, a), poll(1, b)], [send(1, b), poll(0, a)]);
      return [];
    },
  },
  'G0-realtime': {
    consequences: ['strong-PL-1-cycle-exists'],
    needs: { wwDeps: true },
    permitted: yes,
    plant(s) {
      const [first, second] = s.append(0, s.value(0), s.value(0)) as [Pair, Pair];
      s.both(s.fresh(), 'ok', 'send', [send(0, second)]);
      s.both(s.fresh(), 'ok', 'send', [send(0, first)]);
      return [];
    },
  },
  'G1c-realtime': {
    consequences: ['strong-PL-2-cycle-exists'],
    permitted: ({ wwDeps }) => wwDeps,
    plant(s) {
      const [pair] = s.append(0, s.value(0)) as [Pair];
      polls(s, [pair]);
      s.both(s.fresh(), 'ok', 'send', [send(0, pair)]);
      return [];
    },
  },
};
