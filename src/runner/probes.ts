/** Asks every node for its own view up to ten times a second, and records what it says. */
import { F, Kind, type Cluster, type Recorder, type Row, type View } from '../model/index.js';
import { delay, limitOf } from './wait.js';

/**
 * A second leader is seen if it is asked while it believes that it leads. Each question is about
 * all keys, so with many of them they come less often, lest they be a load of their own.
 */
const everyMs = (keys: number): number => Math.min(500, Math.max(100, 10 * keys));
const answerMs = 1000;

export interface LeaderClaim {
  node: number;
  epoch: number;
}
export interface KeyState {
  key: number;
  leader: number;
  epoch: number;
  isr: readonly number[];
}

export class Probes {
  /** Nodes that say of themselves that they lead a key, newest epoch first. */
  readonly claims = new Map<number, LeaderClaim[]>();
  /** Key -> the highest watermark that a leader of it served. */
  readonly highest = new Map<number, number>();
  private readonly cluster: Cluster;
  private readonly recorder: Recorder;
  private readonly onLeader: (key: number, claims: readonly LeaderClaim[]) => void;
  private readonly isrSeen = new Map<string, string>();
  private readonly ended = new AbortController();
  /** What each node said last. */
  private readonly latest = new Map<number, View>();
  private running: Promise<unknown> | undefined;

  constructor(
    cluster: Cluster,
    recorder: Recorder,
    onLeader: (key: number, claims: readonly LeaderClaim[]) => void,
  ) {
    this.cluster = cluster;
    this.recorder = recorder;
    this.onLeader = onLeader;
  }

  start(): void {
    // Each on its own: one that does not answer holds up no other.
    this.running = Promise.all(this.cluster.nodes.map(({ id }) => this.loop(id)));
  }

  async stop(): Promise<void> {
    this.ended.abort();
    await this.running;
  }

  private async loop(node: number): Promise<void> {
    while (!this.ended.signal.aborted) {
      const begin = performance.now();
      const [view] = await this.ask(false, node);
      const next = begin + everyMs(view?.partitions.length ?? 0);
      await delay(Math.max(0, next - performance.now()), this.ended.signal);
    }
  }

  /** One round. `full` records every in-sync replica anew, not only what changed. */
  async ask(full = false, node?: number): Promise<View[]> {
    const all = await this.cluster.views(limitOf(answerMs), node);
    const views = node === undefined ? all : all.filter((view) => view.node === node);
    const id = this.recorder.nextOp();
    for (const view of views) {
      this.recorder.append(this.rows(view, id, full));
      this.latest.set(view.node, view);
    }
    this.noteLeaders([...this.latest.values()]);
    return views;
  }

  private rows(view: View, op: number, full: boolean): Row[] {
    const at = { kind: Kind.probe, op, timeNs: view.timeNs, node: view.node };
    const rows: Row[] = [];
    if (view.error !== undefined) rows.push({ ...at, f: F.silent, text: view.error });
    for (const { key, leader, epoch, isr } of view.partitions) {
      rows.push({ ...at, f: F.view, key, epoch, peer: leader });
      // Only the leader decides who is in sync; the others repeat it.
      if (leader !== view.node || isr === undefined) continue;
      const text = `${epoch}:${isr.join()}`;
      const name = `${view.node}/${key}`;
      if (!full && this.isrSeen.get(name) === text) continue;
      this.isrSeen.set(name, text);
      for (const peer of isr) rows.push({ ...at, f: F.isr, key, epoch, peer });
    }
    for (const { key, epoch, highWatermark, logStart, asLeader } of view.watermarks) {
      const peer = asLeader ? view.node : -1;
      if (asLeader) this.highest.set(key, Math.max(highWatermark, this.highest.get(key) ?? 0));
      rows.push({
        ...at,
        f: F.watermark,
        key,
        epoch,
        offset: highWatermark,
        value: logStart,
        peer,
      });
    }
    if (view.quorum) {
      const { leader, epoch, highWatermark } = view.quorum;
      rows.push({ ...at, f: F.quorum, epoch, peer: leader, offset: highWatermark });
    }
    return rows;
  }

  private noteLeaders(views: readonly View[]): void {
    const claims = new Map<number, LeaderClaim[]>();
    for (const view of views) {
      for (const { key, leader, epoch } of view.partitions) {
        const list = claims.get(key) ?? [];
        claims.set(key, list);
        if (leader === view.node) list.push({ node: view.node, epoch });
      }
    }
    for (const [key, list] of claims) {
      list.sort((a, b) => b.epoch - a.epoch);
      const before = JSON.stringify(this.claims.get(key) ?? []);
      this.claims.set(key, list);
      if (JSON.stringify(list) !== before) this.onLeader(key, list);
    }
  }
}

/** The state of each key by the newest epoch that any node names. */
export function keyStates(views: readonly View[], keys: number): KeyState[] {
  const states: KeyState[] = Array.from({ length: keys }, (_, key) => ({
    key,
    leader: -1,
    epoch: -1,
    isr: [],
  }));
  for (const view of views) {
    for (const { key, leader, epoch, isr } of view.partitions) {
      const state = states[key];
      if (!state) continue;
      const newer = epoch > state.epoch;
      // Within one epoch the leader's own word on the in-sync replicas counts most.
      if (newer || (epoch === state.epoch && leader >= 0 && leader === view.node)) {
        states[key] = { key, leader, epoch, isr: isr ?? [] };
      }
    }
  }
  return states;
}
