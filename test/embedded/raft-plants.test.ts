/** Each defect, and the schedule that shows it best; without the defect the schedule shows nothing. */
import t from 'tap';
import type { PlantName } from '../../src/targets/embedded/broker/env.js';
import type { VirtualNode } from '../support/virtual/node.js';
import { World, type Violation } from '../support/virtual/world.js';

/** One at a time, so many, and so long after each. */
function writes(world: World, node: VirtualNode, n: number, everyMs: number): void {
  for (let i = 0; i < n; i++) {
    world.propose(node);
    world.run(everyMs);
  }
}

const cases: {
  plant: PlantName;
  schedule: string;
  shows: readonly Violation[];
  play: (world: World) => void;
}[] = [
  {
    plant: 'vote-forgotten',
    schedule:
      'on slow links, with 1 and 2 cut apart, 3 is killed for long, and again once it has voted',
    shows: ['two-leaders'],
    play(world) {
      world.network.latencyMs = { from: 60, to: 100 };
      const voter = world.node(3);
      for (let i = 0; i < 5; i++) {
        world.heal();
        world.run(2500);
        world.separate(world.node(1), [world.node(2)]);
        // So long that both others campaign; then both do in the same term.
        voter.kill();
        world.run(1200);
        voter.start();
        // One has its vote, and has not told it yet that it leads. The other one asks for it too.
        world.run(260);
        voter.kill();
        world.run(30);
        voter.start();
        for (let k = 0; k < 8; k++) {
          for (const node of world.nodes) world.propose(node);
          world.run(100);
        }
      }
    },
  },
  {
    plant: 'stale-log-elected',
    schedule: 'a follower is cut off during writes; as it comes back the leader is killed',
    shows: ['leader-lacks', 'acked-lost'],
    play(world) {
      const leader = world.leader();
      world.separate(world.followers()[0]!, world.nodes);
      writes(world, leader, 10, 100);
      world.heal();
      leader.kill();
      world.run(3000);
    },
  },
  {
    plant: 'no-truncate',
    schedule: 'the leader is cut off and writes go on there and at its successor',
    shows: ['committed-changed', 'apart'],
    play(world) {
      const old = world.leader();
      world.run(200);
      world.separate(old, world.nodes);
      world.propose(old, 5);
      world.run(2000);
      world.propose(world.leader(), 3);
      world.run(500);
      world.heal();
      world.run(500);
      world.propose(world.leader(), 10);
      world.run(500);
    },
  },
  {
    plant: 'watermark-regress',
    schedule: 'a follower is cut off during writes and comes back',
    shows: ['commit-fell'],
    play(world) {
      const leader = world.leader();
      world.separate(world.followers()[0]!, world.nodes);
      writes(world, leader, 10, 100);
      world.heal();
      world.run(2000);
    },
  },
  {
    plant: 'no-epoch-fencing',
    schedule: 'the leader is cut off, writes go on there and at its successor, also after the heal',
    shows: ['committed-changed', 'acked-lost', 'apart'],
    play(world) {
      const old = world.leader();
      world.run(200);
      world.separate(old, world.nodes, 'hold');
      for (let i = 0; i < 40; i++) {
        if (i === 20) world.heal();
        for (const node of world.nodes) world.propose(node);
        world.run(100);
      }
    },
  },
  {
    plant: 'follower-drops',
    schedule: 'writes, and then the leader is killed',
    shows: ['committed-changed', 'acked-lost'],
    play(world) {
      const leader = world.leader();
      writes(world, leader, 40, 20);
      leader.kill();
      world.run(2000);
    },
  },
  {
    plant: 'reorder-batch',
    schedule: 'concurrent writes, and then the leader is killed',
    shows: ['committed-changed', 'acked-lost'],
    play(world) {
      const leader = world.leader();
      for (let i = 0; i < 10; i++) {
        world.propose(leader, 8);
        world.run(20);
      }
      leader.kill();
      world.run(2000);
    },
  },
];

const seeds = 10;

for (const { plant, schedule, shows, play } of cases)
  t.test(`${plant}: ${schedule}`, (t) => {
    const found = new Map<Violation, number>();
    for (let seed = 1; seed <= seeds; seed++)
      for (const plants of [[plant], []]) {
        const world = new World(seed, 3, plants);
        play(world);
        world.finish();
        if (plants.length === 0)
          t.strictSame(Object.fromEntries(world.violations), {}, `clean, seed ${seed}`);
        else
          for (const kind of world.violations.keys()) found.set(kind, (found.get(kind) ?? 0) + 1);
      }
    const text = JSON.stringify(Object.fromEntries(found));
    for (const kind of shows)
      t.ok(
        (found.get(kind) ?? 0) >= seeds / 2,
        `${kind} in at least half of ${seeds} runs: ${text}`,
      );
    t.end();
  });
