/** invalid > unknown > valid: a loss stays a loss although some fault could not be proven. */
export type VerdictWord = 'valid' | 'invalid' | 'unknown';

/** One line of a witness: who did what when, in words that can be checked against the history. */
export interface ProofStep {
  /** Op id, or -1 for a probe or a fault. */
  op: number;
  /** -1: none, as for reads of the end, probes and faults. */
  process: number;
  /** ns from the begin of the load. */
  timeNs: number;
  /** `send`, `ok`, `poll`, `final`, `replica`, `probe`, `fault`. */
  what: string;
  /** `at offset 333, node 1, epoch 4` */
  says: string;
}

/** A proof that a promise was broken. */
export interface Anomaly {
  /** `lost-write`; the name that Jepsen has for it, where it has one. */
  type: string;
  /** Dense key id, or -1. */
  key: number;
  /** -1: not about one offset. */
  offset: number;
  /** -1: not about one value. */
  value: number;
  /** The moment it happened: of a lost or unseen write its ack, else what first showed it, ns. */
  timeNs: number;
  /** The smallest witness: op ids, in time order. */
  ops: number[];
  /** The witness in words, in time order. */
  proof: ProofStep[];
  /** A sentence that a person can check by hand. */
  explanation: string;
  /** For a span (split-brain): its begin and end, ns. */
  spanNs?: [number, number];
  /** Flat facts for machines and for the page: `holdsNow`, `node`, `epoch`, `firstReadOp`. */
  data: Record<string, string | number | boolean | number[]>;
}

/** What one checker, or the search for evidence that a run must have, came to. */
export interface CheckerResult {
  /** `lost-write`; see `schism list`. */
  id: string;
  /** Types that it can find. */
  anomalies: string[];
  /** `not-applicable`: this history cannot have the evidence that it judges. */
  result: VerdictWord | 'not-applicable';
  /** Anomalies, those that are permitted too. */
  count: number;
  /** How many of them are permitted, and so no reason for invalid; absent: none. */
  permitted?: number;
  /** How many things it judged. */
  checked: number;
  /** `3,025 acknowledged sends against the final reads of 3 keys` */
  what: string;
  /** For unknown and not-applicable: why. */
  reason?: string;
  /** Of a checker that threw. */
  stack?: string;
  /** Time that it took. */
  durationMs: number;
}

/** One kind and cause: a card on the page. */
export interface Case {
  /** Stable within the verdict: `lost-write-1`. */
  id: string;
  /** Of all its anomalies. */
  type: string;
  /** Dense key ids; their names are in run.json. */
  keys: number[];
  /** Anomalies. */
  count: number;
  /** Ids of the faults in force (or just over) at the anomalies. */
  faults: number[];
  /** From the first to the last anomaly, ns. */
  spanNs: [number, number];
  /** One sentence for all of them, the first one's witness in it. */
  sentence: string;
  /** The first ones, whole. */
  anomalies: Anomaly[];
  /** All of them, compact: offset, value, time ns. Capped at 100,000. */
  all: [offset: number, value: number, timeNs: number][];
  /** Types that follow from this and are counted with it. */
  alsoCountedBy: { type: string; count: number }[];
  /** The case that this one follows from; then it has no card of its own. */
  partOf?: string;
  /** Why this is no reason for invalid: the protocol, or how the history was made, permits it. */
  permitted?: string;
}

/** How many acks fell into a fault's force, or into the second before a leader change. */
export interface AtRisk {
  /** Its id. */
  fault: number;
  /** Dense key id. */
  key: number;
  /** Acks between its start and its heal. */
  inForce: number;
  /** Acks in the second before a leader change that fell into it. */
  beforeLeaderChange: number;
}

