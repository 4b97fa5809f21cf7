/** One link in the proxy's process: a listening socket, and what was connected through it. */
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Address, LinkSpec } from '../../model/index.js';
import type { Held, LinkState, StreamState } from '../state.js';
import { Pipe, reset } from './pipe.js';

const socketOptions = { allowHalfOpen: true, noDelay: true, highWaterMark: 1 << 18 };

const isHeld = ({ up, down }: LinkState): boolean => up.drop || down.drop;

export type LinkPlan = Pick<LinkSpec, 'listen' | 'upstream'> & { state: LinkState };

export class Link {
  readonly #plan: LinkPlan;
  readonly #holdMs: number;
  readonly #connections = new Set<Connection>();
  #state: LinkState;
  #server: Server | undefined;
  /** Since it was opened. */
  readonly held: Held = { connections: 0, bytes: 0 };

  constructor(plan: LinkPlan, holdMs: number) {
    this.#plan = plan;
    this.#holdMs = holdMs;
    this.#state = plan.state;
  }

  /** Begins in the state of its plan. */
  open(): Promise<void> {
    return this.set(this.#state);
  }

  /** Resolves when the state is in force; rejects if it cannot listen. */
  async set(state: LinkState): Promise<void> {
    this.#state = state;
    if (state.refuse) {
      this.#server?.close();
      this.#server = undefined;
      for (const connection of this.#connections) connection.reset();
      return;
    }
    for (const connection of this.#connections) connection.set(state);
    this.#server ??= await this.#listen();
  }

  #listen(): Promise<Server> {
    const server = createServer(socketOptions, (socket) => {
      const connection = new Connection(socket, this.#state, {
        upstream: this.#plan.upstream,
        holdMs: this.#holdMs,
        held: this.held,
        onEnd: () => this.#connections.delete(connection),
      });
      this.#connections.add(connection);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#plan.listen, () => {
        server.off('error', reject);
        // Such as no descriptors left: that connection fails, and nothing else.
        server.on('error', (error) => console.error(error));
        resolve(server);
      });
    });
  }
}

interface ConnectionOptions {
  upstream: Address;
  holdMs: number;
  /** What is held is added to it. */
  held: Held;
  onEnd: () => void;
}

class Connection {
  readonly #client: Socket;
  readonly #options: ConnectionOptions;
  readonly #up: Pipe;
  #upstream: Socket | undefined;
  #down: Pipe | undefined;
  /** It was counted in this cut. */
  #counted = false;

  constructor(client: Socket, state: LinkState, options: ConnectionOptions) {
    this.#client = client;
    this.#options = options;
    this.#up = this.#pipe(client, state.up, isHeld(state));
    client.on('close', () => this.#closed());
    this.#dial(state);
  }

  set(state: LinkState): void {
    if (!isHeld(state)) this.#counted = false;
    this.#dial(state);
    this.#up.set(state.up, this.#upstream ? state.up.drop : isHeld(state));
    this.#down?.set(state.down, state.down.drop);
  }

  reset(): void {
    reset(this.#client);
    if (this.#upstream) reset(this.#upstream);
  }

  /** A handshake needs both directions, so the destination hears of it after the cut only. */
  #dial(state: LinkState): void {
    if (this.#upstream || isHeld(state)) return;
    // What is read before it is connected waits in the socket.
    const upstream = connect({ ...socketOptions, ...this.#options.upstream });
    this.#upstream = upstream;
    this.#down = this.#pipe(upstream, state.down, false);
    upstream.on('close', () => this.#closed());
    this.#down.attach(this.#client);
    this.#up.attach(upstream);
  }

  #pipe(source: Socket, state: StreamState, blocked: boolean): Pipe {
    const { holdMs, held } = this.#options;
    const onHeld = (bytes: number): void => {
      // One that began during the cut may be a request of ours that proves the cut.
      if (!this.#upstream) return;
      if (!this.#counted) held.connections++;
      this.#counted = true;
      held.bytes += bytes;
    };
    return new Pipe(source, state, blocked, { holdMs, onHeld });
  }

  #closed(): void {
    if (this.#client.destroyed && this.#upstream?.destroyed !== false) this.#options.onEnd();
  }
}
