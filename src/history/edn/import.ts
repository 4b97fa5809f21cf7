/** From a Jepsen store's history, one op a line, to rows as model/batch.ts has them. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { F, Kind, type Recorder, type Row, type RunInfo, SchismError } from '../../model/index.js';
import { EdnMap, Keyword, printEdn, Tagged, visible, type Edn } from './forms.js';
import { wholeLines } from './lines.js';
import { MicroOps, Names, rowOf, type Fail } from './micro-ops.js';
import { Processes } from './processes.js';
import { EdnReader } from './read.js';

export interface ImportOptions {
  /** How consumers get their keys; default: as the history has it. */
  subVia?: 'assign' | 'subscribe' | undefined;
  /** Whether the order of the versions counts as a dependency. */
  wwDeps?: boolean | undefined;
}

/**
 * Reads `file`, plain or gzipped, into `recorder`, which it does not close. What it gives is whole
 * but for `schism` and `command`. Throws a SchismError (history) that names the line, what was
 * expected and what came; then the recorder holds a part.
 */
export async function importEdn(
  file: string,
  recorder: Recorder,
  options: ImportOptions = {},
): Promise<RunInfo> {
  const importer = new Importer(file, recorder);
  recorder.append([{ kind: Kind.meta, f: F.phase, timeNs: 0, text: 'load' }]);
  for await (const text of wholeLines(file)) importer.lines(text);
  if (importer.entries === 0)
    throw new SchismError('history', `Expected ${file} to hold a history, got no operation.`);
  const timeNs = importer.timeNs;
  recorder.append([{ kind: Kind.meta, f: F.phase, timeNs, text: 'end' }]);
  recorder.flush();
  const subVia = options.subVia ?? (importer.subscribes ? 'subscribe' : 'assign');
  return {
    format: 1,
    schism: '',
    startedAt: statSync(file).mtime.toISOString(),
    target: 'imported',
    workload: 'imported',
    nemesis: 'imported',
    seed: '',
    options: { subVia, wwDeps: options.wwDeps ?? false },
    command: [],
    concurrency: importer.processes.concurrency(),
    acks: -1,
    nodes: [],
    keys: importer.names.keys,
    facts: { 'Imported from': basename(file), Entries: String(importer.entries) },
    evidence: { watermarks: false, finalReads: false, replicas: false, views: false },
    origin: 'imported',
    ended: { how: 'complete', timeNs },
    recoveryBoundMs: 0,
  };
}

const kinds = new Map<string, Kind>([
  [':invoke', Kind.invoke],
  [':ok', Kind.ok],
  [':fail', Kind.fail],
  [':info', Kind.info],
]);
const clientFs = new Map<string, F>([
  [':send', F.send],
  [':poll', F.poll],
  [':txn', F.txn],
  [':subscribe', F.subscribe],
  [':assign', F.assign],
  [':crash', F.crash],
]);

/** One line, as it is written. */
interface Entry {
  index?: Edn;
  time?: Edn;
  type?: Edn;
  process?: Edn;
  f?: Edn;
  value?: Edn;
  error?: Edn;
  rebalanceLog?: Edn;
  seek?: Edn;
}
const fields = new Map<string, keyof Entry>([
  [':index', 'index'],
  [':time', 'time'],
  [':type', 'type'],
  [':process', 'process'],
  [':f', 'f'],
  [':value', 'value'],
  [':error', 'error'],
  [':rebalance-log', 'rebalanceLog'],
  [':seek-to-beginning?', 'seek'],
]);

/** An op in flight. */
interface Open {
  op: number;
  f: number;
  value: Edn;
}

class Importer {
  entries = 0;
  timeNs = 0;
  subscribes = false;
  readonly processes = new Processes();
  readonly names: Names;
  readonly #file: string;
  readonly #recorder: Recorder;
  readonly #micro: MicroOps;
  readonly #reader = new EdnReader(() => ` of ${this.#where()}`);
  readonly #open = new Map<number, Open>();
  #line = 0;
  #index = -1;

  constructor(file: string, recorder: Recorder) {
    this.#file = file;
    this.#recorder = recorder;
    this.names = new Names(this.#fail, (key) =>
      recorder.append([
        { kind: Kind.meta, f: F.key, timeNs: this.timeNs, key: key.key, text: JSON.stringify(key) },
      ]),
    );
    this.#micro = new MicroOps(this.names, this.#fail);
  }

