import t from 'tap';
import { fromCode, fromTrouble, outcomeTable } from '../../src/kafka/outcomes.js';

t.test('what certainly did not happen is a short list', (t) => {
  const failed = outcomeTable.filter(({ send }) => send === 'fail').map(({ code }) => code);
  const kafkas = failed.filter((code) => code < 1000).sort((a, b) => a - b);
  t.strictSame(kafkas, [10, 17, 18, 19, 21, 29, 32, 35, 76, 87]);
  for (let code = -1; code < 200; code++) {
    if (code === 0) continue;
    t.equal(
      fromCode('send', code, 1).type,
      kafkas.includes(code) ? 'fail' : 'info',
      `send ${code}`,
    );
    t.equal(fromCode('poll', code, 1).type, 'fail', `poll ${code}`);
  }
  t.end();
});

t.test('each row has one code, one reason and a sentence', (t) => {
  const distinct = (values: readonly unknown[]): number => new Set(values).size;
  t.equal(distinct(outcomeTable.map(({ code }) => code)), outcomeTable.length);
  t.equal(distinct(outcomeTable.map(({ reason }) => reason)), outcomeTable.length);
  for (const { code, reason, why } of outcomeTable) {
    t.ok(Math.abs(code) < 2 ** 15 && /^\S+$/.test(reason) && why.length > 10, reason);
  }
  t.end();
});

t.test('nothing written is a fail, anything else is not', (t) => {
  const sends = (
    ['timedOut', 'closed', 'broken', 'noOffset', 'badAnswer', 'unlisted'] as const
  ).map((trouble) => fromTrouble('send', trouble, 1, 'x').type);
  t.strictSame(new Set(sends), new Set(['info']));
  t.equal(fromTrouble('poll', 'timedOut', 1, 'x').type, 'fail');
  t.equal(fromTrouble('send', 'unsent', 1, 'x').type, 'fail');
  t.end();
});
