/** Counts what the figures of the run are made of; the judge itself draws the figures up. */
import { num, rowsOf } from '../src/analysis/index.js';
import { F, Kind, type Checker } from '../src/model/index.js';

interface State {
  ops: number;
}

const checker: Checker<State> = {
  meta: {
    id: 'stats',
    help: 'counts, latencies, gaps without an ack and recovery times; never an anomaly',
    anomalies: [],
    facts: ['ops'],
    shard: 'whole',
  },
  start: () => ({ ops: 0 }),
  step(state, batch) {
    for (const i of rowsOf(batch).heads)
      if (batch.kind[i] === Kind.invoke && batch.f[i]! <= F.crash) state.ops++;
  },
  finish: ({ ops }) => ({ checked: ops, what: `${num(ops)} operations of clients` }),
};
export default checker;
