/** The rules of one replica: node 1 of three, whose peers are this test. */
import t from 'tap';
import { SchismError } from '../../src/model/index.js';
import { controlBatch, heads, stamp } from '../../src/targets/embedded/broker/batch.js';
import { Replica, batches, electionTimeoutMs, heartbeatMs, one } from './raft-replica.js';

t.test('The first replica of a fresh group asks at once and again, the others wait', (t) => {
  const first = new Replica([1, 2, 3]);
  t.equal(first.sent.length, 0, 'nothing before it was returned');
  first.run(120);
  const asked = first.take('vote').filter(({ to }) => to === 2);
  t.equal(asked.length, 3);
  t.ok(asked.every(({ pre, term }) => pre && term === 1));
  t.strictSame(first.replaced, [], 'a pre-vote changes no term');
  const second = new Replica([2, 1, 3]);
  second.run(1499);
  t.strictSame(second.take('vote'), []);
  second.run(1);
  t.equal(second.take('vote').length, 2);
  t.end();
});

t.test('A single replica leads and commits at once', (t) => {
  const { group, ...replica } = new Replica([1]);
  replica.clock.runUntil(1);
  t.ok(group.isLeader);
  t.equal(group.commit, 1, 'its control batch');
  const told: unknown[] = [];
  group.onChange(() => told.push(group.commit));
  t.strictSame(group.propose(one()), { base: 1, end: 2, term: 1 });
  group.whenCommitted(2, (committed) => told.push(committed));
  t.strictSame(told, [2, true]);
  t.end();
});

t.test('One vote a term, stored before it is given, also after a restart', (t) => {
  const replica = new Replica();
  t.match(replica.vote(2, 4), { granted: true, term: 4 });
  t.strictSame(replica.replaced, ['{"term":4,"vote":-1}', '{"term":4,"vote":2}']);
  t.match(replica.vote(3, 4), { granted: false });
  replica.restart();
  t.equal(replica.group.term, 4);
  t.match(replica.vote(3, 4), { granted: false });
  t.match(replica.vote(2, 4), { granted: true });
  t.match(replica.vote(3, 3), { granted: false, term: 4 }, 'an older term');
  t.equal(replica.replaced.length, 2, 'nothing changed, nothing was written');
  t.end();
});

t.test('A vote goes to a log that is not older', (t) => {
  const replica = new Replica();
  replica.append(2, 3, { entries: batches(0, 1, 3) });
  replica.run(1400);
  replica.take('vote');
  const refused = { granted: false };
  t.match(replica.vote(3, 4, { lastEpoch: 2, end: 9 }), refused, 'an older epoch');
  t.match(replica.vote(3, 5, { lastEpoch: 3, end: 1 }), refused, 'shorter');
  t.match(replica.vote(3, 6, { lastEpoch: 3, end: 2 }), { granted: true });
  t.match(replica.vote(2, 7, { lastEpoch: 4, end: 1 }), { granted: true });
  t.end();
});

t.test('Who hears a leader refuses votes and does not take their term', (t) => {
  const replica = new Replica();
  replica.append(2, 3);
  for (const pre of [true, false]) {
    t.match(replica.vote(3, 9, { pre }), { granted: false, term: 3 });
    t.match(replica.group, { term: 3, leader: 2 });
  }
  replica.run(electionTimeoutMs);
  t.match(replica.vote(3, 9, { pre: true }), { granted: true, term: 9 });
  t.equal(replica.group.term, 3, 'a pre-vote is none');
  t.match(replica.vote(3, 9), { granted: true, term: 9 });
  t.match(replica.group, { term: 9, leader: -1 });
  t.end();
});

t.test('A follower skips what it has, cuts what conflicts, and learns the commit', (t) => {
  const replica = new Replica();
  const { group } = replica;
  t.match(replica.append(2, 2, { entries: batches(0, 1, 1, 2), commit: 1 }), { ok: true, end: 3 });
  t.equal(group.commit, 1);
  const again = { entries: batches(0, 1, 1), commit: 9 };
  t.match(replica.append(2, 2, again), { ok: true, end: 2 });
  t.match({ end: group.log.end, commit: group.commit }, { end: 3, commit: 2 }, 'known to match');
  const gap = replica.append(3, 5, { base: 7, prevEpoch: 4 });
  t.match(gap, { ok: false, epoch: 2, end: 3 });
  const other = replica.append(3, 5, { base: 3, prevEpoch: 1 });
  t.match(other, { ok: false, epoch: 1, end: 2 }, 'where its own epoch 1 ends');
  const taken = replica.append(3, 5, { base: 2, prevEpoch: 1, entries: batches(2, 4, 4, 5) });
  t.match(taken, { ok: true, end: 5 });
  t.strictSame(
    Array.from(heads(group.log.read(0, 5, 1e6)), ({ epoch }) => epoch),
    [1, 1, 4, 4, 5],
  );
  t.match(replica.append(2, 4), { ok: false, term: 5 }, 'an older leader is told the term');
  t.throws(
    () => replica.append(3, 5, { base: 1, prevEpoch: 1, entries: batches(1, 5) }),
    /keep all below 2, got a leader without 1/,
  );
  t.end();
});

