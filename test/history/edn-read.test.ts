import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import {
  Atom,
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  Keyword,
  printEdn,
  Tagged,
} from '../../src/history/edn/forms.js';
import { EdnReader } from '../../src/history/edn/read.js';

const read = (text: string): Edn | undefined => new EdnReader().read(text);
const k = (name: string): Keyword => new Keyword(`:${name}`);
const a = (text: string): Atom => new Atom(text);

t.test('every kind of form', (t) => {
  const forms: [string, Edn | undefined][] = [
    ['nil', null],
    ['true', true],
    ['false', false],
    ['0', 0],
    ['-0', 0],
    ['+7', 7],
    ['-12', -12],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', a('9007199254740992')],
    ['3N', a('3N')],
    ['1.5', a('1.5')],
    ['-2.5e-3', a('-2.5e-3')],
    ['1e9', a('1e9')],
    ['3.14M', a('3.14M')],
    ['10M', a('10M')],
    ['22/7', a('22/7')],
    ['0x7fFF', a('0x7fFF')],
    ['017', a('017')],
    ['2r1010', a('2r1010')],
    ['##Inf', a('##Inf')],
    ['##NaN', a('##NaN')],
    [':a', k('a')],
    [':topic/name-1', k('topic/name-1')],
    [':seek-to-beginning?', k('seek-to-beginning?')],
    [':1', k('1')],
    ['foo/bar', a('foo/bar')],
    ['clojure.core$_PLUS_', a('clojure.core$_PLUS_')],
    ['-', a('-')],
    ['-a', a('-a')],
    ['/', a('/')],
    ['größe', a('größe')],
    ['""', ''],
    ['"a\\tb\\n\\"\\\\\\u00e9 é ; #_"', 'a\tb\n"\\é é ; #_'],
    ['\\a', a('\\a')],
    ['\\newline', a('\\newline')],
    ['\\u03A9', a('\\u03A9')],
    ['\\(', a('\\(')],
    ['[]', []],
    ['[1 [2 [nil]]]', [1, [2, [null]]]],
    ['[1,2,,3]', [1, 2, 3]],
    [
      '[[0 1][1 2]]',
      [
        [0, 1],
        [1, 2],
      ],
    ],
    ['(a 1)', new EdnList([a('a'), 1])],
    ['()', new EdnList([])],
    ['#{1 :a}', new EdnSet([1, k('a')])],
    ['{}', new EdnMap([])],
    ['{:a 1, "b" [2] [3] nil}', new EdnMap([k('a'), 1, 'b', [2], [3], null])],
    ['{1 :int 1.0 :float}', new EdnMap([1, k('int'), a('1.0'), k('float')])],
    ['{"a" 1 :a 2 a 3}', new EdnMap(['a', 1, k('a'), 2, a('a'), 3])],
    ['#inst "2026-01-01"', new Tagged('inst', '2026-01-01')],
    [
      '#jepsen.history.Op{:f :send}',
      new Tagged('jepsen.history.Op', new EdnMap([k('f'), k('send')])),
    ],
    ['#a #b/c []', new Tagged('a', new Tagged('b/c', []))],
    ['#:op{:f 1 :x/g 2 :_/h 3 "s" 4}', new EdnMap([k('op/f'), 1, k('x/g'), 2, k('h'), 3, 's', 4])],
    ['[1 #_2 3 #_ #_ 4 5]', [1, 3]],
    ['[#_[a {b c}]]', []],
    ['{:a #_:b 1}', new EdnMap([k('a'), 1])],
    ['#_1 2', 2],
    ['1 #_2 ; the rest', 1],
    [' , 1 ,, ', 1],
    ['', undefined],
    ['  ; only a comment [', undefined],
    ['#_1', undefined],
  ];
  for (const [text, form] of forms) t.ok(isDeepStrictEqual(read(text), form), text);
  t.end();
});

