/** What the author of a checker, workload, nemesis or target imports: `schism/plugin`. */
export * from './model/index.js';
