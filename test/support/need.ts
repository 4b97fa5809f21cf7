/**
 * What a fresh machine may lack. A test that needs it skips and says so; where SCHISM_REQUIRE=all
 * is set (CI), nothing may skip and the test fails instead.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Test } from 'tap';

const onPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));

export const chromium = (): string | undefined =>
  process.env['CHROMIUM'] ??
  onPath('chromium') ??
  onPath('chromium-browser') ??
  onPath('google-chrome');

/** Where programs are kept that were fetched or built once. */
export const cacheDir = (): string =>
  process.env['SCHISM_CACHE'] ?? join(homedir(), '.cache', 'schism');

function has(what: string): boolean {
  switch (what) {
    case 'java':
      try {
        execFileSync('java', ['-version'], { stdio: 'ignore' });
        return true;
      } catch {
        return false;
      }
    case 'maven':
      return onPath('mvn') !== undefined;
    case 'go':
      return onPath('go') !== undefined;
    case 'toxiproxy':
      return (
        onPath('toxiproxy-server') !== undefined ||
        existsSync(join(cacheDir(), 'toxiproxy-2.12.0', 'server')) ||
        onPath('go') !== undefined
      );
    case 'chromium':
      return chromium() !== undefined;
    case 'duckdb':
      try {
        createRequire(import.meta.url)('@duckdb/node-api');
        return true;
      } catch {
        return false;
      }
    case 'linux':
      return process.platform === 'linux' && networkInterfaces()['lo'] !== undefined;
    default:
      throw new Error(`Expected a known need, got ${what}.`);
  }
}

/** `if (!need(t, 'java', 'maven')) return;` */
export function need(
  t: Test,
  ...what: ('java' | 'maven' | 'go' | 'toxiproxy' | 'chromium' | 'duckdb' | 'linux')[]
): boolean {
  const missing = what.filter((one) => !has(one));
  if (missing.length === 0) return true;
  const why = `needs ${missing.join(' and ')}, which this machine does not have`;
  if (process.env['SCHISM_REQUIRE'] === 'all') t.fail(why);
  else t.plan(0, why);
  return false;
}
