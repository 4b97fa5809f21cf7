export { startProcess } from './process.js';
export type { Exit, ManagedProcess, ProcessSpec } from './process.js';
export { canListen, freePorts, tempFolder } from './resources.js';
export type { TempFolder } from './resources.js';
export { run } from './run.js';
export type { RunOptions, RunResult } from './run.js';
export type { ProcessState } from './table.js';
export { watch } from './watch.js';
export type { Watched, Watcher } from './watch.js';
