/** Random faults and proposals on a virtual world. */
import type { VirtualNode } from './node.js';
import type { World } from './world.js';

/** For so long; then faults that last may last on. */
export function randomFaults(world: World, durationMs: number): void {
  const { clock, random } = world;
  const until = clock.now + durationMs;
  while (clock.now < until) {
    const action = random.next();
    if (action < 0.65) for (const node of leading(world)) world.propose(node, 1 + random.below(4));
    else if (action < 0.75) killed(world);
    else if (action < 0.85) paused(world);
    else partitioned(world);
    world.run(random.between(1, random.pick([30, 300])));
  }
}

const leading = (world: World): VirtualNode[] =>
  // A paused one too: what waits in its sockets it handles when it goes on.
  world.nodes.filter(({ group }) => group?.isLeader === true);

/** Mostly the leader: a fault of a follower tells little. */
function victim(world: World): VirtualNode {
  const [leader] = leading(world);
  return leader && world.random.next() < 0.5 ? leader : world.random.pick(world.nodes);
}

function killed(world: World): void {
  const node = victim(world);
  node.kill();
  world.clock.after(world.random.between(0, world.random.pick([300, 3000])), () => node.start());
}

function paused(world: World): void {
  const node = victim(world);
  node.pause();
  world.clock.after(world.random.between(20, world.random.pick([400, 3000])), () => node.resume());
}

function partitioned(world: World): void {
  const { random, clock, network } = world;
  const how = random.pick(['hold', 'drop'] as const);
  const pairs = pattern(world);
  for (const [from, to] of pairs) world.cut(from, to, how);
  const lateMs = random.pick([0, 0, 2000]);
  clock.after(random.between(50, random.pick([500, 4000])), () => {
    for (const [from, to] of pairs) network.heal(from, to, lateMs);
  });
}

function pattern(world: World): [from: number, to: number][] {
  const { random } = world;
  const ids = world.nodes.map(({ id }) => id);
  const all = ids.flatMap((a) => ids.filter((b) => b !== a).map((b): [number, number] => [a, b]));
  const { id } = victim(world);
  const side = new Set(random.shuffle(ids).slice(0, Math.floor(ids.length / 2)));
  switch (random.below(4)) {
    case 0:
      return all.filter(([a, b]) => a === id || b === id);
    case 1:
      return all.filter(([a]) => a === id);
    case 2:
      return all.filter(([a, b]) => side.has(a) !== side.has(b));
    default: {
      const [x, y] = random.pick(all);
      return all.filter(([a, b]) => (a === x && b === y) || (a === y && b === x));
    }
  }
}
