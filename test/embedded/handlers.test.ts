import t from 'tap';
import { readRecords } from '../../src/kafka/records.js';
import { controlBatch, seal } from '../../src/targets/embedded/broker/batch.js';
import { batchOf, produceOf } from './wire-batch.js';
import { noUuid, type Body, type Value } from './wire-codec.js';
import { Raw, startServed, topicId, until } from './wire-node.js';

/** The only partition of an answer. */
const only = (body: Body): Body => {
  const topics = body['topics'] as Body[];
  const partitions = topics[0]!['partitions'] as Body[];
  if (topics.length !== 1 || partitions.length !== 1) throw new Error('not one partition');
  return partitions[0]!;
};
const code = (body: Body): Value | undefined => only(body)['errorCode'];

interface FetchOf {
  offset: number;
  epoch?: number;
  partition?: number;
  topic?: string;
  maxBytes?: number;
  maxWaitMs?: number;
  minBytes?: number;
}
const fetchOf = (ask: FetchOf): Body => {
  const { offset, epoch = -1, partition = 0, topic = 'orders', maxBytes = 1 << 20 } = ask;
  const { maxWaitMs = 0, minBytes = 1 } = ask;
  const one = { partition, currentLeaderEpoch: epoch, fetchOffset: offset, maxBytes };
  return {
    ...{ replicaId: -1, maxWaitMs, minBytes, maxBytes: 1 << 20, sessionEpoch: -1 },
    topics: [{ name: topic, partitions: [one] }],
  };
};
const listOf = (timestamp: number, epoch = -1, partition = 0): Body => ({
  replicaId: -1,
  topics: [
    { name: 'orders', partitions: [{ index: partition, currentLeaderEpoch: epoch, timestamp }] },
  ],
});

t.test('acks=all is answered once a majority has it, acks=1 at once, acks=0 never', async (t) => {
  const { port, group, hold, ack } = await startServed(t);
  const [all, one, none] = [new Raw(t, port), new Raw(t, port), new Raw(t, port)];
  hold();
  const base = group.log.end;
  all.send('Produce', 8, produceOf('a'));
  await until(group, () => group.log.end > base);
  t.equal(only(await one.ask('Produce', 8, produceOf('b', { acks: 1 })))['baseOffset'], base + 1);
  none.send('Produce', 8, produceOf('c', { acks: 0 }));
  const versions = await none.ask('ApiVersions', 0, {});
  t.equal(versions['errorCode'], 0, 'the first answer is to the next request');
  t.equal(group.log.end, base + 3);
  t.equal(group.commit, base);
  let answered = false;
  const answer = all.next().finally(() => (answered = true));
  await one.ask('ApiVersions', 0, {});
  t.notOk(answered);
  ack();
  await answer;
  t.ok(group.commit > base);
});

t.test('acks=all after the leadership, or after its time', async (t) => {
  const { port, group, hold, depose } = await startServed(t);
  const raw = new Raw(t, port);
  hold();
  const base = group.log.end;
  const late = only(await raw.ask('Produce', 7, produceOf('a', { timeoutMs: 1 })));
  t.strictSame([late['errorCode'], late['baseOffset']], [7, base]);
  const answer = raw.ask('Produce', 7, produceOf('b'));
  await until(group, () => group.log.end > base + 1);
  depose();
  t.equal(code(await answer), 6);
  t.equal(code(await raw.ask('Produce', 7, produceOf('c'))), 6);
});

