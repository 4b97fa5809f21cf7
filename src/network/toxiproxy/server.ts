/** A Toxiproxy server of our own. */
import { randomInt, randomUUID } from 'node:crypto';
import { devNull } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { SchismError } from '../../model/index.js';
import type { Address } from '../../model/index.js';
import { freePorts, run, startProcess, watch } from '../../processes/index.js';
import type { Exit, ManagedProcess } from '../../processes/index.js';
import { ToxiproxyApi } from './api.js';
import { image } from './find.js';

export interface OwnServer {
  readonly api: ToxiproxyApi;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Resolves once it is gone. Idempotent. */
  kill: () => Promise<void>;
}

export interface Launch {
  kind: 'program' | 'docker';
  command: string;
  address: Address;
  logFile?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Where its API listens. A server that cannot listen there neither ends nor says so, and somebody
 * else's would answer in its place: so it gets a loopback address that nobody else uses.
 */
export async function apiAddress(): Promise<Address> {
  const host =
    process.platform === 'linux'
      ? `127.${randomInt(100, 250)}.${randomInt(1, 250)}.${randomInt(1, 250)}`
      : '127.0.0.1';
  const [port] = await freePorts(1, [host]);
  return { host, port: port! };
}

/** Starts it and resolves once its API answers. */
export async function launch(options: Launch): Promise<OwnServer> {
  const { host, port } = options.address;
  const api = new ToxiproxyApi(`http://${host}:${port}`);
  const { kill, process: server } = start(options);
  const own: OwnServer = { api, pid: server.pid, exited: server.exited, kill };
  // Docker may have to fetch the image.
  const endMs = performance.now() + (options.kind === 'docker' ? 180_000 : 20_000);
  for (;;) {
    if (await api.version().catch(() => undefined)) return own;
    const why = options.signal?.aborted
      ? 'it was interrupted'
      : !server.isAlive()
        ? 'it ended'
        : performance.now() > endMs
          ? 'it did not answer in time'
          : undefined;
    if (why !== undefined) {
      await kill();
      throw new SchismError('cluster', `Expected Toxiproxy (${options.command}) to start; ${why}.`);
    }
    await sleep(20);
  }
}

function start(options: Launch): { process: ManagedProcess; kill: () => Promise<void> } {
  const { host, port } = options.address;
  const serve = ['-host', host, '-port', String(port)];
  // At its own level it writes a line for each connection.
  const common = { name: 'Toxiproxy', command: options.command, env: { LOG_LEVEL: 'warn' } };
  const logFile = options.logFile ?? devNull;
  if (options.kind === 'program') {
    const process = startProcess({ ...common, args: serve, logFile });
    return { process, kill: () => process.kill() };
  }
  const name = `schism-toxiproxy-${randomUUID().slice(0, 8)}`;
  const container = { container: name };
  watch().add(container);
  const args = ['run', '--rm', '--name', name, '--network', 'host', '-e', 'LOG_LEVEL=warn', image];
  const process = startProcess({ ...common, args: [...args, ...serve], logFile });
  return {
    process,
    async kill() {
      // The container is the engine's child, not the client's: killing the client would leave it.
      await run(options.command, ['rm', '-f', name], { timeoutMs: 20_000 }).catch(() => undefined);
      await process.kill();
      watch().remove(container);
    },
  };
}
