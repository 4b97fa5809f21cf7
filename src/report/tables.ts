/** For digging and for the archive: faults, checkers, environment, files, how to read it all. */
import { durationText, flagName } from '../model/index.js';
import type { CheckerResult, FaultSpan, OptionValue, Proof } from '../model/index.js';
import { tone } from './head.js';
import { foldTable, markup, raw, scroll, section, type Html } from './html.js';
import { glyph, verdictMark } from './page/marks.js';
import type { Source } from './source.js';
import * as words from './words.js';

/** Faults shown at once. */
const mostFaults = 24;

function proof(source: Source, found: Proof | undefined, missing: string): Html {
  if (!found) return markup`<span class="res unk">${raw(glyph.unk)}${missing}</span>`;
  const at = markup`<span title="${words.wallClock(source.run, found.timeNs)}">${words.sec(found.timeNs)}</span>`;
  const result =
    found.state === 'proven'
      ? markup`<span class="res">${raw(glyph.good)}${at}</span>`
      : found.state === 'unproven'
        ? markup`<span class="res unk">${raw(glyph.unk)}not seen</span>`
        : markup`<span class="res quiet">nobody could look</span>`;
  return markup`${result}<br/><span class="soft">${found.by.replaceAll(' -> ', '\u00a0\u2192\u00a0')}</span>`;
}

function faultRow(source: Source, span: FaultSpan): Html {
  const { run, verdict } = source;
  const name = markup`<td class="r">${span.id}</td><td><b>${span.title}</b> ${span.what}</td>`;
  const at = (ns: number): Html =>
    markup`<span title="${words.wallClock(run, ns)}">${words.sec(ns).replace(' ', '\u00a0')}</span>`;
  if (span.refused !== undefined)
    return markup`<tr id="fault-${span.id}"> ${name}<td class="r" data-l="ordered">${at(span.startNs)}</td><td colspan="5"><span class="res unk">${raw(glyph.unk)}not applied</span><br/><span class="soft">${span.refused}</span></td></tr>`;
  const recovered = verdict?.stats.recoveries.filter((one) => one.fault === span.id) ?? [];
  const risk = (verdict?.atRisk ?? []).filter(
    (one) => one.fault === span.id && one.inForce + one.beforeLeaderChange > 0,
  );
  const risks = risk
    .slice(0, 4)
    .map(
      (one) =>
        markup`<span class="nowrap">${words.keyText(run, one.key).slice(0, 40)} <b>${words.num(one.inForce)}</b></span>${one.beforeLeaderChange > 0 && `, ${words.num(one.beforeLeaderChange)} just before a leader change`}<br/>`,
    );
  return markup`<tr id="fault-${span.id}"> ${name}<td class="r" data-l="begun">${at(span.startNs)}</td><td data-l="in force">${proof(source, span.inForce, 'no proof recorded')}</td><td class="r" data-l="healed">${span.healedNs >= 0 ? at(span.healedNs) : markup`<span class="unk">not healed</span>`}</td><td data-l="gone">${proof(source, span.gone, 'no proof recorded')}</td><td data-l="recovered">${recovered.length > 0 ? recovered.map((one) => markup`<b>${one.toNs > one.fromNs ? words.took(one.toNs - one.fromNs) : 'at once'}</b> <span class="soft">${one.what}</span><br/>`) : markup`<span class="soft">not measured</span>`}</td><td data-l="acks at risk">${risks.length > 0 ? risks : markup`<span class="soft">none</span>`}${risk.length > 4 && markup`<span class="soft">and ${risk.length - 4} more keys</span>`}</td></tr>`;
}

export function faultsSection(source: Source): Html {
  const { spans, routes } = source.facts.faults;
  const table = (rows: readonly FaultSpan[]): Html =>
    foldTable(
      'Faults and their proof',
      'fold-faults',
      raw(
        '<th class="r"><span class="sr">No.</span></th><th>Fault</th><th class="r">Begun</th><th style="width:21%">Proven in force</th><th class="r">Healed</th><th style="width:19%">Proven gone</th><th>Recovered after</th><th>Acks at risk</th>',
      ),
      rows.map((span) => faultRow(source, span)),
    );
  const astray = routes.filter((one) => one.proof.state === 'unproven');
  const links = markup`${astray.map(({ node, proof: { by } }) => markup`<p class="cause unk">Node ${node} was not seen to use its links only: ${by}</p>`)}${routes.length > 0 && astray.length === 0 && markup`<p class="cause">Every node was seen to reach its peers through its links only.</p>`}`;
  const body = words.isImported(source.run)
    ? markup`<p>An imported history has no proof of any fault: what its nemesis did was not judged.</p>`
    : spans.length === 0
      ? markup`<p>No fault was applied: this run says nothing about faults.</p>`
      : markup`${table(spans.slice(0, mostFaults))}${
          spans.length > mostFaults &&
          markup`<details class="marks"><summary>${spans.length - mostFaults} more faults</summary>${table(spans.slice(mostFaults))}</details>`
        }`;
  return section(
    'faults',
    'Faults',
    words.isImported(source.run)
      ? ''
      : 'Each must be seen in force and seen gone. At risk: acks given while it was in force, or in the second before a leader change',
    markup`${body}${links}`,
  );
}

