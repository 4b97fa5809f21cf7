/**
 * EDN forms, and their text. Numbers that are whole and exact are numbers, vectors arrays, and what
 * JavaScript has no like of one of the classes below.
 */
export type Edn =
  | null
  | boolean
  | number
  | string
  | readonly Edn[]
  | Keyword
  | Atom
  | EdnList
  | EdnSet
  | EdnMap
  | Tagged;

/** `:send`, `:topic/name` */
export class Keyword {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
/** A symbol, a character, or a number that is not whole or not exact: as it is written. */
export class Atom {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export class EdnList {
  readonly items: readonly Edn[];
  constructor(items: readonly Edn[]) {
    this.items = items;
  }
}
export class EdnSet {
  readonly items: readonly Edn[];
  constructor(items: readonly Edn[]) {
    this.items = items;
  }
}
/** Keys and values by turns, in the order of the text. */
export class EdnMap {
  readonly entries: readonly Edn[];
  constructor(entries: readonly Edn[]) {
    this.entries = entries;
  }
}
/** `#jepsen.history.Op{...}`; the tag is written without `#`. */
export class Tagged {
  readonly tag: string;
  readonly form: Edn;
  constructor(tag: string, form: Edn) {
    this.tag = tag;
    this.form = form;
  }
}

/** EDN text of a form: one space between items, no comma. */
export function printEdn(form: Edn): string {
  if (typeof form === 'string') return printString(form);
  if (typeof form !== 'object' || form === null) return form === null ? 'nil' : String(form);
  if (form instanceof Keyword || form instanceof Atom) return form.text;
  if (form instanceof EdnMap) return `{${form.entries.map(printEdn).join(' ')}}`;
  if (form instanceof Tagged) return `#${form.tag} ${printEdn(form.form)}`;
  if (form instanceof EdnList) return `(${form.items.map(printEdn).join(' ')})`;
  if (form instanceof EdnSet) return `#{${form.items.map(printEdn).join(' ')}}`;
  return `[${form.map(printEdn).join(' ')}]`;
}

/** Letter behind a backslash -> character. */
export const escapes: Readonly<Record<string, string>> = {
  t: '\t',
  r: '\r',
  n: '\n',
  b: '\b',
  f: '\f',
  '\\': '\\',
  '"': '"',
};
const escaped = new Map(Object.entries(escapes).map(([letter, char]) => [char, `\\${letter}`]));
export const printString = (text: string): string =>
  `"${text.replace(/[\t\r\n\b\f\\"]/g, (char) => escaped.get(char)!)}"`;

/** For an error: what could not be seen, or would change how the rest is seen, as `\uXXXX`. */
export const visible = (text: string): string =>
  text.replace(
    /(?! )[\p{C}\p{Z}]/gu,
    (char) => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
