import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Connection } from '../../src/targets/embedded/broker/env.js';
import { realEnv, type RealEnv } from '../../src/targets/embedded/real-env.js';

const host = '127.0.0.1';
const made = (t: Test): RealEnv => {
  const env = realEnv({ dataDir: t.testdir() });
  t.teardown(() => env.close());
  return env;
};

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A listening environment, a plain client, and the connection between them. */
async function joined(
  t: Test,
): Promise<{ env: RealEnv; port: number; client: Socket; connection: Connection }> {
  const [env, port] = [made(t), await freePort()];
  const accepted = new Promise<Connection>((done) => {
    void env.listen({ host, port }, done);
  });
  const client = connect(port, host);
  t.teardown(() => client.destroy());
  return { env, port, client, connection: await accepted };
}

t.test('storage: what is written is there, in order, and within the folder only', (t) => {
  const dataDir = t.testdir({ outside: '' });
  const { storage } = realEnv({ dataDir: join(dataDir, 'data') });
  t.strictSame(storage.list('a'), []);
  t.strictSame(storage.list('.'), []);
  t.equal(storage.read('a/b'), undefined);
  storage.replace('a/b', Buffer.from('old'), true);
  storage.replace('a/b', Buffer.from('x'), false);
  t.equal(String(storage.read('a/b')), 'x');

  const file = storage.open('a/c/d');
  file.append(Buffer.from('hello '));
  file.append(Buffer.from('world'));
  t.equal(file.size, 11);
  t.equal(String(file.read(4, 3)), 'o w');
  t.throws(() => file.read(9, 3), /Expected 3 bytes at 9, got 2/);
  file.truncate(5);
  file.append(Buffer.from('!'));
  file.sync();
  file.close();
  const again = storage.open('a/c/d');
  t.equal(again.size, 6);
  t.equal(String(again.read(0, 6)), 'hello!');
  again.close();

  // What a crash left of a replacement that was never made.
  writeFileSync(join(dataDir, 'data/a/b.new~'), 'longer than the next');
  t.strictSame(storage.list('a'), ['b', 'c']);
  storage.replace('a/b', Buffer.from('y'), false);
  t.equal(String(storage.read('a/b')), 'y');
  storage.remove('a');
  storage.remove('a');
  t.strictSame(storage.list('.'), []);
  for (const path of ['../outside', '/etc/passwd', 'a/../../outside'])
    t.throws(() => storage.read(path), /Expected a path in the data folder/);
  t.throws(() => storage.remove('../data2'), /Expected a path in the data folder/);
  t.ok(existsSync(join(dataDir, 'outside')));
  t.throws(() => storage.read('.'), 'an error of the disk');
  t.end();
});

t.test('timers run later, in order, unless they were cancelled', async (t) => {
  const env = made(t);
  const before = env.now();
  const ran: string[] = [];
  await new Promise<void>((done) => {
    env.after(0, () => ran.push('soon'));
    const cancel = env.after(1, () => ran.push('cancelled'));
    cancel();
    cancel();
    env.after(20, done);
    ran.push('now');
  });
  t.strictSame(ran, ['now', 'soon']);
  t.ok(env.now() - before >= 19);
  t.ok(Math.abs(env.wallMs() - Date.now()) < 60_000);
  t.end();
});

t.test('random numbers can be had again with a seed only', (t) => {
  const draw = (seed?: number): number[] => {
    const env = realEnv({ dataDir: t.testdir(), ...(seed !== undefined && { seed }) });
    return Array.from({ length: 20 }, () => env.random());
  };
  t.strictSame(draw(1), draw(1));
  t.notSame(draw(1), draw(2));
  t.notSame(draw(), draw());
  t.ok([...draw(), ...draw(3)].every((x) => x >= 0 && x < 1));
  t.end();
});

t.test('bytes go both ways, those that came before somebody listened too', async (t) => {
  const { client, connection } = await joined(t);
  client.write('early');
  await new Promise((done) => client.write('', done));
  const got = new Promise<string>((done) => {
    let text = '';
    connection.onData((bytes) => {
      text += String(bytes);
      if (text === 'early late') done(text);
    });
  });
  client.write(' late');
  t.equal(await got, 'early late');
  connection.write(Buffer.from('answer'));
  const [answer] = (await once(client, 'data')) as [Buffer];
  t.equal(String(answer), 'answer');
});

