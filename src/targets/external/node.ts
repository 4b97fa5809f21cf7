/** A node that somebody else runs: broken and mended by the user's commands, watched from outside. */
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
  type Ping,
  type Proof,
  type ProofState,
  type Recorder,
} from '../../model/index.js';
import { run } from '../../processes/index.js';
import { fill, type CommandName, type Templates } from './options.js';

const commandMs = 60_000;
const pingMs = 1000;
const betweenMs = 200;
/** How long a fault may take to be seen after its command ended. */
const inForceMs = 10_000;
/** How long a node may take to answer after it was started or resumed. */
const backMs = 120_000;

export interface ExternalSpec {
  id: number;
  address: Address;
  templates: Templates;
  recorder: Recorder;
  ping: Ping;
  /** What the commands say is appended here. */
  logFile: string;
}

export class ExternalNode implements ClusterNode {
  readonly id: number;
  readonly addresses: Readonly<Record<'client', Address>>;
  readonly kill?: () => Promise<Applied>;
  readonly pause?: () => Promise<Applied>;
  readonly stop?: () => Promise<Applied>;
  readonly #spec: ExternalSpec;
  #incarnation = 1;
  #state: number = NodeState.up;
  /** Ends the fault that is in force. */
  #heal: (() => Promise<Healed>) | undefined;
  #closed = false;

  constructor(spec: ExternalSpec) {
    this.id = spec.id;
    this.addresses = { client: spec.address };
    this.#spec = spec;
    const { nodeKill, nodeStart, nodePause, nodeResume, nodeStop } = spec.templates;
    if (nodeKill !== undefined && nodeStart !== undefined)
      this.kill = () => this.#break('nodeKill', 'nodeStart');
    if (nodeStop !== undefined && nodeStart !== undefined)
      this.stop = () => this.#break('nodeStop', 'nodeStart');
    if (nodePause !== undefined && nodeResume !== undefined)
      this.pause = () => this.#break('nodePause', 'nodeResume');
  }

  get incarnation(): number {
    return this.#incarnation;
  }
  /** As far as our own commands tell. */
  isAlive(): boolean {
    return this.#state !== NodeState.down;
  }
  logs(): readonly string[] {
    return [this.#spec.logFile];
  }

  /** Mends what is still broken. */
  async close(): Promise<void> {
    await this.#heal?.();
    this.#closed = true;
  }

  async #break(breaks: CommandName, mends: CommandName): Promise<Applied> {
    const { id } = this;
    if (this.#heal)
      throw new SchismError('cluster', `Node ${id} is broken by another fault already.`);
    // Without an answer before it, silence after it would prove nothing.
    await this.#spec.ping(this.addresses.client, pingMs).catch((error: unknown) => {
      throw new SchismError('cluster', `Node ${id} does not answer as it is: ${messageOf(error)}.`);
    });
    let healed: Promise<Healed> | undefined;
    const heal = (): Promise<Healed> => (healed ??= this.#mend(mends));
    this.#heal = heal;
    try {
      await this.#order(breaks);
    } catch (error) {
      // It may have done half of its work.
      await heal().catch(() => undefined);
      throw error;
    }
    const paused = breaks === 'nodePause';
    this.#record(paused ? NodeState.paused : NodeState.down);
    const seen = paused ? () => this.#isSilent() : () => this.#isDown();
    return { proof: this.#inForce(seen, () => healed !== undefined), heal };
  }

  async #mend(mends: CommandName): Promise<Healed> {
    await this.#order(mends);
    this.#heal = undefined;
    if (mends === 'nodeStart') this.#incarnation += 1;
    this.#record(NodeState.starting);
    return { proof: this.#back() };
  }

  #isBroken(): boolean {
    return this.#heal !== undefined;
  }

