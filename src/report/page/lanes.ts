/** Lanes, top to bottom, each with its place. A lane is as high as it has something to say. */
import { finalLane, keyText, replicaLane } from './run.js';
import type { CaseView, Run } from './run.js';
import type { PageClaim } from './types.js';
import { num } from './format.js';
import type { Span } from './pen.js';

interface Placed {
  y: number;
  h: number;
  label?: string;
  short?: string;
  sub?: string;
  /** The whole name, where the rail has no room for it. */
  title?: string;
}
export type Lane = Placed &
  (
    | { kind: 'axis' }
    | { kind: 'head'; name: string; text: string }
    | { kind: 'more'; group: 'keys' | 'clients' | 'cases'; hidden: number; open: boolean }
    | { kind: 'anomaly'; of: CaseView }
    | { kind: 'fault'; rows: Map<number, number> }
    | { kind: 'node'; node: number; claims: PackedClaims }
    | { kind: 'key'; key: number }
    | { kind: 'client'; client: number }
  );
type NewLane = Lane extends infer L ? (L extends Lane ? Omit<L, 'y'> : never) : never;

/** Claims in rows that do not overlap; above four rows only how many there are is drawn. */
export interface PackedClaims {
  list: readonly PageClaim[];
  row: readonly number[];
  rows: number;
}
export interface Model {
  run: Run;
  lanes: Lane[];
  height: number;
  clientY: Map<number, Lane>;
}
/** A subset, for strips; without one, all. */
export interface Only extends Span {
  keys: readonly number[];
  nodes: readonly number[];
  clients: readonly number[];
}
export interface Expanded {
  keys: boolean;
  clients: boolean;
  cases: boolean;
}

const most = 12;
const mostCases = 6;
export const mostClaimRows = 4;
export const faultRow = 40;

/** Those of the anomalies first, up to twelve, in their own order. */
function pick<T>(all: readonly T[], first: ReadonlySet<T>, open: boolean, limit = most): T[] {
  if (open || all.length <= limit) return [...all];
  const chosen = new Set([...all.filter((one) => first.has(one)), ...all].slice(0, limit));
  return all.filter((one) => chosen.has(one));
}

class Builder {
  readonly lanes: Lane[] = [];
  y = 0;
  add(lane: NewLane): void {
    this.lanes.push({ ...lane, y: this.y });
    this.y += lane.h;
  }
  /** A group begins: a name in the whole picture, room in a strip. */
  head(only: Only | undefined, gap: number, name: string, text: string): void {
    if (only) this.y += gap;
    else this.add({ kind: 'head', h: 24, name, text });
  }
}
/** The first row that is free at each one's begin; how many rows there are. */
function inRows(spans: readonly Span[]): { row: number[]; rows: number } {
  const ends: number[] = [];
  const row = spans.map(({ t0, t1 }) => {
    let at = ends.findIndex((end) => end <= t0 + 1e-6);
    if (at < 0) at = ends.push(0) - 1;
    ends[at] = t1;
    return at;
  });
  return { row, rows: ends.length };
}

export function buildLanes(run: Run, expanded: Expanded, only?: Only): Model {
  const b = new Builder();
  b.add({ kind: 'axis', h: 26 });
  if (!only) addCases(b, run, expanded);
  addFaults(b, run, only);
  addNodes(b, run, only);
  addKeys(b, run, expanded, only);
  addClients(b, run, expanded, only);
  const clientY = new Map<number, Lane>();
  for (const lane of b.lanes) if (lane.kind === 'client') clientY.set(lane.client, lane);
  // Words of a witness stand below the last lane where all of it is on one.
  const below = only && run.data.imported ? 20 : 6;
  return { run, lanes: b.lanes, height: b.y + below, clientY };
}

function more(
  b: Builder,
  group: 'keys' | 'clients' | 'cases',
  all: number,
  shown: number,
  open: boolean,
  limit = most,
): void {
  if (all > limit) b.add({ kind: 'more', h: 22, group, hidden: all - shown, open });
}

