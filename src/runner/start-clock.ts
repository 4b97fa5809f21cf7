/**
 * Time 0 of a history is the begin of the load, so that every time that a person reads is seconds
 * of load. What is recorded before (starting nodes, routes) is held back until then and gets
 * negative times.
 */
import type { Recorder, Records, Row } from '../model/index.js';

export interface StartClock extends Recorder {
  /** Now is time 0. */
  begin(): void;
}

export function startClock(inner: Recorder): StartClock {
  let zeroNs = 0;
  let held: Row[][] | undefined = [];
  const release = (): void => {
    const rows = held ?? [];
    held = undefined;
    for (const group of rows) {
      inner.append(group.map((row) => ({ ...row, timeNs: row.timeNs - zeroNs })));
    }
  };
  return {
    now: () => inner.now() - zeroNs,
    nextOp: () => inner.nextOp(),
    append: (rows) => {
      if (held) held.push([...rows]);
      else inner.append(rows);
    },
    complete: (completion: Row | readonly Row[], records: Records) => {
      release();
      inner.complete(completion, records);
    },
    begin: () => {
      zeroNs = inner.now();
      release();
    },
    flush: () => inner.flush(),
    close: async () => {
      release();
      await inner.close();
    },
  };
}
