/** Frames that no client library would send, and versions that nobody speaks. */
import { apiVersionsV3, metadataV12, Reader, Writer } from '@platformatic/kafka';
import { frame, type Stage } from '../support/conformance.js';
import { decodeFetches, encodeFetches, type PartitionFetch } from './conformance-codec.js';

const apiVersions = 18;
const metadata = 3;

export async function wireSteps(stage: Stage): Promise<void> {
  const node = stage.alive();
  /** One request, and whether the next connection is served. */
  const hostile = (name: string, bytes: Buffer): Promise<void> =>
    stage.step(`hostile: ${name}`, async () => {
      const answer = await stage.raw(node, bytes);
      return {
        answer: typeof answer === 'string' ? answer : 'answered',
        next: await alive(stage, node),
      };
    });
  const none = metadataV12.createRequest([], false, false).buffer;
  const named = metadataV12.createRequest(['orders'], false, false).buffer;

  await stage.step('versions: too new', async () => {
    const body = Writer.create().appendString('x').appendString('1').appendTaggedFields().buffer;
    const answer = await stage.raw(node, frame(apiVersions, 99, body, { flexible: true }));
    if (typeof answer === 'string') return answer;
    const { errorCode, keys } = oldestVersions(answer);
    return { errorCode, tellsItsOwn: keys.map(({ key }) => key).includes(apiVersions) };
  });
  await stage.step('versions: negative', () =>
    told(stage.raw(node, frame(apiVersions, -1, Buffer.alloc(0)))),
  );
  for (const version of [0, 1, 2])
    await stage.step(`versions: v${version}`, async () => {
      const answer = await stage.raw(node, frame(apiVersions, version, Buffer.alloc(0)));
      if (typeof answer === 'string') return answer;
      const { errorCode, keys } = oldestVersions(answer);
      return { errorCode, some: keys.length > 5 };
    });
  for (const [name, software] of [
    ['good', 'good-1'],
    ['empty', ''],
    ['bad', '-bad!'],
  ] as const)
    await stage.step(`versions: v3, ${name} name of the client`, async () => {
      const body = apiVersionsV3.createRequest(software, '1').buffer;
      const answer = await stage.raw(node, frame(apiVersions, 3, body, { flexible: true }));
      return typeof answer === 'string' ? answer : answer.readInt16BE(0);
    });
  await stage.step('versions: the oldest and newest', () => ranges(stage));

  for (const [name, key, version] of [
    ['Produce v99', 0, 99],
    ['Fetch v99', 1, 99],
    ['Fetch v0', 1, 0],
    ['ListOffsets v99', 2, 99],
    ['Metadata v99', metadata, 99],
    ['Metadata v-1', metadata, -1],
    ['CreateTopics v99', 19, 99],
    ['key 999', 999, 0],
    ['key -1', -1, 0],
    ['key 32000', 32_000, 0],
    ['ControlledShutdown', 7, 0],
  ] as const)
    await hostile(name, frame(key, version, Buffer.alloc(20)));

  await hostile('length 0', Buffer.alloc(4));
  await hostile('length -1', Buffer.from('ffffffff', 'hex'));
  await hostile('length -2^31', Buffer.from('80000000', 'hex'));
  await hostile('length 2^31 - 1', Buffer.from('7fffffff', 'hex'));
  await hostile('length 200 MB', sized(200_000_000, frame(metadata, 12, none)));
  await hostile('length 4', Buffer.from('0000000400030001', 'hex'));
  await hostile('HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
  await hostile('body cut', cut(frame(metadata, 12, named, { flexible: true }), 5));
  await hostile('name longer than the frame', frame(metadata, 1, list([['topic', 30_000]])));
  await hostile('name of negative length', frame(metadata, 1, list([['topic', -2]])));
  await hostile('list of 2^31 - 1', frame(metadata, 1, Buffer.from('7fffffff', 'hex')));
  await hostile('list of -2', frame(metadata, 1, Buffer.from('fffffffe', 'hex')));
  await hostile(
    'compact list of 2^31',
    frame(metadata, 12, Buffer.from('ffffffff0f', 'hex'), { flexible: true }),
  );
  await hostile(
    'endless variable integer',
    frame(metadata, 12, Buffer.alloc(20, 0xff), { flexible: true }),
  );
  await hostile('rubbish', seededBytes(300));
  await hostile('Produce of rubbish', frame(0, 7, seededBytes(300)));
  await hostile('Fetch of rubbish', frame(1, 11, seededBytes(300)));
  await hostile(
    'Fetch with too many partitions',
    frame(1, 11, cut(encodeFetches([{ topic: 'orders', partition: 0, offset: 0 }], 11, {}), 20)),
  );
  await hostile(
    'body and more',
    frame(metadata, 1, Buffer.concat([Buffer.alloc(4), Buffer.alloc(9)])),
  );
  await hostile(
    'name that is no UTF-8',
    frame(metadata, 1, list([[Buffer.from('fffe', 'hex'), 2]])),
  );

  await stage.step('frames: no name of the client', async () =>
    told(stage.raw(node, frame(metadata, 1, Buffer.alloc(4), { clientId: null }))),
  );
  await stage.step('frames: correlation ids, in order', () =>
    stage.on(node, async (wire) => {
      const end = encodeFetches([{ topic: 'reads', partition: 0, offset: 1_000_000 }], 10, {});
      const ids = [5, -3, 2_147_483_647, 0];
      wire.write(
        Buffer.concat([
          frame(metadata, 1, Buffer.alloc(4), { correlation: ids[0]! }),
          frame(1, 10, end, { correlation: ids[1]! }),
          frame(apiVersions, 0, Buffer.alloc(0), { correlation: ids[2]! }),
          frame(metadata, 1, Buffer.alloc(4), { correlation: ids[3]! }),
        ]),
      );
      const got: unknown[] = [];
      while (got.length < ids.length) {
        const answer = await wire.answer();
        got.push(typeof answer === 'string' ? answer : answer.readInt32BE(0));
      }
      return got;
    }),
  );
  await stage.step('frames: a long poll holds up what follows it', async () => {
    const { leader } = await stage.leadership('reads', 0);
    const ask = { topic: 'reads', partition: 0, offset: 0 };
    const offset = await watermark(stage, leader, ask);
    const body = encodeFetches([{ ...ask, offset }], 10, { maxWaitMs: 300, minBytes: 1 });
    return stage.on(leader, async (wire) => {
      wire.write(
        Buffer.concat([
          frame(1, 10, body, { correlation: 1 }),
          frame(apiVersions, 0, Buffer.alloc(0), { correlation: 2 }),
        ]),
      );
      const got: unknown[] = [];
      for (let i = 0; i < 2; i++) {
        const answer = await wire.answer();
        got.push(typeof answer === 'string' ? answer : answer.readInt32BE(0));
      }
      return got;
    });
  });
  await stage.step('frames: byte by byte', () =>
    stage.on(node, async (wire) => {
      for (const byte of frame(metadata, 1, Buffer.alloc(4))) {
        wire.write(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
      const answer = await wire.answer();
      return typeof answer === 'string' ? answer : answer.readInt32BE(0);
    }),
  );
  await stage.step('frames: after a bad one nothing is answered', () =>
    stage.on(node, async (wire) => {
      wire.write(
        Buffer.concat([frame(metadata, 99, Buffer.alloc(4)), frame(metadata, 1, Buffer.alloc(4))]),
      );
      return told(wire.answer());
    }),
  );
}

async function told(answer: Promise<Buffer | 'closed' | 'silent'>): Promise<string> {
  const got = await answer;
  return typeof got === 'string' ? got : 'answered';
}

async function alive(stage: Stage, node: number): Promise<string> {
  return told(stage.raw(node, frame(metadata, 1, Buffer.alloc(4))));
}

/** ApiVersions in its first version, which is what an unknown version is answered in. */
export function oldestVersions(body: Buffer) {
  const reader = Reader.from(body);
  const errorCode = reader.readInt16();
  const keys = reader.readArray(
    (r) => ({ key: r.readInt16(), min: r.readInt16(), max: r.readInt16() }),
    false,
    false,
  );
  return { errorCode, keys };
}

/** Of the requests that kafkajs and the probes need: the ranges that clients choose from. */
async function ranges(stage: Stage): Promise<unknown> {
  const answer = await stage.raw(stage.alive(), frame(apiVersions, 0, Buffer.alloc(0)));
  if (typeof answer === 'string') return answer;
  return Object.fromEntries(
    oldestVersions(answer).keys.map(({ key, min, max }) => [key, `${min} to ${max}`]),
  );
}

async function watermark(stage: Stage, node: number, ask: PartitionFetch): Promise<number> {
  const answer = await stage.raw(node, frame(1, 10, encodeFetches([ask], 10, {})));
  if (typeof answer === 'string') throw new Error(answer);
  return decodeFetches(answer, 10).partitions[0]!.highWatermark;
}

const cut = (bytes: Buffer, by: number): Buffer => {
  const short = Buffer.from(bytes.subarray(0, -by));
  if (short.length > 4 && bytes.readInt32BE(0) === bytes.length - 4)
    short.writeInt32BE(short.length - 4, 0);
  return short;
};
const sized = (size: number, bytes: Buffer): Buffer => {
  const changed = Buffer.from(bytes);
  changed.writeInt32BE(size, 0);
  return changed;
};
function list(names: readonly (readonly [string | Buffer, number])[]): Buffer {
  const writer = Writer.create().appendInt32(names.length);
  for (const [name, length] of names)
    writer.appendInt16(length).append(Buffer.from(name as string));
  return writer.buffer;
}
/** The same in every run. */
function seededBytes(length: number): Buffer {
  let state = 12_345;
  return Buffer.from(
    Array.from({ length }, () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >> 16),
  );
}
