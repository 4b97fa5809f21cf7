/** Small drawn things. Every mark differs by shape, then by colour. Text that we wrote ourselves. */
export const svg = (box: string, body: string, cls = ''): string =>
  `<svg viewBox="0 0 ${box}" aria-hidden="true"${cls ? ` class="${cls}"` : ''}>${body}</svg>`;
const line = 'fill="none" stroke="currentColor"';

/** A ring that has come apart along a cut, a ring with a check, a broken ring with a question mark. */
export function verdictMark(v: 'valid' | 'invalid' | 'unknown', heavy = false): string {
  const ring = (body: string): string => `<g ${line} stroke-width="${heavy ? 6 : 3.6}">${body}</g>`;
  const circle = (more: string): string => `<circle cx="24" cy="24" r="19"${more}/>`;
  // prettier-ignore
  const body = {
    invalid: `${ring(`<path d="M28.4 6.6A18 18 0 0 0 14.6 38.8" transform="translate(-2 1.8)"/><path d="M33.4 9.2A18 18 0 0 1 19.6 41.4" transform="translate(2 -1.8)"/>`)}<path d="M34.5 2L24.6 20.5L27 24L13.5 46" ${line} stroke-width="${heavy ? 2.6 : 1.5}"/>`,
    valid: ring(`${circle('')}<path d="M15.5 24.5l6.3 6.3L33.5 18"/>`),
    unknown: ring(`${circle(` stroke-dasharray="${heavy ? '9 6' : '7.2 4.74'}"`)}<path d="M18.2 19.6a5.9 5.9 0 1 1 8.6 5.2c-2 1.1-2.8 2-2.8 4.2"/><path d="M24 33.4v${heavy ? 4.5 : 3.6}"/>`),
  }[v];
  return svg('48 48', body, { valid: 'good', invalid: 'bad', unknown: 'unk' }[v]);
}
// prettier-ignore
export const wordmark = svg('24 18', `<g ${line} stroke-width="2.4"><path d="M0 9h8l6-6h10"/><path d="M8 9l6 6h10" stroke-dasharray="8.5 0 7.5 2.5 8 0"/></g>`);
// prettier-ignore
export const glyph = {
  ok: svg('18 14', `<rect x="1" y="3" width="15" height="8" fill="var(--ok)"/>`),
  fail: svg('18 14', `<rect x="1" y="3.7" width="9" height="6.6" fill="none" stroke="var(--fail)" stroke-width="1.3"/><path d="M7.5 3.5l7 7m0-7l-7 7" stroke="var(--fail)" stroke-width="1.8"/>`),
  info: svg('18 14', `<path d="M1 3h2v8h-2z" fill="var(--info)"/><path d="M3 3.6h9M3 10.4h9" stroke="var(--info)" stroke-width="1.3" stroke-dasharray="3.5 2"/><path d="M12 3l4 2-4 2 4 2-4 2" fill="none" stroke="var(--info)" stroke-width="1.3"/>`),
  send: svg('18 14', `<path d="M0 11.5h18" stroke="var(--ink-3)"/><rect x="3" y="2" width="12" height="9" fill="var(--ink-2)"/>`),
  poll: svg('18 14', `<path d="M0 3.5h18" stroke="var(--ink-3)"/><path d="M3 6h12v4h-12z" fill="var(--ink-2)" opacity=".82"/><path d="M13.6 5h1.6v6.4h-1.6z" fill="var(--ink-2)"/>`),
  lost: svg('12 12', `<path d="M6 0l6 6-6 6-6-6z" fill="var(--bad)"/>`),
  good: svg('14 14', `<path d="M2 7.5l3.4 3.5L12 3" ${line} stroke-width="2"/>`, 'good'),
  bad: svg('14 14', `<path d="M7 .5l6.5 6.5L7 13.5.5 7z" fill="currentColor"/>`, 'bad'),
  unk: svg('14 14', `<path d="M4 4.6a3.1 3.1 0 1 1 4.5 2.7C7.4 7.9 7 8.4 7 9.5" ${line} stroke-width="1.9"/><path d="M7 11.2v2" ${line} stroke-width="1.9"/>`, 'unk'),
};
// prettier-ignore
export const pointMark = {
  fault: svg('13 13', `<rect x="1.5" y="1.5" width="10" height="10" fill="var(--paper)" stroke="var(--ink)" stroke-width="1.6"/><path d="M2 9.5L9.5 2M4 11.5L11.5 4" stroke="var(--ink)" stroke-width="1.2"/>`),
  kill: svg('13 13', `<rect x="1" y="1" width="11" height="11" fill="var(--ink)"/>`),
  event: svg('13 13', `<circle cx="6.5" cy="6.5" r="4.3" fill="var(--paper)" stroke="var(--ink)" stroke-width="1.6"/>`),
  heal: svg('13 13', `<circle cx="6.5" cy="6.5" r="5" fill="var(--ink)"/>`),
  bad: svg('13 13', `<path d="M6.5 0l6.5 6.5-6.5 6.5L0 6.5z" fill="var(--bad)"/>`),
  good: svg('13 13', `<rect width="13" height="13" fill="var(--paper)"/><path d="M1.5 6.8l3.6 3.7L11.8 2.5" fill="none" stroke="var(--good)" stroke-width="2.2"/>`),
  unk: svg('13 13', `<rect width="13" height="13" fill="var(--paper)"/><path d="M3.4 4a3.2 3.2 0 1 1 4.7 2.8c-1.2.7-1.6 1.2-1.6 2.4M6.5 10.8v2" fill="none" stroke="var(--info)" stroke-width="2"/>`),
};

