/** The verdict, and what happened. */
import { stop } from './words.js';
import { markup, raw, richHtml, type Html } from './html.js';
import { pointMark, verdictMark } from './page/marks.js';
import { headSentence, mainCase, storyOf } from './story.js';
import type { Source } from './source.js';
import { atRiskSentence } from './text.js';
import * as words from './words.js';
import type { RunInfo, Verdict, VerdictWord } from '../model/index.js';

export const tone = { valid: 'good', invalid: 'bad', unknown: 'unk' } as const;
export const wordOf = { valid: 'Valid', invalid: 'Invalid', unknown: 'Unknown' } as const;
/** A run that was not judged is not known to be good. */
export const stateOf = ({ verdict }: Source): VerdictWord => verdict?.verdict ?? 'unknown';
export const titleOf = (source: Source): string =>
  source.verdict ? wordOf[source.verdict.verdict] : 'Not judged';

/** What is tested, among the versions of what tests it. */
const products = /^(apache kafka|redpanda|chronik)\b/i;

type Fact = [name: string, value: string, small: string, unk?: true];
function facts(source: Source): Fact[] {
  const { run, verdict, data } = source;
  if (words.isImported(run)) return importedFacts(source);
  const product = Object.entries(run.facts).find(([name]) => products.test(name));
  const links = run.facts['Links'];
  const kind =
    run.target === 'kafka' ? 'KRaft' : run.facts['Reference cluster'] && 'Reference cluster';
  const rf = run.options['replicationFactor'];
  const isr = run.facts['min.insync.replicas'] ?? run.options['minInsyncReplicas'];
  const ended = run.ended?.timeNs ?? source.facts.phases.lastNs;
  const { ok, fail, info } = data.counts;
  const ops = `${words.num(ok)} ok, ${words.num(fail)} fail, ${words.num(info)} info`;
  return [
    [
      'Target',
      product?.join(' ') ?? run.target,
      [kind, links === 'builtin' ? 'built-in links' : links && words.capital(links)]
        .filter(Boolean)
        .join(', '),
    ],
    [
      'Nodes',
      words.num(run.nodes.length),
      [rf && `rf ${String(rf)}`, isr && `min ISR ${String(isr)}`].filter(Boolean).join(', '),
    ],
    [
      'Workload',
      `${run.workload}, acks=${run.acks === -1 ? 'all' : run.acks}`,
      `${words.plural(run.keys.length, 'key')}, ${words.plural(run.concurrency, 'client')}`,
    ],
    [
      'Duration',
      `${(Math.max(0, ended) / 1e9).toFixed(1)} s`,
      words.wallClock(run, 0).slice(0, 16),
    ],
    ['Operations', words.num(ok + fail + info), ops],
    ...(verdict ? [provenFact(run, verdict)] : []),
    ['Seed', run.seed, ''],
  ];
}
function importedFacts({ run, verdict, data, facts: { phases } }: Source): Fact[] {
  const { ok, fail, info } = data.counts;
  const lag = verdict?.stats.realtimeLag;
  const ww = run.options['wwDeps'] === true ? 'on' : 'off';
  return [
    ['Imported from', run.facts['Imported from'] ?? 'a file', ''],
    ['Keys', words.num(run.keys.length), words.plural(run.concurrency, 'client')],
    ['Duration', `${(Math.max(0, run.ended?.timeNs ?? phases.lastNs) / 1e9).toFixed(1)} s`, ''],
    [
      'Operations',
      words.num(ok + fail + info),
      `${words.num(ok)} ok, ${words.num(fail)} fail, ${words.num(info)} info`,
    ],
    ['Judged by', "Jepsen's rules", `sub-via ${String(run.options['subVia'])}, ww-deps ${ww}`],
    ...(lag
      ? [
          [
            'Realtime lag',
            words.took(lag.lagNs),
            `at worst: process ${lag.process}, ${words.keyText(run, lag.key)}, ${words.sec(lag.timeNs)}`,
          ] satisfies Fact,
        ]
      : []),
  ];
}
function provenFact(run: RunInfo, verdict: Verdict): Fact {
  const { total, unproven, moot } = verdict.faults;
  const name = 'Faults proven';
  if (total === 0) return [name, 'none planned', ''];
  const said = words.provenText(verdict);
  const which = `${unproven.length === 1 ? 'fault' : 'faults'} ${words.list(unproven)} not seen`;
  if (unproven.length > 0) return [name, said, which, true];
  const unseen = `${words.list(moot)} could not be checked`;
  return [name, said, moot.length > 0 ? unseen : `${run.nemesis}: applied and healed`];
}

/** What stands between backticks becomes code. */
const withCode = (text: string): Html[] =>
  text.split('`').map((part, i) => (i % 2 === 1 ? markup`<code>${part}</code>` : markup`${part}`));

