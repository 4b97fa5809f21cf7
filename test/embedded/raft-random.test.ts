import t from 'tap';
import { randomFaults } from '../support/virtual/schedule.js';
import { World } from '../support/virtual/world.js';

const play = (seed: number, size: number): World => {
  const world = new World(seed, size);
  randomFaults(world, 20_000);
  world.finish();
  return world;
};

for (const [size, schedules] of [
  [3, 200],
  [5, 100],
] as const)
  t.test(`${schedules} schedules of ${size} nodes break no rule`, (t) => {
    let acked = 0;
    for (let seed = 1; seed <= schedules; seed++) {
      const world = play(seed, size);
      acked += world.acked.size;
      const violations = Object.fromEntries(world.violations);
      if (world.violations.size > 0) t.strictSame(violations, {}, `seed ${seed}`);
    }
    t.ok(acked > 20 * schedules, `${acked} batches were acked`);
    t.end();
  });

t.test('A seed gives the same run again', (t) => {
  const [a, b] = [play(7, 3), play(7, 3)];
  t.ok(a.trace.length > 50);
  t.strictSame(a.trace, b.trace);
  t.end();
});
