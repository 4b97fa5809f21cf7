/** Jepsen's rules, written out without any thought of speed: what a checker must come to. */
import type { Line, Micro } from './imported.js';

type Pair = readonly [offset: number, value: number];
interface Op {
  id: number;
  process: number;
  f: string;
  type: Line['type'];
  invokeNs: number;
  completeNs: number;
  sends: { key: number; value: number; offset: number }[];
  /** In the order in which the keys are named. */
  polls: Map<number, Pair[]>;
  keys: readonly number[];
  rebalanced: readonly number[];
}
/** `key value` */
type Name = string;
const name = (key: number, value: number): Name => `${key} ${value}`;

/** By their completion; those that never end last. */
function opsOf(lines: readonly Line[]): Op[] {
  const ops: Op[] = [];
  const open = new Map<number, Line>();
  const add = (begin: Line, end: Line | undefined): void => {
    const line = end ?? begin;
    const { process, f, type, keys = [], rebalanced = [] } = line;
    const op: Op = {
      ...{ id: begin.index, process, f, type, keys, rebalanced },
      ...{ invokeNs: begin.time, completeNs: end?.time ?? -1, sends: [], polls: new Map() },
    };
    for (const micro of line.value) addMicro(op, micro);
    ops.push(op);
  };
  for (const line of lines) {
    if (line.type === 'invoke') open.set(line.process, line);
    else {
      add(open.get(line.process)!, line);
      open.delete(line.process);
    }
  }
  for (const line of open.values()) add(line, undefined);
  return ops;
}

function addMicro(op: Op, micro: Micro): void {
  if (micro[0] === ':send') {
    const [, key, sent] = micro;
    const [offset, value] = typeof sent === 'number' ? [null, sent] : sent;
    op.sends.push({ key, value, offset: offset ?? -1 });
    return;
  }
  for (const [key, pairs] of micro[1] ?? [])
    op.polls.set(key, [...(op.polls.get(key) ?? []), ...pairs]);
}

export class Rules {
  readonly ops: Op[];
  /** The last op that sent it. */
  readonly writer = new Map<Name, Op>();
  readonly okRead = new Set<Name>();
  /** Key -> offset -> values, in the order in which they came. */
  readonly logs = new Map<number, Map<number, number[]>>();
  readonly found: string[] = [];

