import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { clean, defects, root, scheduleOf, setups, ways } from '../../src/calibration/plan.js';
import { prepare } from '../../src/compose.js';
import { parseSchedule } from '../../src/generator/index.js';
import { loadRegistry } from '../../src/compose.js';
import { plants } from '../../src/targets/embedded/broker/plants.js';

t.test('every defect has something that is meant to reveal it', (t) => {
  t.strictSame(Object.keys(defects).sort(), Object.keys(plants).sort());
  for (const [name, { meant, also, hides, why }] of Object.entries(defects)) {
    const all = [meant, ...also, ...hides];
    t.equal(new Set(all).size, all.length, `${name}: nothing twice`);
    t.equal(why !== '', hides.length > 0, `${name}: says why it hides`);
  }
  t.end();
});

t.test('whatever a defect is run with is run without it too', (t) => {
  const free = new Map(setups([clean]).map(({ way, args }) => [way, args.join(' ')]));
  t.strictSame([...free.keys()].sort(), Object.keys(ways).sort());
  for (const { subject, way, args, role } of setups()) {
    if (role === clean) continue;
    t.equal(args.join(' ').replace(` --plant ${subject}`, ''), free.get(way));
  }
  t.end();
});

t.test('every pair is one that `schism test` takes', async (t) => {
  const topology = { nodes: [1, 2, 3], keys: 12, workers: 10 };
  const nemeses = [...(await loadRegistry()).nemeses.values()];
  for (const { subject, way, args } of setups()) {
    const raw = rawOf(args);
    const schedule = scheduleOf(args);
    if (schedule === undefined) await t.resolves(prepare({ ...raw, dryRun: true }));
    else t.ok(parseSchedule(schedule, way, nemeses, topology).faults.length > 0, subject);
  }
  const files = readdirSync(join(root, 'src/calibration/schedules'));
  const named = Object.values(ways)
    .map((way: readonly string[]) => way.join(' '))
    .join(' ');
  for (const file of files) t.match(named, file, 'no schedule that nothing uses');
});

t.test('`only` picks a defect, all clean runs, or one pair', (t) => {
  t.ok(setups(['no-truncate']).every(({ subject }) => subject === 'no-truncate'));
  t.equal(setups(['clean/kill']).length, 1);
  t.equal(setups(['clean/kill', 'no-truncate/isolate-leader']).length, 2);
  t.throws(() => setups(['no-such']), { code: 'usage', message: /`--only`.*got `no-such`/ });
  t.end();
});

/** As commander would hand them over. */
function rawOf(args: readonly string[]): Record<string, unknown> {
  const raw: Record<string, unknown> = {};
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i]!.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    raw[name] = name === 'plant' ? [args[i + 1]] : args[i + 1];
  }
  return raw;
}
