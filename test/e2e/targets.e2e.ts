/** The contract of targets on real Kafka: started here, and as an external cluster. */
import { join } from 'node:path';
import t from 'tap';
import kafka from '../../src/targets/kafka/index.js';
import { need } from '../support/need.js';
import { targetContract } from '../targets/contract.js';
import { externalOn, made } from '../targets/made.js';

if (need(t, 'linux', 'java', 'maven')) tests();

function tests(): void {
  t.test('kafka, links builtin', (t) =>
    targetContract(t, (t) => made(t.testdir({}), kafka, { requestTimeout: 2000 }, 'builtin')),
  );

  t.test('kafka as an external cluster', (t) =>
    targetContract(t, async (t) => {
      const dir = t.testdir({});
      const { cluster, end } = await made(join(dir, 'inner'), kafka, {}, 'none');
      t.teardown(end);
      return externalOn(t, join(dir, 'outer'), cluster);
    }),
  );
}