/** Ops by outcome. */
export interface Counts {
  /** It took effect. */
  ok: number;
  /** It did not. */
  fail: number;
  /** Nobody knows. */
  info: number;
}
/** Figures of the run; no reason for any verdict. */
export interface Stats {
  /** Client ops of the load; final and replica reads are not counted. */
  ops: Counts;
  /** The same by `send`, `poll`, `txn`, ... */
  byF: Record<string, Counts>;
  /** Values whose send ended ok. */
  ackedValues: number;
  /** Records that polls returned. */
  polledRecords: number;
  /** Records that the final reads of the keys returned. */
  finalRecords: number;
  /** Of ops that ended ok, from invocation to completion. */
  latencyMs: { p50: number; p95: number; p99: number; max: number };
  /** Ops that ended ok, a second of the load. */
  perSecond: number;
  /** Per key: the longest stretch of the load without an acknowledged send. */
  gaps: { key: number; fromNs: number; toNs: number }[];
  /** From each heal until all replicas were in sync again, or the process answered. */
  recoveries: { fault: number; fromNs: number; toNs: number; what: string }[];
  /** Why ops did not end ok, the most frequent first. */
  reasons: { reason: string; type: 'fail' | 'info'; count: number }[];
  /** Of imported histories: how far a poll was behind what was known to be there, at worst. */
  realtimeLag?: { key: number; process: number; timeNs: number; lagNs: number };
}

/** A place where a change was planted and no checker saw it. */
export interface MissedPlace {
  /** Dense key id. */
  key: number;
  /** -1: not about one offset. */
  offset: number;
  /** -1: not about one value. */
  value: number;
  /** Where the change begins, ns. */
  timeNs: number;
  /** `no probe of node 2 between 18.200 s and 18.400 s` */
  why: string;
}

export type WorthId =
  | 'lost'
  | 'missing-replica'
  | 'swapped-replica'
  | 'failed-visible'
  | 'poll-skip'
  | 'double-leader-50'
  | 'double-leader-200'
  | 'double-leader-1000'
  | 'watermark-back';

/** How often one kind of change, planted into this history at random places, was found. */
export interface WorthKind {
  /** The kind of change. */
  id: WorthId;
  /** `an acked record missing from every later read and every replica` */
  what: string;
  /** Places that were tried; 0: none, and `notMeasured` says why. */
  trials: number;
  /** How many of the trials a checker found. */
  found: number;
  /** The smallest share of all places that the trials leave possible, at 95 %; 0 to 1. */
  atLeast: number;
  /** The first five that were missed. */
  missed: MissedPlace[];
  /** Of a kind that was missed often: what the run lacked. */
  lacked?: string;
  /** Why there were no trials: `no replica was read`. */
  notMeasured?: string;
}

/** What a valid verdict is worth: defects planted into its very history, and how many are found. */
export interface Worth {
  /** It chooses the places. */
  seed: string;
  /** Passes over the history. The places depend on the seed alone; how many were tried, on the time. */
  passes: number;
  /** Time that it took. */
  durationMs: number;
  /** In a fixed order. */
  kinds: WorthKind[];
  /** `Had one acked write been missing, this history would have shown it in 998 of 1,000 places` */
  sentence: string;
  /** What these figures do not cover: defects that no fault provoked. */
  caution: string;
}

/** The file, and what `schism check RUN --json` prints. */
export interface Verdict {
  /** Of this file: fields are added, never renamed or removed. */
  format: 1;
  /** invalid > unknown > valid; the exit code says the same. */
  verdict: VerdictWord;
  /** `37 acknowledged writes to orders-0 were lost` */
  sentence: string;
  /** Why it is unknown, or would be if it were not invalid. */
  reasons: string[];
  /** All that was found. Those with `permitted` are no reason for invalid. */
  cases: Case[];
  /** One for each checker, then one for each kind of evidence. */
  checkers: CheckerResult[];
  /** How many faults there were, and how many were seen in force and gone; ids of the others. */
  faults: { total: number; proven: number; unproven: number[]; moot: number[] };
  /** One for each fault and key. */
  atRisk: AtRisk[];
  /** What a valid verdict lacks: `No ack was at risk in any fault`. */
  cautions: string[];
  /** Figures of the run. */
  stats: Stats;
  /** Rows judged, whether the file was cut, and the last row's time. */
  history: { rows: number; truncated: boolean; lastNs: number };
  /** Of a valid verdict only, and of one whose worth was asked for. */
  worth?: Worth;
  /** Time that judging took. */
  durationMs: number;
}