  constructor(lines: readonly Line[]) {
    this.ops = opsOf(lines);
    for (const op of this.ops) {
      for (const { key, value } of op.sends) this.writer.set(name(key, value), op);
      if (op.type !== 'ok') continue;
      for (const [key, pairs] of op.polls)
        for (const [, value] of pairs) this.okRead.add(name(key, value));
    }
    for (const op of this.ops) {
      if (op.type === 'ok') this.#placeSends(op);
      for (const [key, pairs] of op.polls)
        for (const [offset, value] of pairs) this.#place(key, offset, value);
    }
    for (const op of this.ops) if (op.type !== 'ok' && this.#committed(op)) this.#placeSends(op);
    this.#aboutValues();
    this.#aboutOps();
    this.#aboutProcesses();
  }

  #placeSends(op: Op): void {
    for (const { key, value, offset } of op.sends) if (offset >= 0) this.#place(key, offset, value);
  }
  #place(key: number, offset: number, value: number): void {
    const log = this.logs.get(key) ?? new Map<number, number[]>();
    this.logs.set(key, log);
    const values = log.get(offset) ?? [];
    log.set(offset, values);
    if (!values.includes(value)) values.push(value);
  }
  #committed({ type, sends }: Op): boolean {
    if (type === 'ok') return true;
    if (type === 'fail') return false;
    return sends.some(({ key, value }) => this.okRead.has(name(key, value)));
  }
  /** The values at each place, without gaps. */
  #chain(key: number): number[][] {
    return [...(this.logs.get(key) ?? [])].sort(([a], [b]) => a - b).map(([, values]) => values);
  }
  #places(key: number, value: number): number[] {
    return this.#chain(key).flatMap((values, place) => (values.includes(value) ? [place] : []));
  }
  /** 1 where either is unknown. */
  #delta(key: number, a: number, b: number): number {
    const chosen = this.#chain(key).map(([first]) => first!);
    const [from, to] = [chosen.lastIndexOf(a), chosen.lastIndexOf(b)];
    return from < 0 || to < 0 ? 1 : to - from;
  }

  #aboutValues(): void {
    for (const [key, log] of this.logs) {
      for (const [offset, values] of log)
        if (values.length > 1) this.found.push(`inconsistent-offsets ${key} @${offset}`);
      for (const value of new Set([...log.values()].flat()))
        if (this.#places(key, value).length > 1) this.found.push(`duplicate ${key} ${value}`);
    }
    const read = new Map<Name, Set<Op>>();
    for (const op of this.ops)
      for (const [key, pairs] of op.polls)
        for (const [, value] of pairs) {
          const readers = read.get(name(key, value)) ?? new Set();
          read.set(name(key, value), readers.add(op));
        }
    for (const [one, readers] of read) {
      const writer = this.writer.get(one);
      if (!writer) this.found.push(`phantom-read ${one}`);
      if (writer?.type === 'fail' && [...readers].some((op) => op !== writer))
        this.found.push(`G1a ${one}`);
    }
    const polled = this.ops.some(
      ({ type, f, polls }) => type === 'ok' && (f === 'poll' || polls.size > 0),
    );
    for (const [one, writer] of this.writer) {
      if (!this.#committed(writer) || this.okRead.has(one)) continue;
      if (polled) this.found.push(`unseen ${one}`);
      const [key, value] = one.split(' ').map(Number) as [number, number];
      const firsts = [...this.okRead]
        .map((other) => other.split(' ').map(Number) as [number, number])
        .filter(([otherKey]) => otherKey === key)
        .map(([, other]) => this.#places(key, other)[0] ?? -1);
      const last = this.#places(key, value).at(-1);
      if (last !== undefined && last <= Math.max(-1, ...firsts))
        this.found.push(`lost-write ${one}`);
    }
  }

  #aboutOps(): void {
    for (const op of this.ops) {
      const { id, type, polls, sends, rebalanced } = op;
      const own = [...polls].some(([key, pairs]) =>
        pairs.some(([, value]) => this.writer.get(name(key, value)) === op),
      );
      if (own) this.found.push(`precommitted-read #${id}`);
      for (const [key, pairs] of polls) {
        if (rebalanced.includes(key)) continue;
        const values = pairs.map(([, value]) => value);
        this.#neighbours(['int-poll-skip', 'int-nonmonotonic-poll'], key, values, id);
      }
      if (type === 'invoke') continue;
      for (const key of new Set(sends.map((sent) => sent.key))) {
        const values = sends.filter((sent) => sent.key === key).map(({ value }) => value);
        this.#neighbours(['int-send-skip', 'int-nonmonotonic-send'], key, values, id);
      }
    }
  }
  #neighbours(types: readonly string[], key: number, values: readonly number[], id: number): void {
    for (let i = 1; i < values.length; i++) {
      const by = this.#delta(key, values[i - 1]!, values[i]!);
      const type = by > 1 ? types[0]! : by < 1 ? types[1]! : undefined;
      if (type) this.found.push(`${type} ${key} #${id} by ${by}`);
    }
  }

  #aboutProcesses(): void {
    for (const process of new Set(this.ops.map((op) => op.process))) {
      const polled = new Map<number, { value: number; id: number }>();
      const sent = new Map<number, { value: number; id: number }>();
      for (const { id, type, f, keys, polls, sends, ...op } of this.ops) {
        if (op.process !== process || type === 'invoke') continue;
        if ((f === 'assign' || f === 'subscribe') && type !== 'fail')
          for (const key of polled.keys()) if (!keys.includes(key)) polled.delete(key);
        for (const [key, pairs] of polls) {
          if (pairs.length === 0) continue;
          const last = polled.get(key);
          const by = last ? this.#delta(key, last.value, pairs[0]![1]) : 1;
          if (by > 1) this.found.push(`poll-skip ${key} #${last!.id} #${id} by ${by}`);
          if (by < 1) this.found.push(`nonmonotonic-poll ${key} #${last!.id} #${id} by ${by}`);
          if (type === 'ok') polled.set(key, { value: pairs.at(-1)![1], id });
        }
        if (type === 'fail') continue;
        for (const key of new Set(sends.map((one) => one.key))) {
          const values = sends.filter((one) => one.key === key).map(({ value }) => value);
          const last = sent.get(key);
          const by = last ? this.#delta(key, last.value, values[0]!) : 1;
          if (by < 1) this.found.push(`nonmonotonic-send ${key} #${last!.id} #${id} by ${by}`);
          sent.set(key, { value: values.at(-1)!, id });
        }
      }
    }
  }

  /** The worst lag, ns; undefined: no process held a key as it polled. */
  lag(): number | undefined {
    const known: { key: number; top: number; timeNs: number }[] = [];
    for (const op of this.ops)
      if (op.type === 'ok' || op.type === 'info')
        for (const [key, top] of tops(op)) known.push({ key, top, timeNs: op.completeNs });
    const held = new Map<number, Map<number, number>>();
    const lags: number[] = [];
    for (const op of this.ops) {
      if (op.type !== 'ok') continue;
      const mine = held.get(op.process) ?? new Map<number, number>();
      held.set(op.process, mine);
      if (op.f === 'assign' || op.f === 'subscribe') {
        const keys = op.f === 'assign' ? op.keys : [];
        held.set(op.process, new Map(keys.map((key) => [key, mine.get(key) ?? -1])));
      }
      if (op.f !== 'poll' && op.f !== 'txn') continue;
      for (const [key, top] of tops(op)) mine.set(key, Math.max(top, mine.get(key) ?? -1));
      for (const [key, top] of mine) {
        const next = known.find((one) => one.key === key && one.top > top);
        lags.push(Math.max(0, op.invokeNs - (next?.timeNs ?? Infinity)));
      }
    }
    return lags.length === 0 ? undefined : Math.max(...lags);
  }
}

/** The highest offset by key that an op polled, or was told after the last send told nothing. */
function tops({ polls, sends }: Op): Map<number, number> {
  const result = new Map<number, number>();
  const raise = (key: number, offset: number): void => {
    result.set(key, Math.max(offset, result.get(key) ?? -1));
  };
  for (const [key, pairs] of polls) for (const [offset] of pairs) raise(key, offset);
  const from = sends.findLastIndex(({ offset }) => offset < 0) + 1;
  for (const { key, offset } of sends.slice(from)) raise(key, offset);
  return result;
}
