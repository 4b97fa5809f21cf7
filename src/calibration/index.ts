export { calibrate } from './calibrate.js';
export { measureWorth } from './worth/index.js';
