import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { generateVerdict } from '../../src/cli/docs.js';
import { verdictTables } from '../../src/cli/verdict-doc.js';
import { root, schism } from '../support/cli.js';
import { makeRunFolder } from '../support/run-folder.js';

const doc = readFileSync(join(root, 'docs', 'VERDICT.md'), 'utf8');

t.test('docs/VERDICT.md says what the sources say', (t) => {
  t.equal(generateVerdict(doc), doc, '`npm run docs` writes it anew');
  t.end();
});

t.test('a field that nobody explained does not pass', (t) => {
  const explained = (field: string): string =>
    `/** A */\ninterface Verdict {\n/** B */\na: Other;\n}\n/** C */\ninterface Other {\n${field}\n}`;
  t.match(
    verdictTables(explained('/** D */\nb?: 1 | 2;')),
    /\| `b` \(may be absent\) \| `1 \\\| 2` \| D \|/,
  );
  t.throws(() => verdictTables(explained('b: string;')), /Expected Other\.b .* to say what it is/);
  t.end();
});

interface Field {
  type: string;
  optional: boolean;
}
/** Section -> field, as a reader of the document has them. */
const sections = documented();
function documented(): Map<string, Map<string, Field>> {
  const found = new Map<string, Map<string, Field>>();
  for (const part of doc.split(/^## /m).slice(1)) {
    const rows = part.matchAll(/^\| `(\w+)`( \(may be absent\))? \| \[?`((?:[^`])+)`/gm);
    const fields = [...rows].map(([, name = '', optional, type = '']): [string, Field] => [
      name,
      { type: type.replaceAll('\\|', '|'), optional: optional !== undefined },
    ]);
    found.set(/^\w+/.exec(part)?.[0] ?? '', new Map(fields));
  }
  return found;
}

/** Whether a value is what its type says, field by field; the fields seen are added to `seen`. */
function fits(t: Test, value: unknown, type: string, at: string, seen: Set<string>): void {
  const many = /^(.*)\[\]$/.exec(type)?.[1];
  const record = /^Record<string, (.*)>$/.exec(type)?.[1];
  if (many !== undefined && !/^(\[|[^{]* \| )/.test(type)) {
    if (!Array.isArray(value)) t.fail(`${at} is no list`);
    else for (const one of value) fits(t, one, many, `${at}[]`, seen);
    return;
  }
  const section = sections.get(type);
  if (record === undefined && section === undefined) {
    // Of an object written in place: its fields' names.
    const names = [...type.matchAll(/(\w+)\??:/g)].map(([, name]) => name);
    if (type.startsWith('{')) t.strictSame(Object.keys(value as object).sort(), names.sort(), at);
    else if (type === 'string' || type === 'number') t.type(value, type, at);
    return;
  }
  for (const [name, inner] of Object.entries(value as object)) {
    const field = section?.get(name);
    if (section && !field) t.fail(`${at}.${name} is not documented`);
    fits(t, inner, field?.type ?? record ?? '', `${at}.${name}`, seen);
    seen.add(`${type}.${name}`);
  }
  for (const [name, { optional }] of section ?? [])
    if (!optional) t.ok(name in (value as object), `${at} has ${name}`);
}

t.test('real verdicts have what is documented, and nothing else', async (t) => {
  const dir = t.testdir();
  const seen = new Set<string>();
  for (const [name, options, code] of [
    ['valid', {}, 0],
    ['invalid', { lose: 3 }, 1],
    ['unknown', { unproven: true }, 2],
  ] as const) {
    const run = await makeRunFolder(join(dir, name), options);
    const ended = await schism(['check', run, '--json']);
    t.equal(ended.code, code, ended.stderr);
    t.equal(ended.stdout, readFileSync(join(run, 'verdict.json'), 'utf8'), 'the file is the same');
    fits(t, JSON.parse(ended.stdout), 'Verdict', name, seen);
  }
  for (const field of ['Verdict.reasons', 'ProofStep.says', 'Counts.ok', 'AtRisk.inForce'])
    t.ok(seen.has(field), `${field} was looked at`);
});
