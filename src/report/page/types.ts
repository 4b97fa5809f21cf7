/**
 * What the page's script knows of a run: one JSON object inside the page. Times are seconds on the
 * run's clock, keys are dense ids, offsets inclusive, `to` exclusive. Columns are packed (pack.ts).
 */
export interface PageData {
  version: 1;
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
  /** Client ops of the whole run, also of those that are not in `ops`. */
  counts: {
    ok: number;
    fail: number;
    info: number;
    send: number;
    poll: number;
    /** By key. */
    keys: number[];
  };
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

/** Sorted by worker (final reads last), then by invoke. */
export interface PackedOps {
  n: number;
  id: string;
  /** -1: a read of the end of the run. */
  worker: string;
  process: string;
  /** An F of the model. */
  f: string;
  /** A Kind of the model: ok, fail or info. */
  out: string;
  key: string;
  /** Asked or answering node, -1 unknown. */
  node: string;
  /** Invoke, microseconds. */
  t0: string;
  /** Microseconds. */
  took: string;
  /** Send: offset acked, or -1. Poll: offset asked for. */
  from: string;
  /** Poll: next offset minus `from`. */
  reach: string;
  /** Values sent, records returned. */
  count: string;
  /** First value sent; of sends only, in their order. */
  value: string;
  /** Index into `errors`, or -1. */
  error: string;
}

/** Counts of client ops which are not in `ops`, for each bin of `step` seconds from `begin`. */
export interface Rest {
  n: number;
  step: number;
  bins: number;
  /** Packed, one for each worker. */
  lanes: { worker: number; sends: string; polls: string }[];
}

export interface PageProof {
  state: 'proven' | 'unproven' | 'moot';
  t: number;
  by: string;
}
export interface PageFault {
  id: number;
  nemesis: string;
  kind: 'cut' | 'flap' | 'kill' | 'pause' | 'restart' | 'slow';
  title: string;
  what: string;
  nodes: number[];
  keys: number[];
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
export interface PageCase {
  id: string;
  type: string;
  keys: number[];
  count: number;
  faults: number[];
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
export interface PackedPoints {
  n: number;
  /** Microseconds: of a lost write its ack, else when it was seen. */
  t: string;
  /** The op that sent the value, or -1. */
  op: string;
  key: string;
  offset: string;
  value: string;
  /** What the final read has at that offset; -1 nothing, or unknown. */
  now: string;
  /** The first op that read something else there, or -1. */
  read: string;
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
