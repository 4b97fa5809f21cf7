/** Virtual time: events in order of their time, and of their making where times are equal. */
interface Event {
  at: number;
  sequence: number;
  run: () => void;
}

export class Clock {
  /** ms */
  now = 0;
  #sequence = 0;
  readonly #heap: Event[] = [];

  at(time: number, run: () => void): void {
    const heap = this.#heap;
    const event = { at: Math.max(time, this.now), sequence: this.#sequence++, run };
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
  }

  after(ms: number, run: () => void): void {
    this.at(this.now + ms, run);
  }

  /** Runs all that is due up to `time`. */
  runUntil(time: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= time) {
      const event = this.#pop();
      this.now = event.at;
      event.run();
    }
    this.now = time;
  }

  #pop(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    const n = heap.length;
    if (n === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

const isBefore = (a: Event, b: Event): boolean =>
  a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
