// @ts-check
/** `npm run build`: compiles the TypeScript, bundles the page's script and the broker, stamps the result. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { bundleBroker } from './bundle-broker.js';
import { hashSources } from './sources.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'dist');
const stamp = join(dist, '.sources');
const hash = hashSources(root) ?? '';
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) process.exit(0);

// Files of deleted sources must not be found by the registry or by tap.
rmSync(dist, { recursive: true, force: true });
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
buildSync({
  entryPoints: [join(root, 'src/report/page/main.ts')],
  outfile: join(dist, 'page.js'),
  bundle: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  minifyWhitespace: true,
  minifySyntax: true,
});
buildSync({
  entryPoints: [join(root, 'src/report/page/style.css')],
  outfile: join(dist, 'page.css'),
  minify: true,
  charset: 'utf8',
});
bundleBroker(root, join(dist, 'broker.js'));
writeFileSync(stamp, hash);
