/** The timeline in a real browser: no error, and it answers to keys, links, pointer and words. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium as browsers } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import t from 'tap';
import type { Test } from 'tap';
import { dataOf, pageOf, verdictOf } from '../report-page/harness.js';
import { makeRun } from '../report-page/made-run.js';
import type { MadeRun } from '../report-page/made-run.js';
import { chromium, need } from '../support/need.js';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Pictures to be looked at, when a folder is given. */
const shots = process.env['SCHISM_SHOTS'];

const made = makeRun({ seconds: 40, concurrency: 14, keys: 3, rate: 150 });

interface Opened {
  page: Page;
  said: string[];
}
let browser: Browser;
t.before(async () => {
  const executablePath = chromium();
  if (executablePath !== undefined)
    browser = await browsers.launch({ executablePath, args: flags });
});
t.teardown(async () => {
  await (browser as Browser | undefined)?.close();
});

async function open(
  t: Test,
  options: { hash?: string; width?: number; dark?: boolean; of?: MadeRun; limit?: number } = {},
): Promise<Opened> {
  const of = options.of ?? made;
  const file = join(t.testdir(), 'page.html');
  writeFileSync(file, pageOf(dataOf(of, verdictOf(of), options.limit)));
  const page = await browser.newPage({
    viewport: { width: options.width ?? 1280, height: 900 },
    colorScheme: options.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:') && !request.url().startsWith('data:'))
      said.push(`request: ${request.url()}`);
  });
  await page.goto(`file://${file}${options.hash ?? ''}`);
  await page.waitForFunction("document.documentElement.dataset.script === 'on'");
  t.teardown(() => page.close());
  return { page, said };
}
async function shot(page: Page, name: string): Promise<void> {
  if (shots === undefined) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}
const range = (page: Page): Promise<string> => page.locator('.range').innerText();
/** `10.50 to 19.50 s (9.00 s)` -> [10.5, 19.5] */
const seconds = async (page: Page): Promise<[number, number]> => {
  const [, a, b] = /^([\d.]+) to ([\d.]+)/.exec(await range(page)) ?? [];
  return [Number(a), Number(b)];
};
const frame = (page: Page): Promise<unknown> =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');

