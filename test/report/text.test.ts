import { join } from 'node:path';
import t from 'tap';
import { openRun } from '../../src/history/index.js';
import type { RunInfo, Verdict } from '../../src/model/index.js';
import { junit, readStory, verdictLines, verdictText } from '../../src/report/index.js';
import { cells, wrap } from '../../src/report/text.js';
import { crashing, judged, record, type FixtureOptions } from './fixture.js';
import { misnested } from './wellformed.js';

const hostile = '</script>\u001b[31m\n漢字→✓ ' + 'x'.repeat(120);
const runs: Record<string, FixtureOptions> = {
  invalid: { lossy: true },
  valid: {},
  unknown: { unproven: true },
  empty: { empty: true },
  hostile: { lossy: true, topic: hostile, error: hostile, unproven: true },
};

interface Made {
  run: RunInfo;
  verdict: Verdict;
  dir: string;
}
async function make(parent: string, options: FixtureOptions): Promise<Made> {
  const dir = join(parent, 'run');
  await record(dir, options);
  const verdict = await judged(dir, options.topic === undefined ? [] : [crashing]);
  return { run: openRun(dir).info, verdict, dir };
}

for (const [name, options] of Object.entries(runs))
  t.test(name, async (t) => {
    const { run, verdict, dir } = await make(t.testdir(), options);
    const story = readStory(dir);
    for (const width of [80, 60])
      for (const unicode of [true, false]) {
        const text = verdictText(run, verdict, 'results/run', {
          width,
          color: false,
          unicode,
          story,
        });
        const wide = text
          .split('\n')
          .filter((line) => cells(line) > width && !line.includes('--prefix'));
        t.same(wide, [], `no line is wider than ${width}`);
        t.notMatch(text.replaceAll('\n', ''), /\p{Cc}/u, 'nothing moves the cursor');
        // The command is to be pasted: it stays as it was.
        if (!unicode)
          t.ok(Buffer.from(text.split('  again ')[0]!, 'utf8').every((byte) => byte < 128));
        t.notMatch(text, /undefined|NaN/);
      }
    const lines = verdictLines(run, verdict, 'results/run');
    t.match(lines[0], `verdict: ${verdict.verdict}`);
    t.ok(lines.every((line) => !line.includes('\n')));
    t.ok(lines.some((line) => line.startsWith('report: results/run/report.html')));
    t.ok(lines.some((line) => line.startsWith('again: schism test --target kafka@4.1.0')));

    const xml = junit(run, verdict);
    t.equal(misnested(xml.replace(/^<\?xml.*\?>\n/, '')), undefined, 'JUnit is well-formed');
    const failed = verdict.checkers.filter((one) => one.result === 'invalid').length;
    t.equal((xml.match(/<failure /g) ?? []).length, failed);
    t.equal(/name="run"[^>]*><error/.test(xml), verdict.verdict === 'unknown');
  });

t.test('the last lines of an invalid run', async (t) => {
  const { run, verdict, dir } = await make(t.testdir(), { lossy: true });
  const story = readStory(dir);
  const text = verdictText(run, verdict, 'results/run', { color: true, unicode: true, story });
  const red = '\u001b[1;31mINVALID\u001b[0m  29 acknowledged writes to orders-0 were lost\n';
  t.ok(text.startsWith(red));
  t.match(text, '  10.00 s  Node 1, leader of orders-0 in epoch 4, is cut off from nodes 2 and 3.');
  t.match(text, /\n {2}lost-write +29 {2}orders-0 from offset \d+, first at 10\.\d+ s\n/);
  t.match(text, '  report  results/run/report.html\n');
  t.match(text, /again {3}schism test .* \\\n {12}--/);
});

t.test('a notice stands in every form of the verdict', async (t) => {
  const { run, verdict } = await make(t.testdir(), {});
  const noticed = { ...run, notice: 'Reference cluster: try `--target kafka`. Planted: <x>.' };
  const text = verdictText(noticed, verdict, 'run', { color: false, unicode: true });
  t.match(text, /\n {2}notice +Reference cluster: try `--target kafka`\. Planted: <x>\.\n/);
  t.ok(verdictLines(noticed, verdict, 'run').includes(`notice: ${noticed.notice}`));
  t.match(junit(noticed, verdict), '<property name="notice" value="Reference cluster');
  t.notMatch(text + junit(run, verdict), 'notice" ');
});

t.test('the worth stands beside its limits', async (t) => {
  const { run, verdict } = await make(t.testdir(), {});
  const caution = 'A defect that no fault provoked is not covered.';
  const sentence = 'This history would have shown it in 7 of 8 places.';
  const worth = { seed: '1', passes: 2, durationMs: 3, kinds: [], sentence, caution };
  const text = verdictText(run, { ...verdict, worth }, 'run', { color: false, unicode: true });
  t.match(text, /\n {2}worth +This history would .*\n {2}not covered +A defect that no fault /s);
  t.match(text, /\n {2}acks at risk +\S/);
  const lines = verdictLines(run, { ...verdict, worth }, 'run');
  const at = lines.indexOf(`worth: ${sentence}`);
  t.match(lines.slice(at, at + 3), [/^worth: /, `not covered: ${caution}`, /^acks at risk: \S/]);
  const without = verdictLines(run, verdict, 'run').join('\n');
  t.notMatch(without, 'not covered', 'there is nothing to limit');
  t.match(without, /^acks at risk: \S/m);
});

t.test('a command can be pasted', async (t) => {
  const { run, verdict, dir } = await make(t.testdir(), {});
  const again = verdictText(run, verdict, dir, { color: false, unicode: true }).split(
    '  again   ',
  )[1];
  const words = again?.replace(/ \\\n +/g, ' ').trim();
  t.equal(words, verdictLines(run, verdict, dir).at(-1)?.replace('again: ', ''));
  t.match(words, "--prefix 'a b'");
});

t.test('a long word is cut, wide characters count twice', (t) => {
  t.same(wrap('ab cdefgh i', 4), ['ab', 'cdef', 'gh i']);
  t.equal(cells('漢字e\u0301'), 5);
  t.same(wrap('', 10), []);
  t.end();
});
