/**
 * The load: n workers, each driving one client at a time. A process whose op ended info is
 * replaced by process + concurrency with a fresh client; its worker goes on.
 */
import { setImmediate as turn } from 'node:timers/promises';
import {
  F,
  Kind,
  makeValue,
  messageOf,
  type Client,
  type ClientOp,
  type ClientOutcome,
  type Cluster,
  type OptionValues,
  type PollOutcome,
  type Random,
  type Recorder,
  type Row,
  type SendOutcome,
  type Workload,
} from '../model/index.js';
import { delay } from './wait.js';
import type { Meter } from './meter.js';

export interface LoadParts {
  cluster: Cluster;
  workload: Workload;
  recorder: Recorder;
  meter: Meter;
  random: Random;
  options: OptionValues;
  concurrency: number;
  keys: number;
  acks: number;
  /** Ops a second in total; 0: as fast as they can. */
  rate: number;
}

/** Runs until `stop` is aborted; resolves when every op in flight has ended. */
export async function load(parts: LoadParts, stop: AbortSignal): Promise<void> {
  const pace = breathing(pacer(parts.rate), parts.recorder);
  const closing = new Set<Promise<void>>();
  const workers = Array.from({ length: parts.concurrency }, (_, worker) =>
    work(parts, worker, pace, stop, closing),
  );
  await Promise.all(workers);
  await Promise.all(closing);
}

/**
 * A send with acks=0 ends without waiting for anything: were the workers never to wait, no timer and
 * no signal would be heard, and the load would not end.
 */
function breathing(pace: Pace, recorder: Recorder): Pace {
  let lastNs = recorder.now();
  return async (stop) => {
    await pace(stop);
    if (recorder.now() - lastNs < breathNs) return;
    await turn();
    lastNs = recorder.now();
  };
}
const breathNs = 10e6;

type Pace = (stop: AbortSignal) => Promise<void>;

async function work(
  parts: LoadParts,
  worker: number,
  pace: Pace,
  stop: AbortSignal,
  closing: Set<Promise<void>>,
): Promise<void> {
  const { cluster, workload, concurrency } = parts;
  let sequence = 0;
  let process = worker;
  let client = await cluster.client(worker);
  const generator = workload.worker({
    worker,
    concurrency,
    keys: parts.keys,
    random: parts.random.fork(`worker/${worker}`),
    options: parts.options,
    nextValue: () => makeValue(worker, sequence++),
  });
  const retire = (old: Client): void => {
    const closed = old.close().finally(() => closing.delete(closed));
    closing.add(closed);
  };
  try {
    let next = generator.next();
    const over = (): boolean => stop.aborted;
    while (next.done !== true && !over()) {
      const op = next.value;
      if (op.f === 'sleep') {
        await delay(op.ms, stop);
        next = generator.next({ type: 'ok', slept: true });
        continue;
      }
      await pace(stop);
      if (over()) break;
      const outcome = await perform(parts, client, process, op);
      if (outcome.type === 'info') {
        retire(client);
        process += concurrency;
        client = await cluster.client(worker);
      }
      next = generator.next(outcome);
    }
  } finally {
    retire(client);
  }
}

type RealOp = Exclude<ClientOp, { f: 'sleep' }>;

async function perform(
  parts: LoadParts,
  client: Client,
  process: number,
  op: RealOp,
): Promise<ClientOutcome> {
  const { recorder, meter } = parts;
  const id = recorder.nextOp();
  const invokedNs = recorder.now();
  recorder.append(invocation(op, id, process, invokedNs, parts.acks));
  if (op.f === 'send') {
    const outcome = await guarded(() =>
      client.send({ key: op.key, values: op.values, acks: parts.acks }),
    );
    const timeNs = recorder.now();
    recorder.append(sendCompletion(op, outcome, id, process, timeNs));
    meter.op(outcome.type, timeNs - invokedNs);
    return outcome;
  }
  const outcome = await guarded(() => client.poll({ key: op.key, offset: op.offset }), 'fail');
  const timeNs = recorder.now();
  recordPoll(recorder, op, outcome, id, process, timeNs);
  meter.op(outcome.type, timeNs - invokedNs);
  return outcome;
}

/** A client must not reject; if one does, nobody knows what became of a send. */
async function guarded<T>(
  call: () => Promise<T>,
  type: 'fail' | 'info' = 'info',
): Promise<T | Extract<SendOutcome, { reason: string }>> {
  try {
    return await call();
  } catch (error) {
    return { type, code: 1999, reason: 'client-threw', error: messageOf(error), node: -1 };
  }
}

function invocation(op: RealOp, id: number, process: number, timeNs: number, acks: number): Row[] {
  if (op.f === 'poll') {
    const { key, offset } = op;
    return [{ kind: Kind.invoke, f: F.poll, process, op: id, timeNs, key, offset }];
  }
  return op.values.map((value) => ({
    kind: Kind.invoke,
    f: F.send,
    process,
    op: id,
    timeNs,
    key: op.key,
    value,
    code: acks,
  }));
}

function sendCompletion(
  op: Extract<ClientOp, { f: 'send' }>,
  outcome: SendOutcome,
  id: number,
  process: number,
  timeNs: number,
): Row[] {
  return op.values.map((value, i) => ({
    kind: Kind[outcome.type],
    f: F.send,
    process,
    op: id,
    timeNs,
    key: op.key,
    value,
    node: outcome.node,
    ...(outcome.type === 'ok'
      ? { offset: outcome.offset < 0 ? -1 : outcome.offset + i }
      : { code: outcome.code, text: i === 0 ? `${outcome.reason}: ${outcome.error}` : undefined }),
  }));
}

function recordPoll(
  recorder: Recorder,
  op: Extract<ClientOp, { f: 'poll' }>,
  outcome: PollOutcome,
  id: number,
  process: number,
  timeNs: number,
): void {
  const row: Row = {
    kind: Kind[outcome.type],
    f: F.poll,
    process,
    op: id,
    timeNs,
    key: op.key,
    node: outcome.node,
  };
  if (outcome.type !== 'ok') {
    row.code = outcome.code;
    row.text = `${outcome.reason}: ${outcome.error}`;
    recorder.append([row]);
    return;
  }
  row.offset = outcome.next;
  row.value = outcome.highWatermark;
  recorder.complete(row, outcome.records);
}

/** Spaces ops evenly over all workers. */
function pacer(rate: number): (stop: AbortSignal) => Promise<void> {
  if (rate <= 0) return () => Promise.resolve();
  const gapMs = 1000 / rate;
  let nextAt = performance.now();
  return async (stop) => {
    const now = performance.now();
    // A backlog is not made up for in a burst: the rate is a ceiling.
    nextAt = Math.max(nextAt + gapMs, now);
    if (nextAt > now) await delay(nextAt - now, stop);
  };
}
