import { connect, createServer } from 'node:net';
import { createRecordsBatch } from '@platformatic/kafka';
import t from 'tap';
import { encodeValue } from '../../src/kafka/values.js';
import type { PollOk } from '../../src/model/index.js';
import { Broker, type Asked, type Entry, type Script } from '../support/broker.js';
import { broker, client } from './support.js';

const send = { key: 0, values: [7], acks: -1 };
const produce =
  (script: Script) =>
  (asked: Asked): Script | undefined =>
    asked.api === 'Produce' ? script : undefined;

interface Situation {
  name: string;
  script: Script;
  type: 'ok' | 'fail' | 'info';
  reason: string;
  /** Only where no answer is what the test is about. */
  timeoutMs?: number;
}
const situations: Situation[] = [
  {
    name: 'FIN after the append',
    script: { then: 'fin' },
    type: 'info',
    reason: 'connection-closed',
  },
  {
    name: 'FIN without an append',
    script: { append: false, then: 'fin' },
    type: 'info',
    reason: 'connection-closed',
  },
  { name: 'RST', script: { then: 'rst' }, type: 'info', reason: 'connection-error' },
  {
    name: 'no answer',
    script: { then: 'silence' },
    type: 'info',
    reason: 'timed-out',
    timeoutMs: 1500,
  },
  {
    name: 'an ack without an offset',
    script: { baseOffset: -1 },
    type: 'info',
    reason: 'no-offset',
  },
  { name: 'code 6', script: { code: 6 }, type: 'info', reason: 'NOT_LEADER_OR_FOLLOWER' },
  {
    name: 'code 6 after the append',
    script: { code: 6, append: true },
    type: 'info',
    reason: 'NOT_LEADER_OR_FOLLOWER',
  },
  { name: 'code 7', script: { code: 7 }, type: 'info', reason: 'REQUEST_TIMED_OUT' },
  {
    name: 'code 20',
    script: { code: 20, append: true },
    type: 'info',
    reason: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  },
  { name: 'code 19', script: { code: 19 }, type: 'fail', reason: 'NOT_ENOUGH_REPLICAS' },
  { name: 'code 10', script: { code: 10 }, type: 'fail', reason: 'MESSAGE_TOO_LARGE' },
  { name: 'a code of the future', script: { code: 999 }, type: 'info', reason: 'KAFKA_ERROR_999' },
];

for (const { name, script, type, reason, timeoutMs } of situations) {
  t.test(`send: ${name}`, async (t) => {
    const one = await broker(t, { script: produce(script) });
    const c = await client(
      t,
      [one],
      timeoutMs === undefined ? {} : { requestTimeoutMs: timeoutMs },
    );
    const outcome = await c.send(send);
    t.match(outcome, { type, reason, node: 1 });
    t.equal(one.asked['Produce'], 1, 'one Produce, never a second try');
  });
}

t.test('send: the broker dies after it read the Produce', async (t) => {
  const one = await broker(t, { script: produce({ then: 'exit' }) });
  const c = await client(t, [one]);
  t.match(await c.send(send), { type: 'info', node: 1 });
  t.equal(one.asked['Produce'], 1);
  t.match(await c.send(send), { type: 'fail', reason: 'no-broker' }, 'dead before the next send');
  await one.start();
  t.match(await c.poll({ key: 0, offset: 0 }), { type: 'ok', next: 1 }, 'it had been appended');
});

t.test('send: a broker that was never there, and one that is there later', async (t) => {
  const one = await broker(t);
  await one.stop();
  const c = await client(t, [one]);
  t.match(await c.send(send), { type: 'fail', reason: 'no-broker', node: -1 });
  await one.start();
  t.match(await c.send(send), { type: 'ok', offset: 0, node: 1 });
});

t.test('send: the leader cannot be reached', async (t) => {
  const gone = await broker(t, { nodeId: 2 });
  await gone.stop();
  const peer = { id: 2, host: gone.host, port: gone.port };
  const one = await broker(t, { peers: [peer], leader: () => 2 });
  const c = await client(t, [one]);
  t.match(await c.send(send), { type: 'fail', reason: 'no-connection', node: 2 });
  t.equal(one.asked['Produce'], undefined);
});

t.test('send: a leader that accepts connections and says nothing gets no Produce', async (t) => {
  const mute = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  t.teardown(() => mute.close());
  const { port } = mute.address() as { port: number };
  const peers = [{ id: 2, host: '127.0.0.1', port }];
  const one = await broker(t, { peers, leader: () => 2 });
  const c = await client(t, [one], { requestTimeoutMs: 2000 });
  t.match(await c.send(send), { type: 'fail', reason: 'timed-out-unsent', node: 2 });
});

t.test('send: no leader; then there is one, and only the next op finds it', async (t) => {
  let leader = -1;
  const one = await broker(t, { leader: () => leader });
  const c = await client(t, [one]);
  t.match(await c.send(send), { type: 'fail', reason: 'no-leader', node: -1 });
  leader = 1;
  t.match(await c.send(send), { type: 'ok', offset: 0 });
});

t.test('after NOT_LEADER the next op asks anew', async (t) => {
  let leader = 1;
  const script = (asked: Asked): Script | undefined =>
    asked.api === 'Produce' && leader === 2 ? { code: 6 } : undefined;
  const two = await broker(t, { nodeId: 2 });
  const peers = [{ id: 2, host: two.host, port: two.port }];
  const one = await broker(t, { peers, leader: () => leader, script });
  const c = await client(t, [one]);
  t.match(await c.send(send), { type: 'ok', node: 1 });
  leader = 2;
  t.match(await c.send(send), { type: 'info', reason: 'NOT_LEADER_OR_FOLLOWER', node: 1 });
  t.match(await c.send(send), { type: 'ok', node: 2 });
});

