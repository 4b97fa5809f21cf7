/** Sends and polls of one op of a Jepsen history as rows; keys and values by their numbers. */
import {
  F,
  importedValue,
  importedWorkers,
  Kind,
  keyName,
  type KeyName,
  type Records,
  type Row,
  type SchismError,
  textValues,
} from '../../model/index.js';
import { EdnList, EdnMap, EdnSet, Keyword, printEdn, type Edn } from './forms.js';

/** An error that names the line; `words` where what came is no form. */
export type Fail = (wanted: string, got: Edn | undefined | { words: string }) => SchismError;

/** The items of a vector or a list, of a set too; undefined: it is none of them. */
const itemsOf = (form: Edn): readonly Edn[] | undefined =>
  Array.isArray(form)
    ? (form as readonly Edn[])
    : form instanceof EdnList || form instanceof EdnSet
      ? form.items
      : undefined;

/** Dense ids of keys and numbers of values. */
export class Names {
  readonly keys: KeyName[] = [];
  readonly #ids = new Map<number | string, number>();
  readonly #texts = new Map<string, number>();
  readonly #fail: Fail;
  readonly #named: (key: KeyName) => void;
  /** The text of the value that `value` gave last, if it was the first time. */
  newText: string | undefined;

  /** `named` is told of each key when it is seen first. */
  constructor(fail: Fail, named: (key: KeyName) => void) {
    this.#fail = fail;
    this.#named = named;
  }

  key(form: Edn): number {
    const id = typeof form === 'number' ? form : printEdn(form);
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    const key = this.keys.length;
    if (key === importedWorkers) throw this.#fail(`at most ${importedWorkers} keys`, form);
    const topic = typeof id === 'number' ? `key ${id}` : id;
    const name = { key, topic, partition: -1, topicId: String(id) };
    this.#ids.set(id, key);
    this.keys.push(name);
    this.#named(name);
    return key;
  }

  value(key: number, form: Edn): number {
    this.newText = undefined;
    if (typeof form === 'number' && form >= 0 && form < textValues) return importedValue(key, form);
    const text = printEdn(form);
    let number = this.#texts.get(text);
    if (number === undefined) {
      number = textValues + this.#texts.size;
      this.#texts.set(text, number);
      this.newText = text;
    }
    return importedValue(key, number);
  }

  keysOf(form: Edn, what: string): number[] {
    const items = form === null ? [] : itemsOf(form);
    if (items === undefined) throw this.#fail(what, form);
    return items.map((item) => this.key(item));
  }

  /** The keys of `[{:keys [1 2], ...} ...]`, each once. */
  rebalanced(log: Edn | undefined): Iterable<number> {
    const keys = new Set<number>();
    for (const item of log === undefined ? [] : (itemsOf(log) ?? [])) {
      if (!(item instanceof EdnMap)) continue;
      const at = item.entries.findIndex((form, i) => i % 2 === 0 && isWord(form, ':keys'));
      if (at < 0) continue;
      for (const key of this.keysOf(item.entries[at + 1]!, '`:keys` of a rebalance')) keys.add(key);
    }
    return keys;
  }
}

/**
 * A row of the op that `head` begins. All have one shape: copies by spread have not, and cost more
 * than all the reading.
 */
export const rowOf = (head: Row, f: number, key: number, offset = -1, value = -1): Row => ({
  kind: head.kind,
  f,
  timeNs: head.timeNs,
  process: head.process ?? -1,
  op: head.op ?? -1,
  key,
  offset,
  value,
  code: head.code ?? 0,
  text: undefined,
});

const isPair = (form: Edn): form is readonly [Edn, Edn] => Array.isArray(form) && form.length === 2;

const isWord = (form: Edn | undefined, text: string): boolean =>
  form instanceof Keyword && form.text === text;

/** What an op polled of one key: one list for each of its polls. */
interface Polled {
  key: number;
  lists: (readonly Edn[])[];
}

export class MicroOps {
  /** What the op polled, until the next one. */
  readonly records: Records & { keys: Int32Array; foreign: Map<number, string> } = {
    n: 0,
    keys: new Int32Array(0),
    offsets: new Float64Array(0),
    values: new Float64Array(0),
    epochs: new Int32Array(0),
    foreign: new Map(),
  };
  readonly #names: Names;
  readonly #fail: Fail;
  #polled: Polled[] = [];

  constructor(names: Names, fail: Fail) {
    this.#names = names;
    this.#fail = fail;
  }