t.test('what is not read holds the sender up, and nothing of it is lost', async (t) => {
  const { client, connection } = await joined(t);
  let received = 0;
  const all = 32 << 20;
  // Going on before there is a handler loses nothing either.
  connection.reading(false);
  connection.reading(true);
  connection.reading(false);
  const done = new Promise<void>((done) =>
    connection.onData((bytes) => {
      received += bytes.length;
      if (received === all) done();
    }),
  );
  client.write(Buffer.alloc(all));
  // More than the kernel takes: if somebody read, it would drain.
  const drained = once(client, 'drain').then(() => 'drained');
  const idle = new Promise((done) => setTimeout(() => done('held'), 100));
  t.equal(await Promise.race([drained, idle]), 'held');
  t.equal(received, 0);
  connection.reading(true);
  await done;
  t.equal(await drained, 'drained');
});

t.test('unsent bytes are counted, and a close drops them', async (t) => {
  const { client, connection } = await joined(t);
  client.pause();
  connection.write(Buffer.alloc(32 << 20));
  await new Promise((done) => setImmediate(done));
  t.ok(connection.unsent() > 0);
  let closes = 0;
  const closed = new Promise<void>((done) =>
    connection.onClose(() => {
      closes++;
      done();
    }),
  );
  connection.close();
  connection.close();
  connection.write(Buffer.from('more'));
  await closed;
  let received = 0;
  client.on('data', (bytes: Buffer) => (received += bytes.length)).on('error', () => undefined);
  await once(client.resume(), 'close');
  t.ok(received < 32 << 20);
  t.equal(closes, 1);
  await new Promise<void>((done) => connection.onClose(done));
  t.pass('who asks after the close is told too');
});

t.test(
  'a dial that finds nobody closes; one that finds somebody keeps what was written',
  async (t) => {
    const [env, port] = [made(t), await freePort()];
    await new Promise<void>((done) => {
      const refused = env.dial({ host, port });
      refused.write(Buffer.from('lost'));
      refused.onClose(done);
    });
    const accepted = new Promise<Connection>((done) => {
      void env.listen({ host, port }, done);
    });
    const dialled = env.dial({ host, port });
    dialled.write(Buffer.from('kept'));
    const connection = await accepted;
    t.equal(await new Promise((done) => connection.onData((bytes) => done(String(bytes)))), 'kept');
    const seen = new Promise<void>((done) => connection.onClose(done));
    dialled.close();
    await seen;
  },
);

t.test('a reset is a close; an address that is taken is an error', async (t) => {
  const { client, connection, env, port } = await joined(t);
  connection.onData(() => undefined);
  const seen = new Promise<void>((done) => connection.onClose(done));
  client.resetAndDestroy();
  await seen;
  await t.rejects(
    made(t).listen({ host, port }, () => undefined),
    { code: 'EADDRINUSE' },
  );
  env.close();
  await new Promise<void>((done) => env.dial({ host, port }).onClose(done));
  t.pass('after its close nobody listens');
});

t.test('who asked for it is told of each fault of the disk, before it is thrown', (t) => {
  const told: string[] = [];
  const dataDir = t.testdir({ folder: {} });
  const env = realEnv({ dataDir, diskFault: (error) => void told.push(String(error)) });
  t.teardown(() => env.close());
  t.throws(() => env.storage.read('folder'), /EISDIR/);
  const file = env.storage.open('file');
  file.append(Buffer.from('abc'));
  t.equal(file.size, 3);
  t.throws(() => file.read(0, 9), /Expected 9 bytes/);
  file.close();
  t.throws(() => file.append(Buffer.from('d')), /EBADF/);
  t.equal(told.length, 3);
  t.equal(env.storage.read('nothing'), undefined, 'what is not there is no fault');
  t.equal(told.length, 3);
  t.end();
});
