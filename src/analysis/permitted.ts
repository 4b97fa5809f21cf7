/** Anomalies that are seen and told, and yet no reason for invalid: Jepsen's own notion of it. */
import type { RunInfo } from '../model/index.js';

const protocol =
  'Kafka permits it: the writes of one transaction may stand between those of another';
const always: Readonly<Record<string, string>> = {
  'int-send-skip': protocol,
  G0: protocol,
  'G0-realtime': protocol,
  'PL-1-cycle-exists': protocol,
  'strong-PL-1-cycle-exists': protocol,
};
const subscribed = 'where consumers subscribe, a rebalance may move them to any offset';
const viaSubscribe: Readonly<Record<string, string>> = {
  'poll-skip': subscribed,
  'nonmonotonic-poll': subscribed,
};
const interleaved =
  'with the order of versions as a dependency, transactions that Kafka lets interleave make such cycles';
const withWw: Readonly<Record<string, string>> = {
  G1c: interleaved,
  'G1c-realtime': interleaved,
  'PL-2-cycle-exists': interleaved,
  'strong-PL-2-cycle-exists': interleaved,
};

/** Why a type is permitted in this run; undefined: it is a defect. */
export function permitted({ origin, options }: RunInfo, type: string): string | undefined {
  if (always[type] !== undefined) return always[type];
  if (origin !== 'imported') return undefined;
  if (options['subVia'] === 'subscribe' && viaSubscribe[type]) return viaSubscribe[type];
  return options['wwDeps'] === true ? withWw[type] : undefined;
}
