/** Sentences for the proof of faults on links. */
import type { CutHow } from '../model/index.js';
import type { Held } from './state.js';
import type { Line, Sampled } from './watching.js';

type Lines = readonly Line[];

const most = 4;
const of = (lines: Lines, state: Line['state']): Lines =>
  lines.filter((line) => line.state === state);

/** `1 -> 2, 1 -> 3 and 2 -> 1`; links of several purposes between two nodes are named once. */
function arrows(lines: Lines): string {
  const names = [...new Set(lines.map(({ spec }) => `${spec.from} -> ${spec.to}`))];
  const shown = names.slice(0, most);
  if (names.length > most) shown.push(`${names.length - most} more`);
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`;
}

const one = ({ spec }: Line): string => `${spec.from} -> ${spec.to} (${spec.purpose})`;

/** `2 to 4 ms` */
function range(values: readonly number[]): string {
  const rounded = values.filter((value) => !Number.isNaN(value)).map(Math.round);
  if (rounded.length === 0) return 'no time';
  const [low, high] = [Math.min(...rounded), Math.max(...rounded)];
  return low === high ? `${low} ms` : `${low} to ${high} ms`;
}

const real = (lines: Lines): string =>
  `the real addresses answered in ${range(lines.flatMap(({ realMs }) => realMs))}`;

const sampling = ({ tried, clients }: Sampled): string =>
  tried < clients ? `; ${tried} of ${clients} client links were tried` : '';

function mootness(lines: Lines): string {
  const moot = of(lines, 'moot');
  const silent = moot.filter(({ held }) => !held);
  const held = moot.filter((line) => line.held);
  return [
    ...(silent.length > 0
      ? [`${arrows(silent)} could not be tried, the destination did not answer`]
      : []),
    ...(held.length > 0
      ? [`${arrows(held)} could not be tried, another fault cut the same link`]
      : []),
  ].join('; ');
}
const alsoMoot = (lines: Lines): string => {
  const text = mootness(lines);
  return text === '' ? '' : `; ${text}`;
};

const early = (lines: Lines): string =>
  `the fault ended before requests through ${arrows(lines)} could show it`;

export function cut(lines: Lines, how: CutHow, sampled: Sampled, boundMs: number): string {
  const unproven = of(lines, 'unproven');
  const answered = unproven.find(({ contrary }) => contrary.length > 0);
  if (answered) {
    const { contrary, looks } = answered;
    const others = unproven.length > 1 ? `, and ${unproven.length - 1} more links likewise` : '';
    return (
      `a request through ${one(answered)} was answered in ${range(contrary)}, ` +
      `${contrary.length} times of ${looks}, while the cut was ordered${others}`
    );
  }
  if (unproven.length > 0) return early(unproven);
  const proven = of(lines, 'proven');
  if (proven.length === 0) return mootness(lines);
  const closed = how === 'refuse' ? 'with the links closed for both directions, ' : '';
  return (
    `${closed}requests through ${arrows(proven)} got no answer in ${boundMs} ms; ` +
    `${real(proven)}${sampling(sampled)}${alsoMoot(lines)}`
  );
}

export function shape(lines: Lines, sampled: Sampled): string {
  const unproven = of(lines, 'unproven');
  const rateOnly = unproven.find(({ own }) => own.up.latencyMs + own.down.latencyMs === 0);
  if (rateOnly)
    return `the rate limit of ${arrows(unproven)} cannot be seen with small requests and was not measured`;
  const quick = unproven.find(({ contrary }) => contrary.length > 0);
  if (quick)
    return (
      `requests through ${one(quick)} took only ${range(quick.contrary)} longer than to the real ` +
      `address, ${quick.contrary.length} times of ${quick.looks}, while ${ordered(quick)} was ordered`
    );
  if (unproven.length > 0) return early(unproven);
  const proven = of(lines, 'proven');
  if (proven.length === 0) return mootness(lines);
  const rated = proven.some(({ own }) => own.up.rateBytesPerSecond + own.down.rateBytesPerSecond);
  return (
    `round trips through ${arrows(proven)} took ${range(proven.map((line) => line.figureMs))} longer ` +
    `than to the real addresses (${ordered(proven[0]!)} ordered)` +
    `${rated ? '; the rate limit was not measured' : ''}${sampling(sampled)}${alsoMoot(lines)}`
  );
}

/** `200 ms ± 50 ms` */
function ordered({ own: { up, down } }: Line): string {
  const jitter = up.jitterMs + down.jitterMs;
  return `${up.latencyMs + down.latencyMs} ms${jitter > 0 ? ` ± ${jitter} ms` : ''}`;
}

export function heal(lines: Lines, sampled: Sampled, healMs: number): string {
  const unproven = of(lines, 'unproven');
  const worst = unproven[0];
  if (worst) {
    const got = worst.contrary.every(Number.isNaN)
      ? 'got no answer'
      : `still took ${range(worst.contrary)}`;
    const others = unproven.length > 1 ? `, and ${unproven.length - 1} more links likewise` : '';
    return (
      `requests through ${one(worst)} ${got} for ${Math.round(healMs / 1000)} s after the heal, ` +
      `${worst.contrary.length} times of ${worst.looks}, while ${real([worst])}${others}`
    );
  }
  const proven = of(lines, 'proven');
  if (proven.length === 0) return mootness(lines);
  return (
    `requests through ${arrows(proven)} were answered in ` +
    `${range(proven.map(({ figureMs }) => figureMs))} after the heal${sampling(sampled)}${alsoMoot(lines)}`
  );
}

/** `; 14 connections and 20,480 bytes were held` */
export const held = ({ connections, bytes }: Held): string =>
  `; ${count(connections, 'connection')} and ${count(bytes, 'byte')} were held`;

const count = (n: number, what: string): string =>
  `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;
