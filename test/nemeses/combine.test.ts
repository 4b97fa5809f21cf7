import t from 'tap';
import type { Applied, Proof } from '../../src/model/index.js';
import { applyAll, combine, combineProofs } from '../../src/nemeses/combine.js';
import { proof } from './stand-in.js';

t.test('one unproven part makes the whole unproven; moot parts do not count', (t) => {
  const state = (...proofs: Proof[]): string => combineProofs(proofs).state;
  const [proven, unproven, moot] = [proof('proven'), proof('unproven'), proof('moot')];
  t.equal(state(proven, proven), 'proven');
  t.equal(state(proven, moot), 'proven');
  t.equal(state(proven, unproven, moot), 'unproven');
  t.equal(state(moot, moot), 'moot');
  t.equal(state(moot, unproven), 'unproven');
  t.end();
});

t.test('what decided comes first, three sentences at most, the latest time', (t) => {
  const parts = ['a', 'b', 'c', 'd'].map((by, i) => proof('proven', by, i));
  const whole = combineProofs([...parts, proof('unproven', 'e', 2)]);
  t.same(whole, { state: 'unproven', timeNs: 3, by: 'e; a; b; and 2 more' });
  t.equal(combineProofs([proof('proven', 'a'), proof('proven', 'a')]).by, 'a');
  t.end();
});

const part = (name: string, log: string[], broken = false): Applied => ({
  proof: Promise.resolve(proof('proven', `${name} on`)),
  heal: () => {
    log.push(name);
    if (broken) return Promise.reject(new Error(`${name} stuck`));
    return Promise.resolve({ proof: Promise.resolve(proof('proven', `${name} off`)) });
  },
});

t.test('healing heals all, once, and an error waits for the others', async (t) => {
  const log: string[] = [];
  const whole = combine([part('a', log), part('b', log)]);
  t.match(await whole.proof, { by: 'a on; b on' });
  t.equal(whole.heal(), whole.heal());
  t.match(await (await whole.heal()).proof, { by: 'a off; b off' });
  t.same(log.splice(0), ['a', 'b']);
  await t.rejects(combine([part('a', log, true), part('b', log)]).heal(), { message: 'a stuck' });
  t.same(log, ['a', 'b']);
});

t.test('what was applied in part is undone, and says if that failed too', async (t) => {
  const log: string[] = [];
  const fails = (): Promise<Applied> => Promise.reject(new Error('no.'));
  await t.rejects(applyAll([() => Promise.resolve(part('a', log)), fails]), { message: 'no.' });
  t.same(log, ['a']);
  await t.rejects(applyAll([fails, () => Promise.resolve(part('b', log, true))]), {
    message: 'no. Undoing the rest failed too: b stuck',
  });
});
