/** Flags of a command from options as plug-ins declare them. */
import { Option, type Command } from 'commander';
import { durationText, flagName, type OptionSpec, type OptionSpecs } from '../model/index.js';

export function addFlags(command: Command, specs: OptionSpecs, owner: string): void {
  for (const [name, spec] of Object.entries(specs)) {
    const flag = flagName(name);
    if (command.options.some((option) => option.long === flag)) continue;
    command.addOption(toOption(flag, spec, owner));
  }
}

function toOption(flag: string, spec: OptionSpec, owner: string): Option {
  const placeholder = spec.placeholder ?? spec.choices?.join('|') ?? spec.type;
  const option = new Option(
    spec.type === 'boolean' ? flag : `${flag} <${placeholder}>`,
    spec.help + defaultText(spec),
  ).helpGroup(`${owner}:`);
  if (spec.type === 'list') {
    option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  }
  return option;
}

function defaultText(spec: OptionSpec): string {
  const { default: value } = spec;
  if (value === undefined || value === false || value === '') return '';
  return ` (${spec.type === 'duration' ? durationText(Number(value)) : String(value)})`;
}
