/** What a plug-in is: one file whose default export is one of these. Its file name is its id. */
import type { Batch, Recorder } from './batch.js';
import type { Applied, Cluster, LinkBackend } from './cluster.js';
import type { PollOutcome, SendOutcome } from './client.js';
import type { FactId, Facts } from './facts.js';
import type { Random } from './random.js';
import type { OptionSpecs, OptionValues, RunInfo } from './run.js';
import type { Fault, FaultText } from './schedule.js';
import type { Anomaly } from './verdict.js';

/** Hands an anomaly over. The thunk is called only for those that are kept whole. */
export type Emit = (
  at: Pick<Anomaly, 'type' | 'key' | 'offset' | 'value' | 'timeNs'> & {
    ops?: number[];
    /** Other values that it is about: what befell one of them may be its cause. */
    values?: readonly number[];
  },
  whole: () => Omit<Anomaly, 'type' | 'key' | 'offset' | 'value' | 'timeNs'>,
) => void;

export type Finish =
  { checked: number; what: string } | { notApplicable: string } | { unknown: string };

/** A property. Pure: no clock, no randomness, no files, no drawing. */
export interface Checker<S = unknown> {
  meta: {
    id: string;
    help: string;
    /** Types that it can find; Jepsen's names where it has one. */
    anomalies: readonly string[];
    facts: readonly FactId[];
    /** How its work can be divided: rows of one key, of one process, or not at all. */
    shard: 'key' | 'process' | 'whole';
  };
  start(run: RunInfo, facts: Facts): S;
  step(state: S, batch: Batch, emit: Emit): void;
  /** Everything of `key` below `below` is decided: memory for it can go. */
  settle?(state: S, key: number, below: number): void;
  finish(state: S, emit: Emit): Finish;
}

/** What a worker wants to do next. */
export type ClientOp =
  | { f: 'send'; key: number; values: readonly number[] }
  | { f: 'poll'; key: number; offset: number }
  /** Nothing for this long. */
  | { f: 'sleep'; ms: number };
export type ClientOutcome = SendOutcome | PollOutcome | { type: 'ok'; slept: true };

export interface WorkerContext {
  worker: number;
  concurrency: number;
  /** Dense key ids: 0 to keys - 1. */
  keys: number;
  random: Random;
  options: OptionValues;
  /** A new value of this worker, never given before in the run. */
  nextValue(): number;
}

/** Client behaviour: each worker is a generator that yields ops and is handed their outcomes. */
export interface Workload {
  meta: { id: string; help: string; options: OptionSpecs };
  /** Topics that it needs. */
  topics(options: OptionValues): { name: string; partitions: number }[];
  worker(context: WorkerContext): Generator<ClientOp, void, ClientOutcome>;
}

export type Capability = 'links' | 'kill' | 'pause' | 'stop';

export interface Topology {
  nodes: readonly number[];
  /** Dense key ids: 0 to keys - 1. */
  keys: number;
  workers: number;
}
export interface PlanOptions {
  timeLimitMs: number;
  intervalMs: number;
  durationMs: number;
  options: OptionValues;
}

/** What a nemesis sees of a running cluster. */
export interface Scene {
  cluster: Cluster;
  topology: Topology;
  /** ns since the run's start. */
  now(): number;
  /** Asks all nodes anew: the leader of each key by the newest epoch claimed; -1 none. */
  leaders(): Promise<
    readonly { key: number; leader: number; epoch: number; isr: readonly number[] }[]
  >;
  /** The leader of the metadata quorum, or -1. */
  controller(): Promise<number>;
  /** What an earlier fault was resolved to; undefined: there is no such fault, or not yet. */
  earlier(fault: number): FaultText | undefined;
  /** A cut of a flapping fault begins (true) or ends. */
  flap(fault: Fault, on: boolean): void;
}

/** A kind of fault. */
export interface Nemesis {
  meta: { id: string; help: string; needs: readonly Capability[]; options: OptionSpecs };
  /** Pure. Ids are given later. Faults of one nemesis do not overlap. */
  plan(random: Random, topology: Topology, options: PlanOptions): Omit<Fault, 'id'>[];
  /** Checks the params of a fault from a schedule file. Throws a SchismError that names the field. */
  validate(fault: Fault, topology: Topology): void;
  /** Finds out what the symbolic target is now, and says it in words. */
  resolve(fault: Fault, scene: Scene): Promise<FaultText>;
  /** Returns a fault in force, or has undone itself and throws. */
  apply(fault: Fault, text: FaultText, scene: Scene): Promise<Applied>;
}

export interface TargetContext {
  /** The run's folder; a target may make `nodes/` in it. */
  dir: string;
  /** Where data live while the run lasts; removed at its end unless `keepData`. */
  dataDir: string;
  /** Downloads and built tools, kept from run to run. */
  cacheDir: string;
  options: OptionValues;
  concurrency: number;
  /** ns since the run's start. */
  now(): number;
  recorder: Recorder;
  /** One line for the user: `fetching Apache Kafka 4.1.0`. */
  progress(text: string): void;
  /** Undefined: this run has no links. */
  links: LinkBackend | undefined;
  signal: AbortSignal;
}

/** A kind of cluster. */
export interface Target {
  meta: {
    id: string;
    help: string;
    options: OptionSpecs;
    /** What carries its links unless the user says otherwise; default: `toxiproxy`. */
    links?: 'builtin' | 'toxiproxy';
    /** Defects that can be switched on in it, by name. */
    plants?: Readonly<Record<string, { help: string }>>;
  };
  /** What a reader of any verdict must know first: one or two sentences, with `` `code` ``. */
  notice?(options: OptionValues): string;
  /** What it can do with these options; decides which nemeses are refused before anything starts. */
  capabilities(options: OptionValues): readonly Capability[];
  /** Throws a SchismError (usage) that names what is missing on this machine, before anything starts. */
  check(options: OptionValues, cacheDir: string): Promise<void>;
  /** For `--dry-run`, without changing anything: the nodes, and what would be run on each. */
  preview?(options: OptionValues): Promise<{ nodes: number[]; commands: string[] }>;
  start(context: TargetContext): Promise<Cluster>;
}
