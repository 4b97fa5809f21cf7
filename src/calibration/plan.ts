/**
 * What is run: each defect under what should reveal it and under what it hides from, and the
 * cluster without a defect under all of these.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expected } from '../model/index.js';
import type { PlantName } from '../targets/embedded/broker/env.js';

/** Faults and options of a run: arguments of `schism test`. */
export type Way = readonly string[];

const schedule = (name: string): Way => ['--schedule', `src/calibration/schedules/${name}.json`];
/** Several faults within a run of 12 s. */
const often = ['--nemesis-interval', '4s', '--nemesis-duration', '2500ms'];

/** By the name that the table shows. */
export const ways = {
  none: [],
  partition: ['--nemesis', 'partition', ...often],
  'isolate-leader': [
    ...['--nemesis', 'partition', '--partition-shape', 'isolate-leader'],
    ...often,
  ],
  kill: ['--nemesis', 'kill', ...often],
  'kill-all': ['--nemesis', 'kill', '--kill-target', 'all', ...often],
  pause: ['--nemesis', 'pause', ...often],
  restart: ['--nemesis', 'restart', ...often],
  latency: ['--nemesis', 'latency', ...often],
  'partition,kill,pause': ['--nemesis', 'partition,kill,pause', ...often],
  'schedule stale-log-elected': [...schedule('stale-log-elected'), '--partitions', '12'],
  /**
   * A round: node 2 is dead and 1 | 3 cut until both of these ask for votes all the time. Node 2 is
   * started behind refused links, so that a slow start does not matter; once they are healed, 3 is
   * granted its vote first, because its links are less slow. Before 3's first record arrives, 2 is
   * killed, and 3 -> 2 cut. Started again, it grants 1, which asked in the same term.
   */
  'schedule vote-forgotten': [
    ...schedule('vote-forgotten'),
    ...['--partitions', '12', '--election-timeout', '2s'],
  ],
} satisfies Record<string, Way>;
export type WayName = keyof typeof ways;

export interface Defect {
  /** What must find it: at least once, or the calibration has failed. */
  meant: WayName;
  /** What should find it as well, by and by. */
  also: readonly WayName[];
  /** Where it cannot show, and why. */
  hides: readonly WayName[];
  why: string;
}

export const defects: Readonly<Record<PlantName, Defect>> = {
  'ack-before-replicate': {
    meant: 'isolate-leader',
    also: ['partition', 'partition,kill,pause'],
    hides: ['none', 'latency', 'kill'],
    why: 'every record gets to the others unless its leader is cut off; what a killed one has written, its kernel still delivers.',
  },
  'vote-forgotten': {
    meant: 'schedule vote-forgotten',
    also: [],
    hides: ['kill', 'partition,kill,pause'],
    why: 'it must be killed within the milliseconds between its vote and the first record of the one it elected, and be asked again by another one in the same term.',
  },
  'stale-log-elected': {
    meant: 'schedule stale-log-elected',
    also: [],
    hides: ['none', 'kill', 'pause', 'partition', 'partition,kill,pause'],
    why: 'a candidate that lacks committed records must reach a voter just when their leader is out of reach; mostly it has caught up by then.',
  },
  'no-truncate': {
    meant: 'isolate-leader',
    also: ['partition', 'partition,kill,pause'],
    hides: ['none', 'restart'],
    why: 'a log must have an end that no other has before it can be kept.',
  },
  'read-uncommitted-tail': {
    meant: 'isolate-leader',
    also: ['partition', 'partition,kill,pause'],
    hides: ['none', 'latency'],
    why: 'what is read too early is there later all the same, unless its leader is lost.',
  },
  'watermark-regress': {
    meant: 'isolate-leader',
    also: ['partition', 'kill', 'partition,kill,pause'],
    hides: ['none'],
    why: 'no follower comes back if none was away.',
  },
  'no-epoch-fencing': {
    meant: 'isolate-leader',
    also: ['partition', 'pause', 'partition,kill,pause'],
    hides: ['none'],
    why: 'there must be an old leader.',
  },
  'reorder-batch': {
    meant: 'none',
    also: ['kill', 'partition,kill,pause'],
    hides: [],
    why: '',
  },
  'torn-tail-served': {
    meant: 'kill-all',
    also: ['kill', 'partition,kill,pause'],
    hides: ['none', 'partition', 'pause'],
    why: 'only a kill tears.',
  },
  'follower-drops': {
    meant: 'kill',
    also: ['none', 'partition,kill,pause'],
    hides: [],
    why: '',
  },
};

export const clean = 'clean';
export const subjects = (): string[] => [...Object.keys(defects), clean];

export type Role = 'meant' | 'also' | 'hides' | typeof clean;
/** One cell of the table. */
export interface Setup {
  /** The defect, or `clean`. */
  subject: string;
  way: string;
  role: Role;
  /** Of `schism test`, without seed, time limit and results. */
  args: readonly string[];
}
export const nameOf = ({ subject, way }: Pick<Setup, 'subject' | 'way'>): string =>
  `${subject}/${way}`;

/** The project's top folder, from which schedules are named and commands are run. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The text of the schedule that these arguments name, if they name one. */
export function scheduleOf(args: readonly string[]): string | undefined {
  const at = args.indexOf('--schedule');
  return at < 0 ? undefined : readFileSync(join(root, args[at + 1] ?? ''), 'utf8');
}

/**
 * All cells, or those named in `only`: `no-truncate`, `clean`, `clean/kill`. Throws a SchismError
 * (usage) for a name that is none.
 */
export function setups(only: readonly string[] = []): Setup[] {
  const all = [
    ...Object.keys(ways).map((way) => setup(clean, way as WayName, clean)),
    ...Object.entries(defects).flatMap(([subject, { meant, also, hides }]) => [
      setup(subject, meant, 'meant'),
      ...also.map((way) => setup(subject, way, 'also')),
      ...hides.map((way) => setup(subject, way, 'hides')),
    ]),
  ];
  const names = new Set(all.flatMap((one) => [one.subject, nameOf(one)]));
  for (const name of only)
    if (!names.has(name)) throw expected('`--only`', `one of ${subjects().join(', ')}`, name);
  const named = ({ subject, way }: Setup): boolean =>
    only.includes(subject) || only.includes(nameOf({ subject, way }));
  return only.length === 0 ? all : all.filter(named);
}

function setup(subject: string, way: WayName, role: Role): Setup {
  const plant = role === clean ? [] : ['--plant', subject];
  return { subject, way, role, args: ['--target', 'embedded', ...plant, ...ways[way]] };
}
