/** One link in the proxy's process: a listening socket, and what was connected through it. */
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Address } from '../../model/index.js';
import type { Held, LinkState } from '../state.js';
import { Pipe, reset } from './pipe.js';

const socketOptions = { allowHalfOpen: true, noDelay: true, highWaterMark: 1 << 18 };

const isHeld = ({ up, down }: LinkState): boolean => up.drop || down.drop;

export interface LinkPlan {
  listen: Address;
  upstream: Address;
  state: LinkState;
}

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
      const connection = new Connection(socket, this.#plan.upstream, {
        state: this.#state,
        holdMs: this.#holdMs,
        onHeld: (bytes, first) => {
          if (first) this.held.connections++;
          this.held.bytes += bytes;
        },
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
  state: LinkState;
  holdMs: number;
  /** `first`: nothing of this connection was held before in this cut. */
  onHeld: (bytes: number, first: boolean) => void;
  onEnd: () => void;
}

class Connection {
  readonly #client: Socket;
  readonly #address: Address;
  readonly #options: ConnectionOptions;
  readonly #up: Pipe;
  #upstream: Socket | undefined;
  #down: Pipe | undefined;
  #held = false;

  constructor(client: Socket, address: Address, options: ConnectionOptions) {
    const { state } = options;
    this.#client = client;
    this.#address = address;
    this.#options = options;
    this.#up = new Pipe(client, state.up, isHeld(state), this.#pipeOptions());
    client.on('close', () => this.#closed());
    this.#dial(state);
  }

  set(state: LinkState): void {
    if (!isHeld(state)) this.#held = false;
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
    const upstream = connect({ ...socketOptions, ...this.#address });
    this.#upstream = upstream;
    this.#down = new Pipe(upstream, state.down, false, this.#pipeOptions());
    upstream.on('close', () => this.#closed());
    this.#down.attach(this.#client);
    this.#up.attach(upstream);
  }

  #pipeOptions(): ConstructorParameters<typeof Pipe>[3] {
    const onHeld = (bytes: number): void => {
      this.#options.onHeld(bytes, !this.#held);
      this.#held = true;
    };
    return { holdMs: this.#options.holdMs, onHeld };
  }

  #closed(): void {
    if (this.#client.destroyed && this.#upstream?.destroyed !== false) this.#options.onEnd();
  }
}
