/** The reference cluster against what Apache Kafka answered to the same sequence of calls. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import embedded from '../../src/targets/embedded/index.js';
import type { Answers } from '../support/conformance.js';
import { startTarget } from '../support/target.js';
import { compare, recordedFile } from './conformance-differences.js';
import { answersOf } from './conformance-script.js';

t.test('it answers as Apache Kafka did', async (t) => {
  const run = await startTarget(embedded, t.testdir(), { nodes: 3 }, 'none');
  t.teardown(run.end);
  const kafka = JSON.parse(readFileSync(recordedFile, 'utf8')) as Answers;
  compare(t, kafka, await answersOf(run.cluster));
});
