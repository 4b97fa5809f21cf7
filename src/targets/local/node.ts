import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pingKafka } from '../../kafka/ping.js';
import {
  F,
  Kind,
  messageOf,
  NodeState,
  SchismError,
  type Address,
  type Applied,
  type ClusterNode,
  type Healed,
  type Proof,
  type ProofState,
  type Recorder,
} from '../../model/index.js';
import { startProcess, type Exit, type ManagedProcess } from '../../processes/index.js';
import type { Addresses } from './layout.js';
import { endOf, lastWords, troubles } from './log.js';

export interface NodeSpec {
  id: number;
  addresses: Addresses;
  command: string;
  args: readonly string[];
  logFile: string;
  recorder: Recorder;
}

const pingMs = 1000;
/** How long a broker may take to end after SIGTERM before it is killed. */
const stopMs = 30_000;
/** How long a living, running broker may stay silent before its return counts as unproven. */
const silenceMs = 60_000;

/** One broker: its process, how it is broken, and how that was seen. */
export class LocalNode implements ClusterNode {
  readonly id: number;
  readonly addresses: Addresses;
  readonly #spec: NodeSpec;
  #process: ManagedProcess | undefined;
  #incarnation = 0;
  /** Where the current process's part of the log file begins. */
  #logFrom = 0;
  /** The process that was ordered to end: its death is no news. */
  #ending: ManagedProcess | undefined;
  #paused = false;
  #closed = false;
  #state: number | undefined;
  /** How the current process ended by itself, if it did. */
  #failure: string | undefined;

  constructor(spec: NodeSpec) {
    this.id = spec.id;
    this.addresses = spec.addresses;
    this.#spec = spec;
  }

