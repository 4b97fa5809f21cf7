import type { Case, FaultText, Proof } from '../../model/index.js';

/**
 * What the page's script knows of a run: one JSON object inside the page. Times are seconds on the
 * run's clock, keys are dense ids, offsets inclusive, `to` exclusive. Columns are packed (pack.ts).
 */
export interface PageData {
  version: 1;
  /** It has no nodes, no probes and no proof of faults, and its ops may be of several keys. */
  imported: boolean;
  /** What the picture of the whole run spans. */
  begin: number;
  end: number;
  /** When the load began and ended and the final reads began; -1 unknown. */
  phases: { load: number; heal: number; final: number };
  /** Wall clock at time 0, ISO 8601. */
  startedAt: string;
  concurrency: number;
  /** Names by dense id: `orders-0`. */
  keys: string[];
  nodes: number[];
  /** Workers with the processes that replaced one another, each with the time of its first op. */
  clients: { worker: number; processes: [process: number, since: number][] }[];
  /** Client ops of the whole run, also of those that are not in `ops`; `poll`: all but sends. */
  counts: Record<'ok' | 'fail' | 'info' | 'send' | 'poll', number>;
  ops: PackedOps;
  /** Ops of a very long run that are in this file only as counts. */
  rest?: Rest;
  /** What went wrong, by `ops.error`. */
  errors: string[];
  /** Completions of client ops in each 1/240 of the run. */
  overview: { ok: number[]; fail: number[]; info: number[] };
  faults: PageFault[];
  nodeStates: { node: number; state: NodeStateName; t0: number; t1: number }[];
  /** When each node was first and last asked by a probe. */
  probed: { node: number; t0: number; t1: number }[];
  /** A node that says of itself that it leads a key. */
  claims: PageClaim[];
  /** Who leads a key as the newest epoch seen has it; node -1: nobody. Sorted by time. */
  leaders: { key: number; node: number; epoch: number; t0: number; t1: number }[];
  /** Two nodes that say at once that they lead a key. */
  overlaps: Overlap[];
  cases: PageCase[];
  /** Sends that ended fail or info and whose value was read: by which op first (-1: no client), and
   * at which offset the final read has it (-1: it does not). */
  seen: { op: number; readBy: number; offset: number }[];
  /** Final reads, by key. */
  finals: { key: number; op: number; reached: number; highWatermark: number }[];
  /** Values that polls in a witness returned: op -> offset and value of each, some of them. */
  polled: Record<string, [offset: number, value: number][]>;
  /** Where the timeline opens. */
  open: [t0: number, t1: number];
}

export type NodeStateName = 'down' | 'starting' | 'up' | 'paused' | 'silent';

/** What travels of an op as it is in the run's OpTable. */
// prettier-ignore
export const plainColumns = ['id', 'worker', 'process', 'f', 'out', 'key', 'node', 'from', 'count', 'error'] as const;
/**
 * Sorted by worker (final reads last), then by invoke. `t0` and `took` are microseconds, `reach` is
 * `to` minus `from`, `value` the first value sent, of sends only, in their order.
 */
export type PackedOps = { n: number } & Record<
  (typeof plainColumns)[number] | 't0' | 'took' | 'reach' | 'value',
  string
>;

/** Counts of client ops which are not in `ops`, for each bin of `step` seconds from `begin`. */
export interface Rest {
  n: number;
  step: number;
  bins: number;
  /** Packed, one for each worker. */
  lanes: { worker: number; sends: string; polls: string }[];
}

export type PageProof = Pick<Proof, 'state' | 'by'> & { t: number };
export interface PageFault extends Omit<FaultText, 'params' | 'resolved'> {
  id: number;
  t0: number;
  /** Healed, or the end of the history. */
  t1: number;
  healed: boolean;
  inForce?: PageProof;
  gone?: PageProof;
  cuts: [number, number][];
  refused?: string;
}

export interface PageClaim {
  node: number;
  key: number;
  epoch: number;
  t0: number;
  t1: number;
}
export interface Overlap {
  key: number;
  t0: number;
  t1: number;
  old: { node: number; epoch: number };
  young: { node: number; epoch: number };
  /** Both acked, or a checker says split-brain. */
  bad: boolean;
}

/** One kind and cause: a lane, a card's strip. */
export interface PageCase extends Pick<Case, 'id' | 'type' | 'keys' | 'count' | 'faults'> {
  t0: number;
  t1: number;
  /** Only if it lasts: `two leaders of orders-0`. */
  span?: [number, number];
  points: PackedPoints;
  /** The first witness, told at its places: the circled numbers of the picture and of the card. */
  steps: WitnessStep[];
  strip: StripPlan;
}
/** Each anomaly of a case. */
export type PackedPoints = { n: number } & Record<keyof PointRow, string>;
export interface PointRow {
  /** Microseconds: of a lost write its ack, else when it was seen. */
  t: number;
  /** The op that sent the value, or -1. */
  op: number;
  key: number;
  offset: number;
  value: number;
  /** What the final read has at that offset; -1 nothing, or unknown. */
  now: number;
  /** The first op that read something else there, or -1. */
  read: number;
}
export interface WitnessStep {
  /** 1, 2, 3. */
  n: number;
  op: number;
  t: number;
  /** `w5.103 acked at offset 333` */
  says: string;
}
/** What a card's strip shows. */
export interface StripPlan {
  t0: number;
  t1: number;
  keys: number[];
  nodes: number[];
  clients: number[];
}