t.test('what cannot be appended says why, and nothing is appended', async (t) => {
  const { port, group } = await startServed(t);
  const raw = new Raw(t, port);
  const end = group.log.end;
  const changed = (change: (batch: Buffer) => void, sealed = true): Buffer => {
    const batch = Buffer.from(batchOf(['abc', 'def']));
    change(batch);
    if (sealed) seal(batch);
    return batch;
  };
  const control = controlBatch({ epoch: 0, leader: 1, wallMs: 0 });
  const cases: [string, number, Body][] = [
    ['unknown topic', 3, produceOf('a', { topic: 'none' })],
    ['unknown partition', 3, produceOf('a', { partition: 9 })],
    ['no replica here', 6, produceOf('a', { partition: 1 })],
    ['acks 2', 21, produceOf('a', { acks: 2 })],
    ['acks -2', 21, produceOf('a', { acks: -2 })],
    ['no records', 87, produceOf(null)],
    ['no bytes', 87, produceOf(Buffer.alloc(0))],
    ['two batches', 87, produceOf(Buffer.concat([batchOf(['a']), batchOf(['b'])]))],
    ['format 1', 87, produceOf(changed((b) => void (b[16] = 1)))],
    ['a wrong CRC', 2, produceOf(changed((b) => void (b[b.length - 1]! ^= 1), false))],
    ['cut off', 87, produceOf(batchOf(['abc']).subarray(0, -1))],
    ['a length below a head', 2, produceOf(changed((b) => void b.writeInt32BE(3, 8)))],
    ['a wrong count', 87, produceOf(changed((b) => void b.writeInt32BE(9, 57)))],
    ['a record that ends outside', 87, produceOf(changed((b) => void (b[61] = 0x7e)))],
    ['a base offset', 87, produceOf(changed((b) => void b.writeBigInt64BE(5n, 0)))],
    ['a producer id', 87, produceOf(changed((b) => void b.writeBigInt64BE(7n, 43)))],
    ['a control batch', 87, produceOf(control)],
    ['a transaction', 87, { ...produceOf('a'), transactionalId: 'x' }],
    ['a batch of a transaction', 87, produceOf(changed((b) => void (b[22]! |= 0x10)))],
    ['1 MB', 10, produceOf('x'.repeat(1 << 20))],
  ];
  for (const [name, expected, body] of cases) {
    const answer = only(await raw.ask('Produce', 8, body));
    t.strictSame([answer['errorCode'], answer['baseOffset']], [expected, -1], name);
  }
  t.equal(group.log.end, end);
  const fire = new Raw(t, port);
  fire.send('Produce', 7, produceOf('a', { acks: 0, partition: 1 }));
  await fire.closed;
  t.equal(group.log.end, end, 'acks=0 with an error closes its connection');
});

t.test('a compressed batch passes as it is', async (t) => {
  const { port } = await startServed(t);
  const raw = new Raw(t, port);
  const batch = Buffer.from(batchOf(['whatever this is']));
  batch[22] = 4;
  seal(batch);
  const { baseOffset } = only(await raw.ask('Produce', 7, produceOf(batch)));
  const answer = only(await raw.ask('Fetch', 11, fetchOf({ offset: Number(baseOffset) })));
  const got = answer['records'] as Buffer;
  t.equal(got.subarray(16).toString('hex'), batch.subarray(16).toString('hex'));
});

t.test('one request to many partitions: each has its own answer, in order', async (t) => {
  const { port } = await startServed(t);
  const records = batchOf(['a']);
  const body = {
    ...{ transactionalId: null, acks: -1, timeoutMs: 60_000 },
    topics: [
      { name: 'none', partitions: [{ index: 0, records }] },
      { name: 'orders', partitions: [2, 0, 9].map((index) => ({ index, records })) },
    ],
  };
  const raw = new Raw(t, port);
  const topics = (await raw.ask('Produce', 7, body))['topics'] as Body[];
  const told = topics.map(({ name, partitions }) => [
    name,
    ...(partitions as Body[]).map(({ index, errorCode }) => [index, errorCode]),
  ]);
  t.strictSame(told, [
    ['none', [0, 3]],
    ['orders', [2, 6], [0, 0], [9, 3]],
  ]);
  const twice = { name: 'orders', partitions: [0, 0].map((index) => ({ index, records })) };
  raw.send('Produce', 7, { ...body, topics: [twice] });
  await raw.closed;
  t.pass('one that is named twice closes the connection');
});

