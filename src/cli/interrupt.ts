/** What Ctrl-C does while something is under way that is to end properly. */
import { exitCodes } from '../model/index.js';

/** Of a run: it heals, stops and judges what there is; at once, the watcher cleans up. */
export const stopping = {
  once: 'interrupted; healing and stopping (again to end at once)',
  again: 'ended at once; nodes and links are being removed',
};

/** From now on a signal aborts `controller`; a second one ends the process at once. */
export function onInterrupt(
  says?: { once: string; again: string },
  controller = new AbortController(),
): AbortSignal {
  const say = (text: string | undefined): void => {
    if (text !== undefined) process.stderr.write(`\nschism: ${text}\n`);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        say(says?.again);
        process.exit(exitCodes.crash);
      }
      say(says?.once);
      controller.abort();
    });
  }
  return controller.signal;
}
