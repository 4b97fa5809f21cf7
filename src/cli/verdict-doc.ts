/** The tables of docs/VERDICT.md, from the docstrings of src/model/verdict.ts. */
import ts from 'typescript';

/**
 * One table for each interface that `Verdict` leads to, itself first: field, type, meaning.
 * Throws an Error that names the interface or field without a docstring.
 */
export function verdictTables(source: string): string {
  const file = ts.createSourceFile('verdict.ts', source, ts.ScriptTarget.Latest, true);
  const interfaces = new Map<string, ts.InterfaceDeclaration>();
  const aliases = new Map<string, string>();
  for (const one of file.statements) {
    if (ts.isInterfaceDeclaration(one)) interfaces.set(one.name.text, one);
    if (ts.isTypeAliasDeclaration(one)) aliases.set(one.name.text, oneLine(one.type));
  }
  // A set goes on over what is added while it is walked.
  const reached = new Set(['Verdict']);
  const tables: string[] = [];
  for (const name of reached) {
    const found = interfaces.get(name);
    if (!found) throw new Error(`Expected src/model/verdict.ts to have the interface ${name}.`);
    const rows = found.members.filter(ts.isPropertySignature).map((member) => {
      const type = oneLine(member.type).replace(/\b[A-Z]\w*/g, (word) => aliases.get(word) ?? word);
      const names = (type.match(/\b[A-Z]\w*/g) ?? []).filter((word) => interfaces.has(word));
      for (const word of names) reached.add(word);
      const field = member.name.getText();
      const absent = member.questionToken ? ' (may be absent)' : '';
      const shown = names[0] ? `[\`${type}\`](#${names[0].toLowerCase()})` : `\`${type}\``;
      const means = docOf(member, `${name}.${field}`);
      return `| \`${field}\`${absent} | ${cell(shown)} | ${cell(means)} |`;
    });
    const head = '| field | type | means |\n|---|---|---|';
    tables.push(`## ${name}\n\n${docOf(found, name)}\n\n${head}\n${rows.join('\n')}\n`);
  }
  return `\n${tables.join('\n')}\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

const oneLine = (type: ts.TypeNode | undefined): string =>
  (type?.getText() ?? 'unknown').replace(/\s+/g, ' ').replace(/^\| /, '').replace(/; }/g, ' }');

function docOf(node: ts.Node, name: string): string {
  const doc = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(doc?.comment)?.replace(/\s+/g, ' ');
  if (text === undefined)
    throw new Error(`Expected ${name} in src/model/verdict.ts to say what it is.`);
  return text;
}
