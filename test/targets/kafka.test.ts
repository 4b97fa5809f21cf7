import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { F, type Row } from '../../src/model/index.js';
import { freePorts } from '../../src/processes/index.js';
import { brokerConfig, overrides, properties } from '../../src/targets/kafka/config.js';
import kafka from '../../src/targets/kafka/index.js';
import { hostsFile, kafkaLayout } from '../../src/targets/kafka/layout.js';
import { endOf } from '../../src/targets/local/log.js';
import { LocalNode } from '../../src/targets/local/node.js';
import { need } from '../support/need.js';

const ports = { client: 20_001, broker: 20_002, controller: 20_003 };
const linked = kafkaLayout({ nodes: [1, 2, 3], ports, linked: true });
const unlinked = kafkaLayout({ ...linked, linked: false });
const text = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;

t.test('each path has an address of its own, and leads to the node that it is for', (t) => {
  const specs = kafkaLayout({ ...linked, nodes: [1, 2, 3, 4, 5, 6, 7] }).linkSpecs(600);
  t.equal(specs.length, 7 * 6 * 2 + 600 * 7);
  t.equal(new Set(specs.map(({ listen }) => text(listen))).size, specs.length);
  const real = /^127\.3\.0\.(\d)$/;
  for (const { from, to, listen, upstream } of specs) {
    if (Number(real.exec(upstream.host)?.[1]) !== to || real.test(listen.host))
      t.fail(`${from} to ${to}: ${text(listen)} to ${text(upstream)}`);
    if (listen.port !== upstream.port || !/^127(\.\d+){3}$/.test(listen.host))
      t.fail(`${from} to ${to}: ${text(listen)}`);
  }
  t.end();
});

t.test('a client dials what its own links listen on, and the real address past them', (t) => {
  const advertised = { host: 'broker-2', port: ports.client };
  for (const worker of [0, 249, 250, 599]) {
    const link = linked
      .linkSpecs(600)
      .find(({ from, to }) => from === `client-${worker}` && to === 2);
    t.same(linked.route(advertised, worker), link?.listen);
  }
  t.same(linked.route(advertised, undefined), { host: '127.3.0.2', port: ports.client });
  t.same(unlinked.bootstrap[1], { host: '127.3.0.2', port: ports.client });
  t.equal(unlinked.route(unlinked.bootstrap[1]!, 0), unlinked.bootstrap[1]);
  const other = { host: '10.0.0.1', port: 9092 };
  t.equal(linked.route(other, 0), other);
  t.end();
});

t.test('a hosts file has the links to the peers, and the real address of its own node', (t) => {
  t.equal(
    hostsFile(linked, 2),
    `127.0.0.1 localhost\n127.0.0.1 ${hostname()}\n127.1.2.1 broker-1\n127.3.0.2 broker-2\n127.1.2.3 broker-3\n`,
  );
  t.match(hostsFile(unlinked, 2), /^127\.3\.0\.1 broker-1$/m);
  t.end();
});

t.test('broker settings: options, then --broker-config, the last of a key wins', (t) => {
  const options = {
    minInsyncReplicas: 1,
    replicationFactor: 2,
    brokerConfig: ['request.timeout.ms=1', 'x.y = a=b\\c', 'request.timeout.ms=2'],
  };
  const config = brokerConfig(linked, 2, '/data', options);
  t.equal(config.get('min.insync.replicas'), '1');
  t.equal(config.get('default.replication.factor'), '2');
  t.equal(config.get('request.timeout.ms'), '2');
  t.match(properties(config), /^x\.y=a=b\\\\c$/m);
  t.match(properties(config), /^listeners=CLIENT:\/\/127\.3\.0\.2:20001,BROKER:/m);
  t.throws(() => overrides({ brokerConfig: ['x'] }), {
    code: 'usage',
    message: 'Expected `--broker-config` to be key=value, got `x`.',
  });
  t.throws(() => overrides({ brokerConfig: ['advertised.listeners=A://b:1'] }), { code: 'usage' });
  t.end();
});

t.test('what is missing is told in one sentence before anything starts', async (t) => {
  const path = process.env['PATH'];
  const javaHome = process.env['JAVA_HOME'];
  t.teardown(() => {
    process.env['PATH'] = path;
    if (javaHome !== undefined) process.env['JAVA_HOME'] = javaHome;
  });
  const dir = t.testdir({ bin: {}, cache: {}, home: { libs: {} } });
  const bin = join(dir, 'bin');
  const check = (options: Record<string, string>): Promise<void> =>
    kafka.check(options, join(dir, 'cache'));
  const fails = (options: Record<string, string>, message: RegExp) =>
    t.rejects(check(options), { code: 'usage', message });
  const java = (version: string): void =>
    writeFileSync(join(bin, 'java'), `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`, {
      mode: 0o755,
    });

  process.env['PATH'] = bin;
  delete process.env['JAVA_HOME'];
  await fails({ kafkaVersion: '2.8.0' }, /^Expected the Kafka version to be 3\.9 or newer/);
  await fails({ kafkaVersion: 'newest' }, /^Expected the Kafka version to be a version like/);
  await fails({ kafkaHome: join(dir, 'home') }, /^Expected `--kafka-home` to be an unpacked Kafka/);
  await fails({}, /^Expected Java 17 or newer for Apache Kafka 4\.1\.0, and there is no usable/);
  symlinkSync('/bin/sh', join(bin, 'sh'));
  java('11.0.2');
  await fails({}, /^Expected Java 17 or newer for Apache Kafka 4\.1\.0, got 11\.0\.2\.$/);
  await fails({ kafkaVersion: '3.9.1' }, /^Expected Maven \(mvn\) to fetch Apache Kafka 3\.9\.1/);
  java('1.8.0_402');
  await fails({ kafkaVersion: '3.9.1' }, /got 1\.8\.0_402\.$/);
  java('21-ea');
  await fails({}, /^Expected Maven/);
  if (!need(t, 'linux')) return;
  mkdirSync(join(dir, 'cache', 'kafka-4.1.0'));
  await check({});
  writeFileSync(join(dir, 'home', 'libs', 'kafka_2.13-4.2.0.jar'), '');
  await check({ kafkaHome: join(dir, 'home') });
});

t.test('a node that takes long to stop can be killed on the way', async (t) => {
  const rows: Row[] = [];
  const [port] = await freePorts(1);
  const address = { host: '127.0.0.1', port: port! };
  const node = new LocalNode({
    id: 1,
    addresses: { client: address, broker: address, controller: address },
    command: 'sh',
    args: ['-c', 'trap "" TERM; echo on; while :; do sleep 1; done'],
    logFile: join(t.testdir(), 'broker.log'),
    recorder: { now: () => 0, append: (more: Row[]) => void rows.push(...more) } as never,
  });
  t.teardown(() => node.close());
  node.start();
  while (endOf(node.logs()[0]!) === 0) await sleep(20);
  const stopping = node.stop();
  await t.rejects(node.pause(), /cannot be paused: it is being ended already/);
  const killed = await node.kill();
  t.match(await killed.proof, { state: 'proven', by: /is gone, and .* refuses connections/ });
  t.match(await (await stopping).proof, { state: 'proven' });
  t.equal(node.isAlive(), false);
  t.notOk(
    rows.some((row) => row.f === F.notice),
    'its end is no news',
  );
});
