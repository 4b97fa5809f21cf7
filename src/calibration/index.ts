export { calibrate } from './calibrate.js';
