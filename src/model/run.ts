import type { KeyName } from './cluster.js';

export type OptionValue = string | number | boolean | string[];
export type OptionValues = Readonly<Record<string, OptionValue | undefined>>;

/** How a plug-in declares an option; its name in camel case becomes a flag: `--value-bytes`. */
export interface OptionSpec {
  /** A duration is given as `90`, `90s`, `5m` or `8h` and becomes milliseconds. */
  type: 'string' | 'number' | 'boolean' | 'list' | 'duration';
  default?: OptionValue;
  /** For numbers. */
  min?: number;
  max?: number;
  integer?: boolean;
  /** For strings, and for each item of a list, which may then be separated by commas too. */
  choices?: readonly string[];
  help: string;
  /** What the value is called in the help: `ms`, `file`. */
  placeholder?: string;
}
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** run.json: everything about a run but its rows. Written before the load begins, and at its end. */
export interface RunInfo {
  format: 1;
  schism: string;
  /** Wall clock at time 0 (the begin of the load), ISO 8601: to find a moment in a node's log. */
  startedAt: string;
  target: string;
  workload: string;
  nemesis: string;
  seed: string;
  /** All options as they were used, by camel-case name. */
  options: OptionValues;
  /** The command that repeats the run, one word an item. */
  command: string[];
  /** Number of workers; worker of a process = process % concurrency. */
  concurrency: number;
  acks: number;
  nodes: number[];
  keys: KeyName[];
  /** `Apache Kafka` -> `4.1.0`, `Links` -> `toxiproxy 2.12.0`, `Java`, `Node.js`, `kafkajs`, ... */
  facts: Record<string, string>;
  /** What a reader of the verdict must know of this target first. */
  notice?: string;
  /** Which evidence this target can give. Absent evidence that it can give makes a run unknown. */
  evidence: {
    watermarks: boolean;
    finalReads: boolean;
    replicas: boolean;
    views: boolean;
    /** Every start and end of a node's process is in the history. */
    incarnations?: boolean;
  };
  /**
   * Where the history came from; `imported` ones are judged by Jepsen's rules. Their options are
   * `subVia` (assign or subscribe: how consumers get their keys) and `wwDeps` (whether the order of
   * the versions counts as a dependency).
   */
  origin: 'recorded' | 'imported';
  /** How it ended; absent while it runs, or when the tester was killed. */
  ended?: { how: 'complete' | 'interrupted' | 'failed'; timeNs: number; why?: string };
  /** How long a node may take to catch up after all is healed (stale-replica). */
  recoveryBoundMs: number;
  /** Times from the end of the time limit on, ms: `heal`, `recover`, `final`, `replicas`, `stop`. */
  timings?: Record<string, number>;
}

/** How a run is written about in the terminal while it goes on. */
export interface RunEvents {
  /** One line of progress: `cluster starting`, `fault 1 isolate leader ... applied`. */
  line(
    kind: 'start' | 'fault' | 'leader' | 'read' | 'judge' | 'note',
    text: string,
    timeNs?: number,
  ): void;
  /** A snapshot about once a second. */
  tick(snapshot: Snapshot): void;
}
export interface Snapshot {
  timeNs: number;
  limitNs: number;
  ok: number;
  fail: number;
  info: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Faults in the schedule, with what is known of each. */
  faults: readonly FaultStatus[];
  /** key -> nodes that claim to lead it, with epoch, newest first. */
  leaders: readonly { key: string; claims: readonly { node: number; epoch: number }[] }[];
}
export interface FaultStatus {
  id: number;
  title: string;
  what: string;
  plannedNs: number;
  /** -1: not yet. */
  startNs: number;
  endNs: number;
  inForce: boolean | undefined;
  gone: boolean | undefined;
}
