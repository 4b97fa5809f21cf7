/** From anomalies to cards: one case for each kind and cause; what follows from a case hangs on it. */
import type { Anomaly, Case, Facts, FaultSpan } from '../model/index.js';
import { type Collector, type Found, keptCompact } from './collect.js';
import { inForce } from './faults.js';
import { num } from './words.js';

/** Which types can follow from which, on the same key. */
const followsFrom: Readonly<Record<string, readonly string[]>> = {
  unseen: ['lost-write'],
  'inconsistent-offsets': ['lost-write', 'duplicate'],
  'nonmonotonic-send': ['lost-write'],
  'watermark-regress': ['lost-write'],
  'poll-skip': ['lost-write', 'duplicate'],
  'nonmonotonic-poll': ['lost-write', 'duplicate'],
  'int-poll-skip': ['lost-write', 'duplicate'],
  'int-nonmonotonic-poll': ['duplicate', 'lost-write'],
  'int-nonmonotonic-send': ['duplicate'],
};
/** What befalls one value in an imported history. */
const ofOneValue = [
  ...['lost-write', 'duplicate', 'phantom-read', 'G1a'],
  ...['precommitted-read', 'inconsistent-offsets'],
];
/** The same in imported histories, where only the same place proves it. */
const importedFrom: Readonly<Record<string, readonly string[]>> = {
  unseen: ['lost-write'],
  'inconsistent-offsets': ['lost-write', 'duplicate'],
  'nonmonotonic-send': ofOneValue,
  'poll-skip': ofOneValue,
  'nonmonotonic-poll': ofOneValue,
  'int-poll-skip': ofOneValue,
  'int-nonmonotonic-poll': ofOneValue,
  'int-nonmonotonic-send': ofOneValue,
  'int-send-skip': ofOneValue,
  'PL-1-cycle-exists': ['G0'],
  'PL-2-cycle-exists': ['G1c'],
  'strong-PL-1-cycle-exists': ['G0-realtime'],
  'strong-PL-2-cycle-exists': ['G1c-realtime'],
};
/** Causes first: the order of the cards. */
const order = [
  'lost-write',
  'split-brain',
  'duplicate',
  'phantom-read',
  'G1a',
  'precommitted-read',
  'replica-divergence',
  'stale-replica',
  'inconsistent-offsets',
];
const ofCycles = /^(G0|G1c)(-realtime)?$|-cycle-exists$/;
/** One anomaly of these is about one value. */
const ofValues = ['lost-write', 'unseen', 'duplicate', 'phantom-read', 'G1a'];
/** How long after its heal a fault can still be the cause; after its begin, of acks just before. */
const afterNs = 10e9;
const beforeNs = 1e9;

interface Group {
  type: string;
  faults: Set<number>;
  found: Found[];
  parent: Group | undefined;
  spanNs: [number, number];
}

/** `permitted` says why a type is no defect; all of such a type are one case. */
export function makeCases(
  collector: Collector,
  facts: Facts,
  permitted: (type: string) => string | undefined = () => undefined,
): Case[] {
  const { spans } = facts.faults;
  const groups: Group[] = [];
  const imported = facts.ops !== undefined;
  const from = imported ? importedFrom : followsFrom;
  const types = [...collector.found.keys()].sort(byRank);
  for (const type of types) {
    const allowed = permitted(type) !== undefined;
    const parents = groups.filter(
      (group) =>
        group.parent === undefined &&
        (permitted(group.type) !== undefined) === allowed &&
        from[type]?.includes(group.type),
    );
    const found = collector.found.get(type) ?? [];
    groups.push(
      ...(allowed
        ? [oneGroup(type, found, parents[0], spans)]
        : groupsOf(type, found, parents, spans, imported)),
    );
  }
  const numbers = new Map<string, number>();
  const cases = groups.map((group) => {
    const n = (numbers.get(group.type) ?? 0) + 1;
    numbers.set(group.type, n);
    const why = permitted(group.type);
    const one = toCase(group, `${group.type}-${n}`);
    return why === undefined ? one : { ...one, permitted: why };
  });
  addBeyond(cases, collector);
  groups.forEach((group, i) => {
    const parent = group.parent && cases[groups.indexOf(group.parent)];
    if (!parent) return;
    const { id } = parent;
    cases[i]!.partOf = id;
    const same = parent.alsoCountedBy.find((also) => also.type === group.type);
    if (same) same.count += cases[i]!.count;
    else parent.alsoCountedBy.push({ type: group.type, count: cases[i]!.count });
  });
  return cases;
}

const rank = (type: string): number =>
  order.includes(type)
    ? order.indexOf(type)
    : type in followsFrom
      ? order.length + 1
      : order.length;
const byRank = (a: string, b: string): number => rank(a) - rank(b) || (a < b ? -1 : 1);

function groupsOf(
  type: string,
  found: readonly Found[],
  parents: readonly Group[],
  spans: readonly FaultSpan[],
  placesOnly: boolean,
): Group[] {
  const follows = parents.map((parent) => ({ parent, matches: matcher(parent, placesOnly) }));
  const children = new Map<Group, Group>();
  const own = new Map<string, Group>();
  for (const one of found) {
    const near = follows.filter(({ matches }) => matches(one) !== 'no');
    const parent = (near.find(({ matches }) => matches(one) === 'place') ?? near[0])?.parent;
    const faults = causes(spans, one.timeNs);
    const name = faults.length > 0 ? faults.join() : `key ${one.key}`;
    let group = parent ? children.get(parent) : own.get(name);
    if (!group) {
      group = newGroup(type, parent);
      if (parent) children.set(parent, group);
      else own.set(name, group);
    }
    for (const fault of faults) group.faults.add(fault);
    group.found.push(one);
    widen(group, one);
  }
  return [...joined([...own.values()]), ...children.values()];
}

