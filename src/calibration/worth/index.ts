export { measureWorth, type WorthInput } from './measure.js';
