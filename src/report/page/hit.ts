/** What lies under the pointer. */
import type { Lane, Model } from './lanes.js';
import { faultRow } from './lanes.js';
import type { Span } from './pen.js';
import { firstRow, isSend, passes } from './run.js';
import type { CaseView, Filter, Point } from './run.js';
import type { PageClaim, PageData, PageFault } from './types.js';

type State = PageData['nodeStates'][number];
export type Hit =
  | { kind: 'op'; row: number }
  | { kind: 'fault'; fault: PageFault }
  | { kind: 'anomaly'; of: CaseView }
  | { kind: 'point'; point: Point }
  | { kind: 'views'; lane: Lane; t: number; claims: PageClaim[]; states: State[] };

export function hitTest(
  model: Model,
  view: Span,
  W: number,
  x: number,
  y: number,
  filter: Filter,
): Hit | undefined {
  const span = view.t1 - view.t0;
  const at = (px: number): number => view.t0 + (px / W) * span;
  const px = (t: number): number => ((t - view.t0) / span) * W;
  const lane = model.lanes.find((l) => y >= l.y && y < l.y + l.h);
  switch (lane?.kind) {
    case 'client':
      return hitOp(model, lane.client, { at, px }, x, y < lane.y + 13, filter);
    case 'fault': {
      const row = Math.floor((y - lane.y - 5) / faultRow);
      const fault = model.run.data.faults.find(
        (f) => (lane.rows.get(f.id) ?? 0) === row && px(f.t0) - 5 <= x && px(f.t1) + 5 >= x,
      );
      return fault && { kind: 'fault', fault };
    }
    case 'anomaly':
      return hitAnomaly(lane.of, view, W, px, x);
    case 'node':
    case 'key': {
      const t = at(x);
      const here = (s: Span): boolean => s.t0 <= t && s.t1 >= t;
      const node = lane.kind === 'node' ? lane.node : -1;
      const claims = model.run.data.claims.filter(
        (c) => here(c) && (lane.kind === 'node' ? c.node === lane.node : c.key === lane.key),
      );
      const states = model.run.data.nodeStates.filter((s) => s.node === node && here(s));
      return { kind: 'views', lane, t, claims, states };
    }
    default:
      return undefined;
  }
}

interface Scale {
  at(px: number): number;
  px(t: number): number;
}
/** The nearest op within 7 px; a lost or found one wins by 2 px. */
function hitOp(
  model: Model,
  client: number,
  scale: Scale,
  x: number,
  upper: boolean,
  filter: Filter,
): Hit | undefined {
  const { run } = model;
  const ops = run.lanes.get(client);
  if (!ops) return undefined;
  let best = -1;
  let least = 7;
  const until = scale.at(x + 8);
  for (let i = firstRow(run, ops, scale.at(x - 8) - ops.longest); i < ops.to; i++) {
    if (run.t0[i]! > until) break;
    if (isSend(run, i) !== upper || !passes(run, filter, i)) continue;
    const a = scale.px(run.t0[i]!);
    const b = Math.max(scale.px(run.t1[i]!), a + 2);
    const gap = x < a ? a - x : x > b ? x - b : 0;
    const score = run.lost.has(i) || run.found.has(i) || run.out[i] !== 1 ? gap - 2 : gap;
    if (score < least) {
      least = score;
      best = i;
    }
  }
  return best < 0 ? undefined : { kind: 'op', row: best };
}

function hitAnomaly(
  of: CaseView,
  view: Span,
  W: number,
  px: (t: number) => number,
  x: number,
): Hit | undefined {
  const [t0, t1] = of.span ?? [of.points[0]?.t ?? of.t0, of.points.at(-1)?.t ?? of.t1];
  // Nothing of it in view: the arrow says where it is.
  if ((t1 < view.t0 && x < 140) || (t0 > view.t1 && x > W - 140)) return { kind: 'anomaly', of };
  if (of.span) return px(t0) - 6 <= x && px(t1) + 6 >= x ? { kind: 'anomaly', of } : undefined;
  let best: Point | undefined;
  let least = 10;
  for (const point of of.points) {
    const gap = Math.abs(px(point.t) - x);
    if (gap < least) {
      least = gap;
      best = point;
    }
  }
  return best && { kind: 'point', point: best };
}
