/**
 * A strict reader of EDN, one form a line. By hand and without a regular expression on the way of
 * ordinary tokens: a history has millions of them.
 */
import { SchismError } from '../../model/index.js';
import {
  Atom,
  EdnList,
  EdnMap,
  EdnSet,
  escapes,
  Keyword,
  printEdn,
  Tagged,
  visible,
  type Edn,
} from './forms.js';

const codes = (chars: string): Uint8Array => {
  const table = new Uint8Array(128);
  for (const char of chars) table[char.charCodeAt(0)] = 1;
  return table;
};
const blank = codes(' ,\t\r\n\f\v');
/** What ends a token. */
const ends = codes(' ,\t\r\n\f\v()[]{}";');

const numbers =
  /^([-+]?(0|[1-9]\d*|0[xX][\da-fA-F]+|0[0-7]+|[1-9]\d?[rR][\da-zA-Z]+)N?|[-+]?(?!0\d+$)\d+(\.\d*)?([eE][-+]?\d+)?M?|[-+]?\d+\/\d+)$/;
/** A name, or two with a slash between them; a namespace does not begin with a digit. */
const name = String.raw`[\p{L}\p{N}.*+!\-_?$%&=<>|:#']+`;
const words = new RegExp(`^(/|(?![\\p{N}:#'])(${name}/)?(${name}|/))$`, 'u');
const keywords = new RegExp(`^:(?![:/])(${name}/)?(${name}|/)$`, 'u');
const chars =
  /^\\(newline|return|space|tab|formfeed|backspace|u[\da-fA-F]{4}|o[0-3]?[0-7]{1,2}|.)$/su;

/** Deeper nesting is an error, so that no text overflows the stack. */
const maxDepth = 1000;
/** From this many entries on, keys are compared by a Set. */
const fewKeys = 16;

export class EdnReader {
  readonly #where: () => string;
  readonly #cache: Keyword[] = [];
  #source = '';
  #from = 0;
  #at = 0;
  #end = 0;
  #depth = 0;

  /** `where` ends the place in an error: ` of line 3 of history.edn`. */
  constructor(where: () => string = () => '') {
    this.#where = where;
  }

  /**
   * The one form of a line: of `source` from `from` to below `to`; undefined if it has none.
   * Throws a SchismError (history) with the column, what was expected and what came.
   */
  read(source: string, from = 0, to = source.length): Edn | undefined {
    this.#source = source;
    this.#from = from;
    this.#at = from;
    this.#end = to;
    this.#depth = 0;
    this.#skip();
    if (this.#at >= to) return undefined;
    const form = this.#form('a form');
    this.#skip();
    if (this.#at < to) throw this.#error('one op a line, and its end', this.#at);
    return form;
  }

  #error(wanted: string, at: number, length?: number): SchismError {
    const token = this.#source.slice(at, at + (length ?? Math.max(1, this.#tokenEnd(at) - at)));
    const got = at >= this.#end ? 'the end of the line' : `\`${visible(token.slice(0, 40))}\``;
    const column = at - this.#from + 1;
    return new SchismError(
      'history',
      `Expected ${wanted} at column ${column}${this.#where()}, got ${got}.`,
    );
  }

  #unclosed(close: string, open: number): SchismError {
    const pair = `\`${close}\` for \`${this.#source[open]!}\` of column ${open - this.#from + 1}`;
    return this.#error(`one op a line, with ${pair}`, this.#end);
  }

