/** One direction of one connection: hands its bytes on at once, late, or when the cut is over. */
import type { Socket } from 'node:net';
import type { StreamState } from '../state.js';

/** Bytes, or how the sender ended. */
type Part = Buffer | 'end' | 'reset';
interface Item {
  part: Part;
  /** It waits until then at least, ms. */
  dueMs: number;
}

/** So much is kept of a direction; after it the sender is held up, as by a full window of TCP. */
const mostBytes = 1 << 20;
/** What keeping a chunk costs beside its bytes. */
const itemBytes = 500;
/** A limited rate is handed out in pieces of so much time, and at least so many bytes. */
const pieceMs = 50;
const pieceBytes = 512;

/**
 * A socket's own `resetAndDestroy` sends what is left and a FIN before the RST. This property is
 * what it tells destroy(); where a later Node does not know it, a connection is closed instead.
 * A socket on whose FIN the kernel still works can only be closed.
 */
export function reset(socket: Socket): void {
  const ending = socket.writableEnded && !socket.writableFinished;
  if (!socket.connecting && !ending)
    (socket as Socket & { resetAndClosing?: boolean }).resetAndClosing = true;
  socket.destroy();
}

export interface PipeOptions {
  /** The sender is reset when something was held for so long. */
  holdMs: number;
  /** So many bytes more are held by a cut. */
  onHeld: (bytes: number) => void;
}

export class Pipe {
  readonly #source: Socket;
  readonly #options: PipeOptions;
  #sink: Socket | undefined;
  #state: StreamState;
  #blocked: boolean;
  /** Nothing waits and nothing is to wait: bytes are handed on as they come. */
  #clean = false;
  readonly #queue: Item[] = [];
  #bytes = 0;
  /** With a limited rate: when the next piece may go. */
  #freeMs = 0;
  #next: NodeJS.Timeout | undefined;
  #limit: NodeJS.Timeout | undefined;

  constructor(source: Socket, state: StreamState, blocked: boolean, options: PipeOptions) {
    this.#source = source;
    this.#options = options;
    this.#state = state;
    this.#blocked = blocked;
    source.on('data', (chunk: Buffer) => {
      if (!this.#clean) this.#push(chunk);
      else if (!this.#sink!.write(chunk)) source.pause();
    });
    source.on('end', () => this.#push('end'));
    // ECONNRESET, or upstream cannot be reached: to the other side it is the same.
    source.on('error', () => this.#push('reset'));
  }

  /** Where it leads; may still be connecting. */
  attach(sink: Socket): void {
    this.#sink = sink;
    sink.on('drain', () => this.#pump());
    sink.on('close', () => {
      this.#clear();
      this.#source.pause();
    });
    this.#pump();
  }

  set(state: StreamState, blocked: boolean): void {
    this.#state = state;
    this.#blocked = blocked;
    // A delay ends for what waits already, too.
    const latestMs = performance.now() + state.latencyMs + state.jitterMs;
    for (const item of this.#queue) item.dueMs = Math.min(item.dueMs, latestMs);
    this.#freeMs = 0;
    if (!blocked) this.#unlimit();
    else if (this.#queue.length > 0) this.#held(0);
    this.#pump();
  }

  #push(part: Part): void {
    // A dead sender's kernel sends nothing again: what the cut held of it is lost.
    if (part === 'reset' && this.#blocked) this.#clear();
    const { latencyMs, jitterMs } = this.#state;
    const delayMs = latencyMs + (2 * Math.random() - 1) * jitterMs;
    this.#queue.push({ part, dueMs: latencyMs > 0 ? performance.now() + delayMs : 0 });
    const bytes = typeof part === 'string' ? 0 : part.length;
    this.#bytes += bytes + itemBytes;
    if (this.#blocked) this.#held(bytes);
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#next);
    const { rateBytesPerSecond: rate, latencyMs } = this.#state;
    const sink = this.#blocked ? undefined : this.#sink;
    for (let item; sink && !sink.writableNeedDrain && (item = this.#queue[0]);) {
      const waitMs = Math.max(item.dueMs, this.#freeMs) - performance.now();
      if (waitMs > 0) {
        this.#next = setTimeout(() => this.#pump(), waitMs);
        break;
      }
      this.#hand(sink, item, rate);
    }
    this.#clean = sink !== undefined && this.#queue.length + latencyMs + rate === 0;
    // Of a limited stream little waits here, or a small request would wait for seconds of bytes.
    const most = rate > 0 ? Math.min(mostBytes, Math.max(4096, rate / 2)) : mostBytes;
    const full = this.#bytes > most || (this.#clean && sink?.writableNeedDrain === true);
    if (full) this.#source.pause();
    else if (this.#source.isPaused() && this.#sink?.destroyed !== true) this.#source.resume();
  }

  #hand(sink: Socket, item: Item, rate: number): void {
    const { part } = item;
    if (typeof part === 'string') {
      this.#shift();
      if (part === 'end') sink.end();
      else reset(sink);
      return;
    }
    const most = rate > 0 ? Math.max(pieceBytes, Math.floor((rate * pieceMs) / 1000)) : Infinity;
    const piece = part.length <= most ? part : part.subarray(0, most);
    if (piece === part) this.#shift();
    else {
      item.part = part.subarray(most);
      this.#bytes -= most;
    }
    if (rate > 0)
      this.#freeMs = Math.max(this.#freeMs, performance.now()) + (piece.length / rate) * 1000;
    sink.write(piece);
  }

  #shift(): void {
    const part = this.#queue.shift()?.part;
    this.#bytes -= itemBytes + (typeof part === 'object' ? part.length : 0);
  }

  #held(bytes: number): void {
    this.#options.onHeld(bytes);
    if (this.#source.destroyed) return;
    this.#limit ??= setTimeout(() => {
      // The sender's kernel gives up. The other side hears of it when the cut is over.
      reset(this.#source);
      this.#push('reset');
    }, this.#options.holdMs);
  }

  #unlimit(): void {
    clearTimeout(this.#limit);
    this.#limit = undefined;
  }

  #clear(): void {
    this.#unlimit();
    clearTimeout(this.#next);
    this.#queue.length = 0;
    this.#bytes = 0;
    this.#clean = false;
  }
}
