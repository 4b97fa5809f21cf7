export { healedBeforeMs, planSchedule, type ScheduleParts } from './schedule.js';
export { parseSchedule } from './parse.js';
