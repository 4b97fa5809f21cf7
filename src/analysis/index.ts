/** Facts that several checkers share, and the judge that turns a history into a verdict. */
export { createFacts } from './facts.js';
export * from './dependencies.js';
export * from './graph.js';
export { examine, judge } from './judge.js';
export { lowerBound } from './columns.js';
export { recordAt } from './finals.js';
export { epochOf } from './log.js';
export { isAcked } from './writes.js';
export { finalsFinish, replicaGap } from './final-gaps.js';
export { fold } from './fold.js';
export * from './imported.js';
export * from './imported-polls.js';
export { permitted } from './permitted.js';
export { pollChecker } from './poll-checkers.js';
export { rowsOf } from './rows.js';
export * from './words.js';
