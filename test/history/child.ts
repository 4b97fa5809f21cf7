/**
 * Not a test: records one row a step and logs each on its standard output, in this order, until it
 * is killed or recording fails. Arguments: the history's file, texts' length.
 */
import { writeSync } from 'node:fs';
import { createRecorder } from '../../src/history/index.js';
import { F, Kind } from '../../src/model/index.js';

const recorder = createRecorder(process.argv[2]!);
const text = 'x'.repeat(Number(process.argv[3] ?? 0));

function step(): void {
  const [op, timeNs] = [recorder.nextOp(), recorder.now()];
  recorder.append([{ kind: Kind.invoke, f: F.send, op, timeNs, ...(text !== '' && { text }) }]);
  writeSync(1, `${op} ${timeNs}\n`);
  setTimeout(step, 1);
}

// tap watches its children's signals, and ends one for this signal if nobody else listens.
process.on('SIGXFSZ', () => undefined);
process.on('uncaughtException', (error) => {
  writeSync(1, `${error.name}: ${error.message}\n`);
  recorder.close().catch((again: unknown) => {
    writeSync(1, again === error ? 'close says the same\n' : `close says ${String(again)}\n`);
    process.exit(3);
  });
});
step();
