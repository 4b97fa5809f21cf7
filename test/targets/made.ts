/** Clusters for the contract: of a target itself, and of `external` on one of another target. */
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import {
  messageOf,
  type Applied,
  type Cluster,
  type OptionValues,
  type Target,
} from '../../src/model/index.js';
import external from '../../src/targets/external/index.js';
import { processesWith } from '../support/e2e.js';
import { startTarget } from '../support/target.js';
import type { Made } from './contract.js';

/** A second `t.testdir()` of one test would empty the first: `dir` says where. */
export async function made(
  dir: string,
  target: Target,
  options: OptionValues,
  carriedBy: 'builtin' | 'toxiproxy' | 'none',
): Promise<Made> {
  const run = await startTarget(target, dir, options, carriedBy);
  const { cluster, end, dataDir } = run;
  return {
    cluster,
    end,
    left: () => [
      ...[...processesWith(dir), ...processesWith(dataDir)].map((pid) => `process ${pid}`),
      ...(existsSync(dataDir) ? readdirSync(dataDir) : []),
    ],
  };
}

/** The commands that break its nodes are carried out by the target that started them. */
export async function externalOn(t: Test, dir: string, inner: Cluster): Promise<Made> {
  const server = await takeOrders(inner);
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const self = fileURLToPath(import.meta.url);
  const order = (what: string): string => `'${process.execPath}' '${self}' ${port} ${what} {node}`;
  return made(
    dir,
    external,
    {
      bootstrap: inner.bootstrap.map(({ host, port }) => `${host}:${port}`),
      ...{ nodeKill: order('kill'), nodeStop: order('stop'), nodeStart: order('heal') },
      ...{ nodePause: order('pause'), nodeResume: order('heal') },
    },
    'none',
  );
}

async function takeOrders(cluster: Cluster): Promise<Server> {
  const faults = new Map<number, Applied>();
  const carryOut = async (what: string, id: number): Promise<void> => {
    const node = cluster.nodes.find((one) => one.id === id)!;
    if (what === 'heal') await faults.get(id)!.heal();
    else faults.set(id, await node[what as 'kill' | 'pause' | 'stop']!());
  };
  const server = createServer((socket) => {
    socket.once('data', (line) => {
      const [what, id] = line.toString().split(' ');
      void carryOut(what!, Number(id))
        .then(() => 'done', messageOf)
        .then((answer) => socket.end(answer));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const [, program, port, ...words] = process.argv;
if (program === fileURLToPath(import.meta.url)) {
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(words.join(' '));
  const answer = await text(socket);
  process.stderr.write(answer);
  process.exitCode = answer === 'done' ? 0 : 1;
}
