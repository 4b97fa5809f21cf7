/** How witnesses are told: sentences and steps that a person can check against the history. */
import {
  Kind,
  valueName,
  type Facts,
  type FinalRead,
  type ProofStep,
  type Sight,
} from '../model/index.js';
import { inForce } from './faults.js';

export const num = (n: number): string => n.toLocaleString('en-US');
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${num(n)} ${n === 1 ? one : many}`;
export const list = (items: readonly (string | number)[]): string =>
  items.length < 2
    ? items.join('')
    : `${items.slice(0, -1).join(', ')} and ${String(items.at(-1))}`;
/** `18.246 s` */
export const sec = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`;
/** `node 1 in epoch 4`, `node 1`, `a node`. */
export const nodeText = (node: number, epoch = -1): string =>
  `${node < 0 ? 'a node' : `node ${node}`}${epoch < 0 ? '' : ` in epoch ${epoch}`}`;
/** `Fault 2, isolate leader node 1 | 2 3, was in force.` or nothing. */
export function faultText(facts: Facts, timeNs: number): string {
  const spans = facts.faults.spans.filter((span) => inForce(span, timeNs));
  const names = spans.map(({ id, title, what }) => `fault ${id}, ${`${title} ${what}`.trim()},`);
  if (names.length === 0) return '';
  const text = `${list(names)} ${names.length === 1 ? 'was' : 'were'} in force.`;
  return ` ${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** `node 1, epoch 4` */
const where = (node: number, epoch: number): string =>
  [...(node < 0 ? [] : [`node ${node}`]), ...(epoch < 0 ? [] : [`epoch ${epoch}`])].join(', ');
const tail = (node: number, epoch: number): string => {
  const text = where(node, epoch);
  return text && `, ${text}`;
};

export const sendStep = (facts: Facts, w: number): ProofStep => ({
  op: facts.writes.op[w]!,
  process: facts.writes.process[w]!,
  timeNs: facts.writes.invokeNs[w]!,
  what: 'send',
  says: `value ${valueName(facts.writes.value[w]!)}`,
});

/** How a send ended, in one step; an open op has none. */
export function endSteps(facts: Facts, w: number, epoch: number, reason = ''): ProofStep[] {
  const { writes } = facts;
  const outcome = writes.outcome[w]!;
  if (outcome === Kind.invoke) return [];
  const offset = writes.offset[w]!;
  const says =
    outcome === Kind.ok
      ? `${offset < 0 ? 'without an offset' : `at offset ${offset}`}${tail(writes.node[w]!, epoch)}`
      : reason || where(writes.node[w]!, -1);
  const what = outcome === Kind.ok ? 'ok' : outcome === Kind.fail ? 'fail' : 'info';
  const [op, process] = [writes.op[w]!, writes.process[w]!];
  return [{ op, process, timeNs: writes.completeNs[w]!, what, says }];
}

export const sightStep = ({ op, process, timeNs, by, ...sight }: Sight): ProofStep => ({
  op,
  process,
  timeNs,
  what: by === 'ack' ? 'ok' : by,
  says: `offset ${sight.offset}: ${valueName(sight.value)}${tail(sight.node, sight.epoch)}`,
});

export const finalStep = (read: FinalRead, says: string): ProofStep => ({
  op: read.op,
  process: -1,
  timeNs: read.timeNs,
  what: 'final',
  says: `offsets ${read.logStart} to ${read.reached - 1}: ${says}`,
});

/** `process 3 read offset 333 at 20.451 s and got w3.8` */
export function sightText(sight: Sight): string {
  const value = valueName(sight.value);
  const who = {
    ack: `process ${sight.process} was told at ${sec(sight.timeNs)} by ${nodeText(sight.node, sight.epoch)} that offset ${sight.offset} holds ${value}`,
    poll: `process ${sight.process} read offset ${sight.offset} at ${sec(sight.timeNs)} from ${nodeText(sight.node)} and got ${value}`,
    final: `the final read got ${value} at offset ${sight.offset}`,
    replica: `node ${sight.node}'s own log has ${value} at offset ${sight.offset}`,
  };
  return who[sight.by];
}

export const sentence = (text: string): string => {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
};

/** Who sent a value and how that ended: `process 5 sent w5.103 to orders-0 and was told ...`. */
export function sendText(facts: Facts, w: number, epoch: number): string {
  const { writes } = facts;
  const sent = `process ${writes.process[w]!} sent ${valueName(writes.value[w]!)} to ${facts.keyText(writes.key[w]!)}`;
  const at = sec(writes.completeNs[w]!);
  switch (writes.outcome[w]) {
    case Kind.ok:
      return writes.offset[w]! < 0
        ? `${sent} with acks=0`
        : `${sent} and was told at ${at} by ${nodeText(writes.node[w]!, epoch)} that it holds offset ${writes.offset[w]!}`;
    case Kind.fail:
      return `${sent} and was told at ${at} that it failed`;
    default:
      return `${sent} at ${sec(writes.invokeNs[w]!)} and does not know how that ended`;
  }
}

/** A key's name; -1 stands for the metadata quorum where an epoch is meant. */
export const keyKind = (facts: Facts, key: number): string =>
  key < 0 ? 'the metadata quorum' : facts.keyText(key);
