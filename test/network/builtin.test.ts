import t from 'tap';
import { builtinBackend } from '../../src/network/index.js';
import { linksContract } from './contract.js';

const now = (): number => performance.now() * 1e6;
const progress = (text: string): void => t.comment(text);

t.test('contract', (t) => {
  linksContract(t, () => builtinBackend({ now, progress }));
  t.end();
});
