// @ts-check
/** The sources that a build was made from, as one hash: a stale build is never run in silence. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = ['src', 'checkers', 'workloads', 'test', 'bench'];

/** @param {string} root @returns {string | undefined} undefined: there are no sources (installed package) */
export function hashSources(root) {
  if (!existsSync(join(root, 'tsconfig.json'))) return undefined;
  const hash = createHash('sha1');
  for (const file of ['package.json', 'tsconfig.json']) hash.update(readFileSync(join(root, file)));
  for (const folder of folders) {
    if (!existsSync(join(root, folder))) continue;
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.sort()) {
      if (!/\.(ts|js|css|json)$/.test(file)) continue;
      hash.update(file).update(readFileSync(join(root, folder, file)));
    }
  }
  return hash.digest('hex');
}
