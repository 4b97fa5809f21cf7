export { run } from './run.js';
export { startClock } from './start-clock.js';
