/** HTML that is safe by construction: whatever is interpolated is escaped unless it is Html itself. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Control characters are shown, not sent. */
export const visible = (text: string): string =>
  text
    .toWellFormed()
    // eslint-disable-next-line no-control-regex -- these are what must not reach the page
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, '\ufffd');
/** For element content and for attributes in quotes. */
export const escape = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (c) => entities[c] ?? c);

type Part = Html | string | number | undefined | false | readonly Html[];
const part = (value: Part): string =>
  value === undefined || value === false
    ? ''
    : value instanceof Html
      ? value.text
      : typeof value === 'object'
        ? value.map((one) => one.text).join('')
        : escape(String(value));

export function markup(strings: TemplateStringsArray, ...values: Part[]): Html {
  let text = strings[0] ?? '';
  for (let i = 0; i < values.length; i++) text += part(values[i]) + (strings[i + 1] ?? '');
  return new Html(text);
}

/** Text that this project wrote itself (marks, pictures, style, script). */
export const raw = (text: string): Html => new Html(text);

/** JSON that stays inside its `<script>`: no `</script>`, no `<!--`, no line separator. */
export const inlineJson = (value: unknown): Html =>
  raw(
    JSON.stringify(value)
      .toWellFormed()
      .replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );

/** A sentence with parts that stand out, for the page and for the terminal alike. */
export type Rich = readonly (string | readonly ['b' | 'bad' | 'unk' | 'good', string])[];

export const richText = (rich: Rich): string =>
  rich.map((one) => (typeof one === 'string' ? one : one[1])).join('');

const NB = '\u00a0';
/** Names never break: neither a node from its number nor a figure from its unit. */
export const glued = (text: string): string =>
  text
    .replace(/\b(nodes?|epoch|fault|process|offset|client|key) (\d)/gi, `$1${NB}$2`)
    .replace(/(\d) (s|ms|min)\b/g, `$1${NB}$2`);

export const richHtml = (rich: Rich): Html =>
  raw(
    rich
      .map((one) =>
        typeof one === 'string'
          ? escape(glued(one))
          : one[0] === 'b'
            ? `<b>${escape(glued(one[1]))}</b>`
            : `<b class="${one[0]}">${escape(glued(one[1]))}</b>`,
      )
      .join(''),
  );

/** A table that scrolls by itself where it is too wide; it takes the focus for that. */
export const scroll = (label: string, table: Html, css = ''): Html =>
  markup`<div class="scroll${css && ` ${css}`}" tabindex="0" role="region" aria-label="${label}">${table}</div>`;
/** A table whose rows become blocks on a narrow window: its roles are said, as CSS takes them away. */
export const foldTable = (label: string, css: string, heads: Html, rows: readonly Html[]): Html =>
  scroll(
    label,
    raw(
      markup`<table class="${css}"><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table>`.text
        .replaceAll('<table', '<table role="table"')
        .replaceAll('<tbody', '<tbody role="rowgroup"')
        .replaceAll('<tr', '<tr role="row"')
        .replaceAll(/<th(?=[ >])/g, '<th role="columnheader"')
        .replaceAll('<td', '<td role="cell"'),
    ),
  );
/** A section of the page with its name in the rail. */
export const section = (id: string, title: string, note: string, body: Html): Html =>
  markup`<section class="part" id="${id}">
<div class="row stack wide"><div class="rail"><h2>${title}</h2> ${note && markup`<p class="rail-note">${note}</p>`}</div><div>${body}</div></div></section>`;