  #where(): string {
    return `line ${this.#line} of ${this.#file}`;
  }

  readonly #fail: Fail = (wanted, got) => {
    const text = typeof got === 'object' && got !== null && 'words' in got ? got.words : shown(got);
    return new SchismError('history', `Expected ${wanted} on ${this.#where()}, got ${text}.`);
  };

  lines(text: string): void {
    for (let at = 0; at < text.length;) {
      const end = text.indexOf('\n', at);
      this.#line++;
      const form = this.#reader.read(text, at, end);
      if (form !== undefined) this.#entry(form);
      at = end + 1;
    }
  }

  #entry(form: Edn): void {
    let map = form;
    while (map instanceof Tagged) map = map.form;
    if (!(map instanceof EdnMap)) throw this.#fail('one op a line, which is a map,', form);
    const { entries } = map;
    const entry: Entry = {};
    for (let i = 0; i < entries.length; i += 2) {
      const key = entries[i]!;
      const field = key instanceof Keyword ? fields.get(key.text) : undefined;
      if (field !== undefined) entry[field] = entries[i + 1]!;
    }
    this.entries++;
    this.#index = this.#nextIndex(entry.index);
    this.timeNs = this.#nextTime(entry.time);
    const kind = entry.type instanceof Keyword ? kinds.get(entry.type.text) : undefined;
    if (kind === undefined)
      throw this.#fail('`:type` to be :invoke, :ok, :fail or :info', entry.type);
    if (entry.f === undefined) throw this.#fail('an `:f`', undefined);
    if (entry.process === undefined) throw this.#fail('a `:process`', undefined);
    if (typeof entry.process === 'number') this.#client(entry, kind, entry.process, entries);
    else this.#other(kind, -1, this.#index, entries);
  }

  #nextIndex(index: Edn | undefined): number {
    if (index === undefined) return this.#index + 1;
    if (typeof index !== 'number' || index <= this.#index)
      throw this.#fail(`\`:index\` to be a whole number above ${this.#index}`, index);
    return index;
  }

  #nextTime(time: Edn | undefined): number {
    if (time === undefined) return this.timeNs + 1;
    if (typeof time !== 'number') throw this.#fail('`:time` to be whole nanoseconds', time);
    return time;
  }

  #client(entry: Entry, kind: Kind, process: number, entries: readonly Edn[]): void {
    if (process < 0 || process >= 2 ** 31)
      throw this.#fail('`:process` to be from 0 to 2147483647', process);
    const f = entry.f instanceof Keyword ? (clientFs.get(entry.f.text) ?? F.other) : F.other;
    const open = this.#open.get(process);
    if (kind === Kind.invoke) {
      if (open) throw this.#fail(`process ${process} to end op ${open.op} first`, entry.f);
      this.#open.set(process, { op: this.#index, f, value: entry.value ?? null });
      this.processes.begin(process);
    } else if (!open) {
      const words = 'the end of one that it had not begun';
      throw this.#fail(`process ${process} to begin an op`, { words });
    } else {
      if (open.f !== f) throw this.#fail(`the end of op ${open.op} to have its :f`, entry.f);
      this.#open.delete(process);
      this.processes.end(process, kind === Kind.info || f === F.crash);
    }
    const op = open?.op ?? this.#index;
    if (f === F.other) this.#other(kind, process, op, entries);
    else {
      const head = rowOf({ kind, f, process, op, timeNs: this.timeNs }, f, -1);
      this.#rows(entry, head, open?.value ?? null);
    }
  }

  /** An op that no checker reads: what it was, as EDN without braces. */
  #other(kind: Kind, process: number, op: number, entries: readonly Edn[]): void {
    const words: string[] = [];
    for (let i = 0; i < entries.length; i += 2) {
      const key = printEdn(entries[i]!);
      if (key === ':index' || key === ':time' || key === ':type') continue;
      if (key !== ':process' || process < 0)
        words.push(`${key} ${printEdn(entries[i + 1] as Edn)}`);
    }
    const { timeNs } = this;
    this.#recorder.append([{ kind, f: F.other, process, op, timeNs, text: words.join(', ') }]);
  }

  /** `invoked`: the value of the invocation, for a completion that has none. */
  #rows(entry: Entry, head: Row, invoked: Edn): void {
    const { f } = head;
    const value = entry.value ?? invoked;
    const invoke = head.kind === Kind.invoke;
    let rows: Row[] = [head];
    const micro = this.#micro;
    micro.clear();
    if (f === F.assign || f === F.subscribe) {
      if (f === F.subscribe) this.subscribes = true;
      head.code = entry.seek === true ? 1 : 0;
      const keys = this.names.keysOf(value, 'the keys of an assign or subscribe');
      if (keys.length > 0) rows = keys.map((key) => rowOf(head, f, key));
    } else if (f !== F.crash) rows = micro.rows(head, value);
    if (!invoke) {
      for (const key of this.names.rebalanced(entry.rebalanceLog))
        rows.push({ ...rowOf(head, F.rebalance, key), code: 0 });
      if (entry.error !== undefined) rows[0]!.text ??= printEdn(entry.error);
    }
    if (micro.records.n > 0) this.#recorder.complete(rows, micro.records);
    else this.#recorder.append(rows);
  }
}

const shown = (got: Edn | undefined): string =>
  got === undefined ? 'none' : `\`${visible(printEdn(got).slice(0, 60))}\``;
