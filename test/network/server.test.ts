/** Toxiproxy's server: where it comes from, and what happens when it fails. */
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { findToxiproxy, toxiproxyBackend } from '../../src/network/index.js';
import type { ToxiproxyBackend } from '../../src/network/index.js';
import { freePorts, tempFolder } from '../../src/processes/index.js';
import { cacheDir, need } from '../support/need.js';
import { answered, silent, stage, until } from './contract.js';
import { Peer, dial, ping } from './peer.js';

interface Made {
  backend: ToxiproxyBackend;
  told: string[];
}
async function make(url?: string): Promise<Made> {
  const told: string[] = [];
  const now = (): number => performance.now() * 1e6;
  const progress = (text: string): number => told.push(text);
  const backend = await toxiproxyBackend({ url, cacheDir: cacheDir(), now, progress });
  return { backend, told };
}

t.test('a server that hangs is replaced and told everything again', async (t) => {
  if (!need(t, 'toxiproxy', 'linux')) return;
  const { backend, told } = await make();
  const { links, at } = await stage(t, backend);
  const before = await links.cut([{ from: 1, to: 2 }], 'drop');
  t.equal((await before.proof).state, 'proven');
  const slow = await links.shape([{ from: 3, to: 2 }], { latencyMs: 200 });
  t.equal((await slow.proof).state, 'proven');

  const first = backend.pid!;
  process.kill(first, 'SIGSTOP');
  const cut = await links.cut([{ from: 1, to: 3 }], 'refuse');
  t.match(told, [/gave no answer in 2 s; it is started anew/]);
  t.not(backend.pid, first);
  t.throws(() => process.kill(first, 0), { code: 'ESRCH' }, 'the old one is gone');
  t.equal((await cut.proof).state, 'proven');
  t.ok(await silent(at(1, 2)), 'the older cut is in force again');
  t.ok((await ping(at(3, 2), 5000)) >= 200, 'and the latency');
  t.ok(await ping(at(2, 3), 5000), 'and nothing else');
  await Promise.all(
    [before, cut, slow].map(async (fault) => t.ok((await (await fault.heal()).proof).by)),
  );
  t.ok(await answered(at(1, 2)));
});

t.test('a server that dies is replaced and told everything again', async (t) => {
  if (!need(t, 'toxiproxy', 'linux')) return;
  const { backend, told } = await make();
  const { links, at } = await stage(t, backend);
  const cut = await links.cut([{ from: 1, to: 2 }], 'drop');
  await cut.proof;
  const open = await dial(at(3, 1));
  t.teardown(() => open.socket.destroy());
  const first = backend.pid!;
  process.kill(first, 'SIGKILL');
  t.ok(await until(() => open.closed() && backend.pid !== first));
  t.match(told, [/ended by itself; it is started anew/]);
  // Its proxies come a moment after it.
  for (let tries = 0; tries < 100 && (await silent(at(3, 1))); tries++) await sleep(20);
  t.ok(await answered(at(3, 1)));
  t.ok(await silent(at(1, 2)), 'the cut is still in force');
  await cut.heal();
  t.ok(await answered(at(1, 2)));
});

t.test('a server given by its URL', async (t) => {
  if (!need(t, 'toxiproxy', 'linux')) return;
  const host = await make();
  t.teardown(() => host.backend.close());
  const url = host.backend.url;
  const stranger = await Peer.start('127.3.0.9');
  t.teardown(() => stranger.stop());
  const [port] = await freePorts(1, ['127.1.8.8']);
  const proxy = { name: 'theirs', listen: `127.1.8.8:${port!}`, upstream: '127.3.0.9:1' };
  await fetch(`${url}/proxies`, { method: 'POST', body: JSON.stringify(proxy) });
  const proxies = async (): Promise<string[]> =>
    Object.keys((await (await fetch(`${url}/proxies`)).json()) as object);

  const { backend } = await make(url);
  const { links, specs } = await stage(t, backend);
  t.match(
    await proxies(),
    specs.map(() => /^(schism-|theirs)/),
  );
  t.equal((await proxies()).length, specs.length + 1);
  const cut = await links.cut([{ from: 1, to: 2 }], 'drop');
  t.equal((await cut.proof).state, 'proven');

  await t.test('is never killed, and an order that it does not carry out fails', async (t) => {
    process.kill(host.backend.pid!, 'SIGSTOP');
    await t.rejects(links.cut([{ from: 1, to: 3 }], 'drop'), {
      code: 'cluster',
      message: `Toxiproxy at ${url} gave no answer in 2 s.`,
    });
    process.kill(host.backend.pid!, 'SIGCONT');
    t.same(host.told, []);
  });
  await backend.close();
  t.same(await proxies(), ['theirs'], 'only what was made here is removed');
});

t.test('what is not a Toxiproxy', async (t) => {
  const folder = tempFolder('schism-find-');
  t.teardown(() => folder.remove());
  const find = (url: string): Promise<unknown> => findToxiproxy({ url, cacheDir: folder.path });
  const [port] = await freePorts(1, ['127.0.0.1']);
  await t.rejects(find(`http://127.0.0.1:${port!}`), {
    code: 'usage',
    message: /--toxiproxy http.*, got no answer: .*ECONNREFUSED/,
  });
  await t.rejects(find('127.0.0.1:8474'), { code: 'usage', message: /to be a URL such as/ });
  const web = createServer((_, response) => response.writeHead(404).end('not here'));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  t.teardown(() => web.close());
  const other = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  await t.rejects(find(other), { code: 'usage', message: /got something else that uses its port/ });
});

t.test('where a server comes from', async (t) => {
  const folder = tempFolder('schism-find-');
  const path = process.env['PATH'];
  t.teardown(() => {
    process.env['PATH'] = path;
    return folder.remove();
  });
  const bin = join(folder.path, 'bin');
  const cache = join(folder.path, 'cache');
  mkdirSync(bin);
  const program = (file: string, text: string): string => {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  process.env['PATH'] = bin;
  symlinkSync('/bin/sh', join(bin, 'sh'));
  const find = (): Promise<unknown> => findToxiproxy({ cacheDir: cache });
  await t.rejects(find(), {
    code: 'usage',
    message: /^Expected a Toxiproxy server, got none: use/,
  });
  // Without an engine `docker info` succeeds and says nothing of a server.
  const docker = program(join(bin, 'docker'), 'echo');
  await t.rejects(find(), { code: 'usage' });
  program(docker, 'echo 28.2.2');
  t.same(await find(), { kind: 'docker', command: docker });
  const go = program(join(bin, 'go'), 'exit 1');
  t.same(await find(), { kind: 'go', command: go });
  const now = (): number => 0;
  const told: string[] = [];
  const progress = (text: string): number => told.push(text);
  await t.rejects(toxiproxyBackend({ cacheDir: cache, now, progress }), { code: 'usage' });
  t.same(told, ['building Toxiproxy 2.12.0, once']);
  t.notOk(existsSync(join(cache, 'toxiproxy-2.12.0')), 'a build that failed leaves nothing');
  const cached = program(join(cache, 'toxiproxy-2.12.0', 'server'), 'exit 1');
  t.same(await find(), { kind: 'cache', command: cached, version: '2.12.0' });
  await t.rejects(toxiproxyBackend({ cacheDir: cache, now, progress }), {
    code: 'cluster',
    message: /to start; it ended/,
  });
  const server = program(join(bin, 'toxiproxy-server'), 'exit 1');
  t.same(await find(), { kind: 'path', command: server });
});
