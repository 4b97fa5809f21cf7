/** The library: what the author of a test imports. */
export * from './model/index.js';
export { checkRun, execute, loadRegistry, prepare, reportRun } from './compose.js';
