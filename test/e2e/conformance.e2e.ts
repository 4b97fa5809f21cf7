/**
 * The same scripted sequence of calls, by kafkajs and raw, against Apache Kafka and the reference
 * cluster; answers and errors are compared. `SCHISM_RECORD=1` keeps what Kafka answered for the
 * machines that cannot run it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Target } from '../../src/model/index.js';
import embedded from '../../src/targets/embedded/index.js';
import kafka from '../../src/targets/kafka/index.js';
import { compare, recordedFile } from '../embedded/conformance-differences.js';
import { answersOf } from '../embedded/conformance-script.js';
import type { Answers } from '../support/conformance.js';
import { need } from '../support/need.js';
import { startTarget } from '../support/target.js';

if (need(t, 'linux', 'java', 'maven')) tests();

async function answers(t: Test, target: Target): Promise<Answers> {
  // The records have old time stamps, which Kafka would begin to delete after a while.
  const settings = { nodes: 3, brokerConfig: ['log.retention.ms=-1'] };
  const run = await startTarget(target, t.testdir(), settings, 'none');
  try {
    return await answersOf(run.cluster);
  } finally {
    await run.end();
  }
}

function tests(): void {
  t.test('Apache Kafka and the reference cluster answer alike', async (t) => {
    const real = await answers(t, kafka);
    const troubles = Object.entries(real).filter(([, answer]) =>
      /"broke":|"silent"/.test(JSON.stringify(answer)),
    );
    t.same(troubles, [], 'each step has an answer');
    if (process.env['SCHISM_RECORD'] === '1')
      writeFileSync(recordedFile, `${JSON.stringify(real, null, 2)}\n`);
    const recorded = JSON.parse(readFileSync(recordedFile, 'utf8')) as Answers;
    t.strictSame(real, recorded, 'what was recorded is what it answers');
    compare(t, real, await answers(t, embedded));
  });
}
