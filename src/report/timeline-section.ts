/** The timeline's place in the page: its chips, canvases, foot and legends, before any script runs. */
import { escape } from './html.js';
import { num } from './words.js';
import { glyph, hatchDefs, keyMarks, svg } from './page/marks.js';
import type { PageData } from './page/types.js';

const keyChips = 12;

const keyboard: readonly (readonly [keys: string, does: string])[] = [
  ['<kbd>+</kbd> <kbd>\u2212</kbd>', 'zoom'],
  ['<kbd>\u2190</kbd> <kbd>\u2192</kbd>', 'pan; with Shift by a screen'],
  ['<kbd>0</kbd>', 'the whole run'],
  ['<kbd>.</kbd> <kbd>,</kbd>', 'next, previous operation of a client'],
  ['<kbd>\u2191</kbd> <kbd>\u2193</kbd>', 'the client above, below'],
  ['<kbd>n</kbd> <kbd>p</kbd>', 'next, previous anomaly'],
  ['<kbd>Enter</kbd>', 'zoom to the chosen operation'],
  ['<kbd>/</kbd>', 'find; Enter for the next'],
  ['<kbd>Esc</kbd>', 'let go'],
];

function chip(group: string, id: string, label: string, n?: number): string {
  const mark = group === 'key' ? '' : glyph[id as keyof typeof glyph];
  return `<button type="button" aria-pressed="true" data-group="${group}" data-id="${escape(id)}">${mark}${escape(label)}${n === undefined ? '' : ` <span class="n">${num(n)}</span>`}</button>`;
}

function tools(data: PageData): string {
  const { counts } = data;
  const group = (label: string, chips: string): string =>
    `<div class="chips" role="group" aria-label="Show operations by ${label}">${chips}</div>`;
  // Those of the anomalies first: the others may not find room.
  const first = new Set(data.cases.flatMap((one) => one.keys));
  const keys = data.keys.map((name, key) => ({ name, key }));
  if (keys.length > keyChips)
    keys.sort((a, b) => Number(first.has(b.key)) - Number(first.has(a.key)) || a.key - b.key);
  const shown = keys.slice(0, keyChips);
  return `<div class="tl-tools no-print">
${group('outcome', (['ok', 'fail', 'info'] as const).map((id) => chip('out', id, id, counts[id])).join(''))}
${group('kind', (['send', 'poll'] as const).map((id) => chip('f', id, data.imported && id === 'poll' ? 'all else' : id, counts[id])).join(''))}
${data.keys.length > 1 ? group('key', shown.map(({ name, key }) => chip('key', String(key), name)).join('')) : ''}
<div class="search"><label class="sr" for="q">Find an operation</label><input id="q" type="search" placeholder="${data.imported ? '103, @offset' : 'w5.103, @offset'}, p13, error" autocomplete="off" spellcheck="false"><output for="q"></output></div>
</div>`;
}

/** Marks that no imported history has. */
const notImported = /node|fault|link|lead|ribbon|seen to be/;

function foot(data: PageData): string {
  const marks = data.imported ? keyMarks.filter(([, means]) => !notImported.test(means)) : keyMarks;
  const bad = data.cases.length > 0 ? '<button type="button" data-zoom="bad">Anomaly</button>' : '';
  return `<div class="row no-print"><div></div><div class="tl-foot"><span class="range" aria-live="polite"></span>
<span class="zoom" role="group" aria-label="Zoom"><button type="button" data-zoom="in"><span aria-hidden="true">+</span><span class="sr">Zoom in</span></button><button type="button" data-zoom="out"><span aria-hidden="true">\u2212</span><span class="sr">Zoom out</span></button><button type="button" data-zoom="fit">All</button>${bad}<button type="button" data-view>Copy link to this view</button></span>
<span class="hint" id="tl-keys">Drag to pan. Wheel with <kbd>Ctrl</kbd>, or pinch, to zoom. <kbd>/</kbd> to find.</span></div></div>
<div class="row no-print"><div></div><div class="folds"><details class="marks"><summary>What the marks mean</summary><svg width="0" height="0" style="position:absolute;width:0;height:0" aria-hidden="true">${hatchDefs}</svg><ul>${marks.map(([mark, means]) => `<li>${svg('64 26', mark)}<span>${means}</span></li>`).join('')}</ul></details>
<details class="marks"><summary>Keys</summary><dl class="keys">${keyboard.map(([keys, does]) => `<div><dt>${keys}</dt><dd>${does}</dd></div>`).join('')}</dl></details>
<details class="marks" id="as-table"><summary>Operations in view, as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Operations in view"></div></details></div></div>
<aside class="panel no-print" hidden aria-label="Operation" aria-live="polite"></aside>`;
}

/** What a long run leaves out, and an empty one lacks, in words. */
function notes(data: PageData): string {
  const says: string[] = [];
  if (data.imported)
    says.push(
      'This history has clients only: no nodes, no probes, no proof of faults, no reads of the end.',
    );
  if (data.ops.n === 0) says.push('No operation was recorded: the lanes of the clients are empty.');
  if (data.rest)
    says.push(
      `${num(data.ops.n)} of ${num(data.ops.n + data.rest.n)} operations are in this page one by one: all that failed or ended unknown and those within 2 s of an anomaly or of a fault\u2019s begin and end, as far as there is room. The others are drawn as counts; the history has them all.`,
    );
  return says.map((text) => `<p class="rail-note tl-note">${text}</p>`).join('');
}

/** The whole section as HTML. Everything that comes from the cluster or the user is escaped. */
export function timelineSection(data: PageData): string {
  return `<section class="part" id="timeline" aria-label="Timeline"><div class="row stack"><div class="rail"><h2>Timeline</h2></div><div>
${tools(data)}${notes(data)}<noscript><p class="cause">The picture is drawn by a script. Everything that it shows is also said in words and tables on this page.</p></noscript></div></div>
<div class="row tl tl-live"><div class="gut" data-gut="mini"></div><canvas class="tl-mini" role="img" aria-label="The whole run: completed operations by outcome, faults shaded, anomalies pinned. Drag to choose the part shown below."></canvas></div>
<div class="row tl tl-live"><div class="gut" data-gut="detail"></div><div class="tl-stage"><canvas class="tl-detail" tabindex="0" role="application" aria-roledescription="timeline" aria-label="Operations, nodes, keys and faults on one time axis" aria-describedby="tl-keys"></canvas><div class="lane-heads"></div><div class="tip" hidden></div></div></div>
<div class="print-only" data-print></div>
${foot(data)}
</section>`;
}
