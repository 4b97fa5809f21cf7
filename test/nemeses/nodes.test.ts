/** Kill, pause, restart and latency: whom they mean, and what they order. */
import t from 'tap';
import { SchismError, type Fault, type FaultText, type Nemesis } from '../../src/model/index.js';
import kill from '../../src/nemeses/kill.js';
import latency from '../../src/nemeses/latency.js';
import none from '../../src/nemeses/none.js';
import pause from '../../src/nemeses/pause.js';
import restart from '../../src/nemeses/restart.js';
import { standIn, topologyOf } from './stand-in.js';

const faultOf = (nemesis: Nemesis, params: Fault['params'], id = 3): Fault => ({
  id,
  nemesis: nemesis.meta.id,
  atMs: 0,
  durationMs: 1000,
  params,
});

t.test(
  'one, minority, majority and all of the living nodes, the same for the same choice',
  async (t) => {
    for (const n of [3, 5, 7])
      for (let choice = 0; choice < 20; choice++) {
        const stand = standIn(topologyOf(n));
        stand.dead.add(2);
        const find = async (target: string): Promise<number[]> =>
          (await kill.resolve(faultOf(kill, { target, choice }), stand.scene)).nodes;
        const sizes = {
          one: [1, 1],
          minority: [1, (n - 1) / 2],
          majority: [(n + 1) / 2, (n + 1) / 2],
        };
        for (const [target, [least, most]] of Object.entries(sizes)) {
          const nodes = await find(target);
          if (nodes.length < least! || nodes.length > most! || nodes.includes(2))
            t.fail(`${target} of ${n}, choice ${choice}: ${nodes.join(' ')}`);
          t.same(await find(target), nodes);
        }
        t.same(
          await find('all'),
          stand.scene.topology.nodes.filter((node) => node !== 2),
        );
      }
  },
);

t.test('kill and pause give the order to each node, and take it back', async (t) => {
  for (const nemesis of [kill, pause]) {
    const stand = standIn(topologyOf(3));
    const id = nemesis.meta.id;
    const fault = faultOf(nemesis, { target: 'node(3) node(1)' });
    nemesis.validate(fault, stand.scene.topology);
    const text = await nemesis.resolve(fault, stand.scene);
    t.match(text, { title: id, what: 'nodes 1 3', kind: id, keys: [0, 2] });
    const applied = await nemesis.apply(fault, text, stand.scene);
    t.match(await applied.proof, { state: 'proven', by: `${id} 1 seen; ${id} 3 seen` });
    await applied.heal();
    t.same(stand.log, [`${id} 1`, `${id} 3`, `heal ${id} 1`, `heal ${id} 3`]);
  }
});

t.test('a kill that fails on one node is undone on the others', async (t) => {
  const stand = standIn(topologyOf(3));
  stand.broken.add('kill 2');
  const fault = faultOf(kill, { target: 'all' });
  const text = await kill.resolve(fault, stand.scene);
  await t.rejects(kill.apply(fault, text, stand.scene), {
    code: 'cluster',
    message: 'kill 2 failed',
  });
  t.same(stand.log, ['kill 1', 'kill 3', 'heal kill 1', 'heal kill 3']);
});

t.test('symbolic targets', async (t) => {
  const stand = standIn(topologyOf(5));
  stand.controller = 4;
  stand.leaders = [3, 1, 2];
  stand.isr = [[3, 5, 1], [1], [2, 1]];
  stand.texts.set(1, { resolved: { from: '5', to: '1 2 client-3' } } as unknown as FaultText);
  const find = async (target: string): Promise<FaultText> => {
    const fault = faultOf(kill, { target, choice: 7 });
    kill.validate(fault, stand.scene.topology);
    return kill.resolve(fault, stand.scene);
  };
  t.same((await find('leader(0)')).nodes, [3]);
  t.same((await find('followers(0)')).nodes, [1, 5]);
  t.same((await find('controller')).nodes, [4]);
  t.same((await find('fault(1).from')).nodes, [5]);
  t.same((await find('fault(1).to')).nodes, [1, 2], 'clients cannot be killed');
  t.same((await find('leader(2) node(4)')).nodes, [2, 4]);
  await t.rejects(find('fault(2).target'), { message: /^Expected fault 2 to have been resolved/ });
});

t.test('a leader that is not there is waited for, then another node is taken', async (t) => {
  const stand = standIn(topologyOf(3));
  const fault = faultOf(kill, { target: 'leader(0)', choice: 4 });
  stand.leaders = [-1, 2, 3];
  const absent = await kill.resolve(fault, stand.scene);
  t.equal(absent.what, 'node 2 (stand-in)');
  t.same(absent.resolved, { target: '2', note: 'key 0 had no leader, so node 2 was taken' });

  stand.leaders = [3, 2, 3];
  stand.dead.add(3);
  const dead = await kill.resolve(fault, stand.scene);
  t.same(dead.nodes, [1], 'a leader that is dead, of which nobody knows yet');

  const late = kill.resolve(fault, stand.scene);
  stand.dead.delete(3);
  t.same((await late).nodes, [3], 'it comes back in time');
});

