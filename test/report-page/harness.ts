/** A verdict for a made run, and a page that has nothing but the timeline and two strips. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { createFacts } from '../../src/analysis/index.js';
import { valueName } from '../../src/model/index.js';
import type { Anomaly, Case, Facts, Verdict } from '../../src/model/index.js';
import { extractPageData } from '../../src/report/data.js';
import type { PageData } from '../../src/report/data.js';
import { inlineJson } from '../../src/report/html.js';
import { timelineSection } from '../../src/report/timeline-section.js';
import type { Lost, MadeRun } from './made-run.js';

export function factsOf(made: MadeRun): Facts {
  const facts = createFacts(made.run);
  for (const batch of made.batches) facts.step(batch);
  facts.finish();
  return facts;
}

export function dataOf(made: MadeRun, verdict?: Verdict, limit?: number): PageData {
  const facts = factsOf(made);
  const { run, batches } = made;
  return extractPageData({
    run,
    facts,
    batches,
    ...(verdict && { verdict }),
    ...(limit && { limit }),
  });
}

function lostAnomaly(made: MadeRun, lost: Lost): Anomaly {
  const reader = firstReader(made, lost);
  const { op, process, ackNs, offset, value, key } = lost;
  const says = `at offset ${offset}, node 1, epoch 4`;
  return {
    type: 'lost-write',
    ...{ key, offset, value },
    timeNs: reader.timeNs,
    ops: [op, reader.op],
    proof: [
      { op, process, timeNs: ackNs - 5e6, what: 'send', says: valueName(value) },
      { op, process, timeNs: ackNs, what: 'ok', says },
      { ...reader, what: 'poll', says: `offset ${offset}: ${valueName(reader.value)}` },
    ],
    explanation: 'It was acked, and the final read does not have it.',
    data: {},
  };
}
function firstReader(
  made: MadeRun,
  lost: Lost,
): { op: number; process: number; timeNs: number; value: number } {
  for (const batch of made.batches)
    for (let i = 0; i < batch.n; i++)
      if (batch.kind[i] === 4 && batch.key[i] === lost.key && batch.offset[i] === lost.offset)
        return {
          op: batch.op[i]!,
          process: batch.process[i]!,
          timeNs: batch.timeNs[i]!,
          value: batch.value[i]!,
        };
  return { op: -1, process: -1, timeNs: lost.ackNs, value: -1 };
}

/** What checkers would say of a made run: its lost writes and its two leaders. */
export function verdictOf(made: MadeRun): Verdict {
  const { lost, at } = made;
  const [elect, learn] = [(at.elect + 0.5) * 1e9, at.heal * 1e9];
  const base = { keys: [0], faults: [1], sentence: 'A <b>sentence</b>.', alsoCountedBy: [] };
  const cases: Case[] =
    lost.length === 0
      ? []
      : [
          {
            ...base,
            id: 'lost-write-1',
            type: 'lost-write',
            keys: [...new Set(lost.map((one) => one.key))],
            count: lost.length,
            spanNs: [lost[0]!.ackNs, lost.at(-1)!.ackNs],
            anomalies: [lostAnomaly(made, lost[0]!)],
            all: lost.map((one) => [one.offset, one.value, one.ackNs]),
          },
          {
            ...base,
            id: 'split-brain-1',
            type: 'split-brain',
            count: 1,
            spanNs: [elect, learn],
            anomalies: [
              {
                type: 'split-brain',
                ...{ key: 0, offset: -1, value: -1, timeNs: elect, ops: [] },
                proof: [
                  { op: -1, process: -1, timeNs: elect, what: 'probe', says: 'node 1 leads' },
                  { op: -1, process: -1, timeNs: elect, what: 'probe', says: 'node 3 leads' },
                ],
                explanation: 'Two nodes said that they lead.',
                spanNs: [elect, learn],
                data: {},
              },
            ],
            all: [],
            partOf: 'lost-write-1',
          },
        ];
  return { cases } as unknown as Verdict;
}

const root = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
};
const bundle = (file: string): string =>
  new TextDecoder().decode(
    buildSync({
      entryPoints: [join(root(), 'src/report/page', file)],
      bundle: true,
      format: 'iife',
      write: false,
      charset: 'utf8',
    }).outputFiles[0]?.contents,
  );

export function pageOf(data: PageData): string {
  const strips = data.cases
    .map(
      (one) =>
        `<article class="card" id="${one.id}"><div class="row"><div class="rail"></div><div class="strip"><div class="strip-gut"></div><canvas data-strip="${one.id}" role="img"></canvas></div></div></article>`,
    )
    .join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>made</title><link rel="icon" href="data:,"><style>${bundle('style.css')}</style></head>
<body><header class="bar"><div class="page"><nav><a href="#timeline">Timeline</a></nav><div class="right"><button class="theme" type="button">Theme: auto</button></div></div></header>
<main id="main" class="page">${timelineSection(data)}<section class="part" id="anomalies">${strips}</section></main>
<script type="application/json" id="run-data">${inlineJson(data).text}</script>
<script>${bundle('main.ts').replaceAll('</script', '<\\/script')}</script></body></html>`;
}
