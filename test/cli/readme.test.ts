import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { generate } from '../../src/cli/docs.js';
import { root } from '../support/cli.js';

t.test('the README lists what the plug-ins say of themselves', async (t) => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  t.equal(await generate(readme), readme, '`npm run docs` writes it anew');
});
