/** CreateTopics, DeleteTopics and DescribeQuorum. */
import { Writer } from '@platformatic/kafka';
import { codes } from './codes.js';
import { grouped, readPartitions, writeArray, writePartitions } from './request.js';
import type { Api, Request } from './request.js';

const noId = '00000000-0000-0000-0000-000000000000';

export const createTopics: Api = {
  key: 19,
  name: 'CreateTopics',
  min: 2,
  max: 7,
  flexible: 5,
  async handle(request) {
    const { input, flexible } = request;
    const topics = input.array(flexible, () => ({
      name: input.string(flexible),
      partitions: input.int32(),
      replicationFactor: input.int16(),
      assigned: readAssignments(request),
      configs: readConfigs(request),
    }));
    const [timeoutMs, validateOnly] = [input.int32(), input.boolean()];
    const distinct = grouped(topics, ({ name }) => name);
    const answers = await Promise.all(
      distinct.map(async ([, [one, twice]]) => {
        if (twice) return { ...one, code: codes.invalidRequest };
        // Where a replica stands is decided here.
        if (one.assigned > 0) return { ...one, code: codes.invalidReplicaAssignment };
        // Topics have no settings: one that has no effect must not look as if it had.
        if (one.configs > 0) return { ...one, code: codes.invalidConfig };
        return { ...one, code: await request.node.createTopic(one, timeoutMs, validateOnly) };
      }),
    );
    return writeCreated(request, answers);
  },
};

/** How many there are. */
function readAssignments({ input, flexible }: Request): number {
  return input.array(flexible, () => [
    input.int32(),
    input.array(flexible, () => input.int32(), false).length,
  ]).length;
}

/** How many there are. */
function readConfigs({ input, flexible }: Request): number {
  return input.array(flexible, () => [input.string(flexible), input.nullableString(flexible)])
    .length;
}

function writeCreated(
  { version, flexible, node }: Request,
  answers: readonly { name: string; code: number; partitions: number; replicationFactor: number }[],
): Writer {
  const out = Writer.create().appendInt32(0);
  writeArray(out, flexible, answers, ({ name, code, partitions, replicationFactor }) => {
    const topic = code === 0 ? node.topics.get(name) : undefined;
    const of = (value: number): number => (code === 0 ? value : -1);
    out.appendString(name, flexible);
    if (version >= 7) out.appendUUID(topic?.id ?? noId);
    out.appendInt16(code).appendString(null, flexible);
    if (version < 5) return;
    out.appendInt32(topic?.partitions.length ?? of(partitions));
    out.appendInt16(topic?.partitions[0]?.replicas.length ?? of(replicationFactor));
    writeArray(out, flexible, [], () => undefined);
  });
  return flexible ? out.appendTaggedFields() : out;
}

export const deleteTopics: Api = {
  key: 20,
  name: 'DeleteTopics',
  min: 1,
  max: 6,
  flexible: 4,
  async handle(request) {
    const { input, version, flexible, node } = request;
    const asked =
      version >= 6
        ? input.array(flexible, () => ({ name: input.nullableString(true), id: input.uuid() }))
        : input.array(flexible, () => ({ name: input.string(flexible), id: noId }), false);
    const timeoutMs = input.int32();
    const answers = await Promise.all(
      asked.map(async ({ name, id }) => {
        // Others may not have heard of the topic yet.
        if (!node.controller.isLeader) return { name, id, code: codes.notController };
        const byId = [...node.topics.values()].find((topic) => topic.id === id);
        const known = name ?? byId?.name;
        if (known === undefined) return { name, id, code: codes.unknownTopicId };
        const topicId = byId?.id ?? node.topics.get(known)?.id ?? noId;
        return { name: known, id: topicId, code: await node.deleteTopic(known, timeoutMs) };
      }),
    );
    const out = Writer.create().appendInt32(0);
    writeArray(out, flexible, answers, ({ name, id, code }) => {
      out.appendString(name, flexible);
      if (version >= 6) out.appendUUID(id);
      out.appendInt16(code);
      if (version >= 5) out.appendString(null, flexible);
    });
    return flexible ? out.appendTaggedFields() : out;
  },
};

export const describeQuorum: Api = {
  key: 55,
  name: 'DescribeQuorum',
  min: 0,
  max: 2,
  flexible: 0,
  handle(request) {
    const { version, node } = request;
    const asked = readPartitions(request, () => ({}));
    const out = Writer.create().appendInt16(0);
    if (version >= 2) out.appendString(null);
    writePartitions(out, true, asked, ({ topic, partition }) => {
      const known = topic === '__cluster_metadata' && partition === 0;
      writeQuorum(out, request, partition, known ? 0 : codes.unknownTopicOrPartition);
    });
    if (version >= 2)
      writeArray(out, true, node.nodes, ({ id, host, port }) =>
        writeArray(out.appendInt32(id), true, ['CONTROLLER'], (name) =>
          out.appendString(name).appendString(host).appendUnsignedInt16(port),
        ),
      );
    return out.appendTaggedFields();
  },
};

/** Only the leader tells, as of a controller's own listener in Kafka. */
function writeQuorum(out: Writer, request: Request, partition: number, wrong: number): void {
  const { version, node } = request;
  const { isLeader, term, commit, log, replicas } = node.controller;
  const code = wrong !== 0 ? wrong : isLeader ? 0 : codes.notLeader;
  out.appendInt32(partition).appendInt16(code);
  if (version >= 2) out.appendString(null);
  const told = code === 0;
  out.appendInt32(told ? node.id : -1).appendInt32(told ? term : -1);
  out.appendInt64(BigInt(told ? commit : -1));
  out.appendArray(told ? [...replicas] : [], (w, id) => {
    w.appendInt32(id);
    if (version >= 2) w.appendUUID(null);
    // How far the others are is not known here.
    w.appendInt64(BigInt(id === node.id ? log.end : -1));
    if (version >= 1) w.appendInt64(-1n).appendInt64(-1n);
  });
  out.appendArray([], () => undefined);
}
