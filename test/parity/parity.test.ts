/**
 * Every history of the corpus, with both settings of ww-deps: the same error types and cases, and
 * the same validity, as Jepsen's own checker. What differs is explained by a rule (`reasons` of
 * compare.ts) that was checked on that very case, or is a defect of ours. Cycles are compared in
 * test/checkers/cycles.test.ts.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { permitted } from '../../src/analysis/index.js';
import { worstLag } from '../../src/analysis/lag.js';
import type { RunInfo } from '../../src/model/index.js';
import { casesOf, reasons, theirCases, whyOurs, whyTheirs, type Ours } from './compare.js';
import { corpus, isOurs, manifest, plain, references, type Reference } from './corpus.js';
import { importCorpus, judgeAs } from './judge.js';
import { missed, sound } from './planted.js';
import { some, whole } from '../support/share.js';

const cycles = /^(G0|G1c)(-realtime)?$|-cycle-exists$/;
const files = new Map<string, Reference[]>();
for (const one of references()) files.set(one.file, [...(files.get(one.file) ?? []), one]);
const made = manifest();
/** Each case that a rule explains: `0094-poll-skip.edn ww-deps off empty-list: poll-skip ...`. */
const explained: string[] = [];
const counts = { equal: 0, explained: 0, thrown: 0 };

interface Compared {
  /** What no rule explains. */
  wrong: string[];
  /** Types that only we have, or only Jepsen, wholly by rules. */
  types: Set<string>;
  rules: number;
}

function compare(ours: Ours, reference: Reference): Compared {
  const result: Compared = { wrong: [], types: new Set(), rules: 0 };
  const explain = (rule: keyof typeof reasons | undefined, type: string, what: string): void => {
    if (!rule) result.wrong.push(`${type} ${what}`);
    else {
      result.rules++;
      result.types.add(type);
      const setting = `ww-deps ${reference.wwDeps ? 'on' : 'off'}`;
      explained.push(`${plain(reference.file)} ${setting} ${rule}: ${type} ${what}`.trim());
    }
  };
  const types = [...ours.found.map((one) => one.type), ...Object.keys(reference.errors ?? {})];
  for (const type of new Set(types)) {
    if (cycles.test(type)) continue;
    const mine = casesOf(ours, type);
    const theirs = theirCases(reference, type);
    const told = ours.found.filter((one) => one.type === type).length;
    // Within one op two neighbours can be the same two values again.
    const count = type.startsWith('int-') ? reference.errors?.[type]?.count : mine.size;
    if (told !== (count ?? 0)) result.wrong.push(`${type}: ${told} told, ${count} counted`);
    for (const [text, one] of mine)
      if (!theirs.has(text)) explain(whyOurs(ours, type, one), type, `${text} is ours only`);
    for (const text of theirs)
      if (!mine.has(text)) explain(whyTheirs(ours, type, text), type, `${text} is theirs only`);
    // It has no cases.
    if (type === 'empty-transaction-graph') explain('empty-graph', type, '');
    if (type === 'duplicate') compareOffsets(ours, reference, result.wrong);
    if (type === 'G1a') compareReaders(ours, reference, result.wrong);
  }
  return result;
}

/** Every ok reader that Jepsen names is one of ours. */
function compareReaders(ours: Ours, reference: Reference, wrong: string[]): void {
  const cases = casesOf(ours, 'G1a');
  for (const [key, value, op] of reference.errors?.['G1a']?.readers ?? []) {
    const readers = cases.get(JSON.stringify([key, value]))?.data['readers'] as number[];
    if (!readers.some((id) => ours.completions.get(id) === op))
      wrong.push(`G1a ${key} ${value}: reader ${op}`);
  }
}

function compareOffsets(ours: Ours, reference: Reference, wrong: string[]): void {
  const mine = new Map<string, number[]>();
  for (const [text, one] of casesOf(ours, 'duplicate')) {
    const [key, value] = JSON.parse(text) as [number, number];
    const offsets = one.data['offsets'] as number[];
    mine.set(
      `${key} ${value}`,
      [...offsets].sort((a, b) => a - b),
    );
  }
  for (const [key, value, offsets] of reference.errors?.['duplicate']?.offsets ?? [])
    if (JSON.stringify(mine.get(`${key} ${value}`)) !== JSON.stringify(offsets))
      wrong.push(`duplicate ${key} ${value}: offsets ${offsets.join()}`);
}

/** The types that make a history invalid, without those that rules explain. */
const badTypes = (run: RunInfo, types: Iterable<string>, without: Set<string>): string[] =>
  [...new Set(types)]
    .filter((type) => permitted(run, type) === undefined && !without.has(type))
    .sort();

for (const [file, both] of some([...files])) {
  t.test(file, async (t) => {
    const history = await importCorpus(file);
    t.ok(made.has(plain(file)), 'it is in the manifest');
    // Of a clean history it is empty: nothing may be reported then.
    const planted = made.get(plain(file))?.planted ?? [];
    for (const reference of both) {
      const { subVia, wwDeps } = reference;
      const name = `ww-deps ${wwDeps}`;
      const ours = judgeAs(history, reference);
      const run = { ...history.run, options: { subVia, wwDeps } };
      const types = ours.found.map((one) => one.type);
      t.strictSame(
        planted.flatMap((one) => missed(ours, one)),
        [],
        `${name}: all that was planted is found`,
      );
      if (planted.every(({ defect }) => sound.includes(defect)))
        t.strictSame(badTypes(run, types, new Set()), [], `${name}: sound`);
      if (reference.throws !== undefined) {
        counts.thrown++;
        if (planted.every(({ defect }) => [...sound, 'phantom'].includes(defect)))
          t.strictSame(badTypes(run, types, new Set(['phantom-read'])), [], `${name}: no more`);
        continue;
      }
      const compared = compare(ours, reference);
      t.strictSame(compared.wrong, [], name);
      t.strictSame(
        badTypes(run, types, compared.types),
        reference.badErrorTypes!.filter((type) => !compared.types.has(type)).sort(),
        `${name}: types that are bad`,
      );
      const invalid = badTypes(run, types, new Set()).length > 0;
      if (compared.rules === 0) t.equal(!invalid, reference.valid, `${name}: valid`);
      counts[compared.rules > 0 ? 'explained' : 'equal']++;
      const lag = worstLag(ours.facts.ops)?.lagNs ?? 0;
      t.equal(lag, reference.worstRealtimeLag?.lag ?? 0, `${name}: worst realtime lag`);
    }
  });
}

t.test('what differs is what the list has', { skip: !isOurs || !whole }, (t) => {
  const list = join(dirname(corpus), 'jepsen-differences.txt');
  t.strictSame(explained.sort(), readFileSync(list, 'utf8').trimEnd().split('\n'));
  t.strictSame(counts, { equal: 602, explained: 60, thrown: 48 });
  const doc = readFileSync(join(dirname(corpus), '../../docs/JEPSEN.md'), 'utf8');
  for (const [rule, why] of Object.entries(reasons))
    t.ok(doc.includes(`| ${rule} | ${why} |`), rule);
  t.end();
});
