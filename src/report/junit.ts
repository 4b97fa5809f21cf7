/** The verdict for a CI server: one test case for each checker, one for the run as a whole. */
import type { CheckerResult, RunInfo, Verdict } from '../model/index.js';
import { escape } from './html.js';
import { defects, permitted } from './words.js';

const attributes = (values: Record<string, string | number>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escape(String(value)).replace(/[\r\n\t]/g, ' ')}"`)
    .join('');
const seconds = (ms: number): string => (ms / 1000).toFixed(3);

function inner(verdict: Verdict, checker: CheckerResult): string {
  switch (checker.result) {
    case 'valid': {
      const seen = permitted(verdict).filter((one) => checker.anomalies.includes(one.type));
      const text = seen.map((one) => `${one.id} (permitted): ${one.sentence}`).join('\n');
      return text && `<system-out>${escape(text)}</system-out>`;
    }
    case 'not-applicable':
      return `<skipped${attributes({ message: checker.reason ?? 'not applicable' })}/>`;
    case 'unknown':
      return `<error${attributes({ type: 'unknown', message: checker.reason ?? 'unknown' })}>${escape(checker.stack ?? checker.reason ?? '')}</error>`;
    case 'invalid': {
      const cases = defects(verdict).filter((one) => checker.anomalies.includes(one.type));
      const text = cases.map((one) => `${one.id}: ${one.sentence}`).join('\n');
      const message = `${checker.count - (checker.permitted ?? 0)} found: ${cases[0]?.sentence ?? checker.what}`;
      return `<failure${attributes({ type: cases[0]?.type ?? checker.id, message })}>${escape(text)}</failure>`;
    }
  }
}

/**
 * JUnit XML. `failure`: an anomaly; `error`: unknown; `skipped`: not applicable. The case `run`
 * is an error when the run as a whole is unknown (a fault without proof, say), because a CI server
 * would show a run in which no checker failed as green.
 */
export function junit(run: RunInfo, verdict: Verdict): string {
  const suite = ['schism', run.target, run.workload, run.nemesis].filter(Boolean).join(' ');
  const classname = ['schism', run.target, run.workload].join('.');
  const whole =
    verdict.verdict === 'unknown'
      ? `<error${attributes({ type: 'unknown', message: verdict.sentence })}>${escape(verdict.reasons.join('\n'))}</error>`
      : '';
  const cases = [
    { name: 'run', time: verdict.durationMs, inner: whole },
    ...verdict.checkers.map((one) => ({
      name: one.id,
      time: one.durationMs,
      inner: inner(verdict, one),
    })),
  ];
  const count = (tag: string): number => cases.filter((one) => one.inner.startsWith(tag)).length;
  const totals = {
    tests: cases.length,
    failures: count('<failure'),
    errors: count('<error'),
    skipped: count('<skipped'),
    time: seconds(verdict.durationMs),
  };
  const properties = {
    verdict: verdict.verdict,
    sentence: verdict.sentence,
    seed: run.seed,
    command: run.command.join(' '),
    ...(run.notice !== undefined && { notice: run.notice }),
    ...run.facts,
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'schism', ...totals })}>`,
    ` <testsuite${attributes({ name: suite, timestamp: run.startedAt, ...totals })}>`,
    '  <properties>',
    ...Object.entries(properties).map(
      ([name, value]) => `   <property${attributes({ name, value })}/>`,
    ),
    '  </properties>',
    ...cases.map(
      (one) =>
        `  <testcase${attributes({ classname, name: one.name, time: seconds(one.time) })}>${one.inner}</testcase>`,
    ),
    ' </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}
