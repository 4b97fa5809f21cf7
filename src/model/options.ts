/** Options as plug-ins declare them, checked in one place. */
import { expected } from './errors.js';
import type { OptionSpec, OptionSpecs, OptionValue, OptionValues } from './run.js';

/** `valueBytes` -> `--value-bytes` */
export const flagName = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90` and `90s` are 90,000 ms; `1.5h`, `250ms` likewise. Undefined: not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  return match ? Math.round(Number(match[1]) * units[match[2] ?? 's']!) : undefined;
}

/** 90000 -> `90s`, the form that parseDuration reads. */
export function durationText(ms: number): string {
  for (const unit of ['h', 'm', 's']) {
    if (ms >= units[unit]! && ms % units[unit]! === 0) return `${ms / units[unit]!}${unit}`;
  }
  return `${ms}ms`;
}

/** The value of one option, or a SchismError (usage) that names the flag. */
export function parseOption(name: string, spec: OptionSpec, raw: unknown): OptionValue | undefined {
  if (raw === undefined) return spec.default;
  const flag = `\`${flagName(name)}\``;
  const text = typeof raw === 'string' ? raw : JSON.stringify(raw);
  switch (spec.type) {
    case 'boolean':
      if (typeof raw !== 'boolean') throw expected(flag, 'given without a value', raw);
      return raw;
    case 'list':
      return parseList(flag, spec, (Array.isArray(raw) ? raw : [raw]).map(String));
    case 'duration': {
      const ms = typeof raw === 'number' ? raw : parseDuration(text);
      if (ms === undefined)
        throw expected(flag, 'a duration such as `90`, `90s`, `5m` or `8h`', raw);
      if (ms < (spec.min ?? 0)) {
        throw expected(flag, `at least ${durationText(spec.min ?? 0)}`, raw);
      }
      return ms;
    }
    case 'number':
      return parseNumber(flag, spec, raw);
    case 'string':
      if (spec.choices && !spec.choices.includes(text)) {
        throw expected(flag, `one of ${spec.choices.join(', ')}`, raw);
      }
      return text;
  }
}

function parseList(flag: string, { choices }: OptionSpec, raw: string[]): string[] {
  if (!choices) return raw;
  const items = raw.flatMap((text) => text.split(',')).map((text) => text.trim());
  for (const item of items)
    if (!choices.includes(item)) throw expected(flag, `one of ${choices.join(', ')}`, item);
  return [...new Set(items)];
}

function parseNumber(flag: string, spec: OptionSpec, raw: unknown): number {
  const value = typeof raw === 'string' && raw.trim() === '' ? NaN : Number(raw);
  const { min, max } = spec;
  const whole = spec.integer === true ? 'a whole number' : 'a number';
  const range =
    min !== undefined && max !== undefined
      ? ` from ${min} to ${max}`
      : min !== undefined
        ? ` of ${min} or more`
        : max !== undefined
          ? ` of ${max} or less`
          : '';
  const fits =
    Number.isFinite(value) &&
    (spec.integer !== true || Number.isInteger(value)) &&
    value >= (min ?? -Infinity) &&
    value <= (max ?? Infinity);
  if (!fits) throw expected(flag, whole + range, raw);
  return value;
}

/** All options of the specs; a name that no spec has is an error. */
export function parseOptions(
  specs: OptionSpecs,
  raw: Readonly<Record<string, unknown>>,
): OptionValues {
  for (const name of Object.keys(raw)) {
    if (!(name in specs)) throw expected('an option', 'one that this run knows', flagName(name));
  }
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, parseOption(name, spec, raw[name])]),
  );
}
