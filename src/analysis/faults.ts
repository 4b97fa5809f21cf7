/** Each fault and its proofs, the nodes' states, and whether nodes used their links. */
import {
  F,
  ProofCode,
  type Batch,
  type Faults,
  type FaultSpan,
  type FaultText,
  type Proof,
} from '../model/index.js';

const proofStates = ['unproven', 'proven', 'moot'] as const;

export class FaultTable implements Faults {
  readonly routes: { node: number; proof: Proof }[] = [];
  readonly nodeStates: { node: number; state: number; timeNs: number }[] = [];
  readonly #spans = new Map<number, FaultSpan>();

  /** By their begin: rows come in that order. */
  readonly spans: FaultSpan[] = [];

  at(timeNs: number): FaultSpan[] {
    return this.spans.filter((span) => inForce(span, timeNs));
  }

  row(batch: Batch, i: number): void {
    const [f, timeNs, node] = [batch.f[i]!, batch.timeNs[i]!, batch.node[i]!];
    if (f === F.node) this.nodeStates.push({ node, state: batch.code[i]!, timeNs });
    else if (f === F.route) this.routes.push({ node, proof: proofOf(batch, i) });
    else this.#step(this.#span(batch, i), batch, i);
  }

  #step(span: FaultSpan, batch: Batch, i: number): void {
    const timeNs = batch.timeNs[i]!;
    const cut = span.cuts.at(-1);
    switch (batch.f[i]) {
      case F.faultApplied:
        span.appliedNs = timeNs;
        break;
      case F.faultProof:
        span.inForce = proofOf(batch, i);
        break;
      case F.healStart:
        span.healStartNs = timeNs;
        break;
      case F.healed:
        span.healedNs = timeNs;
        break;
      case F.healProof:
        span.gone = proofOf(batch, i);
        break;
      case F.faultOn:
        span.cuts.push([timeNs, -1]);
        break;
      case F.faultOff:
        if (cut && cut[1] < 0) cut[1] = timeNs;
        break;
      case F.faultRefused:
        span.refused = batch.texts.get(i) ?? 'it gave no reason';
        break;
    }
  }

  #span(batch: Batch, i: number): FaultSpan {
    const id = batch.op[i]!;
    let span = this.#spans.get(id);
    if (!span) {
      const text = batch.f[i] === F.faultStart ? batch.texts.get(i) : undefined;
      span = {
        ...faultText(text),
        id,
        startNs: batch.timeNs[i]!,
        appliedNs: -1,
        healStartNs: -1,
        healedNs: -1,
        cuts: [],
      };
      this.#spans.set(id, span);
      this.spans.push(span);
    }
    return span;
  }
}

/** From the order to its heal. A refused fault undid itself and never was. */
export const inForce = (span: FaultSpan, timeNs: number): boolean =>
  span.refused === undefined &&
  span.startNs <= timeNs &&
  (span.healedNs < 0 || timeNs <= span.healedNs);

/** A fault that could not be resolved has no text. */
function faultText(text: string | undefined): FaultText {
  const none: FaultText = {
    nemesis: '',
    title: 'fault',
    what: '',
    nodes: [],
    keys: [],
    kind: 'cut',
    params: {},
    resolved: {},
  };
  try {
    return { ...none, ...(JSON.parse(text ?? '{}') as Partial<FaultText>) };
  } catch {
    return none;
  }
}

function proofOf(batch: Batch, i: number): Proof {
  const state = proofStates[batch.code[i]!] ?? proofStates[ProofCode.unproven];
  return { state, timeNs: batch.timeNs[i]!, by: batch.texts.get(i) ?? '' };
}
