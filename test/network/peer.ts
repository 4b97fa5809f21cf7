/** Small real servers that stand for nodes: they answer `ping` with `pong` and keep what they get. */
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Address, Ping } from '../../src/model/index.js';
import { freePorts } from '../../src/processes/index.js';

export class Peer {
  readonly address: Address;
  readonly sockets = new Set<Socket>();
  received = '';
  /** Accepts and stays silent, as a paused process does: the kernel accepts for it. */
  paused = false;
  #server: Server | undefined;

  private constructor(address: Address) {
    this.address = address;
  }

  static async start(host: string): Promise<Peer> {
    const [port] = await freePorts(1, [host]);
    const peer = new Peer({ host, port: port! });
    await peer.start();
    return peer;
  }

  async start(): Promise<void> {
    const server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        if (this.paused) return;
        if (chunk.toString() === 'ping') socket.write('pong');
        else this.received += chunk.toString();
      });
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.address, resolve);
    });
  }

  push(text: string): void {
    for (const socket of this.sockets) socket.write(text);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}

export const ping: Ping = ({ host, port }, timeoutMs) =>
  new Promise((resolve, reject) => {
    const start = performance.now();
    const socket = connect({ host, port, noDelay: true });
    const end = (error?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error) reject(error);
      else resolve(performance.now() - start);
    };
    const timer = setTimeout(() => end(new Error('no answer in time')), timeoutMs);
    socket.once('connect', () => socket.write('ping'));
    socket.once('data', () => end());
    socket.once('error', end);
    socket.once('close', () => end(new Error('closed')));
  });

/** One connection, and what came back through it. */
export async function dial(address: Address): Promise<{
  socket: Socket;
  received(): string;
  closed(): boolean;
}> {
  const socket = connect({ ...address, noDelay: true });
  let text = '';
  let closed = false;
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (closed = true));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return { socket, received: () => text, closed: () => closed };
}
