/** Checks the params of a fault that was written by hand. */
import { expected, type Fault, type OptionSpec, type OptionSpecs } from '../model/index.js';

/** How an error names a param. */
export const field = (name: string): string => `\`params.${name}\``;

/** Throws a SchismError that names the first param that is unknown or out of range. */
export function checkParams(fault: Fault, specs: OptionSpecs): void {
  for (const [name, value] of Object.entries(fault.params)) {
    const spec = specs[name];
    if (!spec) {
      const known = Object.keys(specs).join(', ');
      throw expected(`each param of ${fault.nemesis}`, `one of ${known || 'none'}`, name);
    }
    checkValue(field(name), value, spec);
  }
}

function checkValue(name: string, value: unknown, spec: OptionSpec): void {
  if (spec.type === 'string') {
    if (typeof value !== 'string') throw expected(name, 'a text', value);
    if (spec.choices && !spec.choices.includes(value))
      throw expected(name, `one of ${spec.choices.join(', ')}`, value);
    return;
  }
  const { min = -Infinity, max = Infinity, integer = false } = spec;
  const fits =
    typeof value === 'number' &&
    value >= min &&
    value <= max &&
    (!integer || Number.isInteger(value));
  if (fits) return;
  const kind = integer ? 'a whole number' : 'a number';
  const range = max === Infinity ? `of ${min} or more` : `from ${min} to ${max}`;
  throw expected(name, `${kind} ${range}`, value);
}

/** The random index that stands behind `one`, `minority` and the like. */
export const choiceSpec: OptionSpec = {
  type: 'number',
  min: 0,
  integer: true,
  help: 'which of the possible nodes is picked; the same number picks the same ones',
};

/** A param that is a text; `otherwise` where it is absent. */
export const text = (fault: Fault, name: string, otherwise: string): string =>
  String(fault.params[name] ?? otherwise);
/** A param that is a number; `otherwise` where it is absent. */
export const number = (fault: Fault, name: string, otherwise: number): number =>
  Number(fault.params[name] ?? otherwise);
