/** Lines of a recorded history: what clients did and saw, in Jepsen's words. */
import { type Batch, F, fName, foreignValue, Kind } from '../../model/index.js';
import { about, entry, type Group } from './export-lines.js';
import { printString } from './forms.js';

/** Polls of one process and key that go on where the last one ended. */
interface Session {
  process: number;
  /** The offset that the next one must ask for. */
  next: number;
}

/** Faults come in pairs, as Jepsen's nemesis ops do; their proofs have no like there. */
const faultRows = new Set<number>([
  F.faultStart,
  F.faultApplied,
  F.faultRefused,
  F.healStart,
  F.healed,
]);

export class RecordedLines {
  readonly #write: (line: string) => void;
  #freeProcess: number;
  #index = 0;
  /** `process/key` -> its polls; those of the op in flight by op. */
  readonly #sessions = new Map<string, Session>();
  readonly #polling = new Map<number, Session>();
  /** Key -> value -> its number. */
  readonly #numbers: Map<number, number>[] = [];

  constructor(freeProcess: number, write: (line: string) => void) {
    this.#freeProcess = freeProcess;
    this.#write = write;
  }

  group(group: Group): void {
    const { batch, at } = group;
    const [kind, f] = [batch.kind[at]!, batch.f[at]!];
    if (kind === Kind.fault && faultRows.has(f)) this.#fault(batch, at);
    if (kind > Kind.info) return;
    if (f === F.send) this.#sends(group);
    else if (f === F.poll || f === F.final) {
      if (kind === Kind.invoke) this.#pollBegins(batch, at);
      else this.#pollEnds(group);
    }
  }

  #line(timeNs: number, kind: number, rest: string): void {
    this.#write(entry(this.#index++, timeNs, kind, rest));
  }

  #fault(batch: Batch, i: number): void {
    const f = fName(batch.f[i]!).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const text = batch.texts.get(i);
    const value = `{:fault ${batch.op[i]!}${text === undefined ? '' : `, :text ${printString(text)}`}}`;
    this.#line(batch.timeNs[i]!, Kind.info, `:process :nemesis, :f :${f}, :value ${value}`);
  }

  #number(key: number, value: number): number {
    const numbers = (this.#numbers[key] ??= new Map<number, number>());
    let number = numbers.get(value);
    if (number === undefined) numbers.set(value, (number = numbers.size));
    return number;
  }

  #sends({ batch, at, records }: Group): void {
    const kind = batch.kind[at]!;
    const micro: string[] = [];
    let unknown = false;
    for (let i = at; i < records; i++) {
      const [key, offset] = [batch.key[i]!, batch.offset[i]!];
      const value = this.#number(key, batch.value[i]!);
      if (kind === Kind.ok && offset < 0) unknown = true;
      micro.push(`[:send ${key} ${offset < 0 ? value : `[${offset} ${value}]`}]`);
    }
    const rest = about(batch.process[at]!, F.send, `[${micro.join(' ')}]`);
    this.#line(batch.timeNs[at]!, unknown ? Kind.info : kind, rest + errorOf(batch, at));
  }

  #pollBegins(batch: Batch, i: number): void {
    const [key, timeNs, op] = [batch.key[i]!, batch.timeNs[i]!, batch.op[i]!];
    const name = `${batch.process[i]!}/${key}`;
    const final = batch.f[i] === F.final;
    let session = final ? undefined : this.#sessions.get(name);
    if (session?.next !== batch.offset[i]) {
      session = { process: this.#freeProcess++, next: batch.offset[i]! };
      if (!final) this.#sessions.set(name, session);
      const assign = about(session.process, F.assign, `[${key}]`);
      this.#line(timeNs, Kind.invoke, assign);
      this.#line(timeNs, Kind.ok, assign);
    }
    this.#polling.set(op, session!);
    this.#line(timeNs, Kind.invoke, about(session!.process, F.poll, '[[:poll]]'));
  }

  #pollEnds({ batch, at, records, end }: Group): void {
    const [kind, op, key] = [batch.kind[at]!, batch.op[at]!, batch.key[at]!];
    const session = this.#polling.get(op);
    if (!session) return;
    this.#polling.delete(op);
    if (kind === Kind.ok) session.next = batch.offset[at]!;
    // A process that ended in info is not heard of again.
    else if (kind === Kind.info) session.next = -1;
    const pairs: string[] = [];
    for (let i = records; i < end; i++) {
      const value = batch.value[i]!;
      const foreign = value === foreignValue ? (batch.texts.get(i) ?? '') : undefined;
      const text = foreign === undefined ? this.#number(key, value) : printString(foreign);
      pairs.push(`[${batch.offset[i]!} ${text}]`);
    }
    // Without a record the key is not named: Jepsen would forget what the process read before.
    const value = pairs.length === 0 ? '[[:poll {}]]' : `[[:poll {${key} [${pairs.join(' ')}]}]]`;
    this.#line(batch.timeNs[at]!, kind, about(session.process, F.poll, value) + errorOf(batch, at));
  }
}

function errorOf(batch: Batch, i: number): string {
  const text = batch.kind[i] === Kind.invoke ? undefined : batch.texts.get(i);
  return text === undefined ? '' : `, :error ${printString(text)}`;
}
