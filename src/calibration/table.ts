/** CALIBRATION.md, from calibration.json alone. */
import type { PlantName } from '../targets/embedded/broker/env.js';
import { plants } from '../targets/embedded/broker/plants.js';
import { clean, defects, setups, type Setup } from './plan.js';
import type { Calibration, Made } from './results.js';
import { atLeast, atMost, median } from './statistics.js';

export function tableText(calibration: Calibration): string {
  // What must be shown is shown, also when nothing is known of it.
  const cells = setups()
    .map((setup) => cellOf(setup, calibration.runs))
    .filter(({ n, setup: { role } }) => n > 0 || role === 'meant' || role === clean);
  const judged = cells.reduce((sum, { n }) => sum + n, 0);
  const failed = calibration.runs.length - judged;
  const dates = calibration.runs.map((run) => run.startedAt).sort();
  const day = (time = ''): string => time.slice(0, 10);
  const between = [...new Set([day(dates[0]), day(dates.at(-1))])].join(' to ');
  const { schism, program, timeLimitS } = calibration;
  return `# Calibration

What is a verdict worth? Here the embedded reference cluster was run without a defect and with each
of its planted defects, and judged without knowing which. \`npm run schism -- calibrate\` made this
file and [calibration.json](calibration.json), which has every run with the command that repeats it.

${judged} runs of ${timeLimitS} s, ${between || 'no day'}, Schism ${schism} (program ${program}).${failed > 0 ? ` ${failed} more left no verdict and count for nothing.` : ''}

## False alarms: the cluster without a defect

${cleanTable(cells.filter(({ setup }) => setup.role === clean))}
"At most": with so many judged runs, at 95 % the true share of false alarms is no larger (Clopper
and Pearson); "all" speaks of this mix only. A run that is unknown counts for neither side.

## Found: the cluster with a defect

${defectTable(cells.filter(({ setup }) => setup.role !== clean))}
**Bold** is what is meant for a defect and must find it. "At least": with so many runs, at 95 % the
true share of runs that find it is no smaller. "After": the median over the runs that found it, from
the begin of the load to the moment of the first anomaly; of a lost write this is its ack.

## What each defect is, and where it hides

${Object.entries(defects)
  .map(([name, { hides, why }]) => {
    const where = hides.length > 0 ? ` Hides from ${hides.map(code).join(', ')}: ${why}` : '';
    return `- \`${name}\`: ${plants[name as PlantName].help}${where}\n`;
  })
  .join('')}
## What was given

${usedTable(cells)}`;
}

interface Cell {
  setup: Setup;
  n: number;
  found: Made[];
  unknown: Made[];
}

function cellOf(setup: Setup, runs: readonly Made[]): Cell {
  const own = runs.filter(
    ({ subject, way, verdict }) =>
      subject === setup.subject && way === setup.way && verdict !== 'failed',
  );
  const of = (verdict: Made['verdict']): Made[] => own.filter((run) => run.verdict === verdict);
  return { setup, n: own.length, found: of('invalid'), unknown: of('unknown') };
}

function cleanTable(cells: readonly Cell[]): string {
  const row = (name: string, n: number, found: readonly Made[], unknown: readonly Made[]) => [
    name,
    n === 0 ? 'not run' : `${found.length} of ${n}`,
    percent(atMost(found.length, n - unknown.length)),
    checkersOf(found),
    unknown.length > 0 ? `${unknown.length}: ${reasonsOf(unknown)}` : '0',
  ];
  const rows = cells.map(({ setup, n, found, unknown }) => row(code(setup.way), n, found, unknown));
  const n = cells.reduce((sum, cell) => sum + cell.n, 0);
  const all = (of: 'found' | 'unknown'): Made[] => cells.flatMap((cell) => cell[of]);
  rows.push(row('all', n, all('found'), all('unknown')));
  return markdown(['faults', 'false alarms', 'at most', 'by', 'unknown'], rows);
}

function defectTable(cells: readonly Cell[]): string {
  const rows = cells.map(({ setup: { subject, way, role }, n, found }) => {
    const after = median(found.flatMap(({ firstS }) => firstS ?? []));
    const bold = (text: string): string => (role === 'meant' ? `**${text}**` : text);
    return [
      code(subject),
      bold(way),
      bold(n === 0 ? 'not run' : `${found.length} of ${n}`),
      percent(atLeast(found.length, n)),
      checkersOf(found),
      after === undefined ? '' : `${after.toFixed(1)} s`,
      role === 'also' ? '' : role,
    ];
  });
  return markdown(['defect', 'faults', 'found', 'at least', 'by', 'after', ''], rows);
}

function usedTable(cells: readonly Cell[]): string {
  const used = new Set(cells.map(({ setup }) => setup.way));
  const rows = setups([clean])
    .filter(({ way }) => used.has(way))
    .map(({ way, args }) => [way, code(args.join(' '))]);
  return markdown(['faults', 'options'], rows);
}

/** Checkers with the number of runs in which each found something, most first. */
function checkersOf(found: readonly Made[]): string {
  const counts = new Map<string, number>();
  for (const { checkers } of found)
    for (const id of checkers) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([id, n]) => (n === found.length ? id : `${id} (${n})`))
    .join(', ');
}

const reasonsOf = (runs: readonly Made[]): string =>
  [...new Set(runs.flatMap(({ reasons }) => reasons))].join('; ').replaceAll('|', '\\|');
const code = (text: string): string => `\`${text}\``;
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}
