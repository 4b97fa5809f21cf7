import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { judge } from '../../src/analysis/index.js';
import { createRecorder, files, importEdn, openRun, writeJson } from '../../src/history/index.js';
import type { RunInfo, Verdict } from '../../src/model/index.js';
import { junit, readStory, verdictLines, verdictText } from '../../src/report/index.js';
import { ednLines } from '../support/edn.js';
import { checkers } from '../support/judged.js';
import { page, sound } from './page.js';
import { misnested } from './wellformed.js';

const kept = [
  '0 ok send [[:send 3 [0 100]]]',
  '0 ok send [[:send 3 [1 101]]]',
  ':nemesis info start-partition :majority',
  '1 ok assign [3]',
  '1 ok poll [[:poll {3 [[0 100] [1 101]]}]]',
  '1 info crash nil',
  '3 fail send [[:send "a b" 1]]',
];
/** 201 was acked, and a poll passed it over. */
const lost = [
  '0 ok send [[:send 4 [0 200]]]',
  '0 ok send [[:send 4 [1 201]]]',
  '0 ok send [[:send 4 [2 202]]]',
  '3 ok poll [[:poll {4 [[0 200] [2 202]]}]]',
];
/** One transaction's write stands between those of another. */
const interleaved = [
  '0 invoke txn [[:send 5 1] [:send 5 2]]',
  '3 ok txn [[:send 5 [1 7]]]',
  '0 ok txn [[:send 5 [0 1]] [:send 5 [2 2]]]',
  '0 ok poll [[:poll {5 [[0 1] [1 7] [2 2]]}]]',
];

interface Made {
  dir: string;
  run: RunInfo;
  verdict: Verdict;
  /** Its page, and the words on it. */
  html: string;
  said: string;
}
async function made(t: Test, steps: readonly string[], subVia?: 'subscribe'): Promise<Made> {
  const dir = join(t.testdir(), 'run');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'history.edn'), ednLines(steps));
  const recorder = createRecorder(join(dir, files.history));
  const run = await importEdn(join(dir, 'history.edn'), recorder, { subVia });
  await recorder.close();
  writeJson(join(dir, files.run), run);
  const { history } = openRun(dir);
  const batches = history.batches();
  const verdict = judge({ run, batches, truncated: false, checkers, now: () => 0 });
  writeJson(join(dir, files.verdict), verdict);
  const html = await page(dir);
  sound(t, html);
  const said = html
    .replace(/<(script|style)\b.*?<\/\1>/gs, '')
    .replace(/<[^>]+>/g, '')
    .replaceAll('&#39;', "'");
  t.match(said, "Judged byJepsen's rules");
  t.match(said, 'history.edn');
  t.match(said, 'An imported history has no proof of any fault');
  t.notMatch(said, /Nodes|Faults proven|min ISR|wall clock|not healed|Run it again|w5\.103/);
  // The table of checkers says what each of them lacks.
  const told = said.slice(0, said.indexOf('CheckerResult'));
  t.notMatch(told, /final read|high watermark/i, 'it has no reads of the end');
  return { dir, run, verdict, html, said };
}
const text = ({ run, verdict, dir }: Made): string =>
  verdictText(run, verdict, dir, {
    width: 200,
    color: false,
    unicode: true,
    story: readStory(dir),
  });

