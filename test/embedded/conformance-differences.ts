/**
 * Where the reference cluster is meant to differ from Apache Kafka: what it answers instead, and
 * why. Everything else must be equal.
 */
import { join } from 'node:path';
import type { Test } from 'tap';
import { root } from '../support/cli.js';
import type { Answers } from '../support/conformance.js';

export interface Difference {
  steps: readonly string[];
  why: string;
  answer: unknown;
}

const unsupported = { name: 'KafkaJSServerDoesNotSupportApiKey', retriable: false };
const noCoordinator = { error: { name: 'KafkaJSGroupCoordinatorNotFound', retriable: false } };

export const differences: readonly Difference[] = [
  {
    steps: ['later: idempotent producer'],
    why: 'idempotence comes later; until then it is refused before anything is sent',
    answer: { error: unsupported },
  },
  {
    steps: ['produce: a producer id'],
    why: 'idempotence comes later; a batch that claims it is refused',
    answer: [{ errorCode: 87 }],
  },
  {
    steps: ['later: transaction', 'later: group'],
    why: 'transactions and groups come later',
    answer: noCoordinator,
  },
  {
    steps: ['later: groups', 'later: more partitions', 'later: settings'],
    why: 'not among the requests of a first reference cluster',
    answer: { error: unsupported },
  },
  {
    steps: ['later: records deleted'],
    why: 'not among the requests of a first reference cluster',
    answer: { error: { name: 'KafkaJSNonRetriableError', retriable: false, cause: unsupported } },
  },
  {
    steps: ['versions: the oldest and newest'],
    why: 'what kafkajs and the probes need; within the ranges of Kafka, as a test of its own shows',
    answer: {
      ...{ 0: '3 to 8', 1: '4 to 11', 2: '1 to 7', 3: '1 to 12', 18: '0 to 4' },
      ...{ 19: '2 to 7', 20: '1 to 6', 23: '2 to 4', 55: '0 to 2' },
    },
  },
  {
    steps: ['create: a partition on chosen nodes'],
    why: 'nobody chooses replicas here; refused, not ignored',
    answer: {
      error: {
        name: 'KafkaJSAggregateError',
        errors: [
          {
            ...{ name: 'KafkaJSCreateTopicError', type: 'INVALID_REPLICA_ASSIGNMENT' },
            ...{ code: 39, retriable: false, topic: 'chosen' },
          },
        ],
      },
    },
  },
  {
    steps: ['fetch: a session'],
    why: 'sessions are an offer of the broker; 0 declines, as the protocol has it',
    answer: { errorCode: 0, made: false, partitions: 1 },
  },
  {
    steps: ['produce: rubbish after it'],
    why: 'stricter: bytes that nobody asked for are no batch',
    answer: [{ errorCode: 87 }],
  },
  {
    steps: ['hostile: list of -2'],
    why: 'stricter: Kafka takes every negative length for null',
    answer: { answer: 'closed', next: 'answered' },
  },
  {
    steps: ['produce: an unknown codec'],
    why: 'Kafka fails without a code of its own (-1); here it is told what is wrong',
    answer: [{ errorCode: 76 }],
  },
  {
    steps: ['produce: records that are none'],
    why: 'Kafka fails without a code of its own (-1); here it is told what is wrong',
    answer: [{ errorCode: 87 }],
  },
  {
    steps: ['produce: a codec that does not unpack'],
    why: 'compressed records pass through unseen: there are no codecs in the broker',
    answer: [{ appendTime: -1, logStart: 0, kept: ['unreadable'] }],
  },
  {
    steps: ['send: a day ahead'],
    why: 'no limits on time stamps, which are settings of a topic in Kafka',
    answer: [
      {
        ...{ topicName: 'alone', partition: 1, errorCode: 0, logAppendTime: '-1' },
        ...{ logStartOffset: '0', base: 1 },
      },
    ],
  },
  {
    steps: ['killed: described by kafkajs'],
    why: 'a node knows who is not in sync, and nothing of who is offline',
    answer: [
      {
        ...{ partitionErrorCode: 0, partitionId: 0, offlineReplicas: [] },
        ...{ led: true, isr: 2, replicas: 3 },
      },
    ],
  },
];

/** What Apache Kafka answered, kept so that a machine without Java can compare; see conformance.e2e.ts. */
export const recordedFile = join(root, 'test', 'embedded', 'conformance-kafka.json');

/** Step by step: the answers are equal, or differ as the table says. */
export function compare(t: Test, kafka: Answers, embedded: Answers): void {
  const rows = new Map(differences.flatMap((row) => row.steps.map((step) => [step, row])));
  const unknown = [...rows.keys()].filter((step) => !(step in kafka));
  t.same(unknown, [], 'each step of the table is one of the script');
  t.same(Object.keys(embedded), Object.keys(kafka), 'both took all steps');
  for (const [step, answer] of Object.entries(kafka)) {
    const row = rows.get(step);
    if (row) {
      t.strictSame(embedded[step], json(row.answer), `${step}: other than Kafka: ${row.why}`);
      t.strictNotSame(answer, json(row.answer), `${step}: is still a difference`);
    } else t.strictSame(embedded[step], answer, step);
  }
  const ranges = 'versions: the oldest and newest';
  const offered = kafka[ranges] as Record<string, string>;
  for (const [key, range] of Object.entries(embedded[ranges] as Record<string, string>)) {
    const [[low, high], [min, max]] = [bounds(range), bounds(offered[key]!)];
    t.ok(low >= min && high <= max, `versions ${range} of request ${key} are Kafka's too`);
  }
}

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const bounds = (range: string): [number, number] =>
  range.split(' to ').map(Number) as [number, number];