t.test('A leader commits by a record of its own term only', (t) => {
  const replica = new Replica();
  const { group } = replica;
  replica.append(2, 1, { entries: batches(0, 1, 1) });
  replica.lead();
  t.match(
    { term: group.term, end: group.log.end, commit: group.commit },
    { term: 2, end: 3, commit: 0 },
  );
  const [sent] = replica.take('append');
  t.match(sent, { base: 2, prevEpoch: 1, commit: 0 });
  t.ok(sent?.entries.equals(group.log.read(2, 3, 1e6)));
  const control = controlBatch({ epoch: 2, leader: 1, wallMs: 5 });
  stamp(control, 2, 2);
  t.ok(sent?.entries.equals(control));
  replica.appended(2, 2);
  t.equal(group.commit, 0, 'a majority has epoch 1, which a later leader may replace');
  replica.appended(2, 3);
  t.equal(group.commit, 3);
  replica.appended(2, 0, { ok: false });
  replica.appended(3, 1, { ok: false, epoch: 1 });
  t.equal(group.commit, 3, 'it never falls');
  t.end();
});

t.test('One append is on its way to each peer; batches gather; a lost one is sent again', (t) => {
  const replica = new Replica();
  const { group } = replica;
  replica.lead();
  replica.appended(2, 1);
  replica.take('append');
  for (let i = 0; i < 3; i++) group.propose(one());
  const count = (entries: Buffer) => [...heads(entries)].length;
  const to2 = () => replica.take('append').filter(({ to }) => to === 2);
  t.strictSame(
    to2().map(({ base, entries }) => [base, count(entries)]),
    [[1, 1]],
  );
  replica.appended(2, 2);
  t.strictSame(
    to2().map(({ base, entries }) => [base, count(entries)]),
    [[2, 2]],
  );
  for (let i = 0; i < 9; i++) {
    replica.run(heartbeatMs);
    replica.appended(2, 2);
  }
  t.ok(
    to2().every(({ entries }) => entries.length === 0),
    'only heartbeats meanwhile',
  );
  replica.run(heartbeatMs);
  t.strictSame(
    to2().map(({ base, entries }) => [base, count(entries)]),
    [[2, 2]],
  );
  t.end();
});

t.test('A peer with another log is sent what follows the last common record', (t) => {
  const replica = new Replica();
  replica.append(2, 4, { entries: batches(0, 1, 1, 1, 4, 4) });
  replica.lead();
  replica.take('append');
  const next = () => replica.take('append').find(({ to }) => to === 3);
  replica.appended(3, 9, { ok: false, epoch: 3 });
  t.match(next(), { base: 3, prevEpoch: 1 }, 'its epoch 3 is unknown here: where epoch 1 ends');
  replica.appended(3, 9, { ok: false, epoch: 3 });
  t.equal(next(), undefined, 'the same answer again is a late one');
  replica.appended(3, 2, { ok: false, epoch: 1 });
  t.match(next(), { base: 2, prevEpoch: 1 });
  t.end();
});

t.test('A leader that no majority answers neither leads nor acks, by the clock', (t) => {
  const replica = new Replica();
  const { group } = replica;
  replica.lead();
  const told: boolean[] = [];
  const proposed = group.propose(one());
  group.whenCommitted(proposed!.end, (committed) => told.push(committed));
  // As in a pause: time has gone, and no timer has run.
  replica.clock.now += electionTimeoutMs + 1;
  t.match({ isLeader: group.isLeader, leader: group.leader }, { isLeader: false, leader: -1 });
  replica.appended(2, 2);
  t.strictSame(told, [false], 'an answer of before the pause does not help');
  t.equal(group.commit, 0);
  t.equal(group.propose(one()), undefined);
  t.equal(group.term, 1);
  t.end();
});

