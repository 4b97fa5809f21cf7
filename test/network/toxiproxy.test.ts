import t from 'tap';
import { toxiproxyBackend } from '../../src/network/index.js';
import { cacheDir, need } from '../support/need.js';
import { linksContract } from './contract.js';

const now = (): number => performance.now() * 1e6;
const progress = (text: string): void => t.comment(text);

t.test('contract', (t) => {
  if (!need(t, 'toxiproxy', 'linux')) return;
  linksContract(t, () => toxiproxyBackend({ cacheDir: cacheDir(), now, progress }));
  t.end();
});
