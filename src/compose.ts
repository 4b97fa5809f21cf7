/** The one place where parts are wired: a run from its options, a verdict and a page from a run. */
export { loadRegistry, type Registry } from './compose/registry.js';
export { runOptions } from './compose/options.js';
export { prepare, type Prepared } from './compose/prepare.js';
export { execute, version, type Outcome } from './compose/execute.js';
export { checkRun, reportRun, exportRun, exportEdnRun, exportParquetRun } from './compose/judge.js';
export { importRun, changeRules, ruleOptions, type Rules } from './compose/import.js';
export { dryRun } from './compose/dry-run.js';
export { readStory, verdictLines, verdictText, wrap } from './report/index.js';
export { calibrate } from './calibration/index.js';
