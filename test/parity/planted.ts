/** What was planted in a history of the corpus must be found, whatever Jepsen's checker says. */
import { valueSequence, type Anomaly } from '../../src/model/index.js';
import type { Ours } from './compare.js';
import type { Planted } from './corpus.js';

/** Planted, and sound: nothing may be reported for it. */
export const sound = ['dangling', 'empty-key', 'last-info-key', 'empty-graph', 'exempt'];
/** Cycles have their own test. */
const cycles = ['g0', 'g0-rt', 'g1c', 'g1c-ww', 'g1c-rt'];

type Want = { type: string; is: (one: Anomaly) => boolean; what: string };

/** What of a defect is not reported. */
export function missed(ours: Ours, planted: Planted): string[] {
  return wants(ours, planted)
    .filter(({ type, is }) => !ours.found.some((one) => one.type === type && is(one)))
    .map(({ type, what }) => `${type} ${what}`);
}

function wants(ours: Ours, planted: Planted): Want[] {
  const { defect, key = -1, values = [], offset, ops = [], delta } = planted;
  const keyOf = (one: Anomaly): number => ours.keys[one.key]!;
  const opsOf = (one: Anomaly): number[] => one.ops.map((id) => ours.completions.get(id) ?? -1);
  const of = (type: string, pairs: readonly (readonly [number, number])[]): Want[] =>
    pairs.map(([k, v]) => ({
      type,
      is: (one) => keyOf(one) === k && valueSequence(one.value) === v,
      what: `${k} ${v}`,
    }));
  const pairs = values.map((v) => [key, v] as const);
  const inOps = (type: string, wanted: readonly number[]): Want => ({
    type,
    is: (one) =>
      keyOf(one) === key &&
      (delta === undefined || one.data['delta'] === delta) &&
      wanted.every((op, i) => opsOf(one)[i] === op),
    what: `${key} ${wanted.join()} ${delta}`,
  });
  const inOp = (type: string): Want => inOps(type, [planted.op!]);
  switch (defect) {
    case 'lost-mid':
      return [...of('unseen', pairs), ...of('lost-write', pairs)];
    case 'lost-tail':
      return of('unseen', pairs);
    case 'torn-txn':
    case 'torn-info':
      return of('unseen', planted.lost!);
    case 'aborted-read':
    case 'aborted-txn':
      return of('G1a', planted.cases!);
    case 'precommitted':
      return [
        {
          type: 'precommitted-read',
          is: (one) => planted.cases!.some(([k]) => k === keyOf(one)),
          what: JSON.stringify(planted.cases),
        },
      ];
    case 'incons-readers':
    case 'incons-ack':
    case 'truncate':
      return [
        {
          type: 'inconsistent-offsets',
          is: (one) => keyOf(one) === key && one.offset === offset,
          what: `${key} @${offset}`,
        },
      ];
    case 'dup':
    case 'dup-info':
      return of('duplicate', [[key, planted.value!]]);
    case 'phantom':
      return of('phantom-read', [[key, planted.value!]]);
    case 'poll-skip':
      return [inOps('poll-skip', ops)];
    case 'nm-poll':
      return [inOps('nonmonotonic-poll', ops)];
    case 'nm-send':
      return [inOps('nonmonotonic-send', ops)];
    case 'int-poll-skip':
      return [inOp('int-poll-skip')];
    case 'int-nm-poll':
      return [inOp('int-nonmonotonic-poll')];
    case 'int-nm-send':
      return [inOp('int-nonmonotonic-send')];
    case 'int-send-skip':
      return [inOp('int-send-skip')];
    default:
      if (sound.includes(defect) || cycles.includes(defect)) return [];
      throw new Error(`Expected a known defect, got ${defect}.`);
  }
}