t.test('a node that is named and dead is refused', async (t) => {
  const stand = standIn(topologyOf(3));
  stand.dead.add(2);
  await t.rejects(kill.resolve(faultOf(kill, { target: 'node(2)' }), stand.scene), {
    code: 'cluster',
    message: 'Expected one of node 2 to be alive, got none within 3 s.',
  });
});

t.test('what a run resolved is taken again', async (t) => {
  const stand = standIn(topologyOf(3));
  const fault = { ...faultOf(kill, { target: 'one', choice: 0 }), resolved: { target: '3' } };
  t.same((await kill.resolve(fault, stand.scene)).nodes, [3]);
});

t.test('a rolling restart stops one node at a time, and passes over those it cannot', async (t) => {
  const stand = standIn(topologyOf(4));
  const fault = faultOf(restart, { target: 'all', downMs: 5 });
  restart.validate(fault, stand.scene.topology);
  const text = await restart.resolve(fault, stand.scene);
  t.match(text, { title: 'rolling restart', what: 'nodes 1 2 3 4', kind: 'restart' });
  // Another fault has paused node 1 until node 2 is down, and node 4 for good.
  stand.broken.add('stop 1').add('stop 4');
  const applied = await restart.apply(fault, text, stand.scene);
  stand.broken.delete('stop 1');
  t.match(await applied.proof, {
    state: 'proven',
    by: '3 of 4 restarted: stop 2 seen; stop 1 seen; stop 3 seen; and 1 more',
  });
  t.match(await (await applied.heal()).proof, { state: 'proven' });
  t.same(
    stand.log,
    [2, 1, 3].flatMap((id) => [`stop ${id}`, `heal stop ${id}`]),
  );
});

t.test('a node that another fault holds is tried again', async (t) => {
  const stand = standIn(topologyOf(3));
  const fault = faultOf(kill, { target: 'node(2)' });
  const text = await kill.resolve(fault, stand.scene);
  let calls = 0;
  const held = stand.scene.cluster.nodes.map((node) => ({
    ...node,
    kill: () =>
      calls++ === 0
        ? Promise.reject(new SchismError('cluster', 'Node 2 cannot be killed: it is ending.'))
        : node.kill!(),
  }));
  const scene = { ...stand.scene, cluster: { ...stand.scene.cluster, nodes: held } };
  t.match(await (await kill.apply(fault, text, scene)).proof, { state: 'proven' });
  t.equal(calls, 2);
});

t.test(
  'a rolling restart that is healed early starts what is down and leaves the rest',
  async (t) => {
    const stand = standIn(topologyOf(3));
    const fault = faultOf(restart, { target: 'all', downMs: 600_000 });
    const text = await restart.resolve(fault, stand.scene);
    const applied = await restart.apply(fault, text, stand.scene);
    const healing = applied.heal();
    t.equal(applied.heal(), healing, 'idempotent');
    await healing;
    t.match(await applied.proof, { state: 'proven', by: '1 of 3 restarted: stop 1 seen' });
    t.same(stand.log, ['stop 1', 'heal stop 1']);
  },
);

t.test('latency slows all links of its nodes, to each other and to clients', async (t) => {
  const stand = standIn(topologyOf(3));
  const order = async (params: Fault['params']): Promise<string> => {
    const fault = faultOf(latency, params);
    latency.validate(fault, stand.scene.topology);
    const text = await latency.resolve(fault, stand.scene);
    await (await latency.apply(fault, text, stand.scene)).heal();
    return `${text.title} ${text.what}: ${stand.log.splice(0)[0]!}`;
  };
  t.equal(
    await order({ target: 'leader(1)' }),
    'slow node 2 by 200 ± 50 ms: shape {"latencyMs":200,"jitterMs":50} ' +
      '2>1 2>3 2>clients 1>2 3>2 clients>2',
  );
  const all = await order({ target: 'all', latencyMs: 9, jitterMs: 0 });
  const pairs = all.split('} ')[1]!.split(' ');
  t.equal(new Set(pairs).size, 6 + 6);
  t.equal(pairs.length, 12);
});

t.test('none makes no faults and takes none', async (t) => {
  const { scene } = standIn(topologyOf(3));
  const fault = faultOf(none, {});
  t.throws(() => none.validate(fault, scene.topology), { message: /got fault 3/ });
  await t.rejects(none.resolve(fault, scene), { code: 'usage' });
  await t.rejects(none.apply(fault, {} as FaultText, scene), { code: 'usage' });
});