t.test('what is malformed is named, with its column', (t) => {
  const wrong: [string, RegExp][] = [
    [
      '{:index 1',
      /^Expected one op a line, with `}` for `{` of column 1 at column 10, got the end of the line\.$/,
    ],
    [
      '[1 [2 3',
      /^Expected one op a line, with `]` for `\[` of column 4 at column 8, got the end of the line\.$/,
    ],
    ['(1', /^Expected one op a line, with `\)` for `\(` of column 1 at column 3, got the end/],
    ['#{1', /^Expected one op a line, with `}` for `{` of column 2 at column 4, got the end/],
    ['[1 2)', /^Expected a form or a closing bracket at column 5, got `\)`\.$/],
    ['[1] 2', /^Expected one op a line, and its end at column 5, got `2`\.$/],
    ['[1]]', /^Expected one op a line, and its end at column 4, got `]`\.$/],
    [']', /^Expected a form at column 1, got `]`\.$/],
    ['{:a}', /^Expected a value for the last key at column 4, got `}`\.$/],
    ['{:a 1 :a 2}', /^Expected keys that differ in the braces at column 1, got `:a` twice\.$/],
    ['{[1] 1 [1] 2}', /^Expected keys that differ .*, got `\[1\]` twice\.$/],
    [`{${Array.from({ length: 40 }, (_, i) => `${i % 39} 0`).join(' ')}}`, /got `0` twice\.$/],
    ['#{1 2 1}', /^Expected members that differ in the braces at column 2, got `1` twice\.$/],
    [
      '"abc',
      /^Expected one op a line, with `"` for `"` of column 1 at column 5, got the end of the line\.$/,
    ],
    ['["a\\x"]', /^Expected an escape .* at column 4, got `\\x`\.$/],
    ['"\\u12"', /^Expected an escape .* at column 2/],
    ['"\\', /^Expected an escape .* at column 2/],
    ['[1 2x]', /^Expected a number at column 4, got `2x`\.$/],
    ['08', /^Expected a number at column 1/],
    ['1/', /^Expected a number/],
    ['-1-', /^Expected a number/],
    [':', /^Expected a keyword at column 1, got `:`\.$/],
    ['::a', /^Expected a keyword/],
    [':a/', /^Expected a keyword/],
    [':a/b/c', /^Expected a keyword/],
    ['\ufeff{}', /^Expected a form at column 1, got `\\ufeff`\.$/],
    ['[a\u0007\u00a0b]', /got `a\\u0007\\u00a0b`\.$/],
    ['{"\u202ea" 1 "\u202ea" 2}', /got `"\\u202ea"` twice\.$/],
    ['a@b', /^Expected a form at column 1, got `a@b`\.$/],
    ['\\', /^Expected a character at column 1/],
    ['\\new', /^Expected a character at column 1, got `\\new`\.$/],
    ['#', /^Expected a tag, a set or `#_` at column 1/],
    ['#(a)', /^Expected a tag/],
    ['#1 2', /^Expected a tag/],
    ['#tag', /^Expected a form after the tag #tag at column 5, got the end of the line\.$/],
    ['[#tag]', /^Expected a form after the tag #tag at column 6, got `]`\.$/],
    ['#:ns 1', /^Expected the map of #:ns at column 6, got `1`\.$/],
    ['#_', /^Expected a form to discard at column 3, got the end of the line\.$/],
    ['[#_]', /^Expected a form to discard at column 4, got `]`\.$/],
    ['^{:a 1} []', /^Expected a form at column 1, got `\^`\.$/],
    ['[1 ; 2]', /^Expected one op a line, with `]` for `\[`/],
    ['['.repeat(2000), /^Expected at most 1000 levels at column 1001, got `\[`\.$/],
    ['#a '.repeat(2000), /^Expected at most 1000 levels/],
  ];
  for (const [text, message] of wrong) t.throws(() => read(text), { message }, text.slice(0, 50));
  t.end();
});

t.test('the place is told by who reads; a part of a text is read alone', (t) => {
  const reader = new EdnReader(() => ' of line 3');
  t.same(reader.read('[1]\n[2] x', 4, 7), [2]);
  t.throws(() => reader.read('[1]\n[2 3]', 4, 7), /at column 4 of line 3, got the end of the line/);
  t.throws(() => reader.read('"a\nb"', 0, 2), /at column 3 of line 3/);
  t.equal(reader.read('12\n34', 0, 2), 12);
  t.same(reader.read(':a\nb', 0, 2), k('a'));
  t.end();
});

const word = fc
  .stringMatching(/^[a-z][a-z0-9.*+!_?$%&=<>-]{0,5}$/)
  .filter((text) => !['nil', 'true', 'false'].includes(text));
const named = fc.oneof(
  word,
  fc.tuple(word, word).map((parts) => parts.join('/')),
);
const distinct = {
  comparator: 'IsStrictlyEqual',
  selector: (form: Edn) => printEdn(form),
} as const;
const { form: anyForm } = fc.letrec<{ form: Edn }>((tie) => ({
  form: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((n) => n + 0),
    fc.string({ unit: 'binary', maxLength: 8 }),
    named.map((text) => new Keyword(`:${text}`)),
    named.map((text) => new Atom(text)),
    fc.constantFrom('1.5', '2/3', '7N', '0.1M', '\\a', '\\space').map((text) => new Atom(text)),
    fc.array(tie('form'), { maxLength: 5 }),
    fc.array(tie('form'), { maxLength: 5 }).map((items) => new EdnList(items)),
    fc.uniqueArray(tie('form'), { maxLength: 25, ...distinct }).map((items) => new EdnSet(items)),
    fc
      .uniqueArray(tie('form'), { maxLength: 25, ...distinct })
      .chain((keys) =>
        fc
          .tuple(...keys.map(() => tie('form')))
          .map((values) => new EdnMap(keys.flatMap((key, i) => [key, values[i]!]))),
      ),
    fc.tuple(named, tie('form')).map(([tag, form]) => new Tagged(tag, form)),
  ),
}));

t.test('what is printed is read back', (t) => {
  fc.assert(
    fc.property(anyForm, (form) => {
      const text = printEdn(form);
      return !text.includes('\n') && isDeepStrictEqual(read(text), form);
    }),
    { numRuns: 2000 },
  );
  t.pass();
  t.end();
});

t.test('a line that is cut anywhere is an error, never a form', (t) => {
  fc.assert(
    fc.property(fc.array(anyForm, { maxLength: 4 }), fc.nat(), (items, at) => {
      const text = printEdn([new EdnMap([new Keyword(':value'), items])]);
      const cut = text.slice(0, 1 + (at % (text.length - 1)));
      try {
        read(cut);
        return false;
      } catch (error) {
        return /^Expected .* at column \d+, got /.test((error as Error).message);
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
  t.end();
});
