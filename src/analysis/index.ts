/** Facts that several checkers share, and the judge that turns a history into a verdict. */
export { createFacts, type SteppedFacts } from './facts.js';
export { judge, type JudgeInput } from './judge.js';
export { recordAt } from './finals.js';
export { epochOf } from './log.js';
export { isAcked } from './writes.js';
export { lowerBound } from './columns.js';
export { finalsFinish, replicaGap } from './final-gaps.js';
export { fold } from './fold.js';
export { pollChecker } from './poll-checkers.js';
export * from './words.js';
