/**
 * The values of one op stand in the log with others between them. Kafka permits it, since
 * transactions interleave; it tells that they did.
 */
import { fold, intSend } from '../src/analysis/index.js';

export default fold(
  {
    id: 'int-send-skip',
    help: 'values of others stand between those of one op (permitted)',
    anomalies: ['int-send-skip'],
    facts: ['ops', 'order'],
    shard: 'key',
  },
  () => ({ notApplicable: 'a send of this run is one batch of one key' }),
  intSend('int-send-skip', true),
);
