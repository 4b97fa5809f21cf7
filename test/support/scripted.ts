/**
 * The scripted broker in a process of its own. As a program:
 * `node scripted.js --port P --log FILE --keep FILE --pid FILE`; it prints its address.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Test } from 'tap';
import { Broker, type Entry } from './broker.js';

const program = fileURLToPath(import.meta.url);

export interface Scripted {
  address: string;
  child: ChildProcess;
  /** What it appended and acknowledged, in its own words. */
  log(): Entry[];
  end(): void;
  /** Shell commands that do this to it, whoever started it last. */
  commands: { kill: string; start: string; pause: string; resume: string };
}

/** Ends with the test, also if it was started again by its command. */
export async function scriptedBroker(t: Test): Promise<Scripted> {
  const one = await startScripted({ keep: true });
  t.teardown(() => one.end());
  return one;
}

/** With `keep`, its records are there again after a restart. */
export async function startScripted({ keep = false } = {}): Promise<Scripted> {
  const dir = mkdtempSync(join(tmpdir(), 'schism-scripted-'));
  const file = (name: string): string => join(dir, name);
  const args = ['--pid', file('pid')];
  if (keep) args.push('--log', file('log'), '--keep', file('keep'));
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise<string>((resolve) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()));
  });
  const send = (signal: string): string => `kill -${signal} $(cat '${file('pid')}')`;
  const words = [process.execPath, program, '--port', '{port}', ...args];
  return {
    address,
    child,
    log: () => entries(file('log')),
    end: () => {
      end(file('pid'));
      rmSync(dir, { recursive: true, force: true });
    },
    commands: {
      kill: send('KILL'),
      start: `${words.map((word) => `'${word}'`).join(' ')} &`,
      pause: send('STOP'),
      resume: send('CONT'),
    },
  };
}

/** Arguments of a small run on it. */
export const againstScripted = ({ address }: Scripted): string[] => [
  ...['--target', 'external', '--bootstrap', address],
  ...['--replication-factor', '1', '--partitions', '2', '--concurrency', '4', '--seed', '1'],
];

function end(pidFile: string): void {
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** The last line may be cut where the broker was killed. */
function entries(file: string): Entry[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}

if (process.argv[1] && realpathSync(process.argv[1]) === program) {
  const text = { type: 'string' } as const;
  const options = { port: text, log: text, keep: text, pid: text };
  const { port = '0', log, keep, pid } = parseArgs({ options }).values;
  const broker = new Broker({
    port: Number(port),
    ...(keep !== undefined && { keep }),
    ...(log !== undefined && {
      log: (entry: Entry) => appendFileSync(log, `${JSON.stringify(entry)}\n`),
    }),
  });
  await broker.start();
  if (pid !== undefined) writeFileSync(pid, String(process.pid));
  process.stdout.write(`${broker.host}:${broker.port}\n`);
}
