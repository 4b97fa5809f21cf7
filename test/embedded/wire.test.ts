import { Readable } from 'node:stream';
import fc from 'fast-check';
import t from 'tap';
import type { Message } from '../../src/targets/embedded/broker/types.js';
import { Frames } from '../../src/targets/embedded/broker/wire/frames.js';
import { Input } from '../../src/targets/embedded/broker/wire/input.js';
import {
  decodeMessage,
  encodeMessage,
  raftFrame,
} from '../../src/targets/embedded/broker/wire/raft.js';
import { serve } from '../../src/targets/embedded/broker/wire/serve.js';
import { produceOf } from './wire-batch.js';
import { decodeResponse, encodeRequest } from './wire-codec.js';
import { Piped } from './wire-fuzz.js';
import { clusterId, Raw, startServed } from './wire-node.js';

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const framed = (body: Buffer): Buffer => Buffer.concat([int32(body.length), body]);

const offset = fc.nat({ max: 2 ** 53 - 1 });
const head = { group: fc.string(), from: fc.nat(), term: fc.nat() };
const of = <K extends Message['kind'], T>(kind: K, rest: { [F in keyof T]: fc.Arbitrary<T[F]> }) =>
  fc.tuple(fc.record(head), fc.record(rest)).map(([a, b]) => ({ ...a, kind, ...b }));
const messages: fc.Arbitrary<Message> = fc.oneof(
  of('vote', { pre: fc.boolean(), end: offset, lastEpoch: fc.nat() }),
  of('voted', { pre: fc.boolean(), granted: fc.boolean() }),
  of('append', {
    base: offset,
    prevEpoch: fc.nat(),
    commit: offset,
    isr: fc.array(fc.nat()),
    entries: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  }),
  of('appended', { ok: fc.boolean(), end: offset, epoch: fc.nat() }),
  of('leads', { isr: fc.array(fc.nat()) }),
);

t.test('frames come out as they went in, however they were cut', (t) => {
  const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (all, cuts) => {
      const stream = Buffer.concat(all.map((one) => framed(Buffer.from(one))));
      const cutter = new Frames();
      const out: Buffer[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const next = at + cuts[i % cuts.length]!;
        cutter.push(stream.subarray(at, next));
        for (let frame = cutter.next(); frame; frame = cutter.next()) out.push(frame);
        at = next;
      }
      return Buffer.concat(out.map(framed)).equals(stream) && cutter.size === 0;
    }),
  );
  t.end();
});

t.test('a size that cannot be is told before its bytes come', (t) => {
  for (const size of [0, -1, -(2 ** 31), (16 << 20) + 1, 2 ** 31 - 1]) {
    const frames = new Frames();
    frames.push(int32(size));
    t.throws(() => frames.next(), /Expected a frame/, String(size));
  }
  t.end();
});

t.test('lengths and counts are checked against the bytes that are there', (t) => {
  const from = (...bytes: number[]) => new Input(Buffer.from(bytes));
  const cases: [string, () => unknown][] = [
    ['a string longer than the rest', () => from(0, 3, 65, 65).string(false)],
    ['a negative length', () => from(0xff, 0xfe, 65).string(false)],
    ['null where none may be', () => from(0xff, 0xff).string(false)],
    ['compact null', () => from(0).string(true)],
    ['a number that does not end', () => from(...Array<number>(6).fill(0xff)).uvarint()],
    ['a number cut off', () => from(0x80).uvarint()],
    ['a count above the rest', () => from(0x7f, 0xff, 0xff, 0xff, 1).array(false, () => 0)],
    ['a count below null', () => from(0xff, 0xff, 0xff, 0xfe, 1).array(false, () => 0)],
    ['tags longer than the rest', () => from(1, 0, 9, 1).tags()],
    ['half a number', () => from(0, 0, 0).int32()],
  ];
  for (const [name, run] of cases) t.throws(run, /Expected/, name);
  const tagged = from(2, 0, 1, 7, 1, 0, 42);
  tagged.tags();
  t.equal(tagged.int8(), 42, 'tags are passed');
  const many = new Input(Buffer.concat([int32(99_999), Buffer.alloc(99_999), int32(2), int32(0)]));
  t.equal(many.array(false, () => many.int8()).length, 99_999);
  t.throws(() => many.array(false, () => many.int8()), /elements/, 'in all arrays together');
  t.end();
});

t.test('messages between nodes come back as they went', (t) => {
  fc.assert(
    fc.property(messages, (message) => {
      const bytes = encodeMessage(message);
      t.strictSame(decodeMessage(new Input(bytes)), message);
      for (const wrong of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(1)])])
        t.throws(() => decodeMessage(new Input(wrong)));
    }),
    { numRuns: 200 },
  );
  t.throws(() => decodeMessage(new Input(Buffer.alloc(20, 9))), /kind/);
  t.end();
});

