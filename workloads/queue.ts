/**
 * Workers send unique values to chosen keys and poll chosen keys from chosen offsets, without a
 * consumer group: each worker is a producer and an assigned consumer of its own.
 */
import type { Random, Workload, WorkerContext } from '../src/model/index.js';

/** How often a poll goes back to what was read before. */
const goBack = 0.01;
/** How many polls read on there, before the worker returns to the end. */
const backPolls = 3;
/** After an op that did not go well, so that a dead cluster is not hammered. */
const restMs = [20, 50] as const;
/** The first step back from an offset that the log does not reach (any more). */
const firstRetreat = 16;

/** What one worker knows of one key. */
class Reader {
  /** The furthest next offset it was given. */
  private end = 0;
  private position = 0;
  private pollsBack = 0;
  private retreat = firstRetreat;
  /** The last poll found nothing. */
  empty = false;

  next(random: Random): number {
    if (this.pollsBack > 0) this.pollsBack--;
    else {
      this.position = this.end;
      if (this.end > 0 && random.next() < goBack) {
        this.position = random.next() < 0.5 ? 0 : random.below(this.end);
        this.pollsBack = random.below(backPolls);
      }
    }
    return this.position;
  }

  found(next: number, records: number): void {
    this.position = next;
    this.end = Math.max(this.end, next);
    this.empty = records === 0;
    this.retreat = firstRetreat;
    // What it went back for has been read.
    if (next >= this.end) this.pollsBack = 0;
  }

  /**
   * It went back to what has expired: go on at the end. Or the log was cut below what this worker
   * has read: look for its end backwards.
   */
  outOfRange(): void {
    const wentBack = this.position < this.end;
    this.pollsBack = 0;
    if (wentBack) return;
    this.end = Math.max(0, this.position - this.retreat);
    this.retreat *= 4;
  }
}

function* worker(context: WorkerContext): ReturnType<Workload['worker']> {
  const { keys, random, options } = context;
  const polls = Number(options['polls']);
  const batch = Number(options['batch']);
  const readers = Array.from({ length: keys }, () => new Reader());
  for (;;) {
    let outcome;
    if (random.next() < polls) {
      const key = pickKey(readers, random);
      const reader = readers[key]!;
      outcome = yield { f: 'poll', key, offset: reader.next(random) };
      if (outcome.type === 'ok' && 'records' in outcome)
        reader.found(outcome.next, outcome.records.n);
      else if (outcome.type !== 'ok' && outcome.reason === 'OFFSET_OUT_OF_RANGE')
        reader.outOfRange();
    } else {
      const values = Array.from({ length: batch }, () => context.nextValue());
      outcome = yield { f: 'send', key: random.below(keys), values };
    }
    if (outcome.type !== 'ok') yield { f: 'sleep', ms: random.between(...restMs) };
  }
}

/** Keys whose last poll found something come first; then each has its turn again. */
function pickKey(readers: readonly Reader[], random: Random): number {
  const keys = readers.map((_, key) => key);
  const full = keys.filter((key) => !readers[key]!.empty);
  if (full.length > 0) return random.pick(full);
  for (const reader of readers) reader.empty = false;
  return random.pick(keys);
}

const topicName = (i: number): string => (i === 0 ? 'orders' : `orders${i + 1}`);

const queue: Workload = {
  meta: {
    id: 'queue',
    help: 'concurrent clients send unique values and poll chosen partitions, without a group',
    options: {
      topics: { type: 'number', default: 1, min: 1, max: 100, integer: true, help: 'topics' },
      partitions: {
        type: 'number',
        default: 3,
        min: 1,
        max: 1000,
        integer: true,
        help: 'partitions of each topic',
      },
      replicationFactor: {
        type: 'number',
        default: 3,
        min: 1,
        max: 7,
        integer: true,
        help: 'replicas of each partition',
      },
      acks: {
        type: 'string',
        default: 'all',
        choices: ['all', '1', '0'],
        help: 'who must have a write before it is acknowledged; with 1 and 0 Kafka may lose it',
      },
      rate: {
        type: 'number',
        default: 0,
        min: 0,
        help: 'operations per second of all clients together; 0: as fast as they can',
        placeholder: 'ops/s',
      },
      polls: {
        type: 'number',
        default: 0.5,
        min: 0,
        max: 1,
        help: 'share of the operations that are polls',
        placeholder: 'ratio',
      },
      batch: {
        type: 'number',
        default: 1,
        min: 1,
        max: 10_000,
        integer: true,
        help: 'values in one send',
        placeholder: 'values',
      },
      valueBytes: {
        type: 'number',
        default: 0,
        min: 0,
        max: 900_000,
        integer: true,
        help: 'size of each value; 0: as short as possible',
        placeholder: 'bytes',
      },
      pollBytes: {
        type: 'number',
        default: 65_536,
        min: 1,
        max: 50_000_000,
        integer: true,
        help: 'at most this much in one poll (but one whole batch)',
        placeholder: 'bytes',
      },
    },
  },
  topics: (options) =>
    Array.from({ length: Number(options['topics']) }, (_, i) => ({
      name: topicName(i),
      partitions: Number(options['partitions']),
    })),
  worker,
};
export default queue;
