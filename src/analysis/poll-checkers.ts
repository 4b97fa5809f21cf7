/** What the four checkers of one consumer's view share: they walk polls and report at the end. */
import {
  valueName,
  type Batch,
  type Checker,
  type Emit,
  type Facts,
  type Finish,
  type Poll,
  type ProofStep,
} from '../model/index.js';
import { isImported, type Imported } from './imported.js';
import { skipped, type Gap } from './polls.js';
import { num, sec } from './words.js';

/** Where a poll's records do not go on as they should, and the same in words. */
export interface Spot extends Gap {
  /** The value that was read there; -1: it was passed over, so the log must say what it is. */
  value: number;
  /** `offset 1, then offset 4` */
  says: string;
}
interface State {
  facts: Facts;
  spots: Spot[];
  checked: number;
}
/** Adds what is wrong with one poll; gives whether there was anything to judge. */
type Look = (poll: Poll, batch: Batch, add: (spot: Omit<Spot, keyof Who>) => void) => boolean;
type Who = Pick<Spot, 'key' | 'op' | 'process' | 'timeNs'>;

/** `imported` judges an imported history by Jepsen's rule. */
export function pollChecker(
  id: string,
  help: string,
  look: Look,
  imported: (facts: Imported, emit: Emit) => Finish,
): Checker {
  const checker: Checker<State> = {
    meta: { id, help, anomalies: [id], facts: ['finals', 'log', 'ops', 'order'], shard: 'process' },
    start: (_run, facts) => ({ facts, spots: [], checked: 0 }),
    step(state, batch) {
      for (const poll of state.facts.polls) {
        const add = (spot: Omit<Spot, keyof Who>): void => {
          const { key, op, process, timeNs } = poll;
          state.spots.push({ key, op, process, timeNs, ...spot });
        };
        if (look(poll, batch, add)) state.checked++;
      }
    },
    finish({ facts, spots, checked }, emit) {
      if (isImported(facts)) return imported(facts, emit);
      for (const spot of spots) report(id, facts, spot, emit);
      if (checked === 0) return { notApplicable: 'no poll returned records to compare' };
      return { checked, what: `${num(checked)} polls that returned records` };
    },
  };
  return checker;
}

function report(type: string, facts: Facts, spot: Spot, emit: Emit): void {
  const { key, op, process, timeNs, lastOp, says } = spot;
  const missed =
    spot.value === -1 ? skipped(facts, spot) : { offset: spot.from, value: spot.value };
  // Nothing that anybody knows of was passed over: a control record, or what expired.
  if (!missed) return;
  const ops = lastOp < 0 ? [op] : [lastOp, op];
  emit({ type, key, ...missed, timeNs, ops }, () => {
    const name = valueName(missed.value);
    const rest =
      spot.value === -1
        ? `Offset ${missed.offset}, which it did not get, holds ${name}.`
        : `Offset ${missed.offset} held ${name}.`;
    const step: ProofStep = { op, process, timeNs, what: 'poll', says };
    return {
      ops,
      proof: [step],
      explanation: `Process ${process} polled ${facts.keyText(key)} and got at ${sec(timeNs)} ${says}. ${rest}`,
      data: { from: spot.from, to: spot.to, lastOp },
    };
  });
}
