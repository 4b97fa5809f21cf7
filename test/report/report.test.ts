import { readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createRecorder, files, openRun, writeJson } from '../../src/history/index.js';
import type { Worth } from '../../src/model/index.js';
import { readStory, writeReport } from '../../src/report/index.js';
import { crashing, judged, record, type FixtureOptions } from './fixture.js';
import { page, sound } from './page.js';

const hostile = '</script><img src=x onerror=alert(1)><!-- \u2028 \u001b[31m "\'&';

for (const [name, options, word] of [
  ['invalid', { lossy: true }, 'Invalid'],
  ['valid', {}, 'Valid'],
  ['unknown', { unproven: true }, 'Unknown'],
  ['empty', { empty: true }, 'Unknown'],
  ['many keys and clients', { keys: 30, workers: 40, lossy: true }, 'Invalid'],
  ['few ops', { everyMs: 3000 }, 'Valid'],
] as const satisfies [string, FixtureOptions, string][])
  t.test(name, async (t) => {
    const dir = join(t.testdir(), 'run');
    await record(dir, options);
    await judged(dir);
    const text = await page(dir);
    sound(t, text);
    t.match(text, new RegExp(`<h1[^>]*>${word}</h1>`));
    t.match(text, 'Content-Security-Policy');
  });

t.test('an invalid run tells its loss before any script runs', async (t) => {
  const dir = join(t.testdir(), 'run');
  const world = await record(dir, { lossy: true });
  await judged(dir);
  const text = await page(dir);
  const said = text.replace(/<[^>]+>/g, '');
  t.match(said, `${world.fork.length} acknowledged writes were lost`);
  t.match(text, '<article class="card" id="lost-write');
  t.match(text, '<article class="card" id="split-brain');
  t.match(text, `href="#op=${world.fork[0]!.op}"`);
  const struck = text.match(/<i>w\d+\.\d+<\/i>/g) ?? [];
  t.equal(struck.length, world.fork.length, 'each lost ack is struck through in the log');
  t.ok((text.match(/<svg[^>]*role="img"/g) ?? []).length >= 5, 'the plots are there');
  t.match(said, 'cut off from nodes\u00a02 and 3');
  const story = readStory(dir);
  t.same(
    [...story].sort((a, b) => a.timeNs - b.timeNs),
    story,
    'dated sentences are in order of time',
  );
});

t.test('what comes from the cluster is escaped', async (t) => {
  const dir = join(t.testdir(), 'run');
  await record(dir, { lossy: true, topic: hostile, error: hostile });
  await judged(dir, [crashing]);
  const text = await page(dir);
  sound(t, text);
  t.notMatch(text, '<img');
  t.notMatch(text, '<!--');
  // eslint-disable-next-line no-control-regex -- that is what must not be there
  t.notMatch(text, /[\u0000-\u0008\u001b]/);
  t.match(text, '&lt;img src=x onerror=alert(1)&gt;');
  t.match(text, 'boom &lt;b&gt;', 'the stack of the checker that threw is there');
  t.match(text, '<details><summary>its stack</summary>');
});

t.test('a run that was not judged, and one whose history is cut', async (t) => {
  const dir = join(t.testdir(), 'run');
  await record(dir, { lossy: true });
  const text = await page(dir);
  sound(t, text);
  t.match(text, 'has not been judged yet');

  const history = join(dir, files.history);
  truncateSync(history, Math.floor(readFileSync(history).length / 2));
  await judged(dir);
  t.equal(openRun(dir).history.truncated, true);
  const cut = await page(dir);
  sound(t, cut);
  t.match(cut, 'The history is cut');

  // The tester was killed before the cluster was up: no key, no node, hardly a history.
  rmSync(history);
  await createRecorder(history).close();
  const run = openRun(dir).info;
  writeJson(join(dir, files.run), { ...run, keys: [], nodes: [] });
  await judged(dir);
  sound(t, await page(dir));
});

t.test('what a valid verdict is worth', async (t) => {
  const dir = join(t.testdir(), 'run');
  await record(dir);
  const verdict = await judged(dir);
  t.notMatch(await page(dir), 'id="worth"', 'it was not measured');
  const kind = { trials: 1000, found: 998, atLeast: 0.99496, missed: [] };
  const place = { key: 0, offset: 7, value: -1, timeNs: 18.2e9 };
  const worth: Worth = {
    ...{ seed: '1', passes: 40, durationMs: 900, caution: 'no fault provoked it' },
    sentence: 'Had one acked write been missing, this history would have shown it',
    kinds: [
      { ...kind, id: 'lost', what: hostile, missed: [{ ...place, why: `no probe ${hostile}` }] },
      { ...kind, id: 'poll-skip', what: 'a skip', found: 0, atLeast: 0, lacked: 'more polls' },
      { ...kind, id: 'swapped-replica', what: 'a swap', trials: 0, notMeasured: 'no replica' },
    ],
  };
  writeJson(join(dir, files.verdict), { ...verdict, worth });
  const text = await page(dir);
  sound(t, text);
  const said = text.slice(text.indexOf('id="worth"'), text.indexOf('id="happened"'));
  t.match(said, '<b>998</b> of 1,000');
  t.match(said, '99.4 %', 'rounded down');
  t.match(said, 'orders-0, offset 7, 18.20 s: no probe');
  t.match(said, 'More polls.');
  t.match(said, 'not measured: no replica');
  t.match(said, 'No fault provoked it.');
  t.notMatch(said, '<img');
});

t.test('a page that cannot be built says what is missing', async (t) => {
  const dir = join(t.testdir(), 'run');
  await record(dir, { empty: true });
  await t.rejects(writeReport(dir, { assets: join(dir, 'none/') }), {
    code: 'usage',
    message: /page\.js/,
  });
  rmSync(join(dir, files.run));
  await t.rejects(writeReport(dir), { code: 'history' });
});
