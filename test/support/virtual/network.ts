/**
 * One direction for each pair of nodes. Messages of a direction keep their order, those of several
 * do not. A cut holds what is sent, or drops it; what was held comes at the heal, or much later and
 * among newer messages, as bytes of an old connection do.
 */
import type { Random } from '../../../src/model/index.js';
import type { Clock } from './clock.js';

export type CutHow = 'hold' | 'drop';
interface Direction<M> {
  arrivesAt: number;
  cut: CutHow | undefined;
  held: M[];
}

export class Network<M> {
  latencyMs = { from: 0.5, to: 4 };
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #deliver: (from: number, to: number, message: M) => void;
  readonly #directions = new Map<string, Direction<M>>();

  constructor(
    clock: Clock,
    random: Random,
    deliver: (from: number, to: number, message: M) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#deliver = deliver;
  }

  send(from: number, to: number, message: M): void {
    const direction = this.#direction(from, to);
    if (direction.cut === 'hold') direction.held.push(message);
    else if (direction.cut === undefined) this.#pass(from, to, direction, message);
  }

  cut(from: number, to: number, how: CutHow): void {
    this.#direction(from, to).cut = how;
  }

  /** Late: what was held comes up to so many ms later. */
  heal(from: number, to: number, lateMs = 0): void {
    const direction = this.#direction(from, to);
    direction.cut = undefined;
    const held = direction.held.splice(0);
    if (lateMs === 0) for (const message of held) this.#pass(from, to, direction, message);
    else
      this.#clock.after(this.#random.between(0, lateMs), () => {
        for (const message of held) this.#deliver(from, to, message);
      });
  }

  #pass(from: number, to: number, direction: Direction<M>, message: M): void {
    const { latencyMs } = this;
    const takes = this.#random.between(latencyMs.from, latencyMs.to);
    direction.arrivesAt = Math.max(direction.arrivesAt, this.#clock.now + takes);
    this.#clock.at(direction.arrivesAt, () => this.#deliver(from, to, message));
  }

  #direction(from: number, to: number): Direction<M> {
    const name = `${from}>${to}`;
    const found = this.#directions.get(name) ?? { arrivesAt: 0, cut: undefined, held: [] };
    this.#directions.set(name, found);
    return found;
  }
}
