/**
 * Not a test: appends to the log in a data folder and says each end on its standard output, until
 * it is killed. Argument: the data folder.
 */
import { writeSync } from 'node:fs';
import { next, open } from './log-support.js';

const log = open(process.argv[2]!, { segmentBytes: 20_000 });
for (let i = log.end; ; i++) {
  // Batches of many sizes, since a kill may fall between the writes of a large one.
  const values = Array.from({ length: 1 + (i % 3) }, (_, j) =>
    `${log.end + j}`.padEnd(1 + ((i * 7919) % 5000), '.'),
  );
  log.append(next(log, values, 1));
  writeSync(1, `${log.end}\n`);
}
