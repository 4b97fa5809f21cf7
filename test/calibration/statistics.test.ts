import t from 'tap';
import { atLeast, atMost, median } from '../../src/calibration/statistics.js';

const near = (t: Tap, got: number, wanted: number): boolean =>
  t.ok(Math.abs(got - wanted) < 5e-4, `${got} is about ${wanted}`);
type Tap = Pick<typeof t, 'ok'>;

t.test('bounds as the tables of Clopper and Pearson have them', (t) => {
  near(t, atMost(0, 1), 0.95);
  near(t, atMost(0, 3), 1 - 0.05 ** (1 / 3));
  near(t, atMost(0, 100), 0.0295);
  // One side at 95 %: the upper ends of two-sided intervals at 90 %.
  near(t, atMost(1, 10), 0.3942);
  near(t, atMost(5, 10), 0.7776);
  near(t, atMost(2, 30), 0.1953);
  t.equal(atMost(4, 4), 1);
  t.equal(atMost(0, 0), 1);
  near(t, atLeast(10, 10), 0.7411);
  near(t, atLeast(8, 10), 0.4931);
  t.equal(atLeast(0, 10), 0);
  near(t, atMost(0, 5000), 0.0006);
  t.end();
});

t.test('the median', (t) => {
  t.equal(median([]), undefined);
  t.equal(median([7]), 7);
  t.equal(median([9, 1, 2]), 2);
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.end();
});
