/** Batches and the requests around them. */
import { recordBatch } from '../../src/targets/embedded/broker/batch.js';
import type { Body } from './wire-codec.js';

export const batchOf = (values: readonly string[], timestampMs = 1000): Buffer =>
  recordBatch(
    values.map((value) => Buffer.from(value)),
    timestampMs,
  );

/** Of one batch with this value, or with these bytes, to one partition of `orders`. */
export const produceOf = (
  value: string | Buffer | null,
  options: { acks?: number; partition?: number; topic?: string; timeoutMs?: number } = {},
): Body => {
  const { acks = -1, partition = 0, topic = 'orders', timeoutMs = 60_000 } = options;
  const records = typeof value === 'string' ? batchOf([value]) : value;
  return {
    ...{ transactionalId: null, acks, timeoutMs },
    topics: [{ name: topic, partitions: [{ index: partition, records }] }],
  };
};
