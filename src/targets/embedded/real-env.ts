/** The real world for a broker: TCP, files in one folder, the machine's clocks, standard output. */
import * as fs from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname, resolve, sep } from 'node:path';
import { SchismError, seeded } from '../../model/index.js';
import type { Connection, Env, Storage, StoredFile } from './broker/env.js';

/**
 * All files stay in `dataDir`. With a seed its random numbers can be had again. `diskFault` is told
 * of each error of the disk, before it is thrown.
 */
export function realEnv(options: {
  dataDir: string;
  seed?: number | string;
  diskFault?: (error: unknown) => void;
}): RealEnv {
  const { dataDir, seed, diskFault } = options;
  const servers = new Set<Server>();
  const sockets = new Set<Socket>();
  const wrap = (socket: Socket): Connection => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return connection(socket);
  };
  const random = seed === undefined ? undefined : seeded(seed);
  const log = (text: string): void => {
    process.stdout.write(`[${new Date().toISOString()}] ${text}\n`);
  };
  return {
    now: () => performance.now(),
    wallMs: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: () => random?.next() ?? Math.random(),
    log,
    storage: diskFault ? watched(new Files(dataDir), diskFault) : new Files(dataDir),
    listen: ({ host, port }, accept) =>
      new Promise((done, fail) => {
        const server = createServer({ noDelay: true }, (socket) => accept(wrap(socket)));
        server.once('error', fail);
        server.listen(port, host, () => {
          servers.add(server);
          // Too many open files, say: that connection is lost and others go on.
          server.on('error', (error) => log(`accepting a connection: ${error.message}`));
          done();
        });
      }),
    dial: ({ host, port }) => wrap(connect({ host, port, noDelay: true })),
    close: () => {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export interface RealEnv extends Env {
  /** Stops listening and closes all connections. */
  close(): void;
}

function connection(socket: Socket): Connection {
  let handled = false;
  let closed = false;
  // A close follows each error, and tells the broker all that it needs.
  socket.on('error', () => undefined);
  socket.once('close', () => (closed = true));
  return {
    write: (bytes) => {
      if (!socket.destroyed) socket.write(bytes);
    },
    unsent: () => socket.writableLength,
    // Until somebody handles data the socket is not read from.
    onData: (run) => {
      handled = true;
      socket.on('data', (bytes: Buffer) => {
        if (!socket.destroyed) run(bytes);
      });
    },
    reading: (on) => {
      if (!on) socket.pause();
      else if (handled) socket.resume();
    },
    onClose: (run) => {
      if (closed) setImmediate(run);
      else socket.once('close', () => run());
    },
    close: () => void socket.destroy(),
  };
}

/** While it is written, what `replace` will put in place has this at its name's end. */
const unfinished = '.new~';

class Files implements Storage {
  readonly #root: string;
  constructor(dataDir: string) {
    this.#root = resolve(dataDir);
  }

  #path(path: string): string {
    const full = resolve(this.#root, path);
    if (full === this.#root || full.startsWith(this.#root + sep)) return full;
    throw new SchismError('cluster', `Expected a path in the data folder, got \`${path}\`.`);
  }

  list(folder: string): string[] {
    const full = this.#path(folder);
    const names = unlessMissing(() => fs.readdirSync(full)) ?? [];
    return names.filter((name) => !name.endsWith(unfinished)).sort();
  }

  read(path: string): Buffer | undefined {
    const full = this.#path(path);
    return unlessMissing(() => fs.readFileSync(full));
  }

  replace(path: string, bytes: Buffer, sync: boolean): void {
    const full = this.#path(path);
    fs.mkdirSync(dirname(full), { recursive: true });
    const file = new OpenFile(full + unfinished);
    file.truncate(0);
    file.append(bytes);
    if (sync) file.sync();
    file.close();
    fs.renameSync(full + unfinished, full);
    if (sync) this.#syncFolders(full);
  }

  open(path: string): StoredFile {
    const full = this.#path(path);
    fs.mkdirSync(dirname(full), { recursive: true });
    const isNew = !fs.existsSync(full);
    return new OpenFile(full, () => {
      if (isNew) this.#syncFolders(full);
    });
  }

  /** A new name outlives a power loss once its folder, and that folder's name, were synced. */
  #syncFolders(full: string): void {
    for (let folder = dirname(full); folder.startsWith(this.#root); folder = dirname(folder)) {
      const opened = fs.openSync(folder, 'r');
      fs.fsyncSync(opened);
      fs.closeSync(opened);
    }
  }

  remove(path: string): void {
    fs.rmSync(this.#path(path), { recursive: true, force: true });
  }
}

class OpenFile implements StoredFile {
  size: number;
  readonly #file: number;
  #firstSync: (() => void) | undefined;

  constructor(full: string, firstSync?: () => void) {
    this.#file = fs.openSync(full, fs.constants.O_RDWR | fs.constants.O_CREAT);
    this.size = fs.fstatSync(this.#file).size;
    this.#firstSync = firstSync;
  }

  /** At `size`, so that what a failed append left is written over by the next. */
  append(bytes: Buffer): void {
    for (let done = 0; done < bytes.length;)
      done += fs.writeSync(this.#file, bytes, done, bytes.length - done, this.size + done);
    this.size += bytes.length;
  }

  read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      const got = fs.readSync(this.#file, bytes, done, length - done, position + done);
      if (got === 0)
        throw new SchismError('cluster', `Expected ${length} bytes at ${position}, got ${done}.`);
      done += got;
    }
    return bytes;
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.#file, size);
    this.size = size;
  }
  sync(): void {
    fs.fdatasyncSync(this.#file);
    this.#firstSync?.();
    this.#firstSync = undefined;
  }
  close(): void {
    fs.closeSync(this.#file);
  }
}

function watched(storage: Storage, fault: (error: unknown) => void): Storage {
  const call = <T>(run: () => T): T => {
    try {
      return run();
    } catch (error) {
      fault(error);
      throw error;
    }
  };
  return {
    list: (folder) => call(() => storage.list(folder)),
    read: (path) => call(() => storage.read(path)),
    replace: (path, bytes, sync) => call(() => storage.replace(path, bytes, sync)),
    remove: (path) => call(() => storage.remove(path)),
    open(path) {
      const file = call(() => storage.open(path));
      return {
        get size() {
          return file.size;
        },
        append: (bytes) => call(() => file.append(bytes)),
        read: (position, length) => call(() => file.read(position, length)),
        truncate: (size) => call(() => file.truncate(size)),
        sync: () => call(() => file.sync()),
        close: () => call(() => file.close()),
      };
    },
  };
}

function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