export function headSection(source: Source): Html {
  const { run, verdict } = source;
  const state = stateOf(source);
  const command = words.commandParts(run);
  const risk = verdict && atRiskSentence(run, verdict);
  return markup`<section class="head" aria-label="Verdict">
<div class="row stack"><div class="rail verdict-mark">${raw(verdictMark(state))}</div><div><h1 class="verdict ${tone[state]}">${titleOf(source)}</h1>
<p class="story">${richHtml(headSentence(source))}</p>${run.notice && markup`<p class="cause">${withCode(run.notice)}</p>`}${(verdict?.cautions ?? []).map((one) => markup`<p class="cause caution">${stop(words.capital(one))}</p>`)}
<dl class="facts">${facts(source).map(
    ([name, value, small, unk]) =>
      markup`<div><dt>${name}</dt><dd>${value}${small && markup`<small${unk === true && raw(' class="unk"')}>${small}</small>`}</dd></div>`,
  )}</dl>${risk && markup`<p class="runline">Acks at risk: ${risk}.</p>`}
${
  command.length > 0 &&
  markup`
<div class="cmd"><span id="rerun">${words.isImported(run) ? 'Judge it again' : 'Run it again'}</span><code>${command.map((part, i) => markup`${i > 0 && ' '}<span>${part}</span>`)}</code><button class="copy" type="button" data-copy="${command.join(' ')}" aria-describedby="rerun"> Copy</button></div>`
}</div></div></section>`;
}

export function happenedSection(source: Source): Html {
  const { run, verdict } = source;
  const lines = storyOf(source);
  const items = lines.map(({ timeNs, kind, go, text }) => {
    const clock = words.wallClock(run, timeNs);
    const link = `#t=${go[0].toFixed(2)}-${go[1].toFixed(2)}`;
    return markup`<li><span class="pt">${raw(pointMark[kind])}</span><time${clock && markup` datetime="${clock.replace(' ', 'T').replace(' UTC', 'Z')}" title="${clock}"`}><a href="${link}">${words.sec(timeNs).replace(' ', '\u00a0')}</a></time><p>${richHtml(text)}</p><a class="go" href="${link}" aria-label="Show ${words.sec(timeNs)} in the timeline">show</a></li>`;
  });
  const { length } = source.facts.faults.spans;
  const told = lines.filter((one) => ['fault', 'kill', 'unk'].includes(one.kind)).length;
  return markup`<section class="part" id="happened">
<div class="row stack"><div class="rail"><h2>What happened</h2><p class="rail-note">Seconds from the first operation${!words.isImported(run) && '; the wall clock on hover'}</p></div><div>${
    items.length > 0
      ? markup`<ol class="happened">${items}</ol>`
      : markup`<p>${words.isImported(run) ? 'Clients sent and polled, and nothing that they saw is a reason for invalid.' : 'Nothing that could be dated was recorded.'}</p>`
  } ${length > told && markup`<p class="cause">All ${words.plural(length, 'fault')} with their proofs are in <a href="#faults">Faults</a>.</p>`} ${cause(source)}${verdict?.verdict === 'unknown' && known(source)}</div></div></section>`;
}

/** Why, where that is known for sure; what a valid verdict covers. */
function cause(source: Source): Html | undefined {
  const { run, verdict, facts } = source;
  if (!verdict)
    return markup`<p class="cause"><b>Not judged yet.</b> <code>schism check</code> with this folder judges what was recorded and writes this page anew.</p>`;
  if (words.isImported(run)) {
    const seen = words.permitted(verdict).length;
    const also =
      seen > 0 &&
      markup` What it has that is permitted is told under <a href="#anomalies">Anomalies</a>.`;
    return markup`<p class="cause"><b>What it was judged by.</b> ${words.rulesText(run)}.${also}</p>`;
  }
  if (verdict.verdict === 'valid')
    return markup`<p class="cause"><b>What this covers.</b> One seed, ${words.plural(facts.faults.spans.length, 'fault')}, ${words.took(Math.max(0, facts.phases.healNs - facts.phases.loadNs))} of load. Another seed plans other faults: add <code>--test-count 20</code> to the command.</p>`;
  if (verdict.verdict === 'invalid' && mainCase(verdict)?.type === 'lost-write' && run.acks === 1)
    return markup`<p class="cause"><b>Why.</b> With acks=1 a leader answers before any follower has the record, so acks=1 permits this loss; it is reported because it was lost. An isolated leader does not know that it is one. Compare the same seed with <code>--acks all</code>.</p>`;
  return undefined;
}

function known(source: Source): Html {
  const { verdict, facts, run } = source;
  if (!verdict) return markup``;
  const good = verdict.checkers.filter((one) => one.result === 'valid' && one.checked > 0);
  const complete = [...facts.finals.keys.values()].filter((one) => one.complete).length;
  const sure = [
    `${words.plural(verdict.stats.ackedValues, 'write was', 'writes were')} acknowledged${words.isImported(run) ? '' : `; final reads reached the high watermark of ${complete} of ${words.plural(run.keys.length, 'key')}`}.`,
    ...(verdict.faults.proven > 0
      ? [`${words.provenText(verdict)} faults were seen in force and seen gone.`]
      : []),
    ...(good.length > 0
      ? [
          `${words.plural(good.length, 'checker')} found nothing wrong: ${words.listSome(
            good.map((one) => one.id),
            4,
          )}.`,
        ]
      : []),
  ];
  const lines = (items: readonly string[]): Html[] =>
    items.map((one) => markup`<li>${stop(words.capital(one))}</li>`);
  return markup`<div class="known"><div><h3>What is known</h3><ul>${lines(sure)}</ul></div><div><h3 class="unk">What is not known</h3><ul>${lines(verdict.reasons.length > 0 ? verdict.reasons : [verdict.sentence])}</ul></div></div>`;
}
