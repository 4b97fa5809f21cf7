/** What a user says about a cluster that is there already, and what it comes to. */
import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { securityOf } from '../../kafka/node.js';
import type { ClientSettings } from '../../kafka/session.js';
import {
  expected,
  messageOf,
  SchismError,
  type Address,
  type Capability,
  type OptionSpecs,
  type OptionValues,
} from '../../model/index.js';

const command = (help: string): OptionSpecs[string] => ({
  type: 'string',
  placeholder: 'command',
  help: `${help}; {node}, {host} and {port} are filled in`,
});

export const externalOptions: OptionSpecs = {
  bootstrap: { type: 'list', placeholder: 'host:port', help: 'brokers to begin with, repeatable' },
  clientConfig: {
    type: 'string',
    placeholder: 'file',
    help: 'client settings (ssl, sasl, ...) as kafkajs has them: JSON, or JavaScript that exports them',
  },
  topicPrefix: {
    type: 'string',
    placeholder: 'name',
    help: "begin of the run's topics, which are deleted at its end (default: schism- and a new word)",
  },
  nodeKill: command('shell command that kills a node'),
  nodeStart: command('shell command that starts it again'),
  nodeStop: command('shell command that stops it gracefully'),
  nodePause: command('shell command that pauses it (SIGSTOP)'),
  nodeResume: command('shell command that resumes it'),
  nodeStatus: command('shell command that fails while the node is down'),
};

export type CommandName =
  'nodeKill' | 'nodeStart' | 'nodeStop' | 'nodePause' | 'nodeResume' | 'nodeStatus';
const commandNames: readonly CommandName[] = [
  'nodeKill',
  'nodeStart',
  'nodeStop',
  'nodePause',
  'nodeResume',
  'nodeStatus',
];
/** What breaks a node, and what mends it. */
const pairs = [
  ['kill', 'nodeKill', 'nodeStart'],
  ['stop', 'nodeStop', 'nodeStart'],
  ['pause', 'nodePause', 'nodeResume'],
] as const satisfies readonly (readonly [Capability, CommandName, CommandName])[];

export type Templates = Partial<Record<CommandName, string>>;

export function templatesOf(options: OptionValues): Templates {
  const given = commandNames.flatMap((name) => {
    const text = options[name];
    return typeof text === 'string' && text !== '' ? [[name, text] as const] : [];
  });
  return Object.fromEntries(given);
}

export function capabilitiesOf(options: OptionValues): Capability[] {
  const templates = templatesOf(options);
  return pairs
    .filter(
      ([, breaks, mends]) => templates[breaks] !== undefined && templates[mends] !== undefined,
    )
    .map(([capability]) => capability);
}

/** Throws a SchismError (usage) for a command without its partner, or with an unknown blank. */
export function checkTemplates(options: OptionValues): void {
  const templates = templatesOf(options);
  for (const [, breaks, mends] of pairs) {
    if (templates[breaks] !== undefined && templates[mends] === undefined)
      throw expected(`\`${flag(breaks)}\``, `given together with \`${flag(mends)}\``, 'it alone');
  }
  for (const [name, text] of Object.entries(templates)) {
    const strange = /\{(?!(?:node|host|port)\})\w*\}/.exec(text);
    if (strange)
      throw expected(`the blanks of \`${flag(name)}\``, '{node}, {host} or {port}', strange[0]);
  }
}

/** The command for one node. Host names come from the cluster: only harmless ones reach a shell. */
export function fill(template: string, node: number, { host, port }: Address): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9.:_-]*$/.test(host))
    throw expected(`the host of node ${node}`, 'a name that a shell takes as it is', host);
  const values: Record<string, string> = { node: String(node), host, port: String(port) };
  return template.replace(/\{(node|host|port)\}/g, (blank, name: string) => values[name] ?? blank);
}

/** `a:9092,b:9092` or several options. Throws a SchismError (usage). */
export function bootstrapOf(options: OptionValues): Address[] {
  const given = options['bootstrap'];
  const texts = (Array.isArray(given) ? given : [String(given ?? '')])
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (texts.length === 0)
    throw expected('`--bootstrap`', 'host:port of at least one broker', given);
  return texts.map((text) => {
    const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text);
    const port = Number(match?.[2]);
    if (!match?.[1] || port < 1 || port > 65535) throw expected('`--bootstrap`', 'host:port', text);
    return { host: match[1], port };
  });
}

const settingNames = new Set([
  'ssl',
  'sasl',
  'clientId',
  'connectionTimeout',
  'authenticationTimeout',
  'reauthenticationThreshold',
]);

export type ClientConfig = ClientSettings & { clientId?: string };

/** Reads `--client-config`. Throws a SchismError (usage) that names what is wrong with the file. */
export async function clientConfigOf(options: OptionValues): Promise<ClientConfig> {
  const file = options['clientConfig'];
  if (typeof file !== 'string') return {};
  let found: unknown;
  try {
    if (extname(file) === '.json') found = JSON.parse(await readFile(file, 'utf8'));
    else {
      const module = (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
      found = module['default'] ?? { ...module };
    }
  } catch (error) {
    const why = `Expected \`--client-config\` to be a file with client settings, got \`${file}\`: ${messageOf(error)}`;
    throw new SchismError('usage', why, { cause: error });
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw expected(`what ${file} exports`, 'an object of client settings', typeof found);
  const strange = Object.keys(found).find((name) => !settingNames.has(name));
  if (strange !== undefined)
    throw expected(`the settings in ${file}`, [...settingNames].join(', '), strange);
  const config = found as ClientConfig;
  securityOf(config);
  return config;
}

const flag = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