const order = { invalid: 0, unknown: 1, valid: 2, 'not-applicable': 3 } as const;
function checkerRow(source: Source, one: CheckerResult): Html {
  const mine = source.verdict?.cases.filter((each) => one.anomalies.includes(each.type)) ?? [];
  const found = mine.find((each) => each.permitted === undefined) ?? mine[0];
  const mark =
    one.result === 'not-applicable'
      ? ''
      : glyph[one.result === 'valid' ? 'good' : one.result === 'invalid' ? 'bad' : 'unk'];
  const css = one.result === 'not-applicable' ? 'quiet' : tone[one.result];
  const why = one.reason ?? '';
  return markup`<tr><td class="nowrap">${found && found.partOf === undefined ? markup`<a href="#${found.id}">${one.id}</a>` : one.id}</td><td><span class="res ${css}">${raw(mark)}${one.result.replace('-', ' ')}</span></td><td class="r">${one.result === 'not-applicable' ? '' : words.num(one.count)}${one.permitted !== undefined && markup`<br/><span class="quiet">${one.permitted === one.count ? 'permitted' : `${words.num(one.permitted)} permitted`}</span>`}</td><td>${one.what}${why && markup`${one.what && '; '}${why}`}${
    one.stack !== undefined &&
    markup`<details><summary>its stack</summary><pre class="trace">${one.stack}</pre></details>`
  }</td><td class="r">${Math.round(one.durationMs)}\u00a0ms</td></tr>`;
}

export function checkersSection(source: Source): Html {
  const { verdict } = source;
  if (!verdict)
    return section(
      'checkers',
      'Checkers',
      '',
      markup`<p>No checker has looked at this run yet.</p>`,
    );
  const rows = [...verdict.checkers].sort((a, b) => order[a.result] - order[b.result]);
  const cut =
    verdict.history.truncated &&
    markup`<p class="cause unk">The history is cut: what was judged are its ${words.num(verdict.history.rows)} whole rows, up to ${words.sec(verdict.history.lastNs)}.</p>`;
  return section(
    'checkers',
    'Checkers',
    '',
    markup`${foldTable(
      'Checkers',
      'fold-checkers',
      raw(
        '<th>Checker</th><th>Result</th><th class="r">Count</th><th>What was looked at</th><th class="r">Time</th>',
      ),
      rows.map((one) => checkerRow(source, one)),
    )}${cut}`,
  );
}

export function environmentSection(source: Source): Html {
  const { run } = source;
  const shown = (name: string, value: OptionValue): string =>
    typeof value === 'number' && /(Limit|Interval|Duration|Timeout|Bound)$/.test(name)
      ? durationText(value)
      : Array.isArray(value)
        ? value.join(', ')
        : String(value);
  const rows: [string, string][] = [
    ...Object.entries(run.facts),
    ['Schism', run.schism],
    ...(words.isImported(run) ? [] : [['Started', words.wallClock(run, 0)] as [string, string]]),
    ...Object.entries(run.options).flatMap(([name, value]): [string, string][] =>
      value === undefined || (Array.isArray(value) && value.length === 0)
        ? []
        : [[flagName(name), shown(name, value)]],
    ),
    ...Object.entries(run.timings ?? {}).map(([name, ms]): [string, string] => [
      `time to ${name}`,
      words.tookMs(ms),
    ]),
  ];
  return section(
    'run',
    'Environment',
    'Versions, then every option as it was used',
    markup`<dl class="env">${rows.map(
      ([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`,
    )}</dl>`,
  );
}

const about: Readonly<Record<string, string>> = {
  'run.json': 'what ran: options, versions, keys, how it ended',
  'history.arrow': 'every invoke and completion, fault and probe (Arrow IPC stream)',
  'schedule.json':
    'the plan of faults, with what each target resolved to; replay it with --schedule',
  'verdict.json': 'what the checkers said, with the witnesses',
  'junit.xml': 'the same for a CI server',
  'report.html': 'this page',
};
export interface FileSize {
  name: string;
  bytes: number;
}
export function filesSection(source: Source, files: readonly FileSize[], dir: string): Html {
  const rows = files.map(
    (one) =>
      markup`<tr><td style="width:26%"><code>${one.name}</code></td><td>${about[one.name] ?? (one.name.startsWith('nodes') ? 'settings and log of each start of the node' : '')}${one.name === 'history.arrow' && source.verdict && `, ${words.num(source.verdict.history.rows)} rows`}</td><td class="r nowrap">${one.bytes >= 0 && words.bytes(one.bytes)}</td></tr>`,
  );
  return section(
    'files',
    'Files of the run',
    '',
    markup`${scroll('Files', markup`<table class="files"><tbody>${rows}</tbody></table>`)}
<p class="cause">Judge it again${!words.isImported(source.run) && ' without running it'}: <code class="wrap">schism check ${dir}</code></p>`,
  );
}

export function footSection({ run }: Source): Html {
  const how = [
    [
      'valid',
      'Valid',
      words.isImported(run)
        ? "No checker found an anomaly that Jepsen's rules call bad. It speaks of what these clients saw only."
        : 'Every fault was seen in force and seen gone, the final reads reached the high watermark, and no checker found an anomaly. It speaks of this run only.',
    ],
    [
      'invalid',
      'Invalid',
      'At least one anomaly, with operations that prove it. One is enough; nothing else in the run can take it back.',
    ],
    [
      'unknown',
      'Unknown',
      'No anomaly, but something is missing: a fault without proof, a read that stopped short, a checker that crashed. It is not a pass.',
    ],
  ] as const;
  return markup`<section class="part" id="how">
<div class="row stack wide"><div class="rail"><h2>How to read a verdict</h2></div>
<div class="howto">${how.map(
    ([state, name, text]) =>
      markup`<div><h3>${raw(verdictMark(state, true))}${name}</h3><p>${text}</p></div>`,
  )}</div></div><footer class="part-foot"> <span>Schism ${run.schism}</span><span>ok: it took effect. fail: it did not. info: nobody knows.</span><span>${words.isImported(run) ? '103: a value, unique within its key.' : 'w5.103: value 103 of worker 5.'}</span> </footer></section>`;
}
