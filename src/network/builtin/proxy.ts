/**
 * The program that carries all links of a tester, in a process of its own, because the tester's
 * event loop has other work. Run by backend.ts, which orders over Node's IPC channel.
 */
import type { Held, LinkState } from '../state.js';
import { Link } from './link.js';
import type { LinkPlan } from './link.js';

export type Order = { id: number } & (
  | { to: 'open'; holdMs: number; links: LinkPlan[] }
  | { to: 'set'; link: number; state: LinkState }
  | { to: 'count'; link: number }
);
export interface Answer {
  id: number;
  held?: Held;
  /** `link`: its place in the list, where it cannot be opened. */
  error?: { message: string; code?: string | undefined; link?: number };
}

let links: Link[] = [];

async function carryOut(order: Order): Promise<Omit<Answer, 'id'>> {
  if (order.to === 'open') return open(order);
  const link = links[order.link]!;
  if (order.to === 'count') return { held: link.held };
  await link.set(order.state);
  return {};
}

async function open(order: Order & { to: 'open' }): Promise<Omit<Answer, 'id'>> {
  links = order.links.map((plan) => new Link(plan, order.holdMs));
  for (const [i, link] of links.entries())
    try {
      await link.open();
    } catch (error) {
      return { error: { ...failure(error), link: i } };
    }
  return {};
}

const failure = (error: unknown): { message: string; code?: string | undefined } => {
  const { message, code } = error as NodeJS.ErrnoException;
  return { message, code };
};

process.on('message', (order: Order) => {
  const answer = (rest: Omit<Answer, 'id'>): void => {
    process.send?.({ id: order.id, ...rest });
  };
  carryOut(order).then(answer, (error: unknown) => answer({ error: failure(error) }));
});
// The tester is gone.
process.on('disconnect', () => process.exit());
