import { readFileSync } from 'node:fs';
import { ESLint } from 'eslint';
import t from 'tap';
import tseslint from 'typescript-eslint';

/** The project's own configuration; without rules that need types, which would take their time. */
const eslint = new ESLint({ overrideConfig: tseslint.configs.disableTypeChecked });
const inBroker = 'src/targets/embedded/broker/node.ts';

const rules = async (code: string, filePath = inBroker): Promise<(string | null)[]> => {
  const [result] = await eslint.lintText(code, { filePath });
  return result?.messages.map(({ ruleId }) => ruleId) ?? ['not linted'];
};

const globals = [
  'setTimeout(() => undefined, 1);',
  'setInterval(() => undefined, 1);',
  'setImmediate(() => undefined);',
  'globalThis.setTimeout(() => undefined, 1);',
  'export const at = Date.now();',
  'export const at = new Date();',
  'export const at = performance.now();',
  'export const { pid } = process;',
  'export const id = crypto.randomUUID();',
  "void fetch('http://127.0.0.1');",
  'export const late = AbortSignal.timeout(1);',
  "console.log('');",
];
for (const code of globals)
  t.test(code, async (t) => t.strictSame(await rules(code), ['no-restricted-globals']));

t.test('randomness', async (t) =>
  t.strictSame(await rules('export const n = Math.random();'), ['no-restricted-properties']),
);

const imports = ['node:fs', 'fs', 'node:net', 'node:timers/promises', 'node:process', 'execa'];
for (const name of imports)
  t.test(`import of ${name}`, async (t) => {
    t.strictSame(await rules(`import * as all from '${name}';\nexport default all;`), [
      'no-restricted-imports',
    ]);
    t.strictSame(await rules(`export default await import('${name}');`), ['no-restricted-syntax']);
  });

t.test('deeper in the folder too', async (t) =>
  t.strictSame(
    await rules('export const at = Date.now();', 'src/targets/embedded/broker/raft/x.ts'),
    ['no-restricted-globals'],
  ),
);

t.test('what a broker may use', async (t) => {
  const code = [
    "import { crc32c } from '@platformatic/kafka';",
    "import { SchismError } from '../../../model/index.js';",
    'export const size = Math.floor(Buffer.alloc(3).length / 2) + crc32c(Buffer.alloc(1));',
    "await Promise.reject(new SchismError('cluster', 'x'));",
  ].join('\n');
  t.strictSame(await rules(code), []);
  t.strictSame(await rules(readFileSync(inBroker, 'utf8')), []);
});

t.test('outside of it the world is there', async (t) =>
  t.strictSame(await rules('export const at = Date.now();', 'src/targets/embedded/main.ts'), []),
);
