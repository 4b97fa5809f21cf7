/** How many workers a history had, from the way in which its processes follow each other. */

/** More workers than that are no worker count. */
const most = 4096;

export class Processes {
  /** In the order of their first op. */
  readonly #begun = new Map<number, number>();
  /** Processes that ended for good, and when. */
  readonly #ended = new Map<number, number>();
  #clock = 0;

  begin(process: number): void {
    this.#clock++;
    if (!this.#begun.has(process)) this.#begun.set(process, this.#clock);
    // It went on: the end was none.
    if (this.#ended.size > 0) this.#ended.delete(process);
  }

  /** `died`: the op ended in info, or was a crash. */
  end(process: number, died: boolean): void {
    if (died) this.#ended.set(process, this.#clock);
  }

  /**
   * The smallest c such that every process from c on began only after the one c before it had
   * ended; else the number of processes.
   */
  concurrency(): number {
    let top = 0;
    for (const process of this.#begun.keys()) top = Math.max(top, process);
    for (let c = 1; c <= Math.min(top + 1, most); c++) if (this.#fits(c)) return c;
    return Math.max(1, this.#begun.size);
  }

  #fits(c: number): boolean {
    for (const [process, at] of this.#begun) {
      if (process < c) continue;
      const ended = this.#ended.get(process - c);
      if (ended === undefined || ended >= at) return false;
    }
    return true;
  }
}
