/** The result of a measurement in sentences. */
import { list, num, plural } from '../../analysis/index.js';
import {
  keyName,
  valueName,
  type MissedPlace,
  type RunInfo,
  type WorthKind,
} from '../../model/index.js';

const told = 2;

/** `Had one acked write been missing, this history would have shown it in 998 of 1,000 places` */
export function sentenceOf(run: RunInfo, lost: WorthKind): string {
  if (lost.trials === 0)
    return `Whether this history would have shown a missing write was not measured: ${lost.notMeasured ?? ''}.`;
  const { trials, found } = lost;
  // Rounded down: it is a lower bound.
  const share = (Math.floor(lost.atLeast * 1000) / 10).toFixed(1);
  const shown = `Had one acked write been missing, this history would have shown it in ${num(found)} of ${plural(trials, 'place')}, which is at least ${share} % of all (95 % confidence)`;
  const missed = trials - found;
  if (missed === 0) return `${shown}.`;
  const places = lost.missed.slice(0, told).map((place) => placeText(run, place));
  const which =
    missed <= told ? `the ${missed === 1 ? 'one' : 'two'} it would not` : 'not, for one';
  return `${shown}; ${which}: ${list(missed <= told ? places : places.slice(0, 1))}.`;
}

function placeText(run: RunInfo, { key, offset, value, why }: MissedPlace): string {
  const name = run.keys.find((one) => one.key === key);
  return `${valueName(value)} at offset ${offset} of ${name ? keyName(name) : `key ${key}`} (${why})`;
}

export const caution =
  'A defect that no fault provoked is not covered by these figures: the acks at risk of each fault say how much each one could have cost.';
