/**
 * The one table that decides whether an op took effect. A wrong `fail` makes false alarms, a wrong
 * `ok` hides losses; so a send that is not listed here is `info`. A poll that fails changed nothing:
 * it is always `fail`, whatever went wrong. Codes below 1000 are Kafka's own.
 */
import { protocolErrorsCodesById } from '@platformatic/kafka';
import type { NotOk } from '../model/index.js';

interface Row {
  code: number;
  reason: string;
  /** Of a send. */
  send: 'fail' | 'info';
  /** Why it is so. */
  why: string;
}

/** Broker errors of Produce. Their names are Kafka's. */
const produceRows: readonly Omit<Row, 'reason'>[] = [
  // Refused before the append.
  {
    code: 10,
    send: 'fail',
    why: 'the batch was larger than allowed; it was checked, not appended',
  },
  { code: 17, send: 'fail', why: 'the topic is not one that may be written to' },
  { code: 18, send: 'fail', why: 'the batch was larger than a segment; it was not appended' },
  { code: 19, send: 'fail', why: 'too few in-sync replicas; checked before the append' },
  { code: 21, send: 'fail', why: 'the broker does not know these acks; nothing was appended' },
  { code: 29, send: 'fail', why: 'not allowed to write to the topic' },
  { code: 32, send: 'fail', why: 'a time stamp out of range; the batch was not appended' },
  { code: 35, send: 'fail', why: 'the broker does not speak this version of Produce' },
  { code: 76, send: 'fail', why: 'the broker does not accept this compression' },
  { code: 87, send: 'fail', why: 'a record was refused by validation; none was appended' },
  // May have been appended.
  { code: -1, send: 'info', why: 'the broker failed at an unknown point' },
  { code: 2, send: 'info', why: 'may come after another replica took the bytes' },
  { code: 3, send: 'info', why: 'the topic may have gone after the append' },
  { code: 6, send: 'info', why: 'leadership may have been lost between the append and the ack' },
  { code: 7, send: 'info', why: 'appended, but not replicated in time' },
  { code: 13, send: 'info', why: 'the broker lost a connection at an unknown point' },
  { code: 20, send: 'info', why: 'appended by the leader, then too few in-sync replicas' },
  { code: 56, send: 'info', why: 'the disk failed before, during or after the append' },
];

/** What the client itself saw. `unsent`: no byte of a Produce request was given to a socket. */
const ownRows = {
  timedOut: [1000, 'timed-out', 'info', 'no answer in time to a Produce that was written'],
  closed: [1001, 'connection-closed', 'info', 'hung up on after a Produce was written'],
  broken: [1002, 'connection-error', 'info', 'the connection broke after a Produce was written'],
  noOffset: [1003, 'no-offset', 'info', 'code 0 with base offset -1 is no proof of an append'],
  badAnswer: [1004, 'bad-answer', 'info', 'the answer could not be read'],
  unlisted: [1005, 'unexpected', 'info', 'not in this table'],
  timedOutUnsent: [
    1010,
    'timed-out-unsent',
    'fail',
    'the time was over before a Produce was written',
  ],
  noBroker: [1011, 'no-broker', 'fail', 'no broker told who leads the key; nothing was written'],
  noLeader: [1012, 'no-leader', 'fail', 'the key has no leader; nothing was written'],
  noConnection: [1013, 'no-connection', 'fail', 'no connection to the leader; nothing was written'],
  unsent: [1014, 'unsent', 'fail', 'no Produce was written to a socket'],
} as const satisfies Record<string, readonly [number, string, 'fail' | 'info', string]>;

export type Trouble = keyof typeof ownRows;

/** All rows, for the documentation and its test. */
export const outcomeTable: readonly Row[] = [
  ...produceRows.map((row) => ({ ...row, reason: errorName(row.code) })),
  ...Object.values(ownRows).map(([code, reason, send, why]) => ({ code, reason, send, why })),
];
const rowOf = new Map(outcomeTable.map((row) => [row.code, row]));

/** Kafka's name of an error code: `NOT_LEADER_OR_FOLLOWER`. */
export function errorName(code: number): string {
  return protocolErrorsCodesById[code] ?? `KAFKA_ERROR_${code}`;
}

/** Codes after which the client must ask anew who leads the key. */
export const staleCodes: ReadonlySet<number> = new Set([3, 5, 6, 8, 9, 13, 56, 74, 75, 100, 103]);

/** A broker answered an op with an error code other than 0. */
export function fromCode(f: 'send' | 'poll', code: number, node: number): NotOk {
  const row = rowOf.get(code);
  const reason = row?.reason ?? errorName(code);
  const why =
    f === 'poll' ? 'a poll that failed changed nothing' : (row?.why ?? ownRows.unlisted[3]);
  const type = f === 'poll' ? 'fail' : (row?.send ?? 'info');
  return { type, code, reason, error: `node ${node} answered ${reason}: ${why}`, node };
}

/** The client saw an op end without an answer. `detail` says what happened. */
export function fromTrouble(
  f: 'send' | 'poll',
  trouble: Trouble,
  node: number,
  detail: string,
): NotOk {
  const [code, reason, send, why] = ownRows[trouble];
  const says = f === 'poll' ? 'a poll that failed changed nothing' : why;
  return { type: f === 'poll' ? 'fail' : send, code, reason, error: `${detail}: ${says}`, node };
}
