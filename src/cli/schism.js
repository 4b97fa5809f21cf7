#!/usr/bin/env node
// @ts-check
/**
 * The way in. Node, npm and commander use exit code 1 for their own troubles, which here means
 * "invalid": so handlers that give 255 are installed before anything else is imported.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashSources } from './sources.js';

/** @param {unknown} error */
function crash(error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`schism: something went wrong inside Schism itself: ${message}\n`);
  if (process.env.SCHISM_DEBUG)
    process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
  else process.stderr.write('SCHISM_DEBUG=1 shows where.\n');
  process.exit(255);
}
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const main = join(root, 'dist', 'src', 'cli', 'main.js');
const stamp = join(root, 'dist', '.sources');

/** @returns {string | undefined} why the build cannot be run */
function buildTrouble() {
  if (!existsSync(main)) return 'Schism is not built: run `npm ci` first.';
  const now = hashSources(root);
  if (now === undefined) return undefined;
  const built = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  return built === now ? undefined : 'The build is older than its sources: run `npm run build`.';
}

const trouble = buildTrouble();
if (trouble !== undefined) {
  process.stderr.write(`schism: ${trouble}\n`);
  process.exit(255);
}
const { main: start } = await import(main);
await start(process.argv.slice(2));
