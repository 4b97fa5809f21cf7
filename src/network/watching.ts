/** Looks at links until what must be seen of each was seen, or cannot be any more. */
import { setMaxListeners } from 'node:events';
import type { LinkSpec, Ping, Proof } from '../model/index.js';
import { aborted, inParallel, pause } from './parallel.js';
import { addedMs } from './state.js';
import type { LinkState } from './state.js';

export interface Limits {
  /** A request has this long for its answer (and what is wanted of its link on top), ms. */
  boundMs: number;
  /** Pause between two rounds, ms. */
  everyMs: number;
  /** A fault that is not seen may be late by this, ms. */
  settleMs: number;
  /** A heal may be late by this, ms: a node may be busy after its links came back. */
  healMs: number;
  /** After this a heal that could not be looked at is moot, ms. */
  healLimitMs: number;
}
export const defaults: Limits = {
  boundMs: 500,
  everyMs: 300,
  settleMs: 1000,
  healMs: 10_000,
  healLimitMs: 60_000,
};

/** Destinations asked at the same time once it is over. */
const width = 8;
/** A link is unproven only after so many looks, however slow the machine was. */
const fewest = 4;

/** A link to be looked at. */
export interface Subject {
  readonly spec: LinkSpec;
  /** What the fault to be proven wants of it. */
  readonly own: LinkState;
  /** What the other faults want of it at the moment. */
  others(): LinkState;
}

/** How many of the clients' links are looked at. */
export interface Sampled {
  tried: number;
  clients: number;
}

export interface ProofEnv {
  ping: Ping;
  /** Nanoseconds since the run's start. */
  now(): number;
  /** Settles every proof by what is known. */
  signal: AbortSignal;
  limits?: Partial<Limits>;
}

export interface Watching {
  /** Never rejects. */
  proof: Promise<Proof>;
  /** The fault ends: settles the proof by what was seen so far. */
  stop(): void;
}

/** What is known of one link. */
export interface Line extends Subject {
  state: 'open' | 'proven' | 'unproven' | 'moot';
  /** Whether the real address answered when it was last asked. */
  real: 'unasked' | 'answered' | 'silent';
  /** From when on it has answered each time and no other fault cut the link, ms; NaN: not now. */
  freeSinceMs: number;
  /** It was silent, or another fault cut the link, at some time. */
  wasBusy: boolean;
  /** Another fault cut it when it was last looked at. */
  held: boolean;
  /** Round trips to the real address, ms. */
  realMs: number[];
  /** Looks that could have shown the fault (or the heal). */
  looks: number;
  /** Of those, the ones that showed the contrary: round trip or added delay; NaN: no answer. */
  contrary: number[];
  contrarySinceMs: number;
  /** What proved it, ms. */
  figureMs: number;
}

/** What a look may do. After stop() its requests reject, so that it changes nothing any more. */
export interface Eye {
  limits: Limits;
  nowMs(): number;
  /** Asks the real address; undefined if it did not answer. */
  real(line: Line): Promise<number | undefined>;
  /** Notes whether another fault cuts the link; gives it back. */
  held(line: Line, cut: boolean): boolean;
  /** Asks through the link. */
  through(line: Line, boundMs: number): Promise<number | undefined>;
  /** The link did what it must not do; after `forMs` of it the line is unproven. */
  contrary(line: Line, ms: number, forMs: number): void;
}
export type Look = (line: Line, eye: Eye) => Promise<void>;

export interface Task {
  subjects: readonly Subject[];
  look: Look;
  say: (lines: readonly Line[], limits: Limits) => string;
  /** Stop by itself after this, ms. */
  limitMs: number;
  /** What lines are that were never looked at although their destination answered. */
  unseen: 'unproven' | 'moot';
}

/**
 * Looks at every link again and again until each is settled, one is unproven, or it is over. No
 * link waits for another: one whose destination is dead takes long to say nothing.
 */
