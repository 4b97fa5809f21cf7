/** A run in words and pictures: the page, the terminal, JUnit. */
export { junit } from './junit.js';
export { readStory, writeReport } from './page.js';
export { verdictLines, verdictText, wrap } from './text.js';
