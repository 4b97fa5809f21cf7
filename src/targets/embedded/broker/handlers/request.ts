/** What the handlers share: a request, and the topics with partitions that most of them are about. */
import type { Writer } from '@platformatic/kafka';
import type { Env } from '../env.js';
import type { Group, NodeView } from '../types.js';
import type { Input } from '../wire/input.js';
import { codes } from './codes.js';

export interface Request {
  version: number;
  /** Lengths are compact, and structs end with tagged fields. */
  flexible: boolean;
  /** Stands at the body. */
  input: Input;
  node: NodeView;
  env: Env;
  plants: ReadonlySet<string>;
  /** Called if the connection closes while the answer waits for something. */
  ends: Set<() => void>;
}

export interface Api {
  key: number;
  name: string;
  min: number;
  max: number;
  /** The first version with tagged fields. */
  flexible: number;
  /** Undefined: nothing is answered. Throws if the connection is to be closed. */
  handle(request: Request): Writer | Promise<Writer> | undefined;
  /** Only of ApiVersions, which answers in every version, and always without tags in the header. */
  refuse?(): Writer;
}

/** One partition of a request, with what was asked of it. */
export type Of<T> = T & { topic: string; partition: number };

/**
 * Topics, each with its partitions. One that is named twice closes the connection: it could only
 * multiply the work.
 */
export function readPartitions<T>({ input, flexible }: Request, read: () => T): Of<T>[] {
  const seen = new Set<string>();
  const topics = input.array(flexible, () => {
    const topic = input.string(flexible);
    return input.array(flexible, () => {
      const partition = input.int32();
      const name = `${topic}-${partition}`;
      if (seen.size === seen.add(name).size)
        throw new Error(`Expected ${name} once, got it twice.`);
      return { topic, partition, ...read() };
    });
  });
  return topics.flat();
}

/** In the order of the first of each; a group is not empty. */
export function grouped<T>(all: readonly T[], by: (one: T) => string): [string, [T, ...T[]]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const one of all) {
    const group = groups.get(by(one));
    if (group) group.push(one);
    else groups.set(by(one), [one]);
  }
  return [...groups];
}

/** Each element is a struct: where lengths are compact, it ends with tagged fields. */
export function writeArray<T>(
  out: Writer,
  flexible: boolean,
  list: readonly T[],
  write: (one: T) => void,
): Writer {
  return out.appendArray([...list], (_, one) => write(one), flexible, flexible);
}

/** As they were asked for: by topic, then by partition. */
export function writePartitions<T extends { topic: string }>(
  out: Writer,
  flexible: boolean,
  answers: readonly T[],
  write: (answer: T) => void,
): Writer {
  return writeArray(
    out,
    flexible,
    grouped(answers, ({ topic }) => topic),
    ([name, partitions]) => {
      writeArray(out.appendString(name, flexible), flexible, partitions, write);
    },
  );
}

/** This node's replica, or the code that says why there is none. */
export function findGroup(node: NodeView, topic: string, partition: number): Group | number {
  const found = node.topics.get(topic)?.partitions.find(({ index }) => index === partition);
  return found ? (found.group ?? codes.notLeader) : codes.unknownTopicOrPartition;
}

/** -1 asks in no epoch. In the order of Kafka: the epoch first, then who leads. */
export function checkLeader(group: Group, epoch: number, leaderOnly = true): number {
  if (epoch >= 0 && epoch < group.term) return codes.fencedLeaderEpoch;
  if (epoch > group.term) return codes.unknownLeaderEpoch;
  return leaderOnly && !group.isLeader ? codes.notLeader : codes.none;
}

/** The group of a partition that this node leads in that epoch (-1: in any), or a code. */
export function ledGroup(
  node: NodeView,
  topic: string,
  partition: number,
  epoch: number,
): Group | number {
  const group = findGroup(node, topic, partition);
  if (typeof group === 'number') return group;
  return checkLeader(group, epoch) || group;
}

/**
 * Resolves once `begin`'s callback was called, or after `timeoutMs`; rejects when the connection
 * closes. What `begin` returns is called then.
 */
export function waitFor(
  { env, ends }: Request,
  timeoutMs: number,
  begin: (done: () => void) => (() => void)[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let cancels: (() => void)[] = [];
    const stop = (): void => {
      ends.delete(close);
      for (const cancel of cancels) cancel();
      cancels = [];
    };
    const close = (): void => {
      stop();
      reject(new Error('Expected the client to wait for its answer, but it hung up.'));
    };
    const done = (): void => {
      stop();
      resolve();
    };
    ends.add(close);
    cancels = [env.after(Math.max(0, timeoutMs), done), ...begin(done)];
    // It was done before all of it was begun.
    if (!ends.has(close)) stop();
  });
}
