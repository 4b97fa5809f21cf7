/** What a link is to do with what runs through it, and which links a pair of endpoints means. */
import { SchismError } from '../model/index.js';
import type { Endpoint, LinkSpec, Pair } from '../model/index.js';

/** One stream of a link. 0 means: not at all. */
export interface StreamState {
  drop: boolean;
  latencyMs: number;
  jitterMs: number;
  rateBytesPerSecond: number;
}

/** Upstream carries what the dialling side sends, downstream what it is answered. */
export interface LinkState {
  refuse: boolean;
  up: StreamState;
  down: StreamState;
}

/** What cuts held: connections of which something was held, and its bytes. */
export interface Held {
  connections: number;
  bytes: number;
}

export const cleanStream: StreamState = {
  drop: false,
  latencyMs: 0,
  jitterMs: 0,
  rateBytesPerSecond: 0,
};
export const cleanLink: LinkState = { refuse: false, up: cleanStream, down: cleanStream };

/** The strictest of what several faults want: the longest delay, the lowest rate. */
export const union = (states: Iterable<LinkState>): LinkState => {
  let all = cleanLink;
  for (const state of states)
    all = {
      refuse: all.refuse || state.refuse,
      up: strictest(all.up, state.up),
      down: strictest(all.down, state.down),
    };
  return all;
};

const strictest = (a: StreamState, b: StreamState): StreamState => ({
  drop: a.drop || b.drop,
  latencyMs: Math.max(a.latencyMs, b.latencyMs),
  jitterMs: Math.max(a.jitterMs, b.jitterMs),
  rateBytesPerSecond:
    a.rateBytesPerSecond > 0 && b.rateBytesPerSecond > 0
      ? Math.min(a.rateBytesPerSecond, b.rateBytesPerSecond)
      : Math.max(a.rateBytesPerSecond, b.rateBytesPerSecond),
});

export const isCut = (state: LinkState): boolean =>
  state.refuse || state.up.drop || state.down.drop;

export const isClean = (state: LinkState): boolean =>
  !isCut(state) && [state.up, state.down].every((s) => s.latencyMs + s.rateBytesPerSecond === 0);

/** What the state adds at most to the round trip of a small request, ms. */
export const addedMs = (state: LinkState): number =>
  [state.up, state.down].reduce(
    (sum, s) =>
      sum +
      s.latencyMs +
      s.jitterMs +
      // A request and its answer are taken to be below 1,000 bytes.
      (s.rateBytesPerSecond > 0 ? 1_000_000 / s.rateBytesPerSecond : 0),
    0,
  );

/** The streams of one link that carry packets of some pairs. */
export interface Carrier {
  link: number;
  up: boolean;
  down: boolean;
}

const isMeant = (wanted: Endpoint, endpoint: Endpoint): boolean =>
  wanted === endpoint || (wanted === 'clients' && typeof endpoint === 'string');

/**
 * A pair is packets from A to B, whoever dialled: the upstream of links from A to B and the
 * downstream of links from B to A.
 * @throws SchismError if a pair has no link.
 */
export function carriers(specs: readonly LinkSpec[], pairs: readonly Pair[]): Carrier[] {
  const found = new Map<number, Carrier>();
  for (const pair of pairs) {
    let any = false;
    for (const [link, spec] of specs.entries()) {
      const up = isMeant(pair.from, spec.from) && isMeant(pair.to, spec.to);
      const down = isMeant(pair.from, spec.to) && isMeant(pair.to, spec.from);
      if (!up && !down) continue;
      any = true;
      const before = found.get(link);
      found.set(link, { link, up: up || before?.up === true, down: down || before?.down === true });
    }
    if (!any)
      throw new SchismError(
        'cluster',
        `Expected a link that carries packets from ${pair.from} to ${pair.to}, and there is none.`,
      );
  }
  return [...found.values()].sort((a, b) => a.link - b.link);
}
