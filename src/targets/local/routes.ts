/** The kernel's socket table: whom a process dials. Linux only. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { endianness } from 'node:os';
import type { Address, Proof } from '../../model/index.js';
import type { Layout } from './layout.js';

/** Remote addresses, `127.0.0.1:9092`, of a process's TCP connections that are open or being opened. */
export async function remotes(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')),
  );
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'latin1').catch(() => '')),
  );
  return tables.flatMap((table) =>
    table
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const fields = line.trim().split(/\s+/);
        const [, , remote = '', state = ''] = fields;
        // 01 is ESTABLISHED, 02 SYN_SENT; the inode is the tenth field.
        if ((state !== '01' && state !== '02') || !inodes.has(fields[9] ?? '')) return [];
        const [host = '', port = ''] = remote.split(':');
        return [`${ipv4(host)}:${parseInt(port, 16)}`];
      }),
  );
}

/** The kernel prints words of four bytes in the machine's order; IPv6 has an IPv4 one at its end. */
const ipv4 = (hex: string): string =>
  (endianness() === 'LE' ? bytes(hex).reverse() : bytes(hex)).join('.');
const bytes = (hex: string): number[] => [...Buffer.from(hex.slice(-8), 'hex')];

const text = ({ host, port }: Address): string => `${host}:${port}`;

/** Whether a node reaches its peers through its links only. */
export async function proveRoute(
  { id, runningPid: pid }: { id: number; runningPid: number | undefined },
  layout: Layout,
  now: () => number,
): Promise<Proof> {
  const say = (state: Proof['state'], by: string): Proof => ({ state, timeNs: now(), by });
  if (process.platform !== 'linux')
    return say('moot', 'this system has no socket table that could be read');
  if (pid === undefined) return say('moot', `node ${id} is down or paused`);
  let seen: string[];
  try {
    seen = await remotes(pid);
  } catch {
    return say('moot', `process ${pid} of node ${id} ended, or its sockets may not be read`);
  }
  const straight = layout.nodes.flatMap((peer) => {
    const real = Object.values(layout.real(peer)).map(text);
    const at = peer === id ? undefined : real.find((address) => seen.includes(address));
    return at === undefined ? [] : [`node ${peer} at ${at}`];
  });
  if (straight.length > 0)
    return say('unproven', `node ${id} is connected past its links to ${straight.join(', ')}`);
  const own = layout.linkSpecs(0).filter(({ from }) => from === id);
  const links = new Set(own.map(({ listen }) => text(listen)));
  const through = seen.filter((address) => links.has(address)).length;
  if (through === 0) return say('moot', `node ${id} has no connection to a peer`);
  const plural = through === 1 ? 'connection' : 'connections';
  return say('proven', `${through} ${plural} to peers, all through its links`);
}
