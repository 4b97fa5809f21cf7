export { run, type RunParts } from './run.js';
export { startClock, type StartClock } from './start-clock.js';
