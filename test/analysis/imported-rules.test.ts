/** Every rule for imported histories against the same rule written out naively. */
import fc from 'fast-check';
import t from 'tap';
import { examine, isImported } from '../../src/analysis/index.js';
import { worstLag } from '../../src/analysis/lag.js';
import { valueSequence, type Anomaly } from '../../src/model/index.js';
import { importedHistory, type Line } from '../support/imported.js';
import { Rules } from '../support/jepsen-rules.js';
import { jepsenDefects } from '../support/jepsen-defects.js';
import { jepsenPlans, JepsenSimulation } from '../support/jepsen-simulation.js';
import { junk } from '../support/junk.js';
import { checkers } from '../support/judged.js';
import { runs } from '../support/share.js';

/** An anomaly as `Rules` writes it. */
function text({ type, key, offset, value, ops, data }: Anomaly): string {
  if (type === 'inconsistent-offsets') return `${type} ${key} @${offset}`;
  if (type === 'precommitted-read') return `${type} #${ops[0]!}`;
  const by = data['delta'] === undefined ? '' : ` by ${String(data['delta'])}`;
  if (by !== '') return `${type} ${key} ${ops.map((op) => `#${op}`).join(' ')}${by}`;
  return `${type} ${key} ${valueSequence(value)}`;
}

function compare(lines: readonly Line[]): void {
  const rules = new Rules(lines);
  const found: string[] = [];
  const history = importedHistory(lines, {});
  const facts = examine({
    run: history.run,
    batches: history.batches(),
    checkers: checkers.filter((one) => one.meta.id !== 'cycles'),
    emit: (at, whole) => found.push(text({ ...at, ...whole() })),
  });
  const [ours, theirs] = [found.sort().join('\n'), rules.found.sort().join('\n')];
  if (ours !== theirs) throw new Error(`Expected\n${theirs}\n\ngot\n${ours}`);
  const lag = isImported(facts) ? worstLag(facts.ops)?.lagNs : undefined;
  if (lag !== rules.lag()) throw new Error(`Expected a lag of ${rules.lag()}, got ${lag}.`);
}

t.test('of what no cluster would do', (t) => {
  fc.assert(
    fc.property(fc.nat(), (seed) => compare(junk(seed))),
    { numRuns: runs(3000) },
  );
  t.pass('3,000 runs');
  t.end();
});

t.test('of what a cluster does, with each defect', (t) => {
  fc.assert(
    fc.property(jepsenPlans, fc.constantFrom(...Object.keys(jepsenDefects)), (plan, type) => {
      const { needs, plant } = jepsenDefects[type]!;
      const simulation = new JepsenSimulation({ ...plan, ...needs }).run();
      plant(simulation);
      compare(simulation.end().lines.filter(({ process }) => process >= 0));
    }),
    { numRuns: runs(50) },
  );
  t.pass('50 runs');
  t.end();
});
