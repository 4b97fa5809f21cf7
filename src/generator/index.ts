export { planSchedule } from './schedule.js';
export { parseSchedule } from './parse.js';
