/** Lines of an imported history: as they came in, but for what no checker reads. */
import { type Batch, F, Kind, type KeyName, textValues, valueSequence } from '../../model/index.js';
import { about, entry, type Group } from './export-lines.js';

export class ImportedLines {
  readonly #keys: readonly string[];
  readonly #write: (line: string) => void;
  /** Texts of values that are no whole numbers. */
  readonly #texts: string[] = [];
  #index = -1;

  constructor(keys: readonly KeyName[], write: (line: string) => void) {
    const texts: string[] = [];
    for (const { key, topicId } of keys) texts[key] = topicId;
    this.#keys = texts;
    this.#write = write;
  }

  group(group: Group): void {
    const { batch, at } = group;
    const kind = batch.kind[at]!;
    if (kind > Kind.info) return;
    const [f, process, op] = [batch.f[at]!, batch.process[at]!, batch.op[at]!];
    const first = kind === Kind.invoke || (f === F.other && process < 0);
    this.#index = first ? op : this.#index + 1;
    const line = (rest: string): void => {
      this.#write(entry(this.#index, batch.timeNs[at]!, kind, rest));
    };
    const text = batch.texts.get(at);
    if (f === F.other) {
      line(process < 0 ? (text ?? '') : `:process ${process}, ${text ?? ''}`);
      return;
    }
    const isError = !this.#learn(batch, at) && kind !== Kind.invoke && text !== undefined;
    for (let i = at + 1; i < group.end; i++) this.#learn(batch, i);
    const words = [about(process, f, this.#value(group, f))];
    if ((f === F.assign || f === F.subscribe) && batch.code[at] === 1)
      words.push(':seek-to-beginning? true');
    const rebalanced = this.#keysOf(group, F.rebalance);
    if (rebalanced.length > 0) words.push(`:rebalance-log [{:keys [${rebalanced.join(' ')}]}]`);
    if (isError) words.push(`:error ${text}`);
    line(words.join(', '));
  }

  /** Takes the text of a row for its value, if it is the first row with that value. */
  #learn(batch: Batch, i: number): boolean {
    const text = batch.texts.get(i);
    if (text === undefined) return false;
    const number = valueSequence(batch.value[i]!) - textValues;
    if (number < 0 || this.#texts[number] !== undefined) return false;
    this.#texts[number] = text;
    return true;
  }

  #keyText(key: number): string {
    return this.#keys[key] ?? String(key);
  }

  #valueText(value: number): string {
    const number = valueSequence(value);
    return number < textValues ? String(number) : (this.#texts[number - textValues] ?? 'nil');
  }

  #keysOf({ batch, at, records }: Group, f: number): string[] {
    const keys: string[] = [];
    for (let i = at; i < records; i++)
      if (batch.f[i] === f && batch.key[i]! >= 0) keys.push(this.#keyText(batch.key[i]!));
    return keys;
  }

  #value(group: Group, f: number): string {
    if (f === F.crash) return 'nil';
    if (f === F.assign || f === F.subscribe) return `[${this.#keysOf(group, f).join(' ')}]`;
    const { batch, at, records } = group;
    const none = batch.kind[at] === Kind.ok ? '[:poll {}]' : '[:poll]';
    const micro: string[] = [];
    let record = records;
    for (let i = at; i < records; i++) {
      if (batch.f[i] === F.send) micro.push(this.#send(batch, i));
      else if (batch.f[i] !== F.poll) continue;
      else if (batch.key[i]! < 0) micro.push(none);
      else {
        const polled: string[] = [];
        for (; i < records && batch.f[i] === F.poll; i++) {
          const pairs: string[] = [];
          for (; record < group.end && batch.key[record] === batch.key[i]; record++)
            pairs.push(`[${batch.offset[record]!} ${this.#valueText(batch.value[record]!)}]`);
          polled.push(`${this.#keyText(batch.key[i]!)} [${pairs.join(' ')}]`);
        }
        i--;
        micro.push(`[:poll {${polled.join(', ')}}]`);
      }
    }
    return `[${micro.join(' ')}]`;
  }

  #send(batch: Batch, i: number): string {
    const value = this.#valueText(batch.value[i]!);
    const offset = batch.offset[i]!;
    if (offset >= 0) return `[:send ${this.#keyText(batch.key[i]!)} [${offset} ${value}]]`;
    // Jepsen says that an ok send was told no offset; a vector would be taken for one and a value.
    const bare = batch.kind[i] !== Kind.ok && !value.startsWith('[');
    return `[:send ${this.#keyText(batch.key[i]!)} ${bare ? value : `[nil ${value}]`}]`;
  }
}
