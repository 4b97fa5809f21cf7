/**
 * The plan of faults. It comes from the seed, or from a file written by hand. Targets are symbolic
 * (`leader(0)`, `one`) until the fault is applied; what they resolved to is stored beside them.
 */
export interface Fault {
  /** 1, 2 ... in order of `atMs`. */
  id: number;
  /** The nemesis that applies it. */
  nemesis: string;
  /** From the begin of the load, ms. */
  atMs: number;
  durationMs: number;
  /** What the nemesis needs to know: `shape`, `target`, `how`, ... */
  params: Record<string, string | number>;
  /** Filled in when it is applied; a replay follows it if it is there and `follow` says so. */
  resolved?: Record<string, string | number>;
}

export interface Schedule {
  version: 1;
  seed: string;
  faults: Fault[];
  /** What a replay does with `resolved`: `symbolic` (default) resolves anew. */
  follow?: 'symbolic' | 'resolved';
}

/** The text of a faultStart row. */
export interface FaultText {
  nemesis: string;
  /** `isolate leader` */
  title: string;
  /** `node 1 | 2 3` */
  what: string;
  /** Nodes that it touches. */
  nodes: number[];
  /** Keys whose leader it touches, as far as known when it was applied. */
  keys: number[];
  /** How a timeline draws it. */
  kind: 'cut' | 'flap' | 'kill' | 'pause' | 'restart' | 'slow';
  params: Record<string, string | number>;
  resolved: Record<string, string | number>;
}
