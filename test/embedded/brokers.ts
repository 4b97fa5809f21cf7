/** Three or more brokers as processes, without a target around them. */
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { createTopics } from '../../src/kafka/admin.js';
import { createClient } from '../../src/kafka/client.js';
import { NodeConnection } from '../../src/kafka/node.js';
import { createProbes, type Probes } from '../../src/kafka/probes.js';
import type { Address, Client, KeyName, TopicSpec } from '../../src/model/index.js';
import {
  freePorts,
  startProcess,
  tempFolder,
  type ManagedProcess,
} from '../../src/processes/index.js';
import type { BrokerConfig } from '../../src/targets/embedded/broker/env.js';

const bundle = fileURLToPath(new URL('../../broker.js', import.meta.url));
const host = '127.0.0.1';

export interface Brokers {
  readonly ids: readonly number[];
  readonly folder: string;
  readonly bootstrap: readonly Address[];
  readonly probes: Probes;
  process(id: number): ManagedProcess;
  start(id: number): void;
  /** Resolves once all nodes answer and agree about the controller. */
  ready(): Promise<void>;
  createTopics(topics: readonly TopicSpec[]): Promise<KeyName[]>;
  client(keys: readonly KeyName[]): Promise<Client>;
  log(id: number): string;
}

/** Started, and ended with the test. */
export async function startBrokers(
  t: Test,
  n: number,
  settings: Partial<BrokerConfig> = {},
): Promise<Brokers> {
  const ids = Array.from({ length: n }, (_, i) => i + 1);
  const ports = await freePorts(n, [host]);
  const bootstrap = ports.map((port) => ({ host, port }));
  const folder = tempFolder('schism-brokers-');
  const processes = new Map<number, ManagedProcess>();
  const probes = createProbes({ now: () => 0 });
  const config = (id: number): BrokerConfig => ({
    id,
    clusterId: 'nodeTestCluster0000000',
    listen: bootstrap[id - 1]!,
    nodes: ids.map((other) => ({
      id: other,
      advertised: bootstrap[other - 1]!,
      dial: bootstrap[other - 1]!,
    })),
    electionTimeoutMs: 500,
    heartbeatMs: 100,
    fsync: false,
    segmentBytes: 16 << 20,
    plants: [],
    ...settings,
  });
  const logFile = (id: number): string => join(folder.path, `${id}.log`);
  const start = (id: number): void => {
    const args = ['--max-semi-space-size=2', bundle, JSON.stringify(config(id))];
    processes.set(
      id,
      startProcess({
        name: `broker ${id}`,
        command: process.execPath,
        args: [...args, join(folder.path, String(id))],
        logFile: logFile(id),
      }),
    );
  };
  t.teardown(async () => {
    probes.close();
    await Promise.all([...processes.values()].map((one) => one.kill()));
    await folder.remove();
  });
  for (const id of ids) start(id);
  const brokers: Brokers = {
    ids,
    folder: folder.path,
    bootstrap,
    probes,
    process: (id) => processes.get(id)!,
    start,
    async ready() {
      await eventually(async () => {
        const seen = new Set<number>();
        for (const address of bootstrap) {
          const node = new NodeConnection(address, {}, 'test');
          try {
            seen.add((await node.metadata([], { timeoutMs: 2000 })).controllerId);
          } finally {
            node.close();
          }
        }
        return seen.size === 1 && !seen.has(-1);
      });
    },
    createTopics: (topics) => createTopics({ bootstrap, topics, timeoutMs: 30_000 }),
    client: (keys) =>
      createClient({
        bootstrap,
        route: (address) => address,
        worker: 0,
        settings: {},
        keys: () => keys,
        requestTimeoutMs: 2000,
        valueBytes: 20,
        pollBytes: 1 << 20,
        pollWaitMs: 100,
        clientId: 'test',
      }),
    log: (id) => readFileSync(logFile(id), 'utf8'),
  };
  await brokers.ready();
  return brokers;
}

/** Waits for what must become true; the test's own time limit ends it. */
export async function eventually(look: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await Promise.resolve(look()).catch(() => false))) await sleep(20);
}

/** What one node holds up to its own high watermark: offset -> value. */
export async function held(
  brokers: Brokers,
  key: KeyName,
  node: number,
): Promise<Map<number, number>> {
  const all = new Map<number, number>();
  const address = brokers.bootstrap[node - 1]!;
  const { signal } = new AbortController();
  for await (const batch of brokers.probes.readReplica({ node, address, key, signal }))
    for (let i = 0; i < batch.n; i++) all.set(batch.offsets[i]!, batch.values[i]!);
  return all;
}
