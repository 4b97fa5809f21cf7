/**
 * One replica of a Raft group: elections with pre-vote and check-quorum, log repair by epoch ends,
 * commit by majority. It acts in `receive`, `propose` and its one timer, and tells what changed
 * when each of them ends.
 */
import type { Env } from '../env.js';
import type { Group, Log, Message } from '../types.js';
import { controlBatch, stamp } from '../batch.js';
import { Ballot } from './ballot.js';
import { take } from './follower.js';
import { Leadership } from './leadership.js';
import type { GroupOptions } from './options.js';

/** Throws SchismError if the file with term and vote holds none. Nothing is sent before it returned. */
export const createGroup = (options: GroupOptions): Group => new RaftGroup(options);

/** A fresh group asks again so often, so that it is up soon after its nodes are. */
const freshRetryMs = 50;

type Vote = Message & { kind: 'vote' };
type Append = Message & { kind: 'append' };
interface Waiter {
  end: number;
  leadership: Leadership;
  done: (committed: boolean) => void;
}
/** What listeners were told last. */
type Told = readonly [term: number, leader: number, commit: number, end: number];

class RaftGroup implements Group {
  readonly #options: GroupOptions;
  readonly #env: Env;
  readonly #ballot: Ballot;
  #commit: number;
  /** As this replica was told in this term. */
  #leader = -1;
  #isr: readonly number[] = [];
  #heardAt = -Infinity;
  /** When a follower campaigns. */
  #deadline: number;
  /** While it leads. */
  #leadership: Leadership | undefined;
  /** While it campaigns: for votes, or to learn whether it would get them (pre). */
  #campaign: { pre: boolean; granted: Set<number> } | undefined;
  #cancelTimer = (): void => undefined;
  #waiters: Waiter[] = [];
  readonly #listeners = new Set<() => void>();
  #told: Told;
  #closed = false;

