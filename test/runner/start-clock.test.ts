import t from 'tap';
import { F, Kind, type Recorder, type Row } from '../../src/model/index.js';
import { startClock } from '../../src/runner/index.js';

/** The end of the line: keeps what it is given. */
function memory(): Recorder & { rows: Row[]; clock: number } {
  const recorder = {
    rows: [] as Row[],
    clock: 0,
    now: () => recorder.clock,
    nextOp: () => 0,
    append: (rows: readonly Row[]) => void recorder.rows.push(...rows),
    complete: (row: Row) => void recorder.rows.push(row),
    flush: () => undefined,
    close: () => Promise.resolve(),
  };
  return recorder;
}
const row = (timeNs: number): Row => ({ kind: Kind.meta, f: F.phase, timeNs });

t.test('rows of the start get negative times, the load begins at 0', async (t) => {
  const inner = memory();
  const recorder = startClock(inner);
  inner.clock = 100;
  recorder.append([row(recorder.now())]);
  t.same(inner.rows, [], 'held back');
  inner.clock = 250;
  recorder.begin();
  t.equal(recorder.now(), 0);
  inner.clock = 300;
  recorder.append([row(recorder.now())]);
  t.same(
    inner.rows.map((one) => one.timeNs),
    [-150, 50],
  );
  await recorder.close();
});

t.test('a start that fails loses nothing', async (t) => {
  const inner = memory();
  const recorder = startClock(inner);
  recorder.append([row(7)]);
  await recorder.close();
  t.same(
    inner.rows.map((one) => one.timeNs),
    [7],
  );
});
