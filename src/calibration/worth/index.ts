export { measureWorth } from './measure.js';