t.test('A newer term deposes a leader, a vote that it refuses does not', (t) => {
  for (const plant of [undefined, 'no-epoch-fencing'] as const) {
    const replica = new Replica([2, 1, 3], plant ? [plant] : []);
    replica.lead();
    t.match(replica.vote(3, 8), { granted: false, term: 1 });
    t.ok(replica.group.isLeader);
    replica.appended(3, 0, { ok: false, term: 8 });
    t.equal(replica.group.isLeader, plant !== undefined);
    t.equal(replica.group.term, plant ? 1 : 8);
  }
  t.end();
});

t.test('Answers of another term count for nothing', (t) => {
  const replica = new Replica();
  const { group } = replica;
  replica.vote(2, 5);
  replica.run(1.5 * electionTimeoutMs);
  const granted = { group: 'g', from: 2, kind: 'voted', granted: true } as const;
  group.receive({ ...granted, term: 6, pre: true });
  group.receive({ ...granted, term: 5, pre: false });
  t.match({ term: group.term, isLeader: group.isLeader }, { term: 6, isLeader: false });
  group.receive({ ...granted, term: 6, pre: false });
  t.ok(group.isLeader);
  replica.appended(2, 1, { term: 5 });
  t.equal(group.commit, 0);
  replica.appended(2, 1);
  t.equal(group.commit, 1);
  t.end();
});

t.test('Two of two, and three of four, are a majority', (t) => {
  const two = new Replica([2, 1]);
  two.lead();
  t.equal(two.group.commit, 0);
  two.appended(2, 1);
  t.equal(two.group.commit, 1);
  const four = new Replica([2, 1, 3, 4]);
  four.lead();
  t.notOk(four.group.isLeader, 'two of four are none');
  t.end();
});

t.test('In sync is who answers and has what was committed some time ago', (t) => {
  const replica = new Replica();
  const { group } = replica;
  replica.lead();
  for (let i = 0; i < 30; i++) {
    group.propose(one());
    replica.appended(2, group.log.end);
    replica.appended(3, 0);
    replica.run(heartbeatMs);
  }
  t.strictSame(group.isr, [2, 1], '3 answers and lacks all');
  replica.appended(3, group.log.end);
  t.strictSame(group.isr, [2, 1, 3]);
  for (let i = 0; i < 30; i++) {
    replica.appended(2, group.log.end);
    replica.run(heartbeatMs);
  }
  t.strictSame(group.isr, [2, 1], '3 is silent');
  const told = replica.take('append').at(-1);
  t.strictSame(told?.isr, [2, 1]);
  t.end();
});

t.test('After a restart log and term are there, and the commit is learnt', (t) => {
  const replica = new Replica();
  replica.append(2, 3, { entries: batches(0, 3, 3), commit: 2 });
  const group = replica.restart();
  t.match(
    { term: group.term, end: group.log.end, commit: group.commit, leader: group.leader },
    {
      term: 3,
      end: 2,
      commit: 0,
      leader: -1,
    },
  );
  replica.append(2, 3, { base: 2, prevEpoch: 3, commit: 2 });
  t.equal(group.commit, 2);
  group.close();
  group.close();
  const { length } = replica.sent;
  replica.run(10_000);
  t.equal(replica.sent.length, length, 'closed: no timer is left');
  t.end();
});

t.test('A file without a term is no fresh start', (t) => {
  const replica = new Replica();
  replica.storage.replace('term', Buffer.from('{"term":4}'), false);
  t.throws(() => replica.restart(), SchismError);
  t.throws(() => replica.open(), /Expected a term and a vote in term, got/);
  t.end();
});

t.test('A peer that nothing leaves for is sent heartbeats only, until one leaves', (t) => {
  const replica = new Replica();
  replica.away = 3;
  replica.lead();
  replica.take('append');
  for (let i = 0; i < 5; i++) replica.group.propose(one());
  t.strictSame(
    replica.take('append').filter(({ to }) => to === 3),
    [],
    'no record is read for it',
  );
  replica.run(heartbeatMs);
  t.ok(
    replica.take('append').every(({ to, entries }) => to !== 3 || entries.length === 0),
    'heartbeats',
  );
  t.notOk(replica.group.isr.includes(3), 'who did not answer in this term is not in sync');
  replica.away = -1;
  replica.run(heartbeatMs);
  t.ok(
    replica.take('append').some(({ to, entries }) => to === 3 && entries.length > 0),
    'then at once what it lacks',
  );
  t.end();
});
