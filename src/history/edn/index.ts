export { importEdn, type ImportOptions } from './import.js';
