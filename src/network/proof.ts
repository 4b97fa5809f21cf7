/**
 * Proof of faults on links, whatever carries the links. A cut is seen when a request through the
 * link gets no answer while the same request to the real address gets one. Under a blackhole
 * connect() still succeeds, so connecting would prove nothing.
 */
import type { CutHow } from '../model/index.js';
import { addedMs, isCut, union } from './state.js';
import type { LinkState } from './state.js';
import { defaults, watchLinks } from './watching.js';
import type { Eye, Line, Look, ProofEnv, Sampled, Subject, Watching } from './watching.js';
import * as words from './words.js';

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

const latencyOf = ({ up, down }: LinkState): number => up.latencyMs + down.latencyMs;

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
  const delay = latencyOf(line.own);
  // Small requests do not feel a rate, and big ones are no business of ours on a real node.
  if (delay === 0) {
    line.state = 'unproven';
    return;
  }
  const jitter = line.own.up.jitterMs + line.own.down.jitterMs;
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
  const others = line.others();
  const othersMs = addedMs(others);
  // By so much the round trip must have become shorter: another fault may want a latency too.
  const goneMs = latencyOf(union([line.own, others])) - latencyOf(others);
  const ms = await eye.through(line, eye.limits.boundMs + othersMs + addedMs(line.own));
  line.held = isCut(line.others());
  if (line.held) return;
  const direct = await eye.real(line);
  if (direct === undefined) {
    line.contrary = [];
    // It answered a moment ago, so the link leads there.
    if (ms === undefined || goneMs > 0) return;
  }
  const late = ms !== undefined && goneMs > 0 && ms - direct! - othersMs > 0.5 * goneMs;
  if (ms === undefined || late) {
    eye.contrary(line, ms ?? NaN, eye.limits.healMs);
    return;
  }
  line.looks++;
  line.figureMs = ms;
  line.state = 'proven';
};