  async #order(name: CommandName): Promise<void> {
    const command = fill(this.#spec.templates[name] ?? '', this.id, this.addresses.client);
    try {
      await this.#shell(command);
    } catch (error) {
      const why = `Expected \`${command}\` to work on node ${this.id}: ${messageOf(error)}`;
      throw new SchismError('cluster', why, { cause: error });
    }
  }

  #shell(command: string): Promise<unknown> {
    const userLog = this.#spec.logFile;
    mkdirSync(dirname(userLog), { recursive: true });
    return run('sh', ['-c', command], { timeoutMs: commandMs, userLog });
  }

  /** What shows that it is down; rejects while nothing does. */
  async #isDown(): Promise<string> {
    const { nodeStatus } = this.#spec.templates;
    const { client } = this.addresses;
    if (nodeStatus === undefined) {
      if ((await knock(client)) !== 'refused')
        throw new Error('its port does not refuse connections');
      return `${client.host}:${client.port} refuses connections`;
    }
    const command = fill(nodeStatus, this.id, client);
    const up = await this.#shell(command).catch((error: unknown) => {
      // A command that could not run at all is no evidence.
      if (!/ended with exit code \d+/.test(messageOf(error))) throw error;
      return undefined;
    });
    if (up) throw new Error(`\`${command}\` still succeeds`);
    return `\`${command}\` fails`;
  }

  /** A stopped process keeps its port open and says nothing on it. */
  async #isSilent(): Promise<string> {
    const { client } = this.addresses;
    const answered = await this.#spec.ping(client, pingMs).catch(() => undefined);
    if (answered !== undefined) throw new Error('it still answers requests');
    if ((await knock(client)) !== 'accepted')
      throw new Error('its port does not accept connections');
    return `${client.host}:${client.port} accepts connections and answers no request, as it did before`;
  }

  /** Looks again and again until it is seen or healed: what was looked for and not seen is unproven. */
  async #inForce(look: () => Promise<string>, healed: () => boolean): Promise<Proof> {
    const begun = performance.now();
    for (;;) {
      try {
        return this.#proof('proven', `${await look()}, ${since(begun)} after the command`);
      } catch (error) {
        if (healed() || performance.now() - begun > inForceMs)
          return this.#proof('unproven', messageOf(error));
      }
      await sleep(betweenMs);
    }
  }

  /** Moot once another fault, or the end of the run, makes it impossible to see. */
  async #back(): Promise<Proof> {
    const begun = performance.now();
    for (;;) {
      if (this.#closed || this.#isBroken())
        return this.#proof('moot', 'the next fault or the end came before it answered');
      try {
        const ms = await this.#spec.ping(this.addresses.client, pingMs);
        // It may have been broken anew while the answer was on its way.
        if (!this.#isBroken()) this.#record(NodeState.up);
        const by = `it answered a request in ${ms.toFixed(0)} ms, ${since(begun)} after the command`;
        return this.#proof('proven', by);
      } catch (error) {
        if (performance.now() - begun > backMs) return this.#proof('unproven', messageOf(error));
      }
      await sleep(betweenMs);
    }
  }

  #proof(state: ProofState, by: string): Proof {
    return { state, timeNs: this.#spec.recorder.now(), by: `node ${this.id}: ${by}` };
  }

  #record(state: number): void {
    if (state === this.#state) return;
    this.#state = state;
    const { recorder } = this.#spec;
    const row = { kind: Kind.fault, f: F.node, timeNs: recorder.now(), node: this.id };
    recorder.append([{ ...row, epoch: this.#incarnation, code: state }]);
  }
}

const since = (begun: number): string => `${((performance.now() - begun) / 1000).toFixed(1)} s`;

/** What a port does with a new connection. */
function knock({ host, port }: Address): Promise<'accepted' | 'refused' | 'silent'> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (what: 'accepted' | 'refused' | 'silent'): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(what);
    };
    const timer = setTimeout(() => end('silent'), pingMs);
    socket.once('connect', () => end('accepted'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' ? 'refused' : 'silent'),
    );
  });
}
