/** Files and lines that cannot be imported, and why they say that they cannot. */
import { constants } from 'node:buffer';
import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { wholeLines } from '../../src/history/edn/lines.js';
import { importFile, importText } from './edn-support.js';

const line = (type: string, process: number, f: string, value: string): string =>
  `{:type :${type}, :process ${process}, :f :${f}, :value ${value}}`;

t.test('a byte order mark at the begin of the file', async (t) => {
  const text = `\ufeff${line('invoke', 0, 'poll', 'nil')}`;
  const { rows } = await importText(t, text.slice(1));
  t.same((await importText(t, text)).rows, rows);
  t.same((await importText(t, `\ufeff\n${text.slice(1)}`)).rows, rows);
  await t.rejects(importText(t, '\ufeff'), /to hold a history, got no operation\.$/);
  await t.rejects(
    importText(t, `\n${text}`),
    /^Expected a form at column 1 of line 2 of .*, got `\\ufeff`\.$/,
  );
});

t.test('a line that fits into no string', async (t) => {
  const dir = t.testdir({ 'h.edn': `;1\n;2\n;${'3'.repeat(3_000_000)}\n;4\n` });
  const file = join(dir, 'h.edn');
  const read = async (longest?: number): Promise<string> => {
    let text = '';
    for await (const piece of wholeLines(file, longest)) text += piece;
    return text;
  };
  t.equal(await read(), readFileSync(file, 'utf8'));
  t.equal(await read(3_000_001), readFileSync(file, 'utf8'));
  await t.rejects(read(1_000_000), {
    name: 'SchismError',
    message: `Expected lines of at most 1000000 bytes in ${file}, got a longer one on line 3.`,
  });
  // A hole takes no space on the disk.
  truncateSync(file, constants.MAX_STRING_LENGTH + 4_000_000);
  await t.rejects(importFile(dir, file), {
    code: 'history',
    message: /got a longer one on line 5/,
  });
});

