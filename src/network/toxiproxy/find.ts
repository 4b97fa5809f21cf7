/** Where a Toxiproxy server comes from. */
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { SchismError, expected, messageOf } from '../../model/index.js';
import { run } from '../../processes/index.js';
import { ToxiproxyApi } from './api.js';

export const version = '2.12.0';
export const image = `ghcr.io/shopify/toxiproxy:${version}`;
const goModule = `github.com/Shopify/toxiproxy/v2/cmd/server@v${version}`;

/** `go` says that the server has yet to be built, with that program. */
export type FoundToxiproxy =
  | { kind: 'url'; url: string; version: string }
  | { kind: 'path' | 'cache' | 'go' | 'docker'; command: string };

/**
 * Looks for a server without starting or building anything; takes some seconds at most.
 * @throws SchismError (usage) if there is none, or if `url` is not one.
 */
export async function findToxiproxy(options: {
  url?: string | undefined;
  cacheDir: string;
}): Promise<FoundToxiproxy> {
  if (options.url !== undefined) return askUrl(options.url);
  const installed = await installedToxiproxy(options.cacheDir);
  if (installed) return installed;
  const go = await find('go');
  if (go !== undefined) return { kind: 'go', command: go };
  const docker = await find('docker');
  if (docker !== undefined && (await answers(docker))) return { kind: 'docker', command: docker };
  throw new SchismError(
    'usage',
    'Expected a Toxiproxy server, got none: use `--links builtin`, which needs nothing, or put ' +
      '`toxiproxy-server` (github.com/Shopify/toxiproxy/releases) on the PATH, install Go or Docker ' +
      'and it is fetched by itself, or give the address of one that runs with `--toxiproxy URL`.',
  );
}

/** A server that could be started at once; takes a few milliseconds. */
export async function installedToxiproxy(
  cacheDir: string,
): Promise<{ kind: 'path' | 'cache'; command: string; version?: string } | undefined> {
  const onPath = await find('toxiproxy-server');
  if (onPath !== undefined) return { kind: 'path', command: onPath };
  const cached = join(cacheFolder(cacheDir), 'server');
  return (await isProgram(cached)) ? { kind: 'cache', command: cached, version } : undefined;
}

async function askUrl(url: string): Promise<FoundToxiproxy> {
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    throw expected('`--toxiproxy`', 'a URL such as http://127.0.0.1:8474', url);
  const found = await new ToxiproxyApi(url).version().catch((error: unknown) => {
    throw new SchismError(
      'usage',
      `Expected a Toxiproxy server at \`--toxiproxy ${url}\`, got no answer: ${messageOf(error)}.`,
    );
  });
  if (found === undefined)
    throw new SchismError(
      'usage',
      `Expected a Toxiproxy server at \`--toxiproxy ${url}\`, got something else that uses its port.`,
    );
  return { kind: 'url', url, version: found };
}

const cacheFolder = (cacheDir: string): string => join(cacheDir, `toxiproxy-${version}`);

/** Builds the server into the cache; the path of the program. */
export async function buildToxiproxy(
  go: string,
  cacheDir: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  await mkdir(cacheDir, { recursive: true });
  // Built elsewhere and moved whole: a program that is half written is never found in the cache.
  const folder = await mkdtemp(join(cacheDir, '.toxiproxy-'));
  try {
    await run(go, ['install', goModule], {
      timeoutMs: 300_000,
      // The user's flags are meant for the user's modules.
      env: { GOBIN: folder, GOFLAGS: '' },
      code: 'usage',
      ...(signal ? { signal } : {}),
    });
    await mkdir(cacheFolder(cacheDir), { recursive: true });
    const program = join(cacheFolder(cacheDir), 'server');
    await rename(join(folder, 'server'), program);
    return program;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function find(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = join(folder, name);
    if (folder !== '' && (await isProgram(program))) return program;
  }
  return undefined;
}

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

/** Without an engine `docker info` prints half of its answer, and takes its time. */
const answers = (docker: string): Promise<boolean> =>
  run(docker, ['info', '--format', '{{.ServerVersion}}'], { timeoutMs: 3000 }).then(
    ({ stdout }) => /^\d/.test(stdout.trim()),
    () => false,
  );