t.test('a consumer reads whole batches below the high watermark', async (t) => {
  const { port, group, hold } = await startServed(t);
  const raw = new Raw(t, port);
  for (const values of [['a', 'b', 'c'], ['d'], ['e']])
    await raw.ask('Produce', 7, produceOf(batchOf(values)));
  const high = group.commit;
  hold();
  await raw.ask('Produce', 7, produceOf('tail', { acks: 1 }));
  const fetch = async (ask: FetchOf) => {
    const answer = only(await raw.ask('Fetch', 10, fetchOf(ask)));
    const { highWatermark, lastStable, logStart, errorCode } = answer;
    const { n, next } = readRecords(answer['records'] as Buffer, ask.offset);
    return { errorCode, marks: [highWatermark, lastStable, logStart], n, next };
  };
  const marks = [high, high, 0];
  const whole = { errorCode: 0, marks, n: 5, next: high };
  t.strictSame(await fetch({ offset: 0 }), whole);
  t.strictSame(await fetch({ offset: 2 }), { ...whole, n: 4 }, 'from within a batch');
  t.strictSame(await fetch({ offset: 1, maxBytes: 1 }), { ...whole, n: 3, next: 4 }, 'the first');
  t.strictSame(await fetch({ offset: high }), { ...whole, n: 0 });
  t.strictSame(await fetch({ offset: high + 1 }), { ...whole, n: 0, next: high + 1 }, 'the tail');
  const out = { errorCode: 1, marks: [-1, -1, -1], n: 0 };
  t.strictSame(await fetch({ offset: high + 2 }), { ...out, next: high + 2 });
  t.strictSame(await fetch({ offset: -1 }), { ...out, next: -1 });
});

t.test('all partitions of a fetch share its bytes; who is no consumer is refused', async (t) => {
  const { port } = await startServed(t);
  const raw = new Raw(t, port);
  await raw.ask('Produce', 7, produceOf('a'));
  const session = await raw.ask('Fetch', 7, { ...fetchOf({ offset: 0 }), sessionId: 5 });
  t.strictSame([session['errorCode'], session['topics']], [70, []]);
  for (const partition of [1, 9]) {
    const answer = only(await raw.ask('Fetch', 11, fetchOf({ offset: 0, partition })));
    t.equal(answer['errorCode'], partition === 1 ? 6 : 3);
  }
  raw.send('Fetch', 11, { ...fetchOf({ offset: 0 }), replicaId: 2 });
  await raw.closed;
});

t.test('a fetch waits for what is committed, for its time, or for an error', async (t) => {
  const { port, group, hold, ack, depose } = await startServed(t);
  const [consumer, producer] = [new Raw(t, port), new Raw(t, port)];
  const offset = group.log.end;
  const empty = only(await consumer.ask('Fetch', 11, fetchOf({ offset, maxWaitMs: 1 })));
  t.strictSame([empty['errorCode'], (empty['records'] as Buffer).length], [0, 0]);
  const waiting = consumer.ask('Fetch', 11, fetchOf({ offset, maxWaitMs: 60_000 }));
  hold();
  await producer.ask('Produce', 7, produceOf('a', { acks: 1 }));
  let answered = false;
  void waiting.finally(() => (answered = true));
  await producer.ask('ApiVersions', 0, {});
  t.notOk(answered, 'an append is not enough');
  ack();
  const { highWatermark, records } = only(await waiting);
  t.equal(highWatermark, offset + 1);
  t.equal(readRecords(records as Buffer, offset).n, 1);
  const failing = consumer.ask('Fetch', 10, fetchOf({ offset: offset + 1, maxWaitMs: 60_000 }));
  await producer.ask('ApiVersions', 0, {});
  depose();
  t.equal(code(await failing), 6);
});

