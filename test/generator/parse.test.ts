/** Schedules from a file, and the sentence for each thing that can be wrong with one. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseSchedule, planSchedule } from '../../src/generator/index.js';
import type { Schedule } from '../../src/model/index.js';
import { all } from '../nemeses/all.js';
import { topologyOf } from '../nemeses/stand-in.js';

const topology = topologyOf(5);
const parse = (text: string): Schedule => parseSchedule(text, 'my.json', all, topology);
const read = (path: string): string => {
  // Built into dist/ or .build/NAME/: the project is two or three folders up.
  for (const up of ['../../../', '../../../../'])
    try {
      return readFileSync(new URL(up + path, import.meta.url), 'utf8');
    } catch {
      continue;
    }
  throw new Error(`${path} is not there, seen from ${import.meta.url}`);
};

t.test('a planned schedule is read back as it was', (t) => {
  const plan = { timeLimitMs: 120_000, intervalMs: 10_000, durationMs: 5000, options: {} };
  const schedule = planSchedule({ seed: '5', nemeses: all, topology, plan });
  t.ok(schedule.faults.length > 20);
  t.same(parse(JSON.stringify(schedule)), { ...schedule, follow: 'symbolic' });
  t.end();
});

t.test('what was resolved is kept only where it is to be followed', (t) => {
  const fault = { nemesis: 'kill', atMs: 1, durationMs: 1, resolved: { target: '1' } };
  const text = (follow: string): string => JSON.stringify({ version: 1, follow, faults: [fault] });
  t.notOk('resolved' in parse(text('symbolic')).faults[0]!);
  t.same(parse(text('resolved')).faults[0]!.resolved, { target: '1' });
  t.end();
});

t.test('the worked example: overlapping, healed while the leader is down', (t) => {
  const example = read('test/schedules/unclean-election.json');
  const [cut, kill] = parse(example).faults;
  const [healed, restarted] = [cut!.atMs + cut!.durationMs, kill!.atMs + kill!.durationMs];
  t.ok(cut!.atMs < kill!.atMs && kill!.atMs < healed && healed < restarted);
  const blocks = [...read('docs/SCHEDULE.md').matchAll(/```json\n([^]*?)```/g)].map((m) => m[1]!);
  for (const block of blocks) parse(block);
  t.equal(blocks.at(-1), example, 'the document shows the file');
  t.end();
});

const fault = { nemesis: 'kill', atMs: 1000, durationMs: 500, params: { target: 'one' } };
const cutFault = (params: object): object => ({ ...fault, nemesis: 'partition', params });
const schedule = (...faults: unknown[]): string => JSON.stringify({ version: 1, faults });
const wrong: [text: string, message: string | RegExp][] = [
  ['{"version": 1', /^my\.json: Expected the file to be JSON \(.*\), got `{"version": 1`\.$/],
  ['[]', 'my.json: Expected the schedule to be an object, got [].'],
  ['{"faults":[]}', 'my.json: Expected `version` to be 1, got nothing.'],
  ['{"version":1}', 'my.json: Expected `faults` to be a list, got nothing.'],
  [
    '{"version":1,"fault":[]}',
    'my.json: Expected each field of the schedule to be one of version, seed, follow, faults, got `fault`.',
  ],
  [
    '{"version":1,"faults":[],"follow":"me"}',
    'my.json: Expected `follow` to be symbolic or resolved, got `me`.',
  ],
  [
    '{"version":1,"faults":[],"seed":{}}',
    'my.json: Expected `seed` to be a text or a number, got {}.',
  ],
  [schedule(fault, 7), 'my.json, fault 2: Expected the fault to be an object, got 7.'],
  [
    schedule({ ...fault, at: 1 }),
    'my.json, fault 1: Expected each field of the fault to be one of id, nemesis, atMs, durationMs, params, resolved, got `at`.',
  ],
  [
    schedule(fault, { ...fault, id: 4 }),
    'my.json, fault 2: Expected `id` to be 2 (faults are numbered as they stand), got 4.',
  ],
  [
    schedule({ ...fault, nemesis: 'explode' }),
    'my.json, fault 1: Expected `nemesis` to be one of kill, latency, none, partition, pause, restart, got `explode`.',
  ],
  [
    schedule({ ...fault, atMs: -1 }),
    'my.json, fault 1: Expected `atMs` to be a number of milliseconds, 0 or more, got -1.',
  ],
  [
    schedule({ ...fault, durationMs: '5s' }),
    'my.json, fault 1: Expected `durationMs` to be a number of milliseconds, 0 or more, got `5s`.',
  ],
  [
    schedule(fault, { ...fault, atMs: 999 }),
    'my.json, fault 2: Expected `atMs` to be 1000 or more (faults stand in order of time), got 999.',
  ],
  [
    schedule({ ...fault, params: { target: ['node(1)'] } }),
    'my.json, fault 1: Expected `params.target` to be a text or a number, got ["node(1)"].',
  ],
  [
    schedule({ ...fault, params: { targets: 'one' } }),
    'my.json, fault 1: Expected each param of kill to be one of target, choice, got `targets`.',
  ],
  [
    schedule({ ...fault, nemesis: 'none' }),
    /^my\.json, fault 1: Expected no fault of nemesis none/,
  ],
  [schedule({ ...fault, params: { target: 3 } }), /`params\.target` to be a text, got 3\.$/],
  [
    schedule({ ...fault, params: { choice: 0.5 } }),
    'my.json, fault 1: Expected `params.choice` to be a whole number of 0 or more, got 0.5.',
  ],
  ...[
    ...['node(6)', 'leader(3)', 'leader', 'followers()', 'one(1)', 'rest', 'clients', 'all.from'],
    ...['fault(1).from', 'fault(0).from', 'fault(1)', 'node(1)x', 'one,all', '', 'one;all', 'away'],
  ].map((target): [string, RegExp] => [
    schedule({ ...fault, params: { target } }),
    /^my\.json, fault 1: Expected `params\.target` to be made of one, minority, .*, got `.*`\.$/,
  ]),
  [schedule(cutFault({ shape: 'star' })), /`params\.shape` to be one of .*pairs, got `star`\.$/],
  [
    schedule(cutFault({ from: 'one' })),
    /`params\.to` to be there with shape pairs, got nothing\.$/,
  ],
  [
    schedule(cutFault({ from: 'client(4)', to: 'all' })),
    /`params\.from` to be made of rest, clients/,
  ],
  [schedule(cutFault({ from: 'rest', to: 'all' })), /`params\.from` to be other than rest, got/],
  [
    schedule(cutFault({ shape: 'one-way', how: 'refuse' })),
    /`params\.how` to be drop where packets are lost one way, got `refuse`\.$/,
  ],
  [
    schedule(cutFault({ shape: 'halves', onMs: 100 })),
    /`params\.onMs` to be absent but with shape flapping, got 100\.$/,
  ],
  [
    schedule(cutFault({ shape: 'flapping', onMs: 1000 })),
    /`params\.onMs` to be less than periodMs \(1000\), got 1000\.$/,
  ],
  [
    schedule(cutFault({ shape: 'flapping', periodMs: 1 })),
    /`params\.periodMs` to be a number from 100 to 600000, got 1\.$/,
  ],
];
for (const [text, message] of wrong)
  t.test(`refused: ${text}`, (t) => {
    t.throws(() => parse(text), { name: 'SchismError', code: 'usage', message });
    t.end();
  });

t.test('a mistake in a nemesis is not called one of the file', (t) => {
  const validate = (): never => {
    throw new TypeError('a mistake');
  };
  const read = (): Schedule =>
    parseSchedule(schedule(fault), 'my.json', [{ ...all[0]!, validate }], topology);
  t.throws(read, new TypeError('a mistake'));
  t.end();
});