  constructor(options: GroupOptions) {
    const { env, log, replicas, self, statePath, fsync, plants } = options;
    this.#options = options;
    this.#env = env;
    this.#ballot = new Ballot(env, statePath, fsync, plants);
    // Without fsync a power loss may take the file and leave the log.
    if (log.lastEpoch > this.#ballot.term) this.#ballot.set(log.lastEpoch, -1);
    this.#commit = log.start;
    this.#told = this.#state();
    this.#deadline = this.#isFresh() && replicas[0] === self ? env.now() : this.#newDeadline();
    this.#arm();
  }

  get name(): string {
    return this.#options.name;
  }
  get replicas(): readonly number[] {
    return this.#options.replicas;
  }
  get log(): Log {
    return this.#options.log;
  }
  get term(): number {
    return this.#ballot.term;
  }
  get leader(): number {
    if (this.#leadership === undefined) return this.#leader;
    return this.isLeader ? this.#options.self : -1;
  }
  /** By the clock too: a leader that was paused does not lead until its timer finds that out. */
  get isLeader(): boolean {
    return this.#leadership !== undefined && (this.#unfenced() || this.#leadership.isFresh());
  }
  get commit(): number {
    return this.#commit;
  }
  get isr(): readonly number[] {
    return this.#leadership?.isr() ?? this.#isr;
  }

  propose(batch: Buffer): { base: number; end: number; term: number } | undefined {
    this.#checkQuorum();
    const leadership = this.#leadership;
    let proposed: { base: number; end: number; term: number } | undefined;
    if (leadership !== undefined && !this.#closed) {
      const base = this.log.end;
      stamp(batch, base, this.term);
      this.log.append(batch);
      proposed = { base, end: this.log.end, term: this.term };
      this.#advance(leadership);
    }
    this.#settle();
    return proposed;
  }

  whenCommitted(end: number, done: (committed: boolean) => void): () => void {
    const leadership = this.#leadership;
    if (leadership === undefined || this.#closed || end <= this.#commit) {
      done(leadership !== undefined && end <= this.#commit);
      return () => undefined;
    }
    const waiter = { end, leadership, done };
    this.#waiters.push(waiter);
    return () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    };
  }

  onChange(run: () => void): () => void {
    this.#listeners.add(run);
    return () => this.#listeners.delete(run);
  }

  receive(message: Message): void {
    if (this.#closed || message.from === this.#options.self) return;
    if (!this.replicas.includes(message.from)) return;
    // Before the message: answers that waited while this process was paused prove nothing.
    this.#checkQuorum();
    switch (message.kind) {
      case 'vote':
        this.#onVote(message);
        break;
      case 'voted':
        this.#onVoted(message);
        break;
      case 'append':
        this.#onAppend(message);
        break;
      case 'appended':
        this.#onAppended(message);
        break;
      case 'leads':
        break;
    }
    this.#settle();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer();
    this.#listeners.clear();
    this.#leadership = undefined;
    this.#campaign = undefined;
    this.#leader = -1;
    this.#settle();
    this.log.close();
  }

  // Time

  #isFresh(): boolean {
    return this.term === 0 && this.log.end === this.log.start;
  }

  #newDeadline(): number {
    return this.#env.now() + this.#options.timing.electionTimeoutMs * (1 + this.#env.random());
  }

  #arm(): void {
    const { heartbeatMs } = this.#options.timing;
    const left = Math.max(0, this.#deadline - this.#env.now());
    const retryMs = this.term === 0 ? Math.min(freshRetryMs, heartbeatMs) : heartbeatMs;
    const ms =
      this.#leadership !== undefined
        ? heartbeatMs
        : this.#campaign
          ? Math.min(left, retryMs)
          : left;
    this.#cancelTimer();
    this.#cancelTimer = this.#env.after(ms, () => this.#tick());
  }

  #tick(): void {
    this.#checkQuorum();
    if (this.#leadership !== undefined) this.#leadership.beat(this.#commit);
    else if (this.#env.now() >= this.#deadline) this.#run(true);
    else if (this.#campaign !== undefined) this.#ask(this.#campaign);
    this.#arm();
    this.#settle();
  }

  /** A leader that no majority answers may have been replaced already. */
  #checkQuorum(): void {
    if (this.#leadership !== undefined && !this.isLeader) this.#follow(this.term, -1);
  }

  /**
   * Plant no-epoch-fencing: nothing deposes a leader, and followers take appends of older terms.
   * So an old leader that was cut off, once it is healed, repairs a follower's log to its own (and
   * cuts what the new leader committed there), counts that follower's ack and commits what its
   * clients wait for. With the new leader doing the same, each acks what the other one removes.
   */
  #unfenced(): boolean {
    return this.#options.plants.has('no-epoch-fencing');
  }

  // Roles

  #follow(term: number, leader: number): void {
    if (term > this.term) this.#ballot.set(term, -1);
    this.#leader = leader;
    this.#campaign = undefined;
    if (this.#leadership === undefined) return;
    this.#leadership = undefined;
    this.#deadline = this.#newDeadline();
    this.#arm();
  }

  #run(pre: boolean): void {
    const { self } = this.#options;
    this.#leader = -1;
    this.#deadline = this.#newDeadline();
    if (!pre) this.#ballot.set(this.term + 1, self);
    this.#campaign = { pre, granted: new Set([self]) };
    this.#ask(this.#campaign);
    this.#count(this.#campaign);
    this.#arm();
  }

  /** Again and again those that did not grant: what they said may have been true for long. */
  #ask({ pre, granted }: { pre: boolean; granted: ReadonlySet<number> }): void {
    const { name: group, self: from, log, send } = this.#options;
    const term = pre ? this.term + 1 : this.term;
    for (const id of this.replicas)
      if (!granted.has(id))
        send(id, { group, from, term, kind: 'vote', pre, end: log.end, lastEpoch: log.lastEpoch });
  }

