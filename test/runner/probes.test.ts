/** Every node is asked on its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { F, type Cluster, type Recorder, type Row, type View } from '../../src/model/index.js';
import { Probes } from '../../src/runner/probes.js';

const view = (node: number, leader: number, error?: string): View => ({
  node,
  timeNs: 0,
  partitions: error === undefined ? [{ key: 0, leader, epoch: 1 }] : [],
  watermarks: [],
  ...(error !== undefined && { error }),
});

/** `answer` is what a node says when it is asked. */
function made(answer: (node: number) => Promise<View>, respects = true) {
  const rows: Row[] = [];
  let op = 0;
  const recorder: Partial<Recorder> = {
    nextOp: () => op++,
    append: (more) => void rows.push(...more),
  };
  const nodes = [{ id: 1 }, { id: 2 }];
  const cluster = {
    nodes,
    views: (_signal: AbortSignal, only?: number) =>
      Promise.all(
        nodes
          .map(({ id }) => id)
          .filter((id) => !respects || id === (only ?? id))
          .map(answer),
      ),
  } as unknown as Cluster;
  const claims: string[] = [];
  const probes = new Probes(cluster, recorder as Recorder, (_key, all) =>
    claims.push(all.map(({ node }) => node).join()),
  );
  const from = (node: number): Row[] => rows.filter((row) => row.node === node);
  const until = async (so: () => boolean): Promise<void> => {
    while (!so()) await sleep(5);
  };
  return { probes, from, claims, until };
}

t.test('a node that does not answer holds up no other', async (t) => {
  let release: ((late: View) => void) | undefined;
  const silent = new Promise<View>((resolve) => (release = resolve));
  const { probes, from, until } = made((node) =>
    node === 1 ? Promise.resolve(view(1, 1)) : silent,
  );
  probes.start();
  await until(() => from(1).length >= 3);
  t.strictSame(from(2), []);
  t.equal(
    new Set(from(1).map(({ op }) => op)).size,
    from(1).length,
    'each answer is its own probe',
  );
  release!(view(2, -1, 'too late'));
  await probes.stop();
  t.match(from(2), [{ f: F.silent, text: 'too late' }]);
});

t.test('a claim lasts until the node itself says otherwise', async (t) => {
  const leads = new Map([
    [1, 1],
    [2, -1],
  ]);
  const { probes, claims, until } = made((node) => Promise.resolve(view(node, leads.get(node)!)));
  probes.start();
  await until(() => claims.at(-1) === '1');
  leads.set(2, 2);
  await until(() => claims.at(-1) === '1,2');
  leads.set(1, 2);
  await until(() => claims.at(-1) === '2');
  await probes.stop();
  t.strictSame(claims, ['1', '1,2', '2']);
});

t.test('a cluster that always tells of all nodes is heard once', async (t) => {
  const { probes, from, until } = made((node) => Promise.resolve(view(node, 1)), false);
  probes.start();
  await until(() => from(1).length >= 3 && from(2).length >= 3);
  await probes.stop();
  for (const node of [1, 2])
    t.equal(new Set(from(node).map(({ op }) => op)).size, from(node).length, `node ${node}`);
});
