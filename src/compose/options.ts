/** The options of a run that belong to no plug-in. */
import type { OptionSpecs } from '../model/index.js';

export const runOptions = {
  target: {
    type: 'string',
    default: 'embedded',
    placeholder: 'name',
    help: 'what to test: embedded is a reference cluster, `kafka@4.1.0` picks a version',
  },
  workload: { type: 'string', default: 'queue', placeholder: 'name', help: 'what the clients do' },
  nemesis: {
    type: 'string',
    default: 'none',
    placeholder: 'names',
    help: 'kinds of faults, with commas between them',
  },
  timeLimit: {
    type: 'duration',
    default: 60_000,
    min: 1000,
    help: 'how long clients and faults go on',
  },
  concurrency: {
    type: 'number',
    default: 10,
    min: 1,
    max: 1000,
    integer: true,
    help: 'number of workers',
  },
  seed: {
    type: 'number',
    min: 0,
    max: 2 ** 32,
    integer: true,
    help: 'what all random choices come from (default: a new one)',
  },
  testCount: {
    type: 'number',
    default: 1,
    min: 1,
    integer: true,
    help: 'runs, with successive seeds; the worst verdict counts',
  },
  nemesisInterval: {
    type: 'duration',
    default: 10_000,
    min: 500,
    help: 'from the begin of one fault to the next of its kind, on average',
  },
  nemesisDuration: { type: 'duration', default: 5000, min: 50, help: 'of one fault, on average' },
  schedule: {
    type: 'string',
    placeholder: 'file',
    help: 'faults from a file, instead of the seed',
  },
  links: {
    type: 'string',
    choices: ['auto', 'builtin', 'toxiproxy', 'none'],
    default: 'auto',
    help: 'what connections run through; auto: if a nemesis needs links, what suits the target, else none',
  },
  toxiproxy: { type: 'string', placeholder: 'url', help: 'a Toxiproxy server that runs already' },
  requestTimeout: {
    type: 'duration',
    default: 3000,
    min: 100,
    help: 'after which a client gives up an op',
  },
  recoveryBound: {
    type: 'duration',
    default: 10_000,
    min: 100,
    help: 'within which a replica must catch up once all faults are healed',
  },
  worth: {
    type: 'duration',
    default: 10_000,
    min: 0,
    help: 'how long a valid verdict is put to the test with planted defects; 0: not at all',
  },
  resultsDir: {
    type: 'string',
    default: 'results',
    placeholder: 'dir',
    help: 'where runs are kept',
  },
  keepData: { type: 'boolean', default: false, help: 'keep the data of the nodes in the run' },
  dryRun: {
    type: 'boolean',
    default: false,
    help: 'print the schedule and the commands that it would run, and do nothing',
  },
  plugin: {
    type: 'list',
    placeholder: 'file',
    help: 'a checker, workload, nemesis or target from outside; can be repeated',
  },
} as const satisfies OptionSpecs;
