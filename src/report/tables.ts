/** For digging and for the archive: faults, checkers, environment, files, how to read it all. */
import { durationText, flagName } from '../model/index.js';
import type { CheckerResult, FaultSpan, OptionValue, Proof } from '../model/index.js';
import { tone } from './head.js';
import { markup, raw, type Html } from './html.js';
import { glyph, verdictMark } from './page/marks.js';
import type { Source } from './source.js';
import * as words from './words.js';

const part = (id: string, title: string, note: string, body: Html): Html =>
  markup`<section class="part" id="${id}">
<div class="row stack wide"><div class="rail"><h2>${title}</h2> ${note && markup`<p class="rail-note">${note}</p>`}</div><div>${body}</div></div></section>`;
const scroll = (label: string, table: Html): Html =>
  markup`<div class="scroll" tabindex="0" role="region" aria-label="${label}">${table}</div>`;

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
  const name = markup`<td role="cell" class="r">${span.id}</td><td role="cell"><b>${span.title}</b> ${span.what}</td>`;
  const at = (ns: number): Html =>
    markup`<span title="${words.wallClock(run, ns)}">${words.sec(ns).replace(' ', '\u00a0')}</span>`;
  if (span.refused !== undefined)
    return markup`<tr role="row" id="fault-${span.id}"> ${name}<td role="cell" class="r" data-l="ordered">${at(span.startNs)}</td><td role="cell" colspan="5"><span class="res unk">${raw(glyph.unk)}not applied</span><br/><span class="soft">${span.refused}</span></td></tr>`;
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
  return markup`<tr role="row" id="fault-${span.id}"> ${name}<td role="cell" class="r" data-l="begun">${at(span.startNs)}</td><td role="cell" data-l="in force">${proof(source, span.inForce, 'no proof recorded')}</td><td role="cell" class="r" data-l="healed">${span.healedNs >= 0 ? at(span.healedNs) : markup`<span class="unk">not healed</span>`}</td><td role="cell" data-l="gone">${proof(source, span.gone, 'no proof recorded')}</td><td role="cell" data-l="recovered">${recovered.length > 0 ? recovered.map((one) => markup`<b>${one.toNs > one.fromNs ? words.took(one.toNs - one.fromNs) : 'at once'}</b> <span class="soft">${one.what}</span><br/>`) : markup`<span class="soft">not measured</span>`}</td><td role="cell" data-l="acks at risk">${risks.length > 0 ? risks : markup`<span class="soft">none</span>`}${risk.length > 4 && markup`<span class="soft">and ${risk.length - 4} more keys</span>`}</td></tr>`;
}

export function faultsSection(source: Source): Html {
  const { spans, routes } = source.facts.faults;
  const table = (rows: readonly FaultSpan[]): Html =>
    scroll(
      'Faults and their proof',
      markup`<table role="table" class="fold-faults">
<thead><tr role="row"><th role="columnheader" class="r"><span class="sr">No.</span></th><th role="columnheader">Fault</th><th role="columnheader" class="r">Begun</th><th role="columnheader" style="width:21%">Proven in force</th><th role="columnheader" class="r">Healed</th><th role="columnheader" style="width:19%">Proven gone</th><th role="columnheader">Recovered after</th><th role="columnheader">Acks at risk</th></tr></thead>
<tbody role="rowgroup">${rows.map((span) => faultRow(source, span))}</tbody></table>`,
    );
  const astray = routes.filter((one) => one.proof.state === 'unproven');
  const links = markup`${astray.map(({ node, proof: { by } }) => markup`<p class="cause unk">Node ${node} was not seen to use its links only: ${by}</p>`)}${routes.length > 0 && astray.length === 0 && markup`<p class="cause">Every node was seen to reach its peers through its links only.</p>`}`;
  const body =
    spans.length === 0
      ? markup`<p>No fault was applied: this run says nothing about faults.</p>`
      : markup`${table(spans.slice(0, mostFaults))}${
          spans.length > mostFaults &&
          markup`<details class="marks"><summary>${spans.length - mostFaults} more faults</summary>${table(spans.slice(mostFaults))}</details>`
        }`;
  return part(
    'faults',
    'Faults',
    'Each must be seen in force and seen gone. At risk: acks given while it was in force, or in the second before a leader change',
    markup`${body}${links}`,
  );
}

const order = { invalid: 0, unknown: 1, valid: 2, 'not-applicable': 3 } as const;
function checkerRow(source: Source, one: CheckerResult): Html {
  const found = source.verdict?.cases.find((each) => one.anomalies.includes(each.type));
  const mark =
    one.result === 'not-applicable'
      ? ''
      : glyph[one.result === 'valid' ? 'good' : one.result === 'invalid' ? 'bad' : 'unk'];
  const css = one.result === 'not-applicable' ? 'quiet' : tone[one.result];
  const why = one.reason ?? '';
  return markup`<tr role="row"><td role="cell" class="nowrap">${found && found.partOf === undefined ? markup`<a href="#${found.id}">${one.id}</a>` : one.id}</td><td role="cell"><span class="res ${css}">${raw(mark)}${one.result.replace('-', ' ')}</span></td><td role="cell" class="r">${one.result === 'not-applicable' ? '' : words.num(one.count)}</td><td role="cell">${one.what}${why && markup`${one.what && '; '}${why}`}${
    one.stack !== undefined &&
    markup`<details><summary>its stack</summary><pre class="trace">${one.stack}</pre></details>`
  }</td><td role="cell" class="r">${Math.round(one.durationMs)}\u00a0ms</td></tr>`;
}

export function checkersSection(source: Source): Html {
  const { verdict } = source;
  if (!verdict)
    return part('checkers', 'Checkers', '', markup`<p>No checker has looked at this run yet.</p>`);
  const rows = [...verdict.checkers].sort((a, b) => order[a.result] - order[b.result]);
  const cut =
    verdict.history.truncated &&
    markup`<p class="cause unk">The history is cut: what was judged are its ${words.num(verdict.history.rows)} whole rows, up to ${words.sec(verdict.history.lastNs)}.</p>`;
  return part(
    'checkers',
    'Checkers',
    '',
    markup`${scroll(
      'Checkers',
      markup`<table role="table" class="fold-checkers">
<thead><tr role="row"><th role="columnheader">Checker</th><th role="columnheader">Result</th><th role="columnheader" class="r">Count</th><th role="columnheader">What was looked at</th><th role="columnheader" class="r">Time</th></tr></thead>
<tbody role="rowgroup">${rows.map((one) => checkerRow(source, one))}</tbody></table>`,
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
    ['Started', words.wallClock(run, 0)],
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
  return part(
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
  return part(
    'files',
    'Files of the run',
    '',
    markup`${scroll('Files', markup`<table class="files"><tbody>${rows}</tbody></table>`)}
<p class="cause">Judge it again without running it: <code class="wrap">schism check ${dir}</code></p>`,
  );
}

export function footSection({ run }: Source): Html {
  const how = [
    [
      'valid',
      'Valid',
      'Every fault was seen in force and seen gone, the final reads reached the high watermark, and no checker found an anomaly. It speaks of this run only.',
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
  )}</div></div><footer class="part-foot"> <span>Schism ${run.schism}</span><span>ok: it took effect. fail: it did not. info: nobody knows.</span><span>w5.103: value 103 of worker 5.</span> </footer></section>`;
}
