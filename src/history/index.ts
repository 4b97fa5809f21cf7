export * from './edn/index.js';
export * from './folder.js';
export { exportJsonLines } from './jsonl.js';
export { exportParquet } from './parquet.js';
export * from './reader.js';
export * from './recorder.js';
