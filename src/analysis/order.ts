/** Jepsen's version order: what is known of each key's log from every poll and committed send. */
import { textValues, valueName, valueSequence, type VersionOrder } from '../model/index.js';
import { grown } from './columns.js';
import { ValueIndex } from './value-index.js';

const pageSize = 4096;
/** More of a value's text is not told. */
const longestText = 200;

/** Which of several values at one offset the order takes. Jepsen takes the first of a hash set. */
export type Choose = (key: number, offset: number, values: readonly number[]) => number;

type Conflict = VersionOrder['conflicts'][number] & { values: number[]; by: number[] };

export class OrderTable implements VersionOrder {
  n = 0;
  key = new Int32Array(0);
  value = new Float64Array(0);
  writer = new Int32Array(0);
  first = new Int32Array(0);
  last = new Int32Array(0);
  place = new Int32Array(0);
  readBy = new Uint8Array(0);
  readonly chain: Int32Array[] = [];
  readonly offsets: Float64Array[] = [];
  placer = new Int32Array(0);
  readonly conflicts: Conflict[] = [];
  readonly copies = new Map<number, { offsets: number[]; by: number[] }>();
  readonly polledKeys = new Set<number>();
  /** The first offset at which each value was placed; -1: none. */
  offsetOf = new Float64Array(0);
  readonly #index = new ValueIndex();
  /** Number -> text, of values of all keys. */
  readonly #texts = new Map<number, string>();
  /** Key -> page -> offset in the page -> v, or -1; the first one that came. */
  readonly #pages: Map<number, Int32Array>[] = [];
  /** Key -> offset -> all its values, where they are several. */
  readonly #several: Map<number, Conflict>[] = [];

  text(v: number): string {
    const value = this.value[v]!;
    return this.#texts.get(valueSequence(value)) ?? valueName(value);
  }

  /** A value that is no whole number has its text in the first row that has it. */
  learn(value: number, text: string): void {
    const number = valueSequence(value);
    if (number < textValues || this.#texts.has(number)) return;
    this.#texts.set(number, text.length > longestText ? `${text.slice(0, longestText)}…` : text);
  }

  /** Number -> v, of a key; those that are not there are looked up by `find`. */
  numbers(key: number): Int32Array {
    return this.#index.numbers(key);
  }

  /** The index of a value, made if it is new. */
  find(key: number, value: number): number {
    const before = this.#index.find(value);
    if (before >= 0) return before;
    const v = this.#add(key, value);
    this.#index.set(value, v);
    return v;
  }

  #add(key: number, value: number): number {
    if (this.n === this.key.length) this.#grow();
    const v = this.n++;
    this.key[v] = key;
    this.value[v] = value;
    return v;
  }

  /** Value `v` of `key` stands at `offset`, as op `o` says. */
  put(key: number, offset: number, v: number, o: number): void {
    if (this.offsetOf[v] === offset) return;
    if (this.offsetOf[v]! < 0) {
      this.offsetOf[v] = offset;
      this.placer[v] = o;
    } else if (!this.#copy(v, offset, o)) return;
    const pages = (this.#pages[key] ??= new Map<number, Int32Array>());
    const number = Math.floor(offset / pageSize);
    let page = pages.get(number);
    if (!page) pages.set(number, (page = new Int32Array(pageSize).fill(-1)));
    const cell = offset - number * pageSize;
    const there = page[cell]!;
    if (there < 0) page[cell] = v;
    else this.#conflict(key, offset, there, v, o);
  }

  /** False: it was known to stand there. */
  #copy(v: number, offset: number, o: number): boolean {
    let copies = this.copies.get(v);
    if (!copies) {
      copies = { offsets: [this.offsetOf[v]!], by: [this.placer[v]!] };
      this.copies.set(v, copies);
    }
    if (copies.offsets.includes(offset)) return false;
    copies.offsets.push(offset);
    copies.by.push(o);
    return true;
  }

  #conflict(key: number, offset: number, there: number, v: number, o: number): void {
    const several = (this.#several[key] ??= new Map<number, Conflict>());
    const before = several.get(offset);
    const by = before ?? { key, offset, values: [there], by: [this.#placerAt(there, offset)] };
    by.values.push(v);
    by.by.push(o);
    if (before) return;
    several.set(offset, by);
    this.conflicts.push(by);
  }

  /** The op that first said that `v` stands at `offset`. */
  #placerAt(v: number, offset: number): number {
    const copies = this.copies.get(v);
    return copies ? copies.by[copies.offsets.indexOf(offset)]! : this.placer[v]!;
  }

  /** Once every value is placed: gives each offset that holds something its place. */
  finish(choose?: Choose): void {
    this.conflicts.sort((a, b) => a.key - b.key || a.offset - b.offset);
    this.#pages.forEach((pages, key) => this.#rank(key, pages, choose));
  }

  #rank(key: number, pages: ReadonlyMap<number, Int32Array>, choose?: Choose): void {
    const numbers = [...pages.keys()].sort((a, b) => a - b);
    let size = 0;
    for (const page of pages.values()) for (const v of page) if (v >= 0) size++;
    const chain = new Int32Array(size);
    const offsets = new Float64Array(size);
    const several = this.#several[key];
    const { first, last, place } = this;
    let p = 0;
    for (const number of numbers) {
      const page = pages.get(number)!;
      for (let cell = 0; cell < pageSize; cell++) {
        let v = page[cell]!;
        if (v < 0) continue;
        const offset = number * pageSize + cell;
        const values = several?.get(offset)?.values;
        if (values) {
          for (const one of values) {
            if (first[one]! < 0) first[one] = p;
            last[one] = p;
          }
          v = this.#chosen(key, offset, values, choose);
        }
        if (first[v]! < 0) first[v] = p;
        last[v] = p;
        place[v] = p;
        chain[p] = v;
        offsets[p++] = offset;
      }
    }
    this.chain[key] = chain;
    this.offsets[key] = offsets;
  }

  #chosen(key: number, offset: number, values: readonly number[], choose?: Choose): number {
    const names = values.map((v) => this.value[v]!);
    const at = choose ? names.indexOf(choose(key, offset, names)) : 0;
    return values[Math.max(0, at)]!;
  }

  #grow(): void {
    const need = this.n + 1;
    this.key = grown(this.key, need);
    this.value = grown(this.value, need);
    this.writer = grown(this.writer, need);
    this.first = grown(this.first, need);
    this.last = grown(this.last, need);
    this.place = grown(this.place, need);
    this.readBy = grown(this.readBy, need, 0);
    this.placer = grown(this.placer, need);
    this.offsetOf = grown(this.offsetOf, need);
  }
}
