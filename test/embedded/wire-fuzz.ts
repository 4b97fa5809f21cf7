/** Hostile frames, and a connection without a network to feed them through. */
import fc from 'fast-check';
import type { Connection } from '../../src/targets/embedded/broker/env.js';
import { raftFrame } from '../../src/targets/embedded/broker/wire/raft.js';
import { serve } from '../../src/targets/embedded/broker/wire/serve.js';
import { produceOf } from './wire-batch.js';
import { decodeResponse, encodeRequest, type Body } from './wire-codec.js';
import { clusterId, configOf, topicId, type Served } from './wire-node.js';
import { schemas, type ApiName } from './wire-schema.js';

/** A connection whose other side is the test. */
export class Piped implements Connection {
  readonly written: Buffer[] = [];
  held = 0;
  isReading = true;
  isClosed = false;
  data: (bytes: Buffer) => void = () => undefined;
  #close = (): void => undefined;
  write(bytes: Buffer): void {
    this.written.push(bytes);
  }
  unsent(): number {
    return this.held;
  }
  onData(handle: (bytes: Buffer) => void): void {
    this.data = handle;
  }
  reading(on: boolean): void {
    this.isReading = on;
  }
  onClose(handle: () => void): void {
    this.#close = handle;
  }
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#close();
  }
}

/** One valid request of each API in each version, and a message of each kind. */
function validFrames(): Buffer[] {
  const partition = { index: 0, partition: 0, currentLeaderEpoch: -1, timestamp: 5, maxBytes: 999 };
  const about = {
    ...{ replicaId: -1, maxBytes: 999, sessionEpoch: -1, timeoutMs: 1, names: ['a', 'b'] },
    topics: [
      { name: 'orders', partitions: [partition] },
      { name: 'none', partitions: [partition] },
    ],
    forgotten: [{ topic: 'a', partitions: [1, 2] }],
  };
  const bodies: Partial<Record<ApiName, Body>> = {
    Produce: produceOf('abc', { timeoutMs: 1 }),
    Metadata: { topics: [{ name: 'orders', id: topicId }, { name: 'none' }] },
    CreateTopics: {
      ...{ timeoutMs: 1, validateOnly: false },
      topics: [
        {
          ...{ name: 'new', partitions: 1, replicationFactor: 1 },
          assignments: [{ partition: 0, brokers: [1, 2] }],
          configs: [{ name: 'a', value: null }],
        },
      ],
    },
  };
  const requests = (Object.keys(schemas) as ApiName[]).flatMap((name) => {
    const { min, max } = schemas[name];
    const versions = Array.from({ length: max - min + 1 }, (_, i) => min + i);
    return versions.map((version) => encodeRequest(name, version, 7, bodies[name] ?? about));
  });
  const head = { group: `${topicId}-0`, from: 2, term: 1 };
  const entries = Buffer.alloc(99, 1);
  const raft = [
    raftFrame(clusterId, { ...head, kind: 'vote', pre: true, end: 1, lastEpoch: 1 }),
    raftFrame(clusterId, {
      ...{ ...head, kind: 'append', base: 1, prevEpoch: 1, commit: 1, isr: [1, 2], entries },
    }),
    raftFrame(clusterId, { ...head, kind: 'leads', isr: [1, 2, 3] }),
  ];
  return [...requests, ...raft];
}

const extremes = [0, 1, -1, 0x7f, 0x7fff, 0x7fffffff, -0x80000000, 1 << 20, 0x01000000];
type Change =
  | { what: 'byte' | 'int32'; at: number; value: number }
  | { what: 'cut' | 'double'; at: number; value: number };
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ what: fc.constant('byte' as const), at: fc.nat(), value: fc.nat({ max: 255 }) }),
  fc.record({
    what: fc.constant('int32' as const),
    at: fc.nat(),
    value: fc.constantFrom(...extremes),
  }),
  fc.record({ what: fc.constantFrom('cut', 'double'), at: fc.nat(), value: fc.nat() }),
);

function changed(frame: Buffer, { what, at, value }: Change): Buffer {
  const bytes = Buffer.from(frame);
  if (bytes.length < 8) return bytes;
  if (what === 'byte') bytes[at % bytes.length] = value;
  else if (what === 'int32') bytes.writeInt32BE(value, at % (bytes.length - 3));
  else if (what === 'cut') return bytes.subarray(0, at % bytes.length);
  else return Buffer.concat([bytes, bytes.subarray(at % bytes.length)]);
  return bytes;
}

/** What one connection is sent, and how long its pieces are. */
export interface Hostile {
  bytes: Buffer;
  pieces: readonly number[];
}

const mutated = fc
  .tuple(
    fc.constantFrom(...validFrames()),
    fc.array(change, { maxLength: 4 }),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([frame, changes, sized]) => {
    const bytes = changes.reduce(changed, frame);
    // Else most of them would fail at their size and go no further.
    if (sized > 0 && bytes.length > 4) bytes.writeInt32BE(bytes.length - 4, 0);
    return bytes;
  });
const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const framedNoise = fc
  .tuple(fc.constantFrom(...validFrames()), fc.uint8Array({ maxLength: 200 }))
  .map(([frame, tail]) => {
    const bytes = Buffer.concat([frame.subarray(0, 18), tail]);
    bytes.writeInt32BE(bytes.length - 4, 0);
    return bytes;
  });

export const hostile: fc.Arbitrary<Hostile> = fc.record({
  bytes: fc
    .array(fc.oneof({ weight: 6, arbitrary: mutated }, framedNoise, noise), {
      minLength: 1,
      maxLength: 4,
    })
    .map((frames) => Buffer.concat(frames)),
  pieces: fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 10 }),
});

/**
 * Feeds it to a new connection. Throws if the broker throws, answers something that is no frame,
 * or gives another connection no answer afterwards.
 */
export async function feed(served: Served, { bytes, pieces }: Hostile): Promise<'closed' | 'open'> {
  const open = (): Piped => {
    const piped = new Piped();
    serve(piped, served.view, served.env, configOf(served.port), { raft: () => undefined });
    return piped;
  };
  const piped = open();
  for (let at = 0, i = 0; at < bytes.length && !piped.isClosed; i++) {
    const next = at + pieces[i % pieces.length]!;
    piped.data(bytes.subarray(at, next));
    at = next;
  }
  await new Promise((resolve) => setImmediate(resolve));
  for (const answer of piped.written)
    if (answer.readInt32BE(0) !== answer.length - 4) throw new Error('an answer that is no frame');
  const state = piped.isClosed ? 'closed' : 'open';
  piped.close();
  const after = open();
  after.data(encodeRequest('ApiVersions', 0, 9, {}));
  const { correlation } = decodeResponse('ApiVersions', 0, after.written[0]!.subarray(4));
  if (correlation !== 9) throw new Error(`an answer to ${correlation}`);
  return state;
}