t.test('followers answer from version 11 on; epochs are fenced', async (t) => {
  const { port, group, hold, depose } = await startServed(t);
  const raw = new Raw(t, port);
  hold();
  await raw.ask('Produce', 7, produceOf('tail', { acks: 1 }));
  const { term } = group;
  const fetch = async (version: number, epoch: number, offset = 0) =>
    code(await raw.ask('Fetch', version, fetchOf({ offset, epoch })));
  t.strictSame(
    [await fetch(10, term), await fetch(10, term - 1), await fetch(10, term + 1)],
    [0, 74, 75],
  );
  depose();
  t.strictSame([await fetch(10, -1), await fetch(10, term), await fetch(10, term + 1)], [6, 74, 6]);
  t.strictSame(
    [await fetch(11, -1), await fetch(11, term), await fetch(11, term + 2)],
    [0, 74, 75],
  );
  const answer = only(await raw.ask('Fetch', 11, fetchOf({ offset: group.commit })));
  t.strictSame([answer['errorCode'], answer['highWatermark']], [0, group.commit]);
  t.equal((answer['records'] as Buffer).length, 0, 'not its tail');
  t.equal(await fetch(11, -1, group.log.end + 1), 1);
});

t.test('offsets by time, and none that a new leader may not know yet', async (t) => {
  const { port, group, ack } = await startServed(t, { held: true });
  const raw = new Raw(t, port);
  const list = async (version: number, ...ask: Parameters<typeof listOf>) => {
    const answer = only(await raw.ask('ListOffsets', version, listOf(...ask)));
    return [answer['errorCode'], answer['offset'], answer['timestamp'], answer['leaderEpoch']];
  };
  t.strictSame(await list(5, -1), [78, -1, -1, -1], 'KIP-207');
  t.strictSame(await list(4, -1), [5, -1, -1, -1]);
  t.strictSame(await list(7, 1000), [78, -1, -1, -1]);
  t.strictSame(await list(4, -2), [0, 0, -1, 1]);
  ack();
  await until(group, () => group.commit > 0);
  for (const [value, ms] of [
    ['a', 4e12],
    ['b', 4e12 + 500],
    ['c', 4e12 + 200],
  ] as const)
    await raw.ask('Produce', 7, produceOf(batchOf([value], ms)));
  t.strictSame(await list(7, -1), [0, group.commit, -1, group.term]);
  t.strictSame(await list(7, -2), [0, 0, -1, 1]);
  t.strictSame(await list(7, 4e12), [0, 1, 4e12, 1]);
  t.strictSame(await list(7, 4e12 + 1), [0, 2, 4e12 + 500, 1]);
  t.strictSame(await list(7, 5e12), [0, -1, -1, -1]);
  t.strictSame(await list(7, -3), [0, 2, 4e12 + 500, 1], 'the largest time');
  t.strictSame(await list(6, -3), [35, -1, -1, -1]);
  t.strictSame(await list(7, -1, group.term - 1), [74, -1, -1, -1]);
  t.strictSame(await list(7, -1, group.term + 1), [75, -1, -1, -1]);
  t.strictSame(await list(7, -1, -1, 1), [6, -1, -1, -1]);
  t.strictSame(await list(7, -1, -1, 9), [3, -1, -1, -1]);
});

t.test('where an epoch ends', async (t) => {
  const { port, group, depose } = await startServed(t);
  const raw = new Raw(t, port);
  await raw.ask('Produce', 7, produceOf('a'));
  const ask = async (version: number, leaderEpoch: number, current = -1, partition = 0) => {
    const one = { index: partition, currentLeaderEpoch: current, leaderEpoch };
    const body = { replicaId: -1, topics: [{ name: 'orders', partitions: [one] }] };
    const answer = only(await raw.ask('OffsetForLeaderEpoch', version, body));
    return [answer['errorCode'], answer['leaderEpoch'], answer['endOffset']];
  };
  const { term, log } = group;
  for (const version of [2, 3, 4]) t.strictSame(await ask(version, term), [0, term, log.end]);
  t.strictSame(await ask(4, term - 1), [0, term - 1, 0], 'before the first');
  t.strictSame(await ask(4, term + 1), [0, -1, -1], 'not yet');
  t.strictSame(await ask(4, term, term + 1), [75, -1, -1]);
  t.strictSame(await ask(4, term, -1, 9), [3, -1, -1]);
  depose();
  t.strictSame(await ask(4, term, term), [74, -1, -1]);
  t.strictSame(await ask(4, term), [6, -1, -1]);
});