/* The key to the picture, in the order of the lanes. */
export const hatchDefs = `<defs><pattern id="hd" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><path d="M0 1h6" stroke="var(--ink-2)" stroke-width="1.2"/></pattern><pattern id="hp" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="1.5" cy="1.5" r=".8" fill="var(--ink-3)"/><circle cx="4.5" cy="4.5" r=".8" fill="var(--ink-3)"/></pattern><pattern id="hb" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M1 0v6" stroke="var(--ink-2)" stroke-width="2"/></pattern></defs>`;
// prettier-ignore
export const keyMarks: readonly (readonly [mark: string, meaning: string])[] = [
  [`<rect x="4" y="9" width="56" height="8" fill="url(#hd)" stroke="var(--ink-2)"/>`, 'a fault that cuts links; a flapping one is a row of such bars'],
  [`<rect x="4" y="9" width="56" height="8" fill="var(--ink)"/>`, 'a node that was killed or stopped, until it is started again'],
  [`<rect x="4" y="9" width="56" height="8" fill="url(#hb)" stroke="var(--ink-2)"/>`, 'a paused node'],
  [`<rect x="4" y="9" width="56" height="8" fill="none" stroke="var(--ink-2)"/><path d="M4 11h56M4 14h56" stroke="var(--ink-2)" stroke-width="1.2"/>`, 'links that are slow: latency was added'],
  [`<rect x="4" y="3" width="56" height="8" fill="url(#hd)" stroke="var(--ink-2)"/><path d="M6 19l3 3 5-7" fill="none" stroke="var(--good)" stroke-width="1.8"/><path d="M50 19l3 3 5-7" fill="none" stroke="var(--good)" stroke-width="1.8"/>`, 'seen to be in force; seen to be gone (? where it was not seen)'],
  [`<path d="M2 20h18" stroke="var(--ink-2)" stroke-width="2"/><path d="M22 20h22" stroke="var(--ink)" stroke-width="2" stroke-dasharray="2 4"/><path d="M46 20h16" stroke="var(--ink-2)" stroke-width="2"/>`, 'node up; up but cut off; up'],
  [`<rect x="4" y="4" width="56" height="18" fill="url(#hp)"/>`, 'the node gave no answer to the probe'],
  [`<rect x="4" y="5" width="56" height="15" fill="var(--n1)"/><path d="M4 5h2v15h-2zM4 18h56v2h-56z" fill="var(--n1-edge)"/><text x="11" y="15.5" font-size="10" fill="var(--ink)">epoch 4</text>`, 'leads, in this epoch; the tint is the node'],
  [`<rect x="4" y="0" width="56" height="10" fill="var(--n1)"/><rect x="4" y="16" width="56" height="10" fill="var(--n3)"/><path d="M4 13l4-2 6 4 6-4 6 4 6-4 6 4 6-4 6 4 6-4 4 2" fill="none" stroke="var(--bad)" stroke-width="2"/>`, 'two nodes lead one key, and both acked'],
  [`<rect x="4.5" y="3.5" width="55" height="10" fill="none" stroke="var(--n1-edge)" stroke-dasharray="3 2"/><rect x="4" y="16" width="56" height="9" fill="var(--n3)"/>`, 'a node that still says it leads, and acks nothing'],
  [`<path d="M0 14h64" stroke="var(--hair-2)"/><rect x="10" y="4" width="20" height="9" fill="var(--ok)"/><path d="M36 16h20v4h-20z" fill="var(--ok)" opacity=".82"/><path d="M54.5 15h1.5v7h-1.5z" fill="var(--ok)"/>`, 'ok: a send above the line, a poll below; from invoke to completion'],
  [`<rect x="8.6" y="7.6" width="26" height="8" fill="none" stroke="var(--fail)" stroke-width="1.25"/><path d="M31 8l7 7m0-7l-7 7" stroke="var(--fail)" stroke-width="1.75"/>`, 'fail: it did not happen'],
  [`<path d="M8 7h2v9h-2z" fill="var(--info)"/><path d="M10 7.6h34M10 15.4h34" stroke="var(--info)" stroke-width="1.25" stroke-dasharray="4 2.5"/><path d="M44 7l4 2.25-4 2.25 4 2.25-4 2.25" fill="none" stroke="var(--info)" stroke-width="1.25"/>`, 'info: nobody knows; the client is replaced'],
  [`<rect x="8" y="9" width="22" height="9" fill="var(--bad)"/><path d="M30 9.5l4 4-4 4-4-4z" fill="var(--bad)"/>`, 'acked, and lost later'],
  [`<rect x="4.8" y="9.8" width="54.4" height="6.4" fill="none" stroke="var(--info)" stroke-width="1.5" stroke-dasharray="4 3"/>`, 'a fault that was ordered and not seen in force: no shade below it'],
  [`<path d="M0 14h64" stroke="var(--hair-2)"/><path d="M32.5 3v20" stroke="var(--info)"/>`, 'a process whose operation ended info is replaced by the next one'],
  [`<path d="M4 18h56v2h-56z" fill="var(--n1-edge)"/><rect x="4" y="5" width="56" height="13" fill="var(--n1)"/><path d="M20 13h1.5v7h-1.5zM31 13h1.5v7h-1.5zM36 13h1.5v7h-1.5z" fill="var(--bad)"/>`, 'acks that were false, on the ribbon of their key'],
  [`<path d="M0 14h64" stroke="var(--hair-2)"/><g fill="var(--ok)"><path opacity=".35" d="M10 4h2.4v9h-2.4zM22 4h2.4v9h-2.4z"/><path opacity=".6" d="M13 4h2.4v9h-2.4zM25 4h2.4v9h-2.4zM19 16h2.4v5h-2.4z"/><path opacity=".9" d="M16 4h2.4v9h-2.4zM19 4h2.4v9h-2.4zM28 4h2.4v9h-2.4zM16 16h2.4v5h-2.4zM28 16h2.4v5h-2.4z"/></g>`, 'too many for one mark each: the darker, the more. Zoom in for single ones'],
];