  clear(): void {
    this.records.n = 0;
    this.#polled = [];
    if (this.records.foreign.size > 0) this.records.foreign.clear();
  }

  /** Rows of a send, poll or txn but its records, which are in `records` then. */
  rows(head: Row, value: Edn): Row[] {
    const { f } = head;
    const items = value === null ? [] : itemsOf(value);
    if (items === undefined) throw this.#fail('`:value` to be a vector of sends and polls', value);
    // A send of nothing has no send row, so it is a txn of nothing.
    const rows: Row[] =
      f === F.txn || (f === F.send && items.length === 0) ? [rowOf(head, F.txn, -1)] : [];
    let pollAt = f === F.poll ? 0 : -1;
    for (const item of items) {
      const micro = itemsOf(item);
      if (micro !== undefined && micro.length === 3 && isWord(micro[0], ':send'))
        rows.push(this.#send(head, micro));
      else if (micro !== undefined && micro.length <= 2 && isWord(micro[0], ':poll')) {
        if (pollAt < 0) pollAt = rows.length;
        if (head.kind !== Kind.invoke && micro.length === 2)
          this.#poll(head, micro[1] as Edn, rows);
      } else throw this.#fail('[:send key value] or [:poll {key [[offset value] ...]}]', item);
    }
    if (pollAt >= 0 && this.#polled.length === 0) rows.splice(pollAt, 0, rowOf(head, F.poll, -1));
    this.#fill();
    return rows;
  }

  /** `[:send k v]`, `[:send k [o v]]` */
  #send(head: Row, micro: readonly Edn[]): Row {
    const key = this.#names.key(micro[1]!);
    const told = micro[2] as Edn;
    const offset = isPair(told) ? told[0] : null;
    if (offset !== null && (typeof offset !== 'number' || offset < -1))
      throw this.#fail('the offset of a send to be nil or a whole number from -1 on', offset);
    const value = this.#names.value(key, isPair(told) ? told[1] : told);
    const row = rowOf(head, F.send, key, offset ?? -1, value);
    row.text = this.#names.newText;
    return row;
  }

  /** `{k [[o v] ...] ...}`: a row for each key that the op did not name yet. */
  #poll(head: Row, map: Edn, rows: Row[]): void {
    if (map === null) return;
    if (!(map instanceof EdnMap)) throw this.#fail('[:poll {key [[offset value] ...]}]', map);
    for (let i = 0; i < map.entries.length; i += 2) {
      const key = this.#names.key(map.entries[i]!);
      const list = map.entries[i + 1] as Edn;
      const items = list === null ? [] : itemsOf(list);
      if (items === undefined)
        throw this.#fail(`${this.#nameOf(key)} to have [[offset value] ...]`, list);
      const before = this.#polled.find((polled) => polled.key === key);
      if (before) before.lists.push(items);
      else {
        this.#polled.push({ key, lists: [items] });
        rows.push(rowOf(head, F.poll, key));
      }
    }
  }

  #nameOf(key: number): string {
    return keyName(this.#names.keys[key]!);
  }

  #fill(): void {
    let need = 0;
    for (const { lists } of this.#polled) for (const list of lists) need += list.length;
    const records = this.records;
    if (need > records.offsets.length) {
      records.keys = new Int32Array(2 * need);
      records.offsets = new Float64Array(2 * need);
      records.values = new Float64Array(2 * need);
      records.epochs = new Int32Array(2 * need).fill(-1);
    }
    for (const { key, lists } of this.#polled) {
      const from = records.n;
      for (const list of lists) this.#pairs(key, list);
      records.keys.fill(key, from, records.n);
    }
  }

  #pairs(key: number, list: readonly Edn[]): void {
    const { offsets, values } = this.records;
    const base = importedValue(key, 0);
    let { n } = this.records;
    for (let i = 0; i < list.length; i++) {
      const pair = list[i] as Edn;
      const whole = isPair(pair);
      // By index: to take an array apart by its iterator costs more than to read it.
      const offset = whole ? pair[0] : null;
      const form = whole ? pair[1] : null;
      if (typeof offset !== 'number' || offset < 0)
        throw this.#fail(`[offset value] of ${this.#nameOf(key)}`, pair);
      offsets[n] = offset;
      if (typeof form === 'number' && form >= 0 && form < textValues) values[n] = base + form;
      else {
        values[n] = this.#names.value(key, form);
        if (this.#names.newText !== undefined) this.records.foreign.set(n, this.#names.newText);
      }
      n++;
    }
    this.records.n = n;
  }
}
