/** A cut that comes and goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, type Applied, type Healed, type Proof } from '../model/index.js';

/** The first cut holds until it was seen, or this long: the later ones may be too short to see. */
const firstSeenMs = 3000;

interface FlapParts {
  cut(): Promise<Applied>;
  /** A cut begins, or ended. */
  mark(on: boolean): void;
  now(): number;
  onMs: number;
  offMs: number;
}

/** Proven once one cut was seen in force. Its end: the last cut seen gone. */
export async function flap(parts: FlapParts): Promise<Applied> {
  const first = await parts.cut();
  const flapping = new Flapping(parts, first);
  return { proof: flapping.proof, heal: () => flapping.heal() };
}

class Flapping implements Applied {
  readonly proof: Promise<Proof>;
  private seen!: (proof: Proof) => void;
  private readonly parts: FlapParts;
  private readonly stop = new AbortController();
  private readonly running: Promise<Healed>;
  private readonly proofs: Promise<Proof>[] = [];
  private failure: string | undefined;
  private healed: Promise<Healed> | undefined;

  constructor(parts: FlapParts, first: Applied) {
    this.parts = parts;
    this.proof = new Promise((resolve) => (this.seen = resolve));
    this.running = this.run(first);
    // heal() hands an error on; until then it must not count as unhandled.
    this.running.catch(() => undefined);
  }

  heal(): Promise<Healed> {
    this.stop.abort();
    return (this.healed ??= this.end());
  }

  private async end(): Promise<Healed> {
    try {
      const last = await this.running;
      const count = this.proofs.length;
      const proof = last.proof.then((one) => ({ ...one, by: `cut ${count}, the last: ${one.by}` }));
      return { proof };
    } finally {
      this.seen(this.unseen(await Promise.all(this.proofs)));
    }
  }

  private async run(first: Applied): Promise<Healed> {
    const { onMs, offMs } = this.parts;
    this.begin(first);
    const looked = Promise.race([first.proof, this.rest(firstSeenMs)]);
    await Promise.all([this.rest(onMs), looked]);
    let last = await this.over(first);
    for (;;) {
      await this.rest(offMs);
      if (this.stop.signal.aborted) return last;
      let next: Applied;
      try {
        next = await this.parts.cut();
      } catch (error) {
        // It has undone itself; what was seen of the cuts before it stands.
        this.failure = `cut ${this.proofs.length + 1} failed: ${messageOf(error)}`;
        return last;
      }
      this.begin(next);
      await this.rest(onMs);
      last = await this.over(next);
    }
  }

  private begin(applied: Applied): void {
    this.parts.mark(true);
    const count = this.proofs.length + 1;
    const proof = applied.proof.then((one) => {
      if (one.state === 'proven') this.seen({ ...one, by: `cut ${count}: ${one.by}` });
      return one;
    });
    this.proofs.push(proof);
  }

  private async over(applied: Applied): Promise<Healed> {
    const healed = await applied.heal();
    this.parts.mark(false);
    return healed;
  }

  private rest(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.stop.signal }).catch(() => undefined);
  }

  /** Has no effect if a cut was seen in force. */
  private unseen(proofs: readonly Proof[]): Proof {
    const worst = proofs.find((one) => one.state === 'unproven') ?? proofs[0]!;
    const also = this.failure === undefined ? '' : `; ${this.failure}`;
    const by = `none of ${proofs.length} cuts was seen in force: ${worst.by}${also}`;
    return { state: worst.state, timeNs: this.parts.now(), by };
  }
}
