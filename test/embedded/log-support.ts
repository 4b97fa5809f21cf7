import { openLog } from '../../src/targets/embedded/broker/log/log.js';
import type { LogOptions } from '../../src/targets/embedded/broker/log/recover.js';
import {
  heads,
  recordBatch,
  recordValues,
  stamp,
} from '../../src/targets/embedded/broker/batch.js';
import type { Log } from '../../src/targets/embedded/broker/types.js';
import { realEnv } from '../../src/targets/embedded/real-env.js';

/** Opens the log in `folder` of a real data folder; small segments unless told otherwise. */
export function open(dataDir: string, options: Partial<LogOptions> = {}): Log {
  const { storage } = realEnv({ dataDir });
  const usual = { storage, folder: 'log', segmentBytes: 400, fsync: false, plants: new Set([]) };
  return openLog({ ...usual, note: () => undefined, ...options });
}

/** A batch of these values that follows what the log has, in `epoch`. */
export function next(log: Log, values: readonly string[], epoch: number, timestampMs = 0): Buffer {
  const batch = recordBatch(
    values.map((value) => Buffer.from(value)),
    timestampMs,
  );
  stamp(batch, log.end, epoch);
  return batch;
}

export const all = (log: Log): Buffer => log.read(0, log.end, Infinity);

export const valuesOf = (bytes: Buffer): string[] =>
  [...heads(bytes)].flatMap(({ at, size }) =>
    recordValues(bytes.subarray(at, at + size)).map(String),
  );