  get incarnation(): number {
    return this.#incarnation;
  }
  /** Of the living process that is not paused, or undefined. */
  get runningPid(): number | undefined {
    return this.isAlive() && !this.#paused ? this.#process?.pid : undefined;
  }
  isAlive(): boolean {
    return this.#process?.isAlive() ?? false;
  }
  logs(): readonly string[] {
    return [this.#spec.logFile];
  }

  /** What the log of the current process says about its trouble; several lines. */
  troubles(): string {
    const { logFile } = this.#spec;
    return `The log of node ${this.id} (${logFile}) says:\n${troubles(logFile, this.#logFrom, 4)}`;
  }

  /** Starts its process unless one lives. */
  start(): void {
    if (this.#closed || this.isAlive()) return;
    const { command, args, logFile } = this.#spec;
    this.#logFrom = endOf(logFile);
    const process = startProcess({ name: `broker ${this.id}`, command, args, logFile });
    this.#process = process;
    this.#incarnation += 1;
    this.#failure = undefined;
    this.#record(NodeState.starting);
    void process.exited.then((exit) => this.#ended(process, exit));
    void this.#recordUp(process);
  }

  async kill(): Promise<Applied> {
    // Also one that is being stopped: that may take long, and is when a crash hurts.
    const process = (this.#ending = this.#alive('killed'));
    await process.kill();
    return this.#down(`process ${process.pid} is gone`);
  }

  async stop(): Promise<Applied> {
    if (this.#paused) throw this.#refuse('stopped', 'is paused');
    const process = (this.#ending = this.#living('stopped'));
    const begun = performance.now();
    const { graceful } = await process.terminate(stopMs);
    const took = seconds(performance.now() - begun);
    return this.#down(
      graceful
        ? `process ${process.pid} ended ${took} after SIGTERM`
        : `process ${process.pid} had to be killed ${took} after SIGTERM`,
    );
  }

  async pause(): Promise<Applied> {
    const process = this.#living('paused');
    if (this.#paused) throw this.#refuse('paused', 'is paused already');
    this.#paused = true;
    try {
      await process.pause();
    } catch (error) {
      if (this.#process === process) this.#paused = false;
      throw error;
    }
    this.#record(NodeState.paused);
    const proof = this.#proof('proven', `all threads of process ${process.pid} are stopped`);
    const heal = async (): Promise<Healed> => {
      if (process.isAlive()) await process.resume();
      if (!process.isAlive()) {
        const by = `process ${process.pid} ended while it was paused`;
        return { proof: Promise.resolve(this.#proof('moot', by)) };
      }
      this.#paused = false;
      void this.#recordUp(process);
      return { proof: this.#answers() };
    };
    return { proof: Promise.resolve(proof), heal: once(heal) };
  }

  /** Ends its process for good. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#ending = this.#process;
    await this.#process?.kill();
  }

  #alive(done: string): ManagedProcess {
    if (this.#process === undefined || !this.isAlive()) throw this.#refuse(done, 'is down');
    return this.#process;
  }
  #living(done: string): ManagedProcess {
    const process = this.#alive(done);
    if (this.#ending === process) throw this.#refuse(done, 'is being ended already');
    return process;
  }
  #refuse(done: string, why: string): SchismError {
    return new SchismError('cluster', `Node ${this.id} cannot be ${done}: it ${why}.`);
  }

  async #down(how: string): Promise<Applied> {
    const { host, port } = this.addresses.client;
    const refused = await refuses(this.addresses.client);
    const proof = refused
      ? this.#proof('proven', `${how}, and ${host}:${port} refuses connections`)
      : this.#proof('unproven', `${how}, but ${host}:${port} does not refuse connections`);
    const heal = (): Promise<Healed> => {
      this.start();
      return Promise.resolve({ proof: this.#answers() });
    };
    return { proof: Promise.resolve(proof), heal: once(heal) };
  }

  /** Resolves when the node answered, after further faults too; moot if it never could any more. */
  async #answers(): Promise<Proof> {
    const begun = performance.now();
    for (let silent = 0; !this.#closed;) {
      if (this.#failure !== undefined) return this.#proof('unproven', this.#failure);
      const asked = performance.now();
      if (this.runningPid !== undefined) {
        try {
          const ms = await pingKafka(this.addresses.client, pingMs);
          const took = seconds(performance.now() - begun);
          const by = `process ${this.#process?.pid ?? -1} answered a request in ${ms.toFixed(0)} ms, ${took} after the heal`;
          return this.#proof('proven', by);
        } catch (error) {
          silent += performance.now() - asked + 100;
          if (silent > silenceMs)
            return this.#proof('unproven', `no answer for ${seconds(silent)}: ${messageOf(error)}`);
        }
      }
      await sleep(100);
    }
    return this.#proof('moot', 'the cluster was stopped before the node was up again');
  }

  async #recordUp(process: ManagedProcess): Promise<void> {
    const current = (): boolean => this.#process === process && !this.#closed;
    while (current() && process.isAlive() && !this.#paused) {
      const answered = await pingKafka(this.addresses.client, pingMs).catch(() => undefined);
      // It may have been broken anew while the answer was on its way.
      if (answered !== undefined && current() && this.runningPid !== undefined) {
        this.#record(NodeState.up);
        return;
      }
      await sleep(100);
    }
  }

  #ended(process: ManagedProcess, exit: Exit): void {
    if (this.#process !== process) return;
    this.#paused = false;
    this.#record(NodeState.down);
    if (this.#ending === process) return;
    const how = exit.signal ?? `exit code ${exit.code ?? 'unknown'}`;
    const words = lastWords(this.#spec.logFile, this.#logFrom, exit.signal === undefined);
    this.#failure = `process ${process.pid} of node ${this.id} ended by itself with ${how}; its log says: ${words}`;
    const { recorder } = this.#spec;
    recorder.append([
      { kind: Kind.meta, f: F.notice, timeNs: recorder.now(), text: this.#failure },
    ]);
  }

  #record(state: number): void {
    if (state === this.#state) return;
    this.#state = state;
    const { recorder, id } = this.#spec;
    const row = { kind: Kind.fault, f: F.node, timeNs: recorder.now() };
    recorder.append([{ ...row, node: id, epoch: this.#incarnation, code: state }]);
  }

  #proof(state: ProofState, by: string): Proof {
    return { state, timeNs: this.#spec.recorder.now(), by };
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function once<T>(act: () => Promise<T>): () => Promise<T> {
  let first: Promise<T> | undefined;
  return () => (first ??= act());
}

function refuses({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const end = (refused: boolean): void => {
      socket.destroy();
      resolve(refused);
    };
    socket.once('connect', () => end(false));
    socket.once('timeout', () => end(false));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'));
  });
}
