export { startProcess } from './process.js';
export type { Exit, ManagedProcess } from './process.js';
export { canListen, freePorts, tempFolder } from './resources.js';
export { run } from './run.js';
export { watch } from './watch.js';
