export * from './folder.js';
export * from './jsonl.js';
export * from './reader.js';
export * from './recorder.js';