  #count({ pre, granted }: { pre: boolean; granted: ReadonlySet<number> }): void {
    if (granted.size * 2 <= this.replicas.length) return;
    if (pre) this.#run(false);
    else this.#lead();
  }

  #lead(): void {
    const { self, log, env } = this.#options;
    this.#campaign = undefined;
    this.#leader = self;
    const leadership = new Leadership(this.#options, this.term, this.#commit);
    this.#leadership = leadership;
    // Records of older terms are committed by one of this term only; this is the first.
    const batch = controlBatch({ epoch: this.term, leader: self, wallMs: env.wallMs() });
    stamp(batch, log.end, this.term);
    log.append(batch);
    this.#advance(leadership);
    this.#arm();
  }

  #advance(leadership: Leadership): void {
    this.#commit = leadership.committed(this.#commit);
    leadership.replicate(this.#commit);
  }

  // Messages

  /** It leads, or its leader lives: no other one is needed. */
  #isLed(): boolean {
    if (this.#leadership !== undefined) return true;
    const silentMs = this.#env.now() - this.#heardAt;
    return this.#leader !== -1 && silentMs < this.#options.timing.electionTimeoutMs;
  }

  #onVote({ term, from, pre, end, lastEpoch }: Vote): void {
    const { log, name: group, self, plants } = this.#options;
    const led = this.#isLed();
    if (!pre && !led && term > this.term) this.#follow(term, -1);
    const { vote } = this.#ballot;
    const due = pre ? term > this.term : term === this.term && (vote === -1 || vote === from);
    const upToDate =
      lastEpoch > log.lastEpoch ||
      (lastEpoch === log.lastEpoch && end >= log.end) ||
      plants.has('stale-log-elected');
    const granted = due && !led && upToDate;
    if (granted && !pre) {
      this.#ballot.set(term, from);
      this.#campaign = undefined;
      this.#deadline = this.#newDeadline();
    }
    // A granted pre-vote names the term that it is for, which is not yet one of this replica.
    const answerTerm = granted ? term : this.term;
    this.#options.send(from, { group, from: self, term: answerTerm, kind: 'voted', pre, granted });
  }

  #onVoted(message: Message & { kind: 'voted' }): void {
    const { term, pre, granted, from } = message;
    if (!granted) {
      this.#learn(term);
      return;
    }
    const campaign = this.#campaign;
    if (campaign?.pre !== pre || term !== (pre ? this.term + 1 : this.term)) return;
    campaign.granted.add(from);
    this.#count(campaign);
  }

  #learn(term: number): void {
    const deposed = this.#leadership === undefined || !this.#unfenced();
    if (term > this.term && deposed) this.#follow(term, -1);
  }

  #onAppend(message: Append): void {
    const { name: group, self, log, send } = this.#options;
    const { term, from } = message;
    const answer = { group, from: self, kind: 'appended' as const };
    this.#learn(term);
    // Of this term there is no other leader.
    if (this.#leadership !== undefined) return;
    if (term < this.term && !this.#unfenced()) {
      // The leader of the older term must know: nobody answers it any more.
      send(from, { ...answer, term: this.term, ok: false, end: log.end, epoch: log.lastEpoch });
      return;
    }
    if (term === this.term) {
      if (this.#leader !== from || this.#campaign !== undefined) this.#follow(term, from);
      this.#isr = message.isr;
      this.#heardAt = this.#env.now();
      this.#deadline = this.#newDeadline();
    }
    const taken = take(this.#options, message, this.#commit);
    if (taken.ok)
      this.#commit = Math.max(this.#commit, Math.min(message.commit, taken.end, log.end));
    send(from, { ...answer, term, ...taken });
  }

  #onAppended(message: Message & { kind: 'appended' }): void {
    this.#learn(message.term);
    const leadership = this.#leadership;
    if (leadership === undefined || message.term !== this.term) return;
    leadership.answered(message);
    this.#advance(leadership);
  }

  // What others are told

  #state(): Told {
    return [this.term, this.leader, this.#commit, this.log.end];
  }

  /** Callbacks may propose, wait and listen; what that changes is told too. */
  #settle(): void {
    for (;;) {
      const state = this.#state();
      const waiters = this.#waiters;
      const leadership = this.#leadership;
      const isOver = (of: Waiter) => of.leadership !== leadership || of.end <= this.#commit;
      const over = waiters.filter(isOver);
      if (over.length > 0) this.#waiters = waiters.filter((waiter) => !isOver(waiter));
      for (const { done, ...of } of over) done(of.leadership === leadership);
      if (state.every((value, i) => value === this.#told[i])) return;
      this.#told = state;
      for (const run of [...this.#listeners]) run();
    }
  }
}