t.test('one partition without a leader does not hide the others', async (t) => {
  const one = await broker(t, { leader: (_topic, partition) => (partition === 0 ? -1 : 1) });
  const c = await client(t, [one]);
  t.match(await c.send({ ...send, key: 1 }), { type: 'ok' });
});

t.test('acks=0 is ok without an offset, acks=1 has one', async (t) => {
  const one = await broker(t);
  const c = await client(t, [one]);
  t.strictSame(await c.send({ ...send, acks: 0 }), { type: 'ok', offset: -1, node: 1 });
  t.strictSame(await c.send({ ...send, acks: 1 }), { type: 'ok', offset: 1, node: 1 });
});

t.test('values come back, records below the asked offset do not', async (t) => {
  const log: Entry[] = [];
  const one = await broker(t, { log: (entry) => log.push(entry) });
  const c = await client(t, [one]);
  const values = [0, 1, 5 * 2 ** 32 + 103, 2 ** 52 - 1];
  t.match(await c.send({ key: 1, values, acks: -1 }), { type: 'ok', offset: 0 });
  t.match(log, [
    { what: 'append', values: ['w0.0', 'w0.1', 'w5.103', 'w1048575.4294967295'] },
    { what: 'ack' },
  ]);
  const polled = (await c.poll({ key: 1, offset: 2 })) as PollOk;
  t.match(polled, { type: 'ok', node: 1, next: 4, highWatermark: 4 });
  const { n, offsets, values: read, foreign } = polled.records;
  t.strictSame([...offsets.subarray(0, n)], [2, 3]);
  t.strictSame([...read.subarray(0, n)], values.slice(2));
  t.equal(foreign, undefined);
});

t.test('a record that nobody of this run wrote is told apart', async (t) => {
  const one = await broker(t);
  const c = await client(t, [one]);
  await c.send(send);
  const strangers = ['{"order":1}', 'w1.2 .', 'w01.2', '\u0000\u00ff'];
  const messages = strangers.map((text) => ({
    topic: 'orders',
    value: Buffer.from(text, 'latin1'),
  }));
  one.append('orders', 0, createRecordsBatch(messages, {}).buffer, 9);
  const { records } = (await c.poll({ key: 0, offset: 0 })) as PollOk;
  t.strictSame([...records.values.subarray(0, records.n)], [7, -2, 2 ** 32 + 2, -2, -2]);
  t.strictSame(
    [...(records.foreign ?? [])],
    [
      [1, '{"order":1}'],
      [3, 'w01.2'],
      [4, '0x00ff'],
    ],
  );
  t.strictSame([...records.epochs.subarray(0, 2)], [0, 9]);
});

t.test('a poll that fails changed nothing', async (t) => {
  let script: Script | undefined;
  const one = await broker(t, { script: (asked) => (asked.api === 'Fetch' ? script : undefined) });
  const c = await client(t, [one]);
  t.match(await c.poll({ key: 0, offset: 5 }), { type: 'fail', reason: 'OFFSET_OUT_OF_RANGE' });
  for (const then of ['fin', 'rst'] as const) {
    script = { then };
    t.match(await c.poll({ key: 0, offset: 0 }), { type: 'fail', node: 1 }, then);
  }
  script = { then: 'silence' };
  const hasty = await client(t, [one], { requestTimeoutMs: 1500 });
  t.match(await hasty.poll({ key: 0, offset: 0 }), { type: 'fail', reason: 'timed-out', node: 1 });
  script = undefined;
  t.match(await c.poll({ key: 0, offset: 0 }), { type: 'ok', next: 0, records: { n: 0 } });
});

t.test('a late answer reaches neither the next op nor the next client', async (t) => {
  let release: (() => void) | undefined;
  const until = new Promise<void>((resolve) => (release = resolve));
  const script = (asked: Asked): Script | undefined =>
    asked.api === 'Produce' && asked.nth === 0 ? { until } : undefined;
  const one = await broker(t, { script });
  const old = await client(t, [one], { requestTimeoutMs: 1500 });
  t.match(await old.send(send), { type: 'info', reason: 'timed-out' });
  release?.();
  t.match(await old.send({ ...send, values: [8] }), { type: 'ok', offset: 1 });
  await old.close();
  t.match(
    await old.send(send),
    { type: 'fail', reason: 'unsent' },
    'a closed client sends nothing',
  );
  const fresh = await client(t, [one]);
  t.match(await fresh.send({ ...send, values: [9] }), { type: 'ok', offset: 2 });
  t.equal(one.asked['Produce'], 3);
});

t.test('each connection goes where the route leads', async (t) => {
  const one = await broker(t);
  const dialled: string[] = [];
  const proxy = createServer((socket) => {
    const up = connect(one.port, one.host);
    socket.pipe(up).pipe(socket);
    for (const end of [socket, up]) end.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => proxy.close());
  const { port } = proxy.address() as { port: number };
  const c = await client(t, [{ host: 'broker-1', port: 1 }], {
    worker: 3,
    route: (address, worker) => {
      dialled.push(`${address.host} for ${String(worker)}`);
      return { host: '127.0.0.1', port };
    },
  });
  t.match(await c.send(send), { type: 'ok' });
  t.strictSame(dialled, ['broker-1 for 3', '127.0.0.1 for 3']);
  await c.close();
});

t.test('values are as large as asked for', (t) => {
  t.equal(encodeValue(3, 20).toString(), 'w0.3 ...............');
  t.equal(encodeValue(3, 0).toString(), 'w0.3');
  t.equal(new Broker().port, 0);
  t.end();
});
