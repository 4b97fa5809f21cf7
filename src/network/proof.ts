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

/** How much longer round trips take than to the real address, `n` times; fewer: it broke off. */
async function excesses(line: Line, eye: Eye, n: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < n) {
    const held = isCut(line.others());
    const boundMs = eye.limits.boundMs + addedMs(line.own) + addedMs(line.others());
    const direct = await eye.real(line);
    if (direct === undefined) break;
    const linked = await eye.through(line, boundMs);
    if (eye.held(line, held || isCut(line.others()))) break;
    if (linked === undefined) {
      // It may have died, or been paused, in between.
      await eye.real(line);
      break;
    }
    found.push(linked - direct);
  }
  return found;
}

/** No machine is so busy that each of a few requests takes this much longer by chance. */
const standsOutMs = 200;

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
  // A delay that stands out needs few looks, and a link may be free for a short time only.
  const few = delay < standsOutMs ? 0 : delay < 5 * standsOutMs ? 3 : 1;
  const found = await excesses(line, eye, few);
  if (found.length < few) return;
  const least = Math.max(standsOutMs / 2, 0.8 * (delay - jitter));
  if (few === 0 || Math.min(...found) < least) {
    const wanted = jitter > 0 ? 9 : 5;
    found.push(...(await excesses(line, eye, wanted - few)));
    if (found.length < wanted) return;
  }
  const more = median(found);
  // With jitter the median of a few strays by about a quarter of it.
  if (more < 0.8 * (delay - jitter / (found.length > few ? 2 : 1))) {
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
  if (eye.held(line, isCut(line.others()))) return;
  const others = line.others();
  const othersMs = addedMs(others);
  // By so much the round trip must have become shorter: another fault may want a latency too.
  const goneMs = latencyOf(union([line.own, others])) - latencyOf(others);
  const ms = await eye.through(line, eye.limits.boundMs + othersMs + addedMs(line.own));
  if (eye.held(line, isCut(line.others()))) return;
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
