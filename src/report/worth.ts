/** What a valid verdict is worth: defects planted into this very history, and how many were found. */
import type { MissedPlace, RunInfo, WorthKind } from '../model/index.js';
import { foldTable, markup, raw, section, type Html } from './html.js';
import type { Source } from './source.js';
import { capital, keyText, num, sec, stop } from './words.js';

/** Nothing where it was not measured. */
export function worthSection({ run, verdict }: Source): Html {
  const worth = verdict?.worth;
  if (!worth) return markup``;
  const rows = worth.kinds.map((kind) =>
    kind.trials === 0
      ? markup`<tr><td>${kind.what}</td><td colspan="3" class="quiet">not measured: ${kind.notMeasured}</td></tr>`
      : markup`<tr><td>${kind.what}</td><td class="r nowrap" data-l="found"><b>${num(kind.found)}</b> of ${num(kind.trials)}</td><td class="r nowrap" data-l="at least">${percent(kind)}</td><td data-l="missed">${kind.lacked && stop(capital(kind.lacked))}${missed(run, kind.missed)}</td></tr>`,
  );
  const heads = raw(
    '<th style="width:34%">Change</th><th class="r">Found</th><th class="r">Of all places, at least</th><th>What it lacked</th>',
  );
  return section(
    'worth',
    'What it is worth',
    'Changes planted into this history at random places; the share at 95 %',
    markup`<p class="soft">${stop(worth.sentence)}</p>${foldTable('Planted changes', 'fold-worth', heads, rows)}<p class="cause">${stop(capital(worth.caution))}</p>`,
  );
}

/** Rounded down: 99.96 % is not all. */
const percent = ({ atLeast }: WorthKind): string =>
  `${(Math.floor(atLeast * 1000) / 10).toFixed(1)} %`;

function missed(run: RunInfo, places: readonly MissedPlace[]): Html | false {
  if (places.length === 0) return false;
  const items = places.map(({ key, offset, timeNs, why }) => {
    const at = [keyText(run, key), offset >= 0 && `offset ${offset}`, sec(timeNs)];
    return markup`<li>${at.filter(Boolean).join(', ')}: ${why}</li>`;
  });
  return markup`<details><summary>where it was missed</summary><ul>${items}</ul></details>`;
}
