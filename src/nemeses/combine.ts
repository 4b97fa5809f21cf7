/** Makes one fault of several parts: nodes killed together, links cut and nodes paused. */
import { messageOf, SchismError, type Applied, type Healed, type Proof } from '../model/index.js';

/** How many parts' sentences are repeated in full. */
const sentences = 3;

/** Unproven if any part is; else proven if any is; else nobody could look. */
export function combineProofs(proofs: readonly Proof[]): Proof {
  const states = proofs.map((proof) => proof.state);
  const state = states.includes('unproven')
    ? 'unproven'
    : states.includes('proven')
      ? 'proven'
      : 'moot';
  // What decided the state comes first, or it might be cut away.
  const sorted = [...proofs].sort((a, b) => Number(b.state === state) - Number(a.state === state));
  const said = [...new Set(sorted.map((proof) => proof.by))];
  const more = said.length > sentences ? `; and ${said.length - sentences} more` : '';
  return {
    state,
    timeNs: Math.max(...proofs.map((proof) => proof.timeNs)),
    by: said.slice(0, sentences).join('; ') + more,
  };
}

/** One heal for all: in parallel, once. Rejects with the first error after all have ended. */
export function combine(parts: readonly Applied[]): Applied {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  let healed: Promise<Healed> | undefined;
  return {
    proof: Promise.all(parts.map((part) => part.proof)).then(combineProofs),
    heal: () => (healed ??= healAll(parts)),
  };
}

async function healAll(parts: readonly Applied[]): Promise<Healed> {
  const ended = await Promise.allSettled(parts.map((part) => part.heal()));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  const proofs = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value.proof] : []));
  return { proof: Promise.all(proofs).then(combineProofs) };
}

/** Applies all parts in parallel. If one fails, the others are healed and the error is thrown. */
export async function applyAll(parts: readonly (() => Promise<Applied>)[]): Promise<Applied> {
  const ended = await Promise.allSettled(parts.map((part) => part()));
  const applied = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = ended.find((one) => one.status === 'rejected');
  if (!failed) return combine(applied);
  const undone = await Promise.allSettled(applied.map((part) => part.heal()));
  const stuck = undone.find((one) => one.status === 'rejected');
  const also = stuck ? ` Undoing the rest failed too: ${messageOf(stuck.reason)}` : '';
  throw new SchismError('cluster', messageOf(failed.reason) + also, { cause: failed.reason });
}
