/**
 * A Toxiproxy whose toxics do nothing: the real server behind an HTTP front that answers every
 * order for a toxic as if it had been carried out, and does not pass it on.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findToxiproxy } from '../../src/network/index.js';
import { freePorts } from '../../src/processes/index.js';

export async function swallowingToxiproxy(): Promise<{ url: string; close(): Promise<void> }> {
  const cacheDir = process.env['SCHISM_CACHE'] ?? join(homedir(), '.cache', 'schism');
  await findToxiproxy({ cacheDir });
  const binary = join(cacheDir, 'toxiproxy-2.12.0', 'server');
  if (!existsSync(binary)) throw new Error(`Expected ${binary} to be there.`);
  const [port] = (await freePorts(1)) as [number];
  const server = spawn(binary, ['-port', String(port)], { stdio: 'ignore' });
  const front = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      if (/\/toxics(\/|$)/.test(incoming.url ?? '') && incoming.method !== 'GET') {
        answer.writeHead(incoming.method === 'DELETE' ? 204 : 200);
        answer.end(incoming.method === 'DELETE' ? undefined : body);
        return;
      }
      const headers = { ...incoming.headers };
      delete headers.host;
      const onward = request(
        { port, host: '127.0.0.1', path: incoming.url, method: incoming.method, headers },
        (got) => {
          answer.writeHead(got.statusCode ?? 500, got.headers);
          got.pipe(answer);
        },
      );
      onward.on('error', () => answer.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    close: async () => {
      front.closeAllConnections();
      front.close();
      await new Promise<void>((resolve) => {
        server.once('exit', () => resolve());
        server.kill('SIGKILL');
      });
    },
  };
}
