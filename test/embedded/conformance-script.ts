/** The scripted sequence: the same for every cluster, in this order. */
import type { Cluster } from '../../src/model/index.js';
import { Stage, type Answers } from '../support/conformance.js';
import { createSteps, deleteSteps, describeSteps } from './conformance-admin.js';
import { epochSteps } from './conformance-epochs.js';
import { fetchSteps, offsetSteps } from './conformance-fetch.js';
import { laterSteps, produceSteps, rawProduceSteps } from './conformance-produce.js';
import { versionSteps } from './conformance-versions.js';
import { wireSteps } from './conformance-wire.js';

/** What a new cluster of three nodes answers, step by step. */
export async function answersOf(cluster: Cluster): Promise<Answers> {
  const stage = new Stage(cluster);
  const admin = stage.kafka(10).admin();
  stage.onEnd(() => admin.disconnect());
  try {
    await createSteps(stage);
    await describeSteps(stage);
    await admin.connect();
    const topics = { keyed: 3, raw: 1, reads: 1, reads2: 3, epochs: 1 };
    for (const [topic, numPartitions] of Object.entries(topics)) {
      const spec = { topic, numPartitions, replicationFactor: 3 };
      await admin.createTopics({ topics: [spec], waitForLeaders: false });
      await stage.settle(topic, numPartitions);
    }
    await produceSteps(stage);
    await rawProduceSteps(stage);
    await fetchSteps(stage);
    await offsetSteps(stage);
    await wireSteps(stage);
    await versionSteps(stage);
    await laterSteps(stage);
    await deleteSteps(stage);
    await epochSteps(stage);
    return stage.answers;
  } finally {
    await stage.end();
  }
}
