/** A run in words and pictures: the page, the terminal, JUnit. */
export { junit } from './junit.js';
export { readStory, writeReport, type ReportOptions } from './page.js';
export type { StoryLine } from './story.js';
export { verdictLines, verdictText, type TextOptions } from './text.js';
