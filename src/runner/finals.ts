/**
 * The end of a run: wait until the cluster has recovered, read every key from its log start to
 * the high watermark with fresh clients, read every replica's own log.
 */
import PQueue from 'p-queue';
import {
  F,
  Kind,
  messageOf,
  type Client,
  type Cluster,
  type Recorder,
  type Records,
  type RunEvents,
  type View,
} from '../model/index.js';
import { keyStates, type Probes } from './probes.js';
import { delay } from './wait.js';

interface Parts {
  cluster: Cluster;
  probes: Probes;
  recorder: Recorder;
  events: RunEvents;
  keys: number;
  /** Full size of each key's in-sync set. */
  replicationFactor: number;
  signal: AbortSignal;
}

/** Until every node answers and every key has a leader and a full ISR; false: not within `boundMs`. */
export async function recover(parts: Parts, boundMs: number): Promise<boolean> {
  const until = performance.now() + boundMs;
  const size = Math.min(parts.replicationFactor, parts.cluster.nodes.length);
  for (;;) {
    const views = await parts.probes.ask();
    const whole =
      views.length === parts.cluster.nodes.length &&
      views.every((view) => view.error === undefined) &&
      keyStates(views, parts.keys).every((key) => key.leader >= 0 && key.isr.length >= size);
    if (whole) return true;
    if (performance.now() > until || parts.signal.aborted) return false;
    await delay(200, parts.signal);
  }
}

interface Mark {
  key: number;
  leader: number;
  epoch: number;
  logStart: number;
  highWatermark: number;
}

/**
 * The watermarks of all leaders, once two asks in a row agree and none lies below what a leader
 * served before: the tail is replicated by then. A new leader's may be low for a while (KIP-207).
 */
async function marks(parts: Parts, boundMs: number): Promise<(Mark | undefined)[]> {
  const until = performance.now() + boundMs;
  let before = '';
  for (;;) {
    const found = latest(await parts.probes.ask(), parts.keys);
    const text = JSON.stringify(found);
    const { highest } = parts.probes;
    const whole = found.every(
      (mark, key) => mark !== undefined && mark.highWatermark >= (highest.get(key) ?? 0),
    );
    if ((whole && text === before) || performance.now() > until || parts.signal.aborted)
      return found;
    before = text;
    await delay(250, parts.signal);
  }
}

/** Of the leader in the newest epoch that anybody names: an older one may hold what was lost. */
function latest(views: readonly View[], keys: number): (Mark | undefined)[] {
  const found: (Mark | undefined)[] = new Array<undefined>(keys).fill(undefined);
  const states = keyStates(views, keys);
  for (const view of views) {
    for (const { key, epoch, logStart, highWatermark, asLeader } of view.watermarks) {
      if (!asLeader || epoch < Math.max(found[key]?.epoch ?? -1, states[key]?.epoch ?? -1))
        continue;
      found[key] = { key, leader: view.node, epoch, logStart, highWatermark };
    }
  }
  return found;
}

/** The final read of every key. Gives the marks, for the replicas. */
export async function readFinals(parts: Parts, boundMs: number): Promise<(Mark | undefined)[]> {
  const found = await marks(parts, boundMs);
  const queue = new PQueue({ concurrency: 4 });
  await Promise.all(
    found.map((mark, key) => queue.add(() => readFinal(parts, key, mark, boundMs))),
  );
  const complete = found.filter((mark) => mark !== undefined).length;
  parts.events.line('read', `${complete} of ${found.length} keys to the high watermark`);
  return found;
}

async function readFinal(
  parts: Parts,
  key: number,
  mark: Mark | undefined,
  boundMs: number,
): Promise<void> {
  const { recorder, cluster } = parts;
  const id = recorder.nextOp();
  const about = { f: F.final, op: id, key };
  const invoke = { ...about, kind: Kind.invoke, timeNs: recorder.now() };
  if (!mark) {
    recorder.append([invoke]);
    recorder.append([
      {
        ...about,
        kind: Kind.fail,
        timeNs: recorder.now(),
        text: 'no leader gave a high watermark',
      },
    ]);
    return;
  }
  const { logStart, highWatermark, epoch } = mark;
  recorder.append([{ ...invoke, offset: logStart, value: highWatermark, epoch }]);
  const gathered = new Gathered();
  let next = logStart;
  let node = -1;
  let why: string | undefined;
  let client: Client | undefined;
  let until = performance.now() + boundMs;
  while (next < highWatermark) {
    client ??= await cluster.client(undefined);
    const outcome = await client.poll({ key, offset: next });
    if (outcome.type === 'ok') {
      gathered.add(outcome.records, highWatermark);
      node = outcome.node;
      // A long log takes long; only a reader that gets no further is given up.
      if (outcome.next > next) until = performance.now() + boundMs;
      next = outcome.next;
    } else why = outcome.error;
    if (next < highWatermark && (performance.now() > until || parts.signal.aborted)) {
      why ??= `it got no further for ${boundMs / 1000} s`;
      break;
    }
    if (outcome.type !== 'ok') {
      await client.close();
      client = undefined;
      await delay(200, parts.signal);
    }
  }
  await client?.close();
  const reached = Math.min(next, highWatermark);
  recorder.complete(
    {
      ...about,
      kind: reached >= highWatermark ? Kind.ok : Kind.fail,
      timeNs: recorder.now(),
      offset: reached,
      value: highWatermark,
      node,
      text: reached >= highWatermark ? undefined : why,
    },
    gathered.records(),
  );
}

