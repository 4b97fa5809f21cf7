/** Numbers, times and names in words, and the one way into HTML. */
export const NB = '\u00a0';
export const num = (n: number): string => n.toLocaleString('en-US');
export const sec = (t: number, digits = 2): string => t.toFixed(digits) + NB + 's';
export const took = (s: number): string =>
  s < 1
    ? (s * 1000).toFixed(s < 0.01 ? 1 : 0) + NB + 'ms'
    : s < 120
      ? s.toFixed(s < 10 ? 2 : 1) + NB + 's'
      : `${(s / 60).toFixed(1)}${NB}min`;

/** The wall clock, to find the same moment in the logs of the nodes. */
export function clock(startedAt: string, t: number): string {
  const at = new Date(Date.parse(startedAt) + t * 1000);
  return Number.isNaN(at.getTime()) ? 'unknown' : `${at.toISOString().slice(11, 23)} UTC`;
}

export { escape as esc } from '../html.js';

export const plural = (n: number, one: string, many = `${one}s`): string =>
  num(n) + NB + (n === 1 ? one : many);

/** The longest form that fits, else nothing. */
export const cutTo = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}\u2026`;
