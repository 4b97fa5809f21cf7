/** report.html: one file that needs nothing else. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { files, openRun, writeWhole, type Run } from '../history/index.js';
import { SchismError } from '../model/index.js';
import { anomaliesSection, cardsOf } from './anomalies.js';
import { happenedSection, headSection, stateOf, titleOf, tone } from './head.js';
import { markup, inlineJson, raw, type Html } from './html.js';
import { measuresSection } from './measures.js';
import { verdictMark, wordmark } from './page/marks.js';
import { sourceOf } from './source.js';
import { storyOf, type StoryLine } from './story.js';
import {
  checkersSection,
  environmentSection,
  faultsSection,
  filesSection,
  footSection,
  type FileSize,
} from './tables.js';
import { timelineSection } from './timeline-section.js';
import { isImported } from './words.js';
import { worthSection } from './worth.js';

export interface ReportOptions {
  /** Where the built page.js and page.css are; by default, in dist/. */
  assets?: string;
}

/** dist/src/report/page.js -> dist/ */
const assetsDir = fileURLToPath(new URL('../../', import.meta.url));

function asset(dir: string, name: string): string {
  try {
    return readFileSync(join(dir, name), 'utf8');
  } catch (cause) {
    throw new SchismError(
      'usage',
      `Expected ${name} among the built files, got none: run \`npm run build\`.`,
      { cause },
    );
  }
}

/** The dated sentences of a run, for `verdictText`. */
export const readStory = (dir: string): StoryLine[] => storyOf(sourceOf(openRun(dir)));

/**
 * Writes `report.html` into a run's folder, from that folder alone, and gives its path. Throws a
 * SchismError if the folder cannot be read (history) or Schism is not built (usage).
 */
export async function writeReport(dir: string, options: ReportOptions = {}): Promise<string> {
  const run = openRun(dir);
  const path = join(run.dir, files.report);
  writeWhole(path, await pageOf(run, options.assets ?? assetsDir));
  return path;
}

async function pageOf(run: Run, assets: string): Promise<string> {
  const source = sourceOf(run);
  const script = asset(assets, 'page.js')
    .replaceAll('</script', '<\\/script')
    .replaceAll('<!--', '<\\!--');
  const style = raw(asset(assets, 'page.css'));
  const theme = `try { const t = localStorage.getItem('schism-theme'); if (t === 'light' || t === 'dark') document.documentElement.dataset.theme = t; } catch { /* no storage */ } document.documentElement.dataset.script = 'on';`;
  const state = stateOf(source);
  const cards = cardsOf(source).length;
  const csp = `default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${hash(theme)} ${hash(script)}`;
  const sections = [
    headSection(source),
    worthSection(source),
    happenedSection(source),
    raw(timelineSection(source.data)),
    anomaliesSection(source, () => run.history.batches()),
    await measuresSection(source),
    faultsSection(source),
    checkersSection(source),
    environmentSection(source),
    filesSection(source, sizesOf(run.dir), shownDir(run.dir)),
    footSection(source),
  ];
  const { target, workload, seed, facts } = source.run;
  const what = isImported(source.run)
    ? (facts['Imported from'] ?? 'an imported history')
    : `${target}, ${workload}, seed ${seed}`;
  const name = `${titleOf(source)}: ${what} | Schism`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(csp)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${name}</title>
<link rel="icon" href="data:,">
<script>${raw(theme)}</script>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#happened">Skip to what happened</a>
<header class="bar"><div class="page">
<a class="word" href="#main" aria-label="Schism, top of the page">${raw(wordmark)}Schism</a>
<nav aria-label="Sections">${nav(cards, source.verdict?.worth !== undefined)}</nav>
<div class="right"><span id="verdict-mini"><span class="mini ${tone[state]}">${raw(verdictMark(state, true))}${titleOf(source)}</span></span><button class="theme" type="button">Theme: auto</button></div>
</div></header>
<main id="main" class="page">${sections}</main>
<script type="application/json" id="run-data">${inlineJson(source.data)}</script>
<script>${raw(script)}</script>
</body>
</html>
`.text;
}

const nav = (cards: number, worth: boolean): Html[] =>
  (
    [
      ...(worth ? ([['worth', 'Worth']] as const) : []),
      ['happened', 'What happened'],
      ['timeline', 'Timeline'],
      ['anomalies', 'Anomalies'],
      ['measures', 'Measures'],
      ['faults', 'Faults'],
      ['checkers', 'Checkers'],
      ['run', 'Run'],
    ] as const
  ).map(
    ([id, name]) =>
      markup`<a href="#${id}">${name}${id === 'anomalies' && cards > 0 && markup`<b> ${cards}</b>`}</a>`,
  );

const hash = (script: string): string =>
  `'sha256-${createHash('sha256').update(script, 'utf8').digest('base64')}'`;

/** A path that can be pasted where the user is. */
function shownDir(dir: string): string {
  const near = relative(process.cwd(), dir);
  return near && !near.startsWith('..') ? near : dir;
}

/** The files of the run, each node's together; this page too, although it is being written. */
function sizesOf(dir: string): FileSize[] {
  const sizes = new Map<string, number>();
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()) {
    const stat = statSync(join(dir, name));
    if (!stat.isFile() || name.endsWith('.tmp') || name === files.report) continue;
    const shown = name.split(sep).slice(0, 2).join('/');
    sizes.set(shown, (sizes.get(shown) ?? 0) + stat.size);
  }
  const found = [...sizes].map(([name, bytes]) => ({ name, bytes }));
  found.sort((a, b) => Number(a.name.includes('/')) - Number(b.name.includes('/')));
  return [...found, { name: files.report, bytes: -1 }];
}
