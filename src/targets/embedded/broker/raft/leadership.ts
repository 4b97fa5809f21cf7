/** What a leader does in its term: what each peer has, what it is sent next, what is committed. */
import { heads } from '../batch.js';
import type { Message } from '../types.js';
import type { GroupOptions } from './options.js';

/** Of the entries of one message; a single larger batch goes alone. */
const maxEntryBytes = 1 << 17;
const none = Buffer.alloc(0);

interface Peer {
  readonly id: number;
  /** Where the next entries for it begin; a guess until it answered. */
  next: number;
  /** Its log is ours up to here. */
  match: number;
  answeredAt: number;
  /** End of the entries on their way, and when they left. 0: there are none. */
  sentEnd: number;
  sentAt: number;
  /** The last message did not leave: only heartbeats are tried until one does. */
  lost: boolean;
  /** In this term. */
  answered: boolean;
  /** Plant watermark-regress: when it last came back after it missed answers, and what it had. */
  back: { at: number; end: number };
}

export class Leadership {
  readonly term: number;
  readonly #group: GroupOptions;
  readonly #peers: readonly Peer[];
  /** A commit of one to two election time-outs ago: who has less lacks much. */
  #settled: number;
  #sample: { at: number; commit: number };

  constructor(group: GroupOptions, term: number, commit: number) {
    this.term = term;
    this.#group = group;
    const at = group.env.now();
    this.#settled = commit;
    this.#sample = { at, commit };
    this.#peers = group.replicas
      .filter((id) => id !== group.self)
      .map((id) => ({
        id,
        next: group.log.end,
        match: 0,
        // Its votes are answers too.
        answeredAt: at,
        sentEnd: 0,
        sentAt: 0,
        lost: false,
        answered: false,
        back: { at: -Infinity, end: 0 },
      }));
  }

  /** A majority answered within an election time-out. By the clock: a paused leader was silent. */
  isFresh(): boolean {
    const since = this.#group.env.now() - this.#group.timing.electionTimeoutMs;
    const answered = 1 + this.#peers.filter((peer) => peer.answeredAt >= since).length;
    return answered * 2 > this.#group.replicas.length;
  }

  isr(): number[] {
    const since = this.#group.env.now() - 2 * this.#group.timing.electionTimeoutMs;
    const behind = this.#peers.filter(
      (peer) => !peer.answered || peer.answeredAt < since || peer.match < this.#settled,
    );
    return this.#group.replicas.filter((id) => !behind.some((peer) => peer.id === id));
  }

  /** Sends to each peer what it lacks, unless entries are on their way: then they gather. */
  replicate(commit: number): void {
    for (const peer of this.#peers)
      if (peer.sentEnd === 0 && !peer.lost && peer.next < this.#group.log.end)
        this.#send(peer, commit);
  }

  /** Tells each peer that the leader lives. */
  beat(commit: number): void {
    const { env, timing } = this.#group;
    const now = env.now();
    if (now - this.#sample.at >= timing.electionTimeoutMs) {
      this.#settled = this.#sample.commit;
      this.#sample = { at: now, commit };
    }
    for (const peer of this.#peers) {
      if (now - peer.sentAt >= timing.electionTimeoutMs) peer.sentEnd = 0;
      this.#send(peer, commit);
    }
  }

  #send(peer: Peer, commit: number): void {
    const { log, env, name, self } = this.#group;
    const idle = peer.sentEnd === 0 && !peer.lost;
    const entries = idle ? log.read(peer.next, log.end, maxEntryBytes) : none;
    let base = peer.next;
    let first = true;
    for (const head of heads(entries)) {
      // The end that a peer told may lie within one of our batches; entries are whole ones.
      if (first) base = head.base;
      first = false;
      peer.sentEnd = head.end;
      peer.sentAt = env.now();
    }
    const sent = this.#group.send(peer.id, {
      group: name,
      from: self,
      term: this.term,
      kind: 'append',
      base,
      prevEpoch: log.epochAt(base - 1),
      commit,
      isr: this.isr(),
      entries,
    });
    const wasLost = peer.lost;
    peer.lost = sent === false;
    if (peer.lost) peer.sentEnd = 0;
    else if (wasLost) this.#send(peer, commit);
  }

  /** An answer of this term. */
  answered(message: Message & { kind: 'appended' }): void {
    const peer = this.#peers.find(({ id }) => id === message.from);
    if (peer === undefined) return;
    const { log, env, timing } = this.#group;
    const now = env.now();
    if (now - peer.answeredAt > 3 * timing.heartbeatMs) peer.back = { at: now, end: peer.match };
    peer.answeredAt = now;
    peer.answered = true;
    if (message.ok) {
      peer.match = Math.max(peer.match, message.end);
      peer.next = Math.max(peer.next, message.end);
      if (message.end >= peer.sentEnd) peer.sentEnd = 0;
      return;
    }
    const next = Math.min(log.endOfEpoch(message.epoch).end, message.end);
    // Else it answers what was sent before what it answered last.
    if (next >= peer.next) return;
    peer.next = next;
    peer.match = Math.min(peer.match, next);
    peer.sentEnd = 0;
  }

  /** The commit, given the one before. */
  committed(before: number): number {
    const { log, plants, env, timing } = this.#group;
    const ends = [log.end, ...this.#peers.map((peer) => peer.match)].sort((a, b) => b - a);
    const end = ends[Math.floor(ends.length / 2)]!;
    // A majority that has a record of an older term does not keep it from being replaced; one that
    // has a later record of this term does.
    const commit = end > before && log.epochAt(end - 1) === this.term ? end : before;
    if (!plants.has('watermark-regress')) return commit;
    // As if the smallest end of all in-sync replicas were meant, and a peer that comes back were
    // in sync at once: for an election time-out it counts with what it had when it went away.
    const back = this.#peers.filter((peer) => env.now() - peer.back.at < timing.electionTimeoutMs);
    return Math.min(commit, ...back.map((peer) => peer.back.end));
  }
}
