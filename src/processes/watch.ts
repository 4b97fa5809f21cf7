/** The tester's end of the watcher: what it must clean up if this process dies. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** A process group (with the start of its leader, see Entry), a folder, or a container. */
export type Watched =
  { group: number; started: string } | { folder: string } | { container: string };

export interface Watcher {
  add(item: Watched): void;
  remove(item: Watched): void;
}

const token = `schism-${randomUUID()}`;

/**
 * What every process started here carries, and its children after it: the watcher finds those by
 * it that were not registered yet. A tester that is itself somebody's child hands both on.
 */
export const leash = (): { SCHISM_LEASH: string } => ({
  SCHISM_LEASH: [process.env['SCHISM_LEASH'], token].filter(Boolean).join(' '),
});

let pipe: NodeJS.WritableStream | undefined;
const items = new Map<string, Watched>();

const watcher: Watcher = {
  add(item) {
    items.set(JSON.stringify(item), item);
    tell({ add: item });
  },
  remove(item) {
    items.delete(JSON.stringify(item));
    tell({ remove: item });
  },
};

/** The watcher of this process. The first call starts it and does not wait for it. */
export function watch(): Watcher {
  if (pipe === undefined) start();
  return watcher;
}

function tell(message: { add: Watched } | { remove: Watched }): void {
  // Without a watcher yet, or after its death, a new one is told all.
  if (pipe === undefined) start();
  else pipe.write(`${JSON.stringify(message)}\n`);
}

function start(): void {
  const program = fileURLToPath(new URL('./watcher.js', import.meta.url));
  const child = execa(process.execPath, [program, token], {
    detached: true,
    // What the tester preloads may not be able to live through signals.
    env: { NODE_OPTIONS: '' },
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  const { stdin } = child;
  pipe = stdin;
  const lost = (): void => {
    if (pipe === stdin) pipe = undefined;
  };
  stdin.on('error', lost);
  child.once('exit', lost);
  // It must not keep the tester running.
  child.unref();
  (stdin as unknown as { unref(): void }).unref();
  for (const item of items.values()) stdin.write(`${JSON.stringify({ add: item })}\n`);
}