/** Every replica's own log. A replica gets `boundMs` to catch up with the leader's mark. */
export async function readReplicas(
  parts: Parts,
  found: readonly (Mark | undefined)[],
  boundMs: number,
): Promise<void> {
  const { cluster } = parts;
  if (!cluster.replica) return;
  const views = await parts.probes.ask(true);
  const states = keyStates(views, parts.keys);
  const queue = new PQueue({ concurrency: 4 });
  const reads = states.flatMap(({ key, isr }) => {
    const mark = found[key];
    return mark ? isr.map((node) => queue.add(() => readReplica(parts, mark, node, boundMs))) : [];
  });
  await Promise.all(reads);
  // Who is in sync now that everyone had its time: what stale-replica judges by.
  await parts.probes.ask(true);
  parts.events.line('read', `${reads.length} replicas`);
}

async function readReplica(parts: Parts, mark: Mark, node: number, boundMs: number): Promise<void> {
  const { recorder } = parts;
  const id = recorder.nextOp();
  const about = { f: F.replica, op: id, key: mark.key, node };
  const { highWatermark } = mark;
  const begunNs = recorder.now();
  const until = performance.now() + boundMs;
  for (;;) {
    const read = await readOnce(parts, mark, node);
    const whole = read.why === undefined && read.next >= highWatermark;
    if (!whole && performance.now() < until && !parts.signal.aborted) {
      await delay(250, parts.signal);
      continue;
    }
    // Only now, because a replica's log may begin elsewhere than its leader's.
    const invoke = { ...about, kind: Kind.invoke, timeNs: begunNs };
    recorder.append([{ ...invoke, offset: read.logStart, value: highWatermark }]);
    recorder.complete(
      {
        ...about,
        kind: whole ? Kind.ok : Kind.fail,
        timeNs: recorder.now(),
        offset: read.next,
        value: read.highWatermark,
        text: whole ? undefined : (read.why ?? 'it has not caught up'),
      },
      read.gathered.records(),
    );
    return;
  }
}

async function readOnce({ cluster, signal }: Parts, mark: Mark, node: number) {
  const gathered = new Gathered();
  let { logStart } = mark;
  let next = logStart;
  let highWatermark = -1;
  let why: string | undefined;
  try {
    for await (const batch of cluster.replica!(mark.key, node, signal)) {
      gathered.add(batch, Infinity);
      ({ next, highWatermark } = batch);
      if (batch.logStart >= 0) ({ logStart } = batch);
    }
  } catch (error) {
    why = messageOf(error);
  }
  return { gathered, logStart, next, highWatermark, why };
}

/** Columns that grow. */
class Gathered {
  private n = 0;
  private offsets = new Float64Array(1024);
  private values = new Float64Array(1024);
  private epochs = new Int32Array(1024);
  private readonly foreign = new Map<number, string>();

  /** Adds the records below `end`. */
  add(more: Records, end: number): void {
    if (this.n + more.n > this.offsets.length) this.grow(this.n + more.n);
    for (let i = 0; i < more.n; i++) {
      if (more.offsets[i]! >= end) break;
      const text = more.foreign?.get(i);
      if (text !== undefined) this.foreign.set(this.n, text);
      this.offsets[this.n] = more.offsets[i]!;
      this.values[this.n] = more.values[i]!;
      this.epochs[this.n] = more.epochs[i]!;
      this.n++;
    }
  }

  records(): Records {
    const { n, offsets, values, epochs, foreign } = this;
    return { n, offsets, values, epochs, foreign };
  }

  private grow(need: number): void {
    const size = Math.max(need, this.offsets.length * 2);
    const bigger = <T extends Float64Array | Int32Array>(old: T, to: T): T => (to.set(old), to);
    this.offsets = bigger(this.offsets, new Float64Array(size));
    this.values = bigger(this.values, new Float64Array(size));
    this.epochs = bigger(this.epochs, new Int32Array(size));
  }
}