t.test('messages of this cluster are handed on; others close their connection', async (t) => {
  const served = await startServed(t);
  const leads = (term: number): Message => ({
    ...{ group: 'g', from: 2, term, kind: 'leads', isr: [2] },
  });
  const peer = new Raw(t, served.port);
  for (const term of [1, 2, 3]) peer.write(raftFrame(clusterId, leads(term)));
  await peer.ask('ApiVersions', 0, {});
  t.strictSame(served.messages, [1, 2, 3].map(leads));
  const stranger = new Raw(t, served.port);
  stranger.write(raftFrame('another-cluster-------', leads(4)));
  await stranger.closed;
  t.equal(served.messages.length, 3);
});

t.test('requests are answered in their order, also behind one that waits', async (t) => {
  const served = await startServed(t);
  const raw = new Raw(t, served.port);
  const end = served.group.log.end;
  const partitions = [{ partition: 0, fetchOffset: end, maxBytes: 1 << 20 }];
  const sent = [
    raw.send('Fetch', 11, {
      ...{ replicaId: -1, maxWaitMs: 60_000, minBytes: 1, maxBytes: 1 << 20 },
      topics: [{ name: 'orders', partitions: [{ ...partitions[0], currentLeaderEpoch: -1 }] }],
    }),
    raw.send('Metadata', 12, {}),
    raw.send('ApiVersions', 3, {}),
  ];
  // On a connection of its own it does not wait.
  await new Raw(t, served.port).ask('ApiVersions', 3, {});
  const producer = new Raw(t, served.port);
  await producer.ask('Produce', 7, produceOf('a'));
  const names = ['Fetch', 'Metadata', 'ApiVersions'] as const;
  const versions = [11, 12, 3];
  for (const [i, name] of names.entries())
    t.equal(decodeResponse(name, versions[i]!, await raw.next()).correlation, sent[i], name);
});

t.test('an unknown API or version closes the connection, as in Kafka', async (t) => {
  const { port } = await startServed(t);
  const header = (key: number, version: number): Buffer => {
    const body = Buffer.alloc(10);
    body.writeInt16BE(key, 0);
    body.writeInt16BE(version, 2);
    body.writeInt16BE(-1, 8);
    return framed(body);
  };
  for (const [key, version] of [
    [999, 0],
    [-1, 0],
    [0, 2],
    [0, 9],
    [1, 3],
    [3, 0],
    [3, -1],
    [3, 13],
    [10, 0],
    [22, 0],
    [55, 3],
  ] as const) {
    const raw = new Raw(t, port);
    raw.write(header(key, version));
    await raw.closed;
    t.pass(`${key} ${version}`);
  }
  const raw = new Raw(t, port);
  for (const version of [5, 99, -1]) {
    raw.write(header(18, version));
    const { body } = decodeResponse('ApiVersions', 0, await raw.next());
    t.strictSame(body, { errorCode: 35, apis: [{ key: 18, min: 0, max: 4 }] }, String(version));
  }
});

t.test('what waits is bounded, and nothing is left of a client that hung up', async (t) => {
  const served = await startServed(t);
  const timers = new Set<object>();
  const env = {
    ...served.env,
    after: (ms: number, run: () => void) => {
      const timer = {};
      timers.add(timer);
      const cancel = served.env.after(ms, () => {
        timers.delete(timer);
        run();
      });
      return () => {
        timers.delete(timer);
        cancel();
      };
    },
  };
  const config = {
    ...{ id: 1, clusterId, listen: { host: '', port: 0 }, nodes: [], electionTimeoutMs: 1 },
    ...{ heartbeatMs: 1, fsync: false, segmentBytes: 1, plants: [] },
  };
  const open = (): Piped => {
    const piped = new Piped();
    serve(piped, served.view, env, config, { raft: () => undefined });
    return piped;
  };
  const partition = { partition: 0, fetchOffset: served.group.log.end, maxBytes: 1 };
  const waiting = encodeRequest('Fetch', 4, 1, {
    ...{ replicaId: -1, maxWaitMs: 60_000, minBytes: 1, maxBytes: 1 },
    topics: [{ name: 'orders', partitions: [partition] }],
  });
  const slow = open();
  slow.data(waiting);
  t.ok(slow.isReading, 'a request waits, and more may come');
  for await (const chunk of Readable.from(Array<Buffer>(16).fill(Buffer.alloc(1 << 16))))
    slow.data(chunk as Buffer);
  t.notOk(slow.isReading, 'a megabyte behind it is enough');
  t.equal(timers.size, 1);
  slow.close();
  t.equal(timers.size, 0);

  const deaf = open();
  deaf.held = 5 << 20;
  deaf.data(encodeRequest('ApiVersions', 0, 1, {}));
  t.equal(deaf.written.length, 0, 'who takes no answers gets no more of them');
  t.equal(timers.size, 1);
  deaf.held = 0;
  while (deaf.written.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(timers.size, 0);
  deaf.held = 5 << 20;
  deaf.data(encodeRequest('ApiVersions', 0, 1, {}));
  deaf.close();
  t.equal(timers.size, 0);
});
