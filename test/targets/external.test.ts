import { join } from 'node:path';
import t from 'tap';
import embedded from '../../src/targets/embedded/index.js';
import { targetContract } from './contract.js';
import { externalOn, made } from './made.js';

t.test('the contract, on a cluster that somebody else started', (t) =>
  targetContract(t, async (t) => {
    const dir = t.testdir({});
    const { cluster, end } = await made(join(dir, 'inner'), embedded, {}, 'none');
    t.teardown(end);
    return externalOn(t, join(dir, 'outer'), cluster);
  }),
);