t.test('metadata by name and by id, with leaders that are not known', async (t) => {
  const { port, group } = await startServed(t);
  const raw = new Raw(t, port);
  const topics = async (version: number, wanted: Body[] | null) =>
    (await raw.ask('Metadata', version, { topics: wanted }))['topics'] as Body[];
  const [orders, ...rest] = await topics(12, null);
  t.equal(rest.length, 0);
  t.strictSame([orders!['name'], orders!['id'], orders!['errorCode']], ['orders', topicId, 0]);
  const partitions = orders!['partitions'] as Body[];
  const { term, isr } = group;
  t.strictSame(
    partitions.map((one) => [one['errorCode'], one['index'], one['leader'], one['epoch']]),
    [
      [0, 0, 1, term],
      [0, 1, 2, 5],
      [5, 2, -1, 5],
    ],
  );
  t.strictSame(partitions[0]!['isr'], isr);
  const named = await topics(12, [
    { id: topicId, name: null },
    { id: topicId.replace('1', '2'), name: null },
    { id: noUuid, name: 'none' },
    { id: noUuid, name: 'not a name' },
  ]);
  t.strictSame(
    named.map(({ errorCode, name }) => [errorCode, name]),
    [
      [0, 'orders'],
      [100, null],
      [3, 'none'],
      [17, 'not a name'],
    ],
  );
  t.strictSame(await topics(9, []), []);
  raw.send('Metadata', 12, { topics: [{ id: noUuid, name: null }] });
  await raw.closed;
});

t.test('only the leader of the controllers describes their quorum', async (t) => {
  const { port, view, group } = await startServed(t);
  const raw = new Raw(t, port);
  const ask = async (version: number, name = '__cluster_metadata', index = 0) =>
    only(await raw.ask('DescribeQuorum', version, { topics: [{ name, partitions: [{ index }] }] }));
  const { term, commit, log } = view.controller;
  for (const version of [0, 1, 2]) {
    const answer = await ask(version);
    t.strictSame(
      ['errorCode', 'leaderId', 'leaderEpoch', 'highWatermark'].map((name) => answer[name]),
      [0, 1, term, commit],
    );
    const [voter] = answer['voters'] as Body[];
    t.strictSame([voter!['replicaId'], voter!['logEndOffset']], [1, log.end]);
  }
  t.equal((await ask(2, 'orders'))['errorCode'], 3);
  const follower = await startServed(t, { held: true });
  Object.assign(follower.view, { controller: follower.group });
  follower.depose();
  const other = new Raw(t, follower.port);
  const topics = [{ name: '__cluster_metadata', partitions: [{ index: 0 }] }];
  t.equal(code(await other.ask('DescribeQuorum', 2, { topics })), 6);
  t.ok(group.isLeader);
});

t.test('plants', (t) => {
  t.test('ack-before-replicate', async (t) => {
    const { port, group, hold } = await startServed(t, { plants: ['ack-before-replicate'] });
    hold();
    const answer = only(await new Raw(t, port).ask('Produce', 7, produceOf('a')));
    t.equal(answer['errorCode'], 0);
    t.equal(group.commit, answer['baseOffset']);
  });
  t.test('read-uncommitted-tail', async (t) => {
    const { port, group, hold } = await startServed(t, { plants: ['read-uncommitted-tail'] });
    const [consumer, producer] = [new Raw(t, port), new Raw(t, port)];
    hold();
    const offset = group.log.end;
    const waiting = consumer.ask('Fetch', 11, fetchOf({ offset, maxWaitMs: 60_000 }));
    await producer.ask('Produce', 7, produceOf('a', { acks: 1 }));
    const { highWatermark, records } = only(await waiting);
    t.equal(readRecords(records as Buffer, offset).n, 1);
    t.equal(highWatermark, offset, 'which the answer itself says is not committed');
  });
  t.end();
});
