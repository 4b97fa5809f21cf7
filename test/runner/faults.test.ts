/** Carrying out a schedule with a nemesis that does what the test says. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { FaultRunner } from '../../src/runner/faults.js';
import {
  F,
  ProofCode,
  type Applied,
  type Cluster,
  type Nemesis,
  type Proof,
  type Row,
} from '../../src/model/index.js';

const proof = (state: Proof['state'], by = ''): Proof => ({ state, timeNs: 0, by });

function runner(apply: () => Promise<Applied>, cluster: Partial<Cluster> = {}, durationMs = 400) {
  const rows: Row[] = [];
  const nemesis: Partial<Nemesis> = {
    resolve: () => Promise.resolve({ title: '', resolved: {}, kind: 'cut' } as never),
    apply,
  };
  const begun = performance.now();
  const recorder = {
    now: () => (performance.now() - begun) * 1e6,
    append: (more: Row[]) => void rows.push(...more),
  };
  const parts = {
    cluster,
    topology: { nodes: [1], keys: 1, workers: 1 },
    nemeses: new Map([['made', nemesis]]),
    recorder,
    events: { line: () => undefined, tick: () => undefined },
  };
  const fault = { id: 1, nemesis: 'made', atMs: 0, durationMs, params: {} };
  const faults = new FaultRunner(parts as never, { version: 1, seed: '1', faults: [fault] });
  return { faults, fs: () => rows.map((row) => row.f), rows };
}

/** In force at once, seen a little later. */
const slowToSee = (healed: () => void): Applied => ({
  proof: sleep(200).then(() => proof('proven')),
  heal: () => {
    healed();
    return Promise.resolve({ proof: Promise.resolve(proof('proven')) });
  },
});
const { faultStart, faultApplied, faultProof, healStart, healed, healProof } = F;
const order = [faultStart, faultApplied, faultProof, healStart, healed, healProof];

t.test('a fault that took its whole time to be applied is there to be seen', async (t) => {
  const { faults, fs } = runner(async () => {
    await sleep(500);
    return slowToSee(() => undefined);
  });
  await faults.run(new AbortController().signal);
  await faults.settle(60_000);
  t.strictSame(fs(), order);
});

t.test('so is one that began just before the end of the load', async (t) => {
  const end = new AbortController();
  const { faults, fs } = runner(
    () => {
      end.abort();
      return Promise.resolve(slowToSee(() => undefined));
    },
    {},
    60_000,
  );
  await faults.run(end.signal);
  await faults.settle(60_000);
  t.strictSame(fs(), order);
});

t.test('a node that has dialled nobody yet is asked again for its links', async (t) => {
  let asked = 0;
  const routes: Cluster['routes'] = () =>
    Promise.resolve([{ node: 1, proof: proof(asked++ === 0 ? 'moot' : 'unproven', 'straight') }]);
  const { faults, rows } = runner(() => Promise.reject(new Error('no fault')), {
    routes: () => (asked < 2 ? routes() : Promise.resolve([{ node: 1, proof: proof('proven') }])),
  });
  await faults.routes();
  t.match(rows, [{ f: F.route, node: 1, code: ProofCode.proven }]);
  t.equal(asked, 2);
});

t.test('a fault that cannot be applied is recorded with its reason', async (t) => {
  const { faults, rows } = runner(() => Promise.reject(new Error('node 1 is down')));
  await faults.run(new AbortController().signal);
  t.match(rows, [{ f: F.faultStart }, { f: F.faultRefused, text: 'node 1 is down' }]);
});