t.test('without a case', async (t) => {
  const one = await made(t, kept);
  t.equal(one.verdict.verdict, 'valid', one.verdict.sentence);
  t.match(one.said, 'None found.');
  t.notMatch(one.said, /permitted/i);
  t.match(one.said, 'sub-via assign, ww-deps off');
  t.match(one.said, /Realtime lag\d/);
  t.match(one.html, /aria-label="Show operations by key".*key 3.*key a b|"a b"/);
  t.match(text(one), /^VALID {4}6 operations, nothing seen that Jepsen's rules forbid/);
  t.match(text(one), /^ {2}judged by {6}Jepsen's rules; consumers are assigned their keys/m);
  t.match(text(one), /^ {2}realtime lag {3}at worst /m);
  t.notMatch(text(one), /faults proven|acks at risk/);
  const lines = verdictLines(one.run, one.verdict, one.dir);
  t.ok(lines.some((line) => line.startsWith("judged by: Jepsen's rules")));
  t.notOk(
    lines.some((line) => line.startsWith('again:')),
    'nothing can be run again',
  );
});

t.test('only what is permitted', async (t) => {
  const one = await made(t, [...kept, ...interleaved]);
  t.equal(one.verdict.verdict, 'valid', one.verdict.sentence);
  t.match(one.said, 'None found but what is permitted.');
  t.match(one.said, 'Seen, and permitted');
  t.match(one.html, '<article class="card permitted" id="int-send-skip-1">');
  t.match(one.said, 'Permitted: the writes of one transaction may stand between those of another.');
  const cards = one.html.slice(one.html.indexOf('id="anomalies"'), one.html.indexOf('id="faults"'));
  t.notMatch(cards, /class="[^"]*\bbad\b[^"]*"|var\(--bad\)/, 'nothing is red');
  t.match(one.html, '"cases":[]', 'the timeline has no pin');
  t.match(one.html, /<span class="res good">.*?1<br\/><span class="quiet">permitted/s);
  t.match(text(one), /^ {2}int-send-skip +1 {2}permitted: the writes of one transaction/m);
  t.equal(readStory(one.dir).length, 0);
  const xml = junit(one.run, one.verdict);
  t.equal(misnested(xml.replace(/^<\?xml.*\?>\n/, '')), undefined, 'JUnit is well-formed');
  t.match(xml, 'failures="0" errors="0"');
  t.match(xml, '<system-out>int-send-skip-1 (permitted): ');
});

t.test('what is permitted stands after the defects, and is not the main case', async (t) => {
  const one = await made(t, [...kept, ...interleaved, ...lost]);
  t.equal(one.verdict.verdict, 'invalid');
  const [defect, permitted] = ['id="lost-write-1"', 'id="int-send-skip-1"'].map((id) =>
    one.html.indexOf(`<article class="card${id.includes('int') ? ' permitted' : ''}" ${id}`),
  );
  t.ok(defect! > 0 && permitted! > defect!, `${defect} before ${permitted}`);
  t.match(one.html, /<p class="story"><b class="bad">1 acknowledged write to key.4 was lost/);
  t.notMatch(one.said, /Fault active|Holds now/);
  t.notMatch(
    readStory(one.dir)
      .flatMap(({ text }) => text)
      .join(),
    'int-send-skip',
  );
  t.match(verdictLines(one.run, one.verdict, one.dir)[0], /^verdict: invalid \(lost-write 1/);
  t.notMatch(verdictLines(one.run, one.verdict, one.dir)[0], 'int-send-skip');
  const failures = junit(one.run, one.verdict).match(/<failure .*/g) ?? [];
  t.ok(failures.some((failure) => failure.includes('type="lost-write"')));
  t.notOk(failures.some((failure) => failure.includes('int-send-skip')));
});

t.test('where consumers subscribe, a skip is permitted', async (t) => {
  const skip = ['0 ok poll [[:poll {3 [[0 100]]}]]', '0 ok poll [[:poll {3 [[2 102]]}]]'];
  const sent = [...kept, '3 ok send [[:send 3 [2 102]]]', ...skip];
  t.equal((await made(t, sent)).verdict.verdict, 'invalid');
  const one = await made(t, sent, 'subscribe');
  t.equal(one.verdict.verdict, 'valid', one.verdict.sentence);
  t.match(one.said, 'sub-via subscribe');
  t.match(
    one.said,
    'Permitted: where consumers subscribe, a rebalance may move them to any offset.',
  );
});