function addCases(b: Builder, run: Run, expanded: Expanded): void {
  if (run.cases.length === 0) return;
  b.y += 4;
  const shown = pick(run.cases, new Set(), expanded.cases, mostCases);
  for (const of of shown) {
    const names = { label: of.type, short: of.type.slice(0, 5).replace(/-$/, '') };
    b.add({ kind: 'anomaly', h: 22, of, ...names, sub: num(of.count) });
  }
  more(b, 'cases', run.cases.length, shown.length, expanded.cases, mostCases);
  b.y += 6;
}

function addFaults(b: Builder, run: Run, only: Only | undefined): void {
  if (run.data.imported) return;
  const faults = run.data.faults.filter((f) => !only || (f.t1 >= only.t0 && f.t0 <= only.t1));
  faults.sort((x, y) => x.t0 - y.t0);
  const packed = inRows(faults);
  const rows = new Map(faults.map((fault, i) => [fault.id, packed.row[i]!]));
  const h = 6 + faultRow * Math.max(1, packed.rows);
  b.add({ kind: 'fault', h, rows, label: 'Faults', short: 'fault' });
}

function addNodes(b: Builder, run: Run, only: Only | undefined): void {
  const nodes = run.data.nodes.filter((node) => !only || only.nodes.includes(node));
  if (nodes.length === 0) return;
  b.head(only, 6, 'Nodes, own view', 'Nodes: what each says of itself');
  for (const node of nodes) {
    const claims = packClaims(run, node);
    const rows = claims.rows > mostClaimRows ? 1 : Math.max(2, claims.rows);
    const names = { label: `node ${node}`, short: `n${node}` };
    b.add({ kind: 'node', h: 12 + 15 * rows, node, claims, ...names });
  }
}

function packClaims(run: Run, node: number): PackedClaims {
  const list = run.data.claims.filter((c) => c.node === node).sort((x, y) => x.t0 - y.t0);
  return { list, ...inRows(list) };
}

function addKeys(b: Builder, run: Run, expanded: Expanded, only: Only | undefined): void {
  // Nobody asked who leads them.
  if (run.data.imported) return;
  const all = run.data.keys.map((_, key) => key);
  const first = new Set(run.cases.flatMap((one) => one.keys));
  const keys = only ? all.filter((k) => only.keys.includes(k)) : pick(all, first, expanded.keys);
  if (keys.length === 0) return;
  b.head(only, 6, 'Keys, leader', 'Keys: who leads, in which epoch');
  for (const key of keys) {
    const name = keyText(run, key);
    const split = run.data.overlaps.some((v) => v.key === key);
    const short = name.length > 6 ? `${name.slice(0, 1)}-${name.split('-').at(-1) ?? ''}` : name;
    b.add({ kind: 'key', h: split ? 56 : 36, key, label: name, title: name, short });
  }
  if (!only) more(b, 'keys', all.length, keys.length, expanded.keys);
}

function addClients(b: Builder, run: Run, expanded: Expanded, only: Only | undefined): void {
  const all = run.data.clients.map((one) => one.worker);
  const first = new Set<number>();
  for (const row of [...run.lost.keys(), ...run.found.keys()]) first.add(run.lane[row]!);
  const shown = only
    ? all.filter((c) => only.clients.includes(c))
    : pick(all, first, expanded.clients);
  if (shown.length === 0 && only) return;
  b.head(
    only,
    8,
    run.data.imported ? 'Clients, sends over all else' : 'Clients, sends over polls',
    `Clients: sends above the line, ${run.data.imported ? 'all else' : 'polls'} below`,
  );
  for (const client of shown) {
    const processes = run.data.clients[client]?.processes.map(([process]) => process) ?? [];
    const sub =
      processes.length < 2
        ? ''
        : processes.length < 4
          ? processes.join(' \u2192 ')
          : `${processes[0]!} \u2026 ${processes.at(-1)!}`;
    b.add({ kind: 'client', h: 25, client, label: `client ${client}`, short: `c${client}`, sub });
  }
  if (only) return;
  more(b, 'clients', all.length, shown.length, expanded.clients);
  if (run.lanes.has(finalLane))
    b.add({ kind: 'client', h: 25, client: finalLane, label: 'final reads', short: 'final' });
  if (run.lanes.has(replicaLane))
    b.add({ kind: 'client', h: 25, client: replicaLane, label: 'replica reads', short: 'repl' });
}
