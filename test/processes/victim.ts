/**
 * A tester that starts processes until it is killed: `node victim.js [end]`. Prints a line once the
 * first one runs; with `end` it ends by itself, leaving things undone.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess, tempFolder } from '../../src/processes/index.js';

const folder = tempFolder('schism-victim-');
const start = (script: string) =>
  startProcess({
    name: 'sleeper',
    command: 'sh',
    args: ['-c', script],
    logFile: join(folder.path, 'log'),
  });

const paused = start('sleep 1000 & sleep 1000');
process.stdout.write(`${folder.path}\n`);
if (process.argv[2] === 'end') process.exit(0);
await paused.pause();
for (let i = 0; i < 12; i++) {
  // The second one leaves its group: only the environment tells whose it is.
  start(i % 2 === 0 ? 'exec sleep 1000' : 'setsid sleep 1000 & exec sleep 1000');
  await sleep(20);
}