t.test('keys, links and chips', async (t) => {
  if (!need(t, 'chromium')) return;
  const { page, said } = await open(t);
  const opening = await seconds(page);
  t.ok(opening[0] < made.at.cut && opening[1] > made.at.heal, 'opens on the first anomaly');
  await page.focus('.tl-detail');
  await page.keyboard.press('+');
  await frame(page);
  const zoomed = await seconds(page);
  t.ok(zoomed[1] - zoomed[0] < (opening[1] - opening[0]) * 0.7);
  await page.keyboard.press('ArrowRight');
  await frame(page);
  t.ok((await seconds(page))[0] > zoomed[0]);
  await page.keyboard.press('0');
  await frame(page);
  t.equal((await seconds(page))[0], 0);
  await page.keyboard.press('n');
  await page.waitForSelector('.panel:not([hidden])');
  t.match(await page.locator('.panel').innerText(), /Lost\..*acknowledged w\d+\.\d+ at offset/s);
  t.match(page.url(), /#op=\d+$/);
  const first = await page.locator('.panel h3').innerText();
  await page.keyboard.press('.');
  t.not(await page.locator('.panel h3').innerText(), first, 'the next op of the client');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await frame(page);
  t.ok((await seconds(page))[1] - (await seconds(page))[0] < 1, 'Enter zooms to the op');
  await page.keyboard.press('Escape');
  t.equal(await page.locator('.panel').isVisible(), false);
  await page.click('[data-group="out"][data-id="ok"]');
  t.equal(await page.getAttribute('[data-group="out"][data-id="ok"]', 'aria-pressed'), 'false');
  await page.click('summary:has-text("as a table")');
  await frame(page);
  t.notMatch(await page.locator('#as-table').innerText(), /\bok\b/, 'the table is filtered too');
  t.same(said, []);
});

t.test('deep links', async (t) => {
  if (!need(t, 'chromium')) return;
  const { page, said } = await open(t, { hash: '#t=11.95-12.35' });
  await frame(page);
  t.same(await seconds(page), [11.95, 12.35]);
  await shot(page, 'zoomed');
  const lost = made.lost[0]!;
  const { page: other } = await open(t, { hash: `#op=${lost.op}` });
  t.match(await other.locator('.panel h3').innerText(), new RegExp(`^#${lost.op} send orders-0`));
  await shot(other, 'chosen');
  await other.click('.panel .end a >> nth=0');
  await frame(other);
  t.not(await other.locator('.panel h3').innerText(), `#${lost.op} send orders-0`);
  t.same(said, []);
});

t.test('pointer: a card where it hovers, a drag pans, a brush chooses', async (t) => {
  if (!need(t, 'chromium')) return;
  const { page, said } = await open(t);
  const box = (await page.locator('.tl-detail').boundingBox())!;
  const [t0, t1] = await seconds(page);
  const at = (time: number): number => box.x + ((time - t0) / (t1 - t0)) * box.width;
  const fault = box.y + 26 + 4 + 44 + 6 + 25;
  await page.mouse.move(at(made.at.cut + 2), fault);
  t.match(await page.locator('.tip').innerText(), /isolate leader: node 1.*In force at/s);
  await page.mouse.move(at(made.lost[0]!.ackNs / 1e9), box.y + 26 + 4 + 11);
  t.match(await page.locator('.tip').innerText(), /lost-write/);
  await page.mouse.down();
  await page.mouse.move(at(made.lost[0]!.ackNs / 1e9) + 100, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await frame(page);
  t.ok((await seconds(page))[0] < t0, 'dragged to the right shows what was before');
  const mini = (await page.locator('.tl-mini').boundingBox())!;
  await page.mouse.move(mini.x + mini.width * 0.6, mini.y + 40);
  await page.mouse.down();
  await page.mouse.move(mini.x + mini.width * 0.8, mini.y + 40, { steps: 4 });
  await page.mouse.up();
  await frame(page);
  const brushed = await seconds(page);
  t.ok(Math.abs(brushed[0] / (brushed[1] / 0.8) - 0.6) < 0.02, `brushed ${brushed.join(' to ')}`);
  await page.mouse.dblclick(mini.x + mini.width * 0.7, mini.y + 40);
  await frame(page);
  t.equal((await seconds(page))[0], 0, 'a double click on the whole run shows it all');
  await shot(page, 'whole');
  t.same(said, []);
});

t.test('search', async (t) => {
  if (!need(t, 'chromium')) return;
  const { page, said } = await open(t);
  await page.keyboard.press('/');
  await page.keyboard.type('lost');
  const found = page.locator('output[for="q"]');
  t.equal(await found.innerText(), `${made.lost.length} found`);
  await page.keyboard.press('Enter');
  t.equal(await found.innerText(), `1 of ${made.lost.length}`);
  t.match(await page.locator('.panel').innerText(), /Lost\./);
  await shot(page, 'search');
  await page.fill('#q', 'econnrefused orders-1 fail');
  t.match(await found.innerText(), /^[\d,]+ found$/);
  await page.fill('#q', 'w999.1');
  t.equal(await found.innerText(), 'none');
  await page.keyboard.press('Escape');
  t.equal(await found.innerText(), '');
  t.same(said, []);
});

t.test('more clients than fit, themes, a narrow window, paper', async (t) => {
  if (!need(t, 'chromium')) return;
  const { page, said } = await open(t, { dark: true });
  t.equal(await page.locator('[data-expand="clients"]').innerText(), 'show 2 more');
  const before = (await page.locator('.tl-detail').boundingBox())!.height;
  await page.click('[data-expand="clients"]');
  t.equal((await page.locator('.tl-detail').boundingBox())!.height, before + 50);
  await shot(page, 'dark');
  await page.click('button.theme');
  t.equal(await page.locator('button.theme').innerText(), 'Theme: light');
  await page.emulateMedia({ media: 'print' });
  await page.evaluate("dispatchEvent(new Event('beforeprint'))");
  t.equal(await page.locator('[data-print] canvas').count(), 2);
  await shot(page, 'paper');
  await page.evaluate("dispatchEvent(new Event('afterprint'))");
  t.equal(await page.locator('[data-print] canvas').count(), 0);
  const { page: narrow } = await open(t, { width: 390 });
  t.equal(await narrow.evaluate('document.documentElement.scrollWidth'), 390);
  await shot(narrow, 'narrow');
  t.same(said, []);
});

t.test('a run of which only a part is here one by one, and one without operations', async (t) => {
  if (!need(t, 'chromium')) return;
  const { page, said } = await open(t, { limit: 6000, hash: '#t=0-60' });
  t.match(await page.locator('.tl-note').innerText(), /6,000 of .* operations are in this page/);
  await shot(page, 'thinned');
  const none: MadeRun = { ...made, batches: [], lost: [] };
  const { page: empty, said: emptySaid } = await open(t, { of: none });
  t.match(await empty.locator('#timeline').innerText(), /No operation was recorded/);
  await empty.focus('.tl-detail');
  for (const key of ['n', 'p', '.', 'ArrowUp', 'Enter', '+', '0']) await empty.keyboard.press(key);
  await shot(empty, 'empty');
  t.same([...said, ...emptySaid], []);
});
