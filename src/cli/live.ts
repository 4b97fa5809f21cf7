/**
 * Progress on the terminal. A tty gets a few lines that are redrawn in place; a pipe gets one line
 * an event and one every 10 s, so that a log can be read and grepped. Never wider than 80 columns
 * on a tty.
 */
import { wrap, type Prepared } from '../compose.js';
import type { FaultStatus, RunEvents, Snapshot } from '../model/index.js';

const { env, stdout } = process;
export const terminal = {
  isTty: stdout.isTTY && env['TERM'] !== 'dumb',
  color: stdout.isTTY && env['NO_COLOR'] === undefined && env['TERM'] !== 'dumb',
  unicode: /utf-?8/i.test(env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? ''),
};

const width = 80;
const columns = 60;
const seconds = (ns: number): string => (ns / 1e9).toFixed(1);
const count = (n: number): string => n.toLocaleString('en-US');
const ms = (n: number): string => (n < 10 ? n.toFixed(1) : n.toFixed(0));

export interface LiveView {
  events: RunEvents;
  /** Ends the redrawing. Idempotent. */
  end(): void;
}

export function liveView(prepared: Prepared, interrupt: AbortSignal): LiveView {
  const head = headLine(prepared);
  const notice = prepared.target.notice?.(prepared.options);
  return terminal.isTty ? redrawn(head, notice, interrupt) : lines(head, notice);
}

function headLine({ target, workload, options, seed }: Prepared): string {
  const nodes = options['nodes'] === undefined ? '' : `, ${String(options['nodes'])} nodes`;
  const version = options[`${target.meta.id}Version`];
  const acks = options['acks'] === undefined ? '' : ` acks=${String(options['acks'])}`;
  return `${target.meta.id}${version === undefined ? '' : ` ${String(version)}`}${nodes}, ${workload.meta.id}${acks}, seed ${seed}`;
}

/** One line an event, and one every 10 s. */
function lines(head: string, notice: string | undefined): LiveView {
  let lastNs = 0;
  const write = (text: string): void => void stdout.write(`${text}\n`);
  write(`schism: ${head}`);
  if (notice !== undefined) write(`notice: ${notice}`);
  return {
    events: {
      line: (kind, text, timeNs) => {
        const at = timeNs === undefined || timeNs < 0 ? '' : `${seconds(timeNs)} s`;
        write(`${at.padStart(9)}  ${kind.padEnd(7)}  ${text}`);
      },
      tick: (snapshot) => {
        if (snapshot.timeNs - lastNs < 9.5e9) return;
        lastNs = snapshot.timeNs;
        write(
          `${seconds(snapshot.timeNs).padStart(7)} s  ${'ops'.padEnd(7)}  ${opsText(snapshot)}`,
        );
      },
    },
    end: () => undefined,
  };
}

const opsText = (s: Snapshot): string =>
  `${count(s.ok)} ok, ${count(s.fail)} fail, ${count(s.info)} info, ${count(Math.round(s.perSecond))}/s, p50 ${ms(s.p50Ms)} ms, p99 ${ms(s.p99Ms)} ms`;

/** A block at the foot that is redrawn; lines of the start come and go above it. */
function redrawn(head: string, notice: string | undefined, interrupt: AbortSignal): LiveView {
  let drawn = 0;
  let ended = false;
  let note = '';
  const erase = (): void => {
    if (drawn > 0) stdout.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const draw = (rows: readonly string[]): void => {
    if (ended) return;
    erase();
    stdout.write(rows.map((row) => `${clip(row)}\n`).join(''));
    drawn = rows.length;
  };
  stdout.write(`${clip(`schism  ${head}`)}\n`);
  for (const row of wrap(notice ?? '', width - 2)) stdout.write(`  ${row}\n`);
  return {
    events: {
      line: (kind, text) => {
        if (kind === 'note') note = text;
        if (kind === 'start' || kind === 'read' || kind === 'judge') draw([`  ${text}`]);
      },
      tick: (snapshot) => {
        const rows = block(snapshot, note);
        if (interrupt.aborted) rows.push('  interrupted: healing and stopping');
        draw(rows);
      },
    },
    end: () => {
      erase();
      ended = true;
    },
  };
}

const clip = (text: string): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;
const paint = (code: number, text: string): string =>
  terminal.color ? `\x1b[${code}m${text}\x1b[0m` : text;

function block(s: Snapshot, note: string): string[] {
  const done = Math.min(columns, Math.floor((s.timeNs / s.limitNs) * columns));
  const [full, rest] = terminal.unicode ? ['█', '·'] : ['#', '.'];
  const rows = [
    `${seconds(s.timeNs).padStart(7)} s  ${full.repeat(done)}${rest.repeat(columns - done)} ${Math.round(s.limitNs / 1e9)} s`,
    `  faults   ${faultBar(s)}`,
    `  ops      ${opsText(s)}`,
    ...leaderLines(s),
  ];
  const shown = s.faults.filter((fault) => fault.startNs >= 0).slice(-2);
  for (const fault of shown) rows.push(`  fault    ${faultText(fault)}`);
  const next = s.faults.find((fault) => fault.startNs < 0 && fault.plannedNs > s.timeNs);
  if (next)
    rows.push(`           ${next.id} ${next.title} in ${seconds(next.plannedNs - s.timeNs)} s`);
  if (note !== '') rows.push(`  note     ${note}`);
  return rows;
}

function faultBar(s: Snapshot): string {
  const cells = new Array<string>(columns).fill(' ');
  const at = (ns: number): number => Math.floor((ns / s.limitNs) * columns);
  for (const fault of s.faults) {
    const from = at(fault.startNs < 0 ? fault.plannedNs : fault.startNs);
    if (fault.startNs >= 0) {
      const to = at(fault.endNs < 0 ? s.timeNs : fault.endNs);
      for (let i = from; i <= to && i < columns; i++) cells[i] = terminal.unicode ? '╱' : '/';
    }
    const name = String(fault.id);
    for (let i = 0; i < name.length && from + i < columns; i++) cells[from + i] = name[i] ?? '';
  }
  return cells.join('').trimEnd();
}

function leaderLines(s: Snapshot): string[] {
  const texts = s.leaders.map(({ key, claims }) =>
    claims.length === 0
      ? `${key} none`
      : `${key} ${claims.map(({ node, epoch }) => `node ${node} e${epoch}`).join(' AND ')}`,
  );
  const rows: string[] = [];
  for (const text of texts) {
    const last = rows.at(-1);
    if (last !== undefined && last.length + text.length + 3 <= width - 11) {
      rows[rows.length - 1] = `${last}   ${text}`;
    } else rows.push(text);
  }
  // A cluster with hundreds of keys must not push the rest off the screen.
  const shown = rows.slice(0, 3);
  if (rows.length > 3) shown.push(`and ${texts.length} keys in all`);
  return shown.map((text, i) => `  ${i === 0 ? 'leads ' : '      '}   ${text}`);
}

function faultText(fault: FaultStatus): string {
  const mark = (seen: boolean | undefined, words: string): string => {
    if (seen === undefined) return '';
    const [yes, no] = terminal.unicode ? ['✓', '?'] : ['ok', '?'];
    return seen ? paint(32, ` ${yes} ${words}`) : paint(35, ` ${no} ${words}`);
  };
  const time =
    fault.endNs < 0
      ? `since ${seconds(fault.startNs)} s`
      : `${seconds(fault.startNs)} to ${seconds(fault.endNs)} s`;
  return `${fault.id} ${fault.title} ${fault.what}  ${time} ${mark(fault.inForce, 'in force')}${mark(fault.gone, 'gone')}`;
}
