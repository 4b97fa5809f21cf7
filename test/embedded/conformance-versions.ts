/** Answers in every version that the reference cluster offers, byte for byte where they can be. */
import { Writer } from '@platformatic/kafka';
import { frame, type Stage } from '../support/conformance.js';
import { batch } from './conformance-codec.js';

interface Format {
  key: number;
  name: string;
  versions: readonly [number, number];
  /** The first version with compact lengths and tagged fields. */
  flexible: number;
  body: (w: Writer, version: number, flexible: boolean) => void;
}
const topic = 'nowhere';

/** Of a topic that nobody knows, and without messages for people: the same of every cluster. */
const formats: readonly Format[] = [
  {
    ...{ key: 0, name: 'Produce', versions: [3, 8], flexible: 9 },
    body: (w) => {
      w.appendString(null, false).appendInt16(-1).appendInt32(1000).appendInt32(1);
      w.appendString(topic, false).appendInt32(1).appendInt32(0);
      w.appendBytes(batch(['lost']), false);
    },
  },
  {
    ...{ key: 2, name: 'ListOffsets', versions: [1, 7], flexible: 6 },
    body: (w, version, flexible) => {
      w.appendInt32(-1);
      if (version >= 2) w.appendInt8(0);
      topicPartition(w, flexible, () => {
        if (version >= 4) w.appendInt32(-1);
        w.appendInt64(-1n);
      });
    },
  },
  {
    ...{ key: 23, name: 'OffsetForLeaderEpoch', versions: [2, 4], flexible: 4 },
    body: (w, version, flexible) => {
      if (version >= 3) w.appendInt32(-1);
      topicPartition(w, flexible, () => void w.appendInt32(-1).appendInt32(0));
    },
  },
  {
    ...{ key: 20, name: 'DeleteTopics', versions: [1, 4], flexible: 4 },
    body: (w, _version, flexible) =>
      void w
        .appendArray([topic], (one, name) => void one.appendString(name, flexible), flexible, false)
        .appendInt32(1000),
  },
];

function topicPartition(w: Writer, flexible: boolean, rest: () => void): void {
  const count = (): Writer => (flexible ? w.appendUnsignedVarInt(2) : w.appendInt32(1));
  count().appendString(topic, flexible);
  count().appendInt32(0);
  rest();
  if (flexible) w.appendTaggedFields().appendTaggedFields();
}

export async function versionSteps(stage: Stage): Promise<void> {
  const node = stage.alive();
  for (const { key, name, versions, flexible: from, body } of formats)
    for (let version = versions[0]; version <= versions[1]; version++)
      await stage.step(`bytes: ${name} v${version}`, async () => {
        const flexible = version >= from;
        const w = Writer.create();
        body(w, version, flexible);
        if (flexible) w.appendTaggedFields();
        const answer = await stage.raw(node, frame(key, version, w.buffer, { flexible }));
        return typeof answer === 'string' ? answer : answer.toString('hex');
      });
  // Hosts and ids are up to the cluster; their lengths are known.
  const hosts = stage.cluster.bootstrap.reduce((sum, { host }) => sum + host.length, 0);
  for (let version = 1; version <= 12; version++)
    await stage.step(`bytes: Metadata v${version}`, async () => {
      const flexible = version >= 9;
      const w = flexible ? Writer.create().appendUnsignedVarInt(3) : Writer.create().appendInt32(2);
      for (const name of ['orders', topic]) {
        if (version >= 10) w.appendUUID(null);
        w.appendString(name, flexible);
        if (flexible) w.appendTaggedFields();
      }
      if (version >= 4) w.appendBoolean(false);
      if (version >= 8 && version <= 10) w.appendBoolean(false);
      if (version >= 8) w.appendBoolean(false);
      if (flexible) w.appendTaggedFields();
      const answer = await stage.raw(node, frame(3, version, w.buffer, { flexible }));
      return typeof answer === 'string' ? answer : answer.length - hosts;
    });
}
