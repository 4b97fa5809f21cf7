export { exportEdn } from './export.js';
export { importEdn, type ImportOptions } from './import.js';
