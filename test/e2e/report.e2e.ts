/** The page in a real browser: quiet, self-contained, within its width, whole without a script. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium as browserType, type Browser } from 'playwright-core';
import t from 'tap';
import { writeReport } from '../../src/report/index.js';
import { judged, record, type FixtureOptions } from '../report/fixture.js';
import { chromium, need } from '../support/need.js';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const hostile = '</script><img src=x onerror=alert(1)><!-- \u2028 "\'&';
const runs: Record<string, FixtureOptions> = {
  invalid: { lossy: true },
  valid: {},
  unknown: { unproven: true },
  empty: { empty: true },
  many: { keys: 30, workers: 20, lossy: true },
  hostile: { lossy: true, topic: hostile, error: hostile },
};

interface Seen {
  noise: string[];
  overflow: number;
  title: string;
}
async function look(
  browser: Browser,
  file: string,
  how: { width: number; dark: boolean; script: boolean; picture: string },
): Promise<Seen> {
  const context = await browser.newContext({
    viewport: { width: how.width, height: 900 },
    colorScheme: how.dark ? 'dark' : 'light',
    javaScriptEnabled: how.script,
  });
  const page = await context.newPage();
  const noise: string[] = [];
  const url = pathToFileURL(file).href;
  page.on('console', (message) => noise.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== url && request.url() !== 'data:,')
      noise.push(`request: ${request.url()}`);
  });
  await page.goto(url, { waitUntil: 'load' });
  await page.locator('footer').scrollIntoViewIfNeeded();
  await page.screenshot({ path: how.picture, fullPage: true });
  const overflow = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  const title = await page.title();
  await context.close();
  return { noise, overflow, title };
}

t.test('the page in a browser', async (t) => {
  if (!need(t, 'chromium')) return;
  const folder = mkdtempSync(join(tmpdir(), 'schism-report-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const browser = await browserType.launch({ executablePath: chromium()!, args: flags });
  t.teardown(() => browser.close());
  for (const [name, options] of Object.entries(runs)) {
    const dir = join(folder, name);
    await record(dir, options);
    await judged(dir);
    const file = await writeReport(dir);
    for (const width of [1280, 390])
      for (const dark of [false, true]) {
        const picture = join(folder, `${name}-${width}-${dark ? 'dark' : 'light'}.png`);
        const seen = await look(browser, file, { width, dark, script: true, picture });
        t.same(seen.noise, [], `${name} at ${width}, ${dark ? 'dark' : 'light'}: quiet`);
        t.ok(seen.overflow <= 0, `${name} at ${width}: as wide as the window`);
        t.match(seen.title, 'queue, seed 23718');
      }
  }
});

t.test('without a script', async (t) => {
  if (!need(t, 'chromium')) return;
  const folder = mkdtempSync(join(tmpdir(), 'schism-report-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const dir = join(folder, 'run');
  const { fork } = await record(dir, { lossy: true });
  await judged(dir);
  const file = await writeReport(dir);
  const browser = await browserType.launch({ executablePath: chromium()!, args: flags });
  t.teardown(() => browser.close());
  for (const width of [1280, 390]) {
    const picture = join(folder, 'still.png');
    const seen = await look(browser, file, { width, dark: false, script: false, picture });
    t.same(seen.noise, []);
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      javaScriptEnabled: false,
    });
    const page = await context.newPage();
    await page.goto(pathToFileURL(file).href);
    const words = await page.locator('main').innerText();
    t.match(words, `${fork.length} acknowledged writes were lost`);
    t.match(words, 'The smallest proof.');
    t.equal(await page.locator('.plot:not(.axis) svg[role=img]').count(), 6, 'the plots are there');
    for (const plot of await page.locator('.plot:not(.axis) svg[role=img]').all()) {
      const box = await plot.boundingBox();
      t.ok(box && box.width > width * 0.6 && box.height > 20, 'and take their room');
    }
    // The other rows are a box away, script or not.
    const row = page.locator('#lost-write-1 .folds-rows .more-row').first();
    t.equal(await row.isVisible(), false);
    await page.locator('#lost-write-1 label.more').first().click();
    t.equal(await row.isVisible(), true);
    await context.close();
  }
});
