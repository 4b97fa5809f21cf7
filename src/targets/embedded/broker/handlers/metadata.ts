/** Metadata and ApiVersions: what there is, who leads it, and what can be asked. */
import { Writer } from '@platformatic/kafka';
import { isTopicName, type Partition, type Topic } from '../types.js';
import { codes } from './codes.js';
import { writeArray, type Api, type Request } from './request.js';

const noId = '00000000-0000-0000-0000-000000000000';
/** Kafka's word for "you did not ask what you may do". */
const notAsked = -(2 ** 31);

interface Answer {
  code: number;
  name: string | null;
  id: string;
  partitions: readonly Partition[];
}

export const metadata: Api = {
  key: 3,
  name: 'Metadata',
  min: 1,
  max: 12,
  flexible: 9,
  handle(request) {
    const { input, version, flexible, node } = request;
    const asked = input.nullableArray(flexible, () => ({
      id: version >= 10 ? input.uuid() : noId,
      name: version >= 10 ? input.nullableString(flexible) : input.string(flexible),
    }));
    // One that is asked for twice is answered once, as in Kafka.
    const distinct = asked && new Map(asked.map((one) => [`${one.id} ${one.name ?? ''}`, one]));
    const topics = distinct
      ? [...distinct.values()].map(({ id, name }) => find(request, id, name))
      : [...node.topics.values()].map(found);
    const out = Writer.create();
    if (version >= 3) out.appendInt32(0);
    writeArray(out, flexible, node.nodes, ({ id, host, port }) => {
      out.appendInt32(id).appendString(host, flexible).appendInt32(port);
      out.appendString(null, flexible);
    });
    if (version >= 2) out.appendString(node.clusterId, flexible);
    out.appendInt32(node.controller.leader);
    writeArray(out, flexible, topics, (topic) => writeTopic(out, request, topic));
    if (version >= 8 && version <= 10) out.appendInt32(notAsked);
    return flexible ? out.appendTaggedFields() : out;
  },
};

const found = ({ name, id, partitions }: Topic): Answer => ({ code: 0, name, id, partitions });

/** From version 12 on by id, if one is given; a name is then not answered unless it is known. */
function find({ node, version }: Request, id: string, name: string | null): Answer {
  if (version >= 12 && id !== noId) {
    const topic = [...node.topics.values()].find((one) => one.id === id);
    return topic ? found(topic) : { code: codes.unknownTopicId, name: null, id, partitions: [] };
  }
  if (name === null) throw new Error('Expected the name or the id of a topic, got neither.');
  const topic = node.topics.get(name);
  if (topic) return found(topic);
  const code = isTopicName(name) ? codes.unknownTopicOrPartition : codes.invalidTopic;
  return { code, name, id: noId, partitions: [] };
}

function writeTopic(out: Writer, { version, flexible }: Request, topic: Answer): void {
  out.appendInt16(topic.code).appendString(topic.name, flexible);
  if (version >= 10) out.appendUUID(topic.id);
  out.appendBoolean(false);
  const ids = (list: readonly number[]): Writer =>
    out.appendArray([...list], (w, id) => w.appendInt32(id), flexible, false);
  writeArray(out, flexible, topic.partitions, (partition) => {
    const { leader, epoch, isr } = partition.leadership();
    out.appendInt16(leader < 0 ? codes.leaderNotAvailable : 0).appendInt32(partition.index);
    out.appendInt32(leader);
    if (version >= 7) out.appendInt32(epoch);
    ids(partition.replicas);
    ids(isr);
    // Offline replicas: nobody here knows which nodes are alive.
    if (version >= 5) ids([]);
  });
  if (version >= 8) out.appendInt32(notAsked);
}

/** Kafka's rule for the name and the version of the client's software. */
const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;

/** `served`: all APIs, this one too. */
export function apiVersions(served: readonly Pick<Api, 'key' | 'min' | 'max'>[]): Api {
  const write = (version: number, code: number, list: typeof served): Writer => {
    const flexible = version >= 3;
    const out = Writer.create().appendInt16(code);
    writeArray(out, flexible, list, ({ key, min, max }) =>
      out.appendInt16(key).appendInt16(min).appendInt16(max),
    );
    if (version >= 1) out.appendInt32(0);
    return flexible ? out.appendTaggedFields() : out;
  };
  const api: Api = {
    key: 18,
    name: 'ApiVersions',
    min: 0,
    max: 4,
    flexible: 3,
    handle({ version, input, flexible }) {
      const software = flexible ? [input.string(true), input.string(true)] : [];
      if (!software.every((one) => softwareName.test(one)))
        return write(version, codes.invalidRequest, []);
      return write(version, 0, [...served, api]);
    },
    // KIP-511: in version 0, and only in which versions this can be asked again.
    refuse: () => write(0, codes.unsupportedVersion, [api]),
  };
  return api;
}
