/**
 * Proof of faults on links, whatever carries the links. A cut is seen when a request through the
 * link gets no answer while the same request to the real address gets one. Under a blackhole
 * connect() still succeeds, so connecting would prove nothing.
 */
import type { CutHow, LinkSpec, Ping, Proof } from '../model/index.js';
import { aborted, inParallel, pause } from './parallel.js';
import { addedMs, isCut } from './state.js';
import type { LinkState } from './state.js';
import * as words from './words.js';

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
const defaults: Limits = {
  boundMs: 500,
  everyMs: 300,
  settleMs: 1000,
  healMs: 10_000,
  healLimitMs: 60_000,
};

/** Links tried at the same time; most of that time is spent waiting for no answer. */
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
  /** From when on it has answered each time, ms. */
  realSinceMs: number;
  /** It was silent at some time. */
  wasSilent: boolean;
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
interface Eye {
  limits: Limits;
  nowMs(): number;
  /** Asks the real address; undefined if it did not answer. */
  real(line: Line): Promise<number | undefined>;
  /** Asks through the link. */
  through(line: Line, boundMs: number): Promise<number | undefined>;
  /** The link did what it must not do; after `forMs` of it the line is unproven. */
  contrary(line: Line, ms: number, forMs: number): void;
}
type Look = (line: Line, eye: Eye) => Promise<void>;

interface Task {
  subjects: readonly Subject[];
  look: Look;
  say: (lines: readonly Line[], limits: Limits) => string;
  /** Stop by itself after this, ms. */
  limitMs: number;
  /** What lines are that were never looked at although their destination answered. */
  unseen: 'unproven' | 'moot';
}

export const proveCut = (
  subjects: readonly Subject[],
  how: CutHow,
  sampled: Sampled,
  env: ProofEnv,
): Watching =>
  watchLinks(env, {
    subjects,
    look: lookAtCut,
    say: (lines, limits) => words.cut(lines, how, sampled, limits.boundMs),
    limitMs: Infinity,
    unseen: 'unproven',
  });

const lookAtCut: Look = async (line, eye) => {
  if ((await eye.real(line)) === undefined) return;
  const boundMs = eye.limits.boundMs + addedMs(line.others());
  const started = eye.nowMs();
  const ms = await eye.through(line, boundMs);
  if (ms !== undefined) {
    eye.contrary(line, ms, eye.limits.settleMs);
    return;
  }
  // If this process itself stood still, the answer may have been there and not been looked at.
  if (eye.nowMs() - started > boundMs * 1.5 + 200) return;
  // Asked again afterwards: the destination may have died or been paused in between.
  if ((await eye.real(line)) === undefined) return;
  line.looks++;
  line.state = 'proven';
};

/** How much longer a round trip takes than one to the real address; the medians of `n` pairs. */
async function excess(line: Line, eye: Eye, n: number): Promise<number | undefined> {
  const real: number[] = [];
  const through: number[] = [];
  const boundMs = eye.limits.boundMs + addedMs(line.own) + addedMs(line.others());
  for (let i = 0; i < n; i++) {
    const direct = await eye.real(line);
    const linked = direct === undefined ? undefined : await eye.through(line, boundMs);
    if (direct === undefined || linked === undefined) return undefined;
    real.push(direct);
    through.push(linked);
  }
  return median(through) - median(real);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

export const proveShape = (
  subjects: readonly Subject[],
  sampled: Sampled,
  env: ProofEnv,
): Watching =>
  watchLinks(env, {
    subjects,
    look: lookAtShape,
    say: (lines) => words.shape(lines, sampled),
    limitMs: Infinity,
    unseen: 'unproven',
  });

const lookAtShape: Look = async (line, eye) => {
  const { up, down } = line.own;
  const delay = up.latencyMs + down.latencyMs;
  // Small requests do not feel a rate, and big ones are no business of ours on a real node.
  if (delay === 0) {
    line.state = 'unproven';
    return;
  }
  const jitter = up.jitterMs + down.jitterMs;
  const more = await excess(line, eye, jitter > 0 ? 9 : 5);
  if (more === undefined) {
    line.held = isCut(line.others());
    return;
  }
  // With jitter the median of a few strays by about a quarter of it.
  if (more < 0.8 * (delay - jitter / 2)) {
    eye.contrary(line, more, eye.limits.settleMs);
    return;
  }
  line.looks++;
  line.figureMs = more;
  line.state = 'proven';
};

/** That the fault is gone: a request through the link is answered, and without its delay. */
export const proveHeal = (
  subjects: readonly Subject[],
  sampled: Sampled,
  env: ProofEnv,
): Watching =>
  watchLinks(env, {
    subjects,
    look: lookAtHeal,
    say: (lines, limits) => words.heal(lines, sampled, limits.healMs),
    limitMs: { ...defaults, ...env.limits }.healLimitMs,
    unseen: 'moot',
  });

const lookAtHeal: Look = async (line, eye) => {
  line.held = isCut(line.others());
  if (line.held) return;
  const othersMs = addedMs(line.others());
  const ownMs = line.own.up.latencyMs + line.own.down.latencyMs;
  const ms = await eye.through(line, eye.limits.boundMs + othersMs + ownMs);
  line.held = isCut(line.others());
  if (line.held) return;
  const direct = await eye.real(line);
  if (direct === undefined) {
    line.contrary = [];
    // It answered a moment ago, so the link leads there.
    if (ms === undefined || ownMs > 0) return;
  }
  const late = ms !== undefined && ownMs > 0 && ms - direct! - othersMs > 0.5 * ownMs;
  if (ms === undefined || late) {
    eye.contrary(line, ms ?? NaN, eye.limits.healMs);
    return;
  }
  line.looks++;
  line.figureMs = ms;
  line.state = 'proven';
};

/** Looks at all links round after round until each is settled, one is unproven, or it is over. */
function watchLinks(env: ProofEnv, task: Task): Watching {
  const limits = { ...defaults, ...env.limits };
  const over = new AbortController();
  const stop = (): void => over.abort();
  env.signal.addEventListener('abort', stop, { once: true });
  if (env.signal.aborted) stop();
  const lines = task.subjects.map(newLine);
  const eye = newEye(env, limits, over.signal);

  const settle = async (): Promise<Proof> => {
    const started = eye.nowMs();
    const end = aborted(over.signal);
    const open = (): Line[] => lines.filter((line) => line.state === 'open');
    while (!over.signal.aborted && eye.nowMs() - started < task.limitMs) {
      const round = inParallel(open(), width, (line) => task.look(line, eye));
      await Promise.race([round.catch(() => undefined), end]);
      if (open().length === 0 || lines.some(({ state }) => state === 'unproven')) break;
      await pause(limits.everyMs, over.signal);
    }
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
  realSinceMs: NaN,
  wasSilent: false,
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
        line.wasSilent = true;
        return undefined;
      }
      if (line.real !== 'answered') line.realSinceMs = nowMs();
      line.real = 'answered';
      line.realMs.push(ms);
      return ms;
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
  // Its destination came back only just before the end: one look takes longer than that.
  const lookMs = 3 * eye.limits.boundMs + eye.limits.everyMs + addedMs(line.own);
  if (line.wasSilent && !(eye.nowMs() - line.realSinceMs > lookMs)) return 'moot';
  return unseen;
}