export function watchLinks(env: ProofEnv, task: Task): Watching {
  const limits = { ...defaults, ...env.limits };
  const over = new AbortController();
  // Every link waits with it: many listeners are no leak here.
  setMaxListeners(0, over.signal);
  const stop = (): void => over.abort();
  env.signal.addEventListener('abort', stop, { once: true });
  if (env.signal.aborted) stop();
  const lines = task.subjects.map(newLine);
  const eye = newEye(env, limits, over.signal);

  const settle = async (): Promise<Proof> => {
    const started = eye.nowMs();
    const end = aborted(over.signal);
    const open = (): Line[] => lines.filter((line) => line.state === 'open');
    const watch = async (line: Line): Promise<void> => {
      while (!over.signal.aborted && eye.nowMs() - started < task.limitMs) {
        await task.look(line, eye);
        if (line.state === 'unproven') stop();
        if (line.state !== 'open') return;
        await pause(limits.everyMs, over.signal);
      }
    };
    // A look that is still going on when it is over rejects, and changes nothing any more.
    const all = Promise.all(lines.map((line) => watch(line).catch(() => undefined)));
    await Promise.race([all, end]);
    stop();
    env.signal.removeEventListener('abort', stop);
    const timeNs = env.now();
    await askUnasked(open(), env.ping, limits.boundMs);
    const found = lines.some(({ state }) => state === 'unproven');
    // What is still open beside a line that is unproven says nothing by itself.
    for (const line of open()) line.state = found ? 'moot' : verdictOf(line, eye, task.unseen);
    const has = (state: Line['state']): boolean => lines.some((line) => line.state === state);
    const state = has('unproven') ? 'unproven' : has('proven') ? 'proven' : 'moot';
    return { state, timeNs, by: task.say(lines, limits) };
  };
  return { proof: settle(), stop };
}

const newLine = (subject: Subject): Line => ({
  spec: subject.spec,
  own: subject.own,
  others: () => subject.others(),
  state: 'open',
  real: 'unasked',
  freeSinceMs: NaN,
  wasBusy: false,
  held: false,
  realMs: [],
  looks: 0,
  contrary: [],
  contrarySinceMs: NaN,
  figureMs: NaN,
});

function newEye(env: ProofEnv, limits: Limits, over: AbortSignal): Eye {
  const nowMs = (): number => env.now() / 1e6;
  const ask = async (address: LinkSpec['listen'], boundMs: number): Promise<number | undefined> => {
    over.throwIfAborted();
    const ms = await env.ping(address, boundMs).catch(() => undefined);
    over.throwIfAborted();
    return ms;
  };
  return {
    limits,
    nowMs,
    through: (line, boundMs) => ask(line.spec.listen, boundMs),
    async real(line) {
      const ms = await ask(line.spec.upstream, limits.boundMs);
      if (ms === undefined) {
        line.real = 'silent';
        line.wasBusy = true;
        line.freeSinceMs = NaN;
        return undefined;
      }
      if (Number.isNaN(line.freeSinceMs)) line.freeSinceMs = nowMs();
      line.real = 'answered';
      line.realMs.push(ms);
      return ms;
    },
    held(line, cut) {
      line.held = cut;
      if (!cut) return false;
      line.wasBusy = true;
      line.freeSinceMs = NaN;
      return true;
    },
    contrary(line, ms, forMs) {
      if (line.contrary.length === 0) line.contrarySinceMs = nowMs();
      line.looks++;
      line.contrary.push(ms);
      if (line.contrary.length >= fewest && nowMs() - line.contrarySinceMs >= forMs)
        line.state = 'unproven';
    },
  };
}

/** Healed before anybody looked: whether anybody could have. */
const askUnasked = (open: readonly Line[], ping: Ping, boundMs: number): Promise<void> =>
  inParallel(
    open.filter(({ real, held }) => real === 'unasked' && !held),
    width,
    async (line) => {
      const ms = await ping(line.spec.upstream, boundMs).catch(() => undefined);
      line.real = ms === undefined ? 'silent' : 'answered';
    },
  );

/** What a line is that was still open at the end. */
function verdictOf(line: Line, eye: Eye, unseen: Task['unseen']): 'unproven' | 'moot' {
  if (line.held || line.real === 'silent') return 'moot';
  if (line.contrary.length >= (unseen === 'moot' ? fewest : 1)) return 'unproven';
  // It could be looked at only just before the end: a look may take longer than that.
  const { boundMs, everyMs } = eye.limits;
  const lookMs = 3 * (boundMs + addedMs(line.own) + addedMs(line.others())) + everyMs;
  if (line.wasBusy && !(eye.nowMs() - line.freeSinceMs > lookMs)) return 'moot';
  return unseen;
}