  /** Blanks, comments and discarded forms. */
  #skip(): void {
    const source = this.#source;
    for (;;) {
      let code = source.charCodeAt(this.#at);
      while (blank[code] === 1 && this.#at < this.#end) code = source.charCodeAt(++this.#at);
      if (this.#at >= this.#end) return;
      if (code === 0x3b) this.#at = this.#end;
      else if (code === 0x23 && source.charCodeAt(this.#at + 1) === 0x5f) {
        this.#at += 2;
        this.#skip();
        this.#form('a form to discard');
      } else return;
    }
  }

  /** The form that begins here; blanks were skipped. */
  #form(wanted: string): Edn {
    const at = this.#at;
    if (at >= this.#end) throw this.#error(wanted, at);
    const code = this.#source.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) return this.#number();
    switch (code) {
      case 0x5b: // [
        return this.#items(at + 1, ']');
      case 0x3a: // :
        return this.#keyword();
      case 0x7b: // {
        return new EdnMap(this.#entries(at + 1));
      case 0x22: // "
        return this.#string();
      case 0x28: // (
        return new EdnList(this.#items(at + 1, ')'));
      case 0x23: // #
        return this.#dispatch();
      case 0x5c: // \
        return this.#character();
      case 0x2b: // +
      case 0x2d: {
        const next = this.#source.charCodeAt(at + 1);
        if (next >= 0x30 && next <= 0x39) return this.#number();
      }
    }
    return this.#word(wanted);
  }

  #tokenEnd(at: number): number {
    const source = this.#source;
    for (; at < this.#end; at++) {
      const code = source.charCodeAt(at);
      if (code < 128 && ends[code] === 1) break;
    }
    return at;
  }

  /** The token that begins here. */
  #token(): string {
    const from = this.#at;
    this.#at = this.#tokenEnd(from);
    return this.#source.slice(from, this.#at);
  }

  #number(): number | Atom {
    const source = this.#source;
    const from = this.#at;
    const sign = source.charCodeAt(from);
    const first = sign < 0x30 ? from + 1 : from;
    let at = first;
    let value = 0;
    let code = source.charCodeAt(at);
    for (; code >= 0x30 && code <= 0x39; code = source.charCodeAt(++at))
      value = value * 10 + (code - 0x30);
    const done = at >= this.#end || (code < 128 && ends[code] === 1);
    const plain = at - first === 1 || source.charCodeAt(first) !== 0x30;
    if (done && plain && value <= Number.MAX_SAFE_INTEGER) {
      this.#at = at;
      return sign === 0x2d && value !== 0 ? -value : value;
    }
    const text = this.#token();
    if (!numbers.test(text)) throw this.#error('a number', from);
    return new Atom(text);
  }

  #keyword(): Keyword {
    const source = this.#source;
    const from = this.#at;
    let at = from + 1;
    let hash = 0;
    for (; at < this.#end; at++) {
      const code = source.charCodeAt(at);
      if (code < 128 && ends[code] === 1) break;
      hash = (hash * 31 + code) & 0xff;
    }
    this.#at = at;
    // A history has few keywords, many times each.
    const known = this.#cache[hash];
    if (known?.text.length === at - from && source.startsWith(known.text, from)) return known;
    const text = source.slice(from, at);
    if (!keywords.test(text)) throw this.#error('a keyword', from);
    return (this.#cache[hash] = new Keyword(text));
  }

  #string(): string {
    const source = this.#source;
    const open = this.#at;
    let text = '';
    let from = open + 1;
    for (let at = from; at < this.#end; at++) {
      const code = source.charCodeAt(at);
      if (code === 0x22) {
        this.#at = at + 1;
        return text + source.slice(from, at);
      }
      if (code !== 0x5c) continue;
      text += source.slice(from, at);
      const letter = at + 1 < this.#end ? source[at + 1]! : '';
      const char = escapes[letter];
      const hex = source.slice(at + 2, Math.min(at + 6, this.#end));
      if (char !== undefined) text += char;
      else if (letter === 'u' && /^[\da-fA-F]{4}$/.test(hex))
        text += String.fromCharCode(parseInt(hex, 16));
      else throw this.#error('an escape (t r n b f \\ " or uXXXX)', at, 2);
      at += char === undefined ? 5 : 1;
      from = at + 1;
    }
    throw this.#unclosed('"', open);
  }

  #character(): Atom {
    const from = this.#at;
    const next = this.#source.charCodeAt(from + 1);
    // A delimiter is a character too: `\(`. Not a blank.
    const single = next < 128 && ends[next] === 1 && blank[next] !== 1 && from + 1 < this.#end;
    if (single) this.#at = from + 2;
    const text = single ? this.#source.slice(from, from + 2) : this.#token();
    if (!chars.test(text)) throw this.#error('a character', from);
    return new Atom(text);
  }

  #word(wanted: string): null | boolean | Atom {
    const from = this.#at;
    const text = this.#token();
    if (text === 'nil') return null;
    if (text === 'true' || text === 'false') return text === 'true';
    if (!words.test(text)) throw this.#error(wanted, from);
    return new Atom(text);
  }

  /** Forms up to `close`. */
  #items(at: number, close: string): Edn[] {
    const open = at - 1;
    const end = close.charCodeAt(0);
    this.#at = at;
    if (++this.#depth > maxDepth) throw this.#error(`at most ${maxDepth} levels`, open);
    const items: Edn[] = [];
    for (;;) {
      // Most items have one blank before them.
      let code = this.#source.charCodeAt(this.#at);
      if (code === 0x20) code = this.#source.charCodeAt(++this.#at);
      if (blank[code] === 1 || code === 0x23 || code === 0x3b || this.#at >= this.#end) {
        this.#skip();
        code = this.#source.charCodeAt(this.#at);
      }
      if (code === end && this.#at < this.#end) break;
      if (this.#at >= this.#end) throw this.#unclosed(close, open);
      items.push(this.#form('a form or a closing bracket'));
    }
    this.#at++;
    this.#depth--;
    return items;
  }

  #entries(at: number): Edn[] {
    const entries = this.#items(at, '}');
    if (entries.length % 2 === 1) throw this.#error('a value for the last key', this.#at - 1);
    this.#distinct(entries, 2, 'keys that differ', at - 1);
    return entries;
  }

  #distinct(items: readonly Edn[], step: number, wanted: string, at: number): void {
    if (items.length <= fewKeys * step) {
      for (let i = step; i < items.length; i += step)
        for (let j = 0; j < i; j += step)
          if (same(items[i]!, items[j]!)) throw this.#twice(items[i]!, wanted, at);
      return;
    }
    const seen = new Set<Edn>();
    for (let i = 0; i < items.length; i += step) {
      if (seen.size === seen.add(identity(items[i]!)).size)
        throw this.#twice(items[i]!, wanted, at);
    }
  }

  #twice(form: Edn, wanted: string, at: number): SchismError {
    const place = `Expected ${wanted} in the braces at column ${at - this.#from + 1}`;
    return new SchismError(
      'history',
      `${place}${this.#where()}, got \`${visible(printEdn(form).slice(0, 40))}\` twice.`,
    );
  }

  /** What begins with `#`; a discard was skipped. */
  #dispatch(): Edn {
    const from = this.#at;
    const next = this.#source[from + 1];
    if (next === '{') {
      const items = this.#items(from + 2, '}');
      this.#distinct(items, 1, 'members that differ', from + 1);
      return new EdnSet(items);
    }
    const token = this.#token();
    if (/^##(Inf|-Inf|NaN)$/.test(token)) return new Atom(token);
    if (token.startsWith('#:') && keywords.test(token.slice(1)) && !token.includes('/')) {
      this.#skip();
      if (this.#source[this.#at] === '{' && this.#at < this.#end)
        return new EdnMap(inNamespace(token.slice(2), this.#entries(this.#at + 1)));
      throw this.#error(`the map of ${token}`, this.#at);
    }
    const tag = token.slice(1);
    if (!/^\p{L}/u.test(tag) || !words.test(tag)) throw this.#error('a tag, a set or `#_`', from);
    this.#skip();
    if (++this.#depth > maxDepth) throw this.#error(`at most ${maxDepth} levels`, from);
    const form = this.#form(`a form after the tag ${token}`);
    this.#depth--;
    return new Tagged(tag, form);
  }
}

/** Keys without a namespace get it; those with `_` for theirs lose it. */
function inNamespace(namespace: string, entries: readonly Edn[]): Edn[] {
  return entries.map((form, i) => {
    if (i % 2 === 1 || !(form instanceof Keyword)) return form;
    if (form.text.startsWith(':_/')) return new Keyword(`:${form.text.slice(3)}`);
    return form.text.includes('/') ? form : new Keyword(`:${namespace}/${form.text.slice(1)}`);
  });
}

/** Equal for equal forms. */
const identity = (form: Edn): string | number =>
  typeof form === 'number' ? form : form instanceof Keyword ? form.text : printEdn(form);

const same = (a: Edn, b: Edn): boolean =>
  a === b || (typeof a === typeof b && identity(a) === identity(b));