function oneGroup(
  type: string,
  found: readonly Found[],
  parent: Group | undefined,
  spans: readonly FaultSpan[],
): Group {
  const group = newGroup(type, parent);
  for (const one of found) {
    for (const fault of causes(spans, one.timeNs)) group.faults.add(fault);
    group.found.push(one);
    widen(group, one);
  }
  return group;
}

const newGroup = (type: string, parent: Group | undefined): Group => ({
  type,
  faults: new Set(),
  found: [],
  parent,
  spanNs: [Infinity, -Infinity],
});

/** Faults that can have caused what happened then: in force, else just begun, else just over. */
export function causes(spans: readonly FaultSpan[], timeNs: number): number[] {
  const real = spans.filter((span) => span.refused === undefined);
  const now = real.filter((span) => inForce(span, timeNs));
  if (now.length > 0) return now.map((span) => span.id);
  const next = real.find((span) => span.startNs > timeNs && span.startNs - timeNs <= beforeNs);
  if (next) return [next.id];
  const over = real.filter((span) => span.healedNs >= 0 && span.healedNs < timeNs);
  const last = over.sort((a, b) => b.healedNs - a.healedNs)[0];
  return last && timeNs - last.healedNs <= afterNs ? [last.id] : [];
}

function widen(group: Group, one: Found): void {
  const shown = one.whole?.data['shownNs'];
  const times = [
    one.timeNs,
    ...(one.whole?.spanNs ?? []),
    ...(typeof shown === 'number' ? [shown] : []),
  ];
  group.spanNs[0] = Math.min(group.spanNs[0], ...times);
  group.spanNs[1] = Math.max(group.spanNs[1], ...times);
}

/** Groups that share a fault have one cause. */
function joined(groups: readonly Group[]): Group[] {
  const result: Group[] = [];
  for (const group of groups) {
    for (;;) {
      const i = result.findIndex((other) => [...group.faults].some((id) => other.faults.has(id)));
      if (i < 0) break;
      const [other] = result.splice(i, 1);
      for (const id of other!.faults) group.faults.add(id);
      group.found = other!.found.concat(group.found);
      group.spanNs[0] = Math.min(group.spanNs[0], other!.spanNs[0]);
      group.spanNs[1] = Math.max(group.spanNs[1], other!.spanNs[1]);
    }
    result.push(group);
  }
  return result.sort((a, b) => a.spanNs[0] - b.spanNs[0]);
}

/** Whether an anomaly follows from a case: same key, and the same offset, value or time. */
function matcher(parent: Group, placesOnly: boolean): (one: Found) => 'place' | 'time' | 'no' {
  const places = new Set<string>();
  const firstNs = new Map<number, number>();
  for (const one of parent.found) {
    for (const place of placesOf(one)) places.add(place);
    firstNs.set(one.key, Math.min(firstNs.get(one.key) ?? Infinity, one.timeNs));
  }
  return (one) => {
    if (placesOf(one).some((place) => places.has(place))) return 'place';
    const { type, key, timeNs } = one;
    const from = firstNs.get(key);
    if (from === undefined || placesOnly) return 'no';
    if (timeNs < from - beforeNs) return 'no';
    const within = type === 'watermark-regress' || timeNs <= parent.spanNs[1] + beforeNs;
    return within ? 'time' : 'no';
  };
}

/** What an anomaly is about, by name. */
function placesOf({ type, key, offset, value, values = [], ops = [] }: Found): string[] {
  // A cycle is about its operations.
  if (ofCycles.test(type)) return ops.map((op) => `#${op}`);
  return [
    ...(offset < 0 ? [] : [`${key}@${offset}`]),
    ...[value, ...values].filter((one) => one !== -1).map((one) => `${key}=${one}`),
  ];
}

function toCase(group: Group, id: string): Case {
  const found = [...group.found].sort((a, b) => a.timeNs - b.timeNs || a.offset - b.offset);
  const anomalies = found.flatMap((one): Anomaly[] => (one.whole ? [one.whole] : []));
  return {
    id,
    type: group.type,
    keys: [...new Set(found.map((one) => one.key))].filter((key) => key >= 0).sort((a, b) => a - b),
    count: found.length,
    faults: [...group.faults].sort((a, b) => a - b),
    spanNs: group.spanNs,
    sentence: sentenceOf(anomalies[0], group.type, found.length),
    anomalies,
    all: found
      .slice(0, keptCompact)
      .map(({ offset, value, timeNs }): [number, number, number] => [offset, value, timeNs]),
    alsoCountedBy: [],
  };
}

function sentenceOf(first: Anomaly | undefined, type: string, count: number): string {
  const text = first?.explanation ?? `${num(count)} of ${type}.`;
  if (count < 2) return text;
  const values = !ofValues.includes(type) ? '' : count === 2 ? ' value' : ' values';
  return `${text} The same holds for ${num(count - 1)} more${values}.`;
}

/** What was counted and not kept belongs to the first case of its type and key. */
function addBeyond(cases: readonly Case[], collector: Collector): void {
  for (const [type, keys] of collector.beyond) {
    const own = cases.filter((one) => one.type === type);
    for (const [key, count] of keys) {
      const one = own.find((candidate) => candidate.keys.includes(key)) ?? own[0];
      if (!one) continue;
      one.count += count;
      one.sentence = sentenceOf(one.anomalies[0], type, one.count);
    }
  }
}