t.test('every malformed line is named', async (t) => {
  const ok = line('invoke', 0, 'send', '[[:send 0 1]]');
  const one = (text: string): string => `${ok}\n${text}\n`;
  const of = String.raw`line 2 of .*\.edn`;
  const wrong: [string | Buffer, RegExp][] = [
    [
      one('{:index 1, :time 2'),
      new RegExp(
        `^Expected one op a line, with \`}\` for \`{\` of column 1 at column 19 of ${of}, got the end of the line\\.$`,
      ),
    ],
    [
      one('[1 2]'),
      new RegExp(`^Expected one op a line, which is a map, on ${of}, got \`\\[1 2\\]\`\\.$`),
    ],
    [one('#tag 7'), /^Expected one op a line, which is a map, on line 2 of .*, got `#tag 7`\.$/],
    [
      one(`${ok} ${ok}`),
      /^Expected one op a line, and its end at column \d+ of line 2 of .*, got `{`\.$/,
    ],
    [
      one(`[${ok}`),
      /^Expected one op a line, with `]` for `\[` of column 1 at column \d+ of line 2/,
    ],
    [one('"\u001b\u200b"'), /, which is a map, .*, got `"\\u001b\\u200b"`\.$/],
    [one('{}'), /^Expected `:type` to be :invoke, :ok, :fail or :info on line 2 .*, got none\.$/],
    [one('{:type :done, :process 1, :f :poll}'), /^Expected `:type` to be .*, got `:done`\.$/],
    [one('{:type :invoke, :f :poll}'), /^Expected a `:process` on line 2 of .*, got none\.$/],
    [one('{:type :invoke, :process 1}'), /^Expected an `:f` on line 2 of .*, got none\.$/],
    [
      one('{:type :invoke, :process -1, :f :poll}'),
      /^Expected `:process` to be from 0 to 2147483647 .*, got `-1`\.$/,
    ],
    [
      one('{:index 0, :type :invoke, :process 1, :f :poll}'),
      /^Expected `:index` to be a whole number above 0 on line 2 .*, got `0`\.$/,
    ],
    [one('{:index :a, :type :invoke, :process 1, :f :poll}'), /^Expected `:index` .*, got `:a`\.$/],
    [
      one('{:time 1.5, :type :invoke, :process 1, :f :poll}'),
      /^Expected `:time` to be whole nanoseconds on .*, got `1\.5`\.$/,
    ],
    [
      one(line('invoke', 0, 'poll', 'nil')),
      /^Expected process 0 to end op 0 first on line 2 of .*, got `:poll`\.$/,
    ],
    [
      one(line('ok', 1, 'poll', 'nil')),
      /^Expected process 1 to begin an op on line 2 of .*, got the end of one that it had not begun\.$/,
    ],
    [
      one(line('ok', 0, 'poll', 'nil')),
      /^Expected the end of op 0 to have its :f on line 2 of .*, got `:poll`\.$/,
    ],
    [
      one(line('invoke', 1, 'txn', '7')),
      /^Expected `:value` to be a vector of sends and polls on line 2 of .*, got `7`\.$/,
    ],
    [
      one(line('invoke', 1, 'txn', '[[:append 0 1]]')),
      /^Expected \[:send key value\] or .*, got `\[:append 0 1\]`\.$/,
    ],
    [
      one(line('invoke', 1, 'txn', '[[:send 0]]')),
      /^Expected \[:send key value\] or .*, got `\[:send 0\]`\.$/,
    ],
    [
      one(line('ok', 0, 'send', '[[:send 0 [:x 1]]]')),
      /^Expected the offset of a send to be nil or a whole number from -1 on .*, got `:x`\.$/,
    ],
    [
      one(line('ok', 0, 'send', '[[:send 0 [-5 1]]]')),
      /^Expected the offset of a send to be nil or a whole number from -1 on .*, got `-5`\.$/,
    ],
    [
      one(`${line('invoke', 1, 'poll', 'nil')}\n${line('ok', 1, 'poll', '[[:poll 5]]')}`),
      /^Expected \[:poll .*\] on line 3 of .*, got `5`\.$/,
    ],
    [
      one(`${line('invoke', 1, 'poll', 'nil')}\n${line('ok', 1, 'poll', '[[:poll {0 5}]]')}`),
      /^Expected key 0 to have \[\[offset value\] \.\.\.\] on line 3 of .*, got `5`\.$/,
    ],
    [
      one(
        `${line('invoke', 1, 'poll', 'nil')}\n${line('ok', 1, 'poll', '[[:poll {0 [[nil 1]]}]]')}`,
      ),
      /^Expected \[offset value\] of key 0 on line 3 of .*, got `\[nil 1\]`\.$/,
    ],
    [
      one(`${line('invoke', 1, 'poll', 'nil')}\n${line('ok', 1, 'poll', '[[:poll {0 [[1]]}]]')}`),
      /^Expected \[offset value\] of key 0 on line 3 of .*, got `\[1\]`\.$/,
    ],
    [
      one(line('invoke', 1, 'assign', '3')),
      /^Expected the keys of an assign or subscribe on line 2 of .*, got `3`\.$/,
    ],
    [
      Buffer.concat([Buffer.from(`${ok}\n`), Buffer.from([0x22, 0xff, 0x22])]),
      new RegExp(`^Expected UTF-8 on ${of}, got other bytes\\.$`),
    ],
    [
      gzipSync(ok).subarray(0, 30),
      /^Expected .*\.edn to be whole gzip data, got unexpected end of file\.$/,
    ],
    ['', /^Expected .*\.edn to hold a history, got no operation\.$/],
    ['; nothing\n\n', /^Expected .*\.edn to hold a history, got no operation\.$/],
  ];
  for (const [text, message] of wrong)
    await t.rejects(
      importText(t, text),
      { name: 'SchismError', code: 'history', message },
      String(message),
    );
  const dir = t.testdir();
  await t.rejects(importFile(dir, dir), /to be a file of EDN lines, got a folder\./);
  await t.rejects(importFile(dir, join(dir, 'none')), /to be a file of EDN lines, got ENOENT/);
});
