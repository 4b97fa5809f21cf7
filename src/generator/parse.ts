/** Reads a schedule that a person, or an earlier run, has written. docs/SCHEDULE.md says how. */
import {
  expected,
  messageOf,
  SchismError,
  type Fault,
  type Nemesis,
  type Schedule,
  type Topology,
} from '../model/index.js';

type Fields = Record<string, unknown>;

const scheduleFields = ['version', 'seed', 'follow', 'faults'];
const faultFields = ['id', 'nemesis', 'atMs', 'durationMs', 'params', 'resolved'];

/**
 * Faults stand in order of `atMs` and are numbered in that order; they may overlap. What an
 * earlier run resolved is kept only where `follow` says so. Throws a SchismError (usage) whose one
 * sentence names the file, the fault and the field.
 */
export function parseSchedule(
  text: string,
  fileName: string,
  nemeses: readonly Nemesis[],
  topology: Topology,
): Schedule {
  const schedule = inside(fileName, () => readSchedule(text));
  let earliest = 0;
  const faults = schedule.faults.map((item, i) =>
    inside(`${fileName}, fault ${i + 1}`, () => {
      const fault = readFault(item, i + 1, earliest, schedule.follow === 'resolved');
      const nemesis = nemeses.find((one) => one.meta.id === fault.nemesis);
      const known = nemeses.map((one) => one.meta.id).join(', ');
      if (!nemesis) throw expected('`nemesis`', `one of ${known}`, fault.nemesis);
      nemesis.validate(fault, topology);
      earliest = fault.atMs;
      return fault;
    }),
  );
  return { ...schedule, faults };
}

/** Says where an error was found. */
function inside<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SchismError)) throw error;
    throw new SchismError('usage', `${where}: ${error.message}`, { cause: error });
  }
}

function readSchedule(text: string): Omit<Schedule, 'faults'> & { faults: unknown[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw expected('the file', `JSON (${messageOf(error)})`, text.slice(0, 20));
  }
  const fields = readFields(value, 'the schedule', scheduleFields);
  const { version, seed = '0', follow = 'symbolic', faults } = fields;
  if (version !== 1) throw expected('`version`', '1', version);
  if (typeof seed !== 'string' && typeof seed !== 'number')
    throw expected('`seed`', 'a text or a number', seed);
  if (follow !== 'symbolic' && follow !== 'resolved')
    throw expected('`follow`', 'symbolic or resolved', follow);
  if (!Array.isArray(faults)) throw expected('`faults`', 'a list', faults);
  return { version, seed: String(seed), follow, faults };
}

function readFault(item: unknown, id: number, earliest: number, follow: boolean): Fault {
  const fields = readFields(item, 'the fault', faultFields);
  const { nemesis, params = {}, resolved } = fields;
  if (fields['id'] !== undefined && fields['id'] !== id)
    throw expected('`id`', `${id} (faults are numbered as they stand)`, fields['id']);
  if (typeof nemesis !== 'string') throw expected('`nemesis`', 'the name of one', nemesis);
  const atMs = readTime(fields, 'atMs');
  if (atMs < earliest)
    throw expected('`atMs`', `${earliest} or more (faults stand in order of time)`, atMs);
  const fault: Fault = {
    id,
    nemesis,
    atMs,
    durationMs: readTime(fields, 'durationMs'),
    params: readParams(params, '`params`'),
  };
  if (resolved !== undefined && follow) fault.resolved = readParams(resolved, '`resolved`');
  return fault;
}

function readTime(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === 'number' && value >= 0) return value;
  throw expected(`\`${name}\``, 'a number of milliseconds, 0 or more', value);
}

function readParams(value: unknown, name: string): Record<string, string | number> {
  const params: Record<string, string | number> = {};
  for (const [key, param] of Object.entries(readFields(value, name))) {
    if (typeof param !== 'string' && typeof param !== 'number')
      throw expected(`${name.slice(0, -1)}.${key}\``, 'a text or a number', param);
    params[key] = param;
  }
  return params;
}

function readFields(value: unknown, name: string, known?: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected(name, 'an object', value);
  const unknown = known && Object.keys(value).find((field) => !known.includes(field));
  if (unknown !== undefined && known)
    throw expected(`each field of ${name}`, `one of ${known.join(', ')}`, unknown);
  return value as Fields;
}
