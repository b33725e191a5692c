/** Drives the studio's own worker in headless Chromium. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { chromiumArguments, chromiumPath } from '../scripts/chromium.mjs';
import { ensureBrowser } from '../scripts/setup.mjs';
import type { HeadlessFile, HeadlessProgress, Outcome } from '../src/headless-api';
import type { LocalFile } from './local-files';
import { serveSite } from './server';
import { createProgressLine } from './progress';

/** `dist/site`, beside the built command line in `dist/cli`. */
const site = join(dirname(dirname(fileURLToPath(import.meta.url))), 'site');

export interface StudioPage {
  readonly page: Page;
  /** The address of each local file, in the order they were given. */
  readonly files: readonly HeadlessFile[];
}

/**
 * Opens `headless.html` with `files` at hand, runs `job`, and closes everything again. What is posted to `/artefacts/`
 * lands in `out`. Throws the job's error, and one that says what the page said when it broke. `policy`: a content security
 * policy for scripts that the studio's own would stop.
 */
export async function withStudioPage<T>(
  files: readonly LocalFile[],
  out: string | undefined,
  job: (studio: StudioPage) => Promise<Outcome<T>>,
  policy?: string,
): Promise<T> {
  if (!existsSync(join(site, 'headless.html'))) throw new Error('The site is not built: run "npm run build" first.');
  await ensureBrowser();
  const server = await serveSite({ site, files: files.map(({ path }) => path), out, policy });
  const line = createProgressLine(process.stderr);
  let browser: Browser | undefined;
  try {
    browser = await startBrowser();
    const page = await browser.newPage();
    await page.exposeFunction('espalierProgress', (progress: HeadlessProgress) => line.show(progress));
    const served = files.map(({ name }, index) => ({ url: `/files/${index}`, name }));
    const outcome = await unlessBroken(page, async () => {
      await page.goto(`${server.address}headless.html`);
      await page.waitForFunction(() => window.espalier !== undefined);
      return job({ page, files: served });
    });
    if (!outcome.ok) throw new Error(outcome.error.message);
    return outcome.value;
  } finally {
    line.end();
    await browser?.close();
    // An open server would keep the command from ending.
    await server.close();
  }
}

async function startBrowser(): Promise<Browser> {
  const executablePath = chromiumPath() ?? chromium.executablePath();
  try {
    return await chromium.launch({ args: [...chromiumArguments], executablePath });
  } catch (error) {
    const text = `The browser "${executablePath}" does not start. Set ESPALIER_CHROMIUM to the path of one that does.`;
    throw new Error(text, { cause: error });
  }
}

/** Carries out `work`; throws what the page says when it breaks meanwhile. */
function unlessBroken<T>(page: Page, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    page.on('pageerror', (error) => reject(new Error(`The page failed: ${error.message}`)));
    page.on('crash', () => reject(new Error('The browser ran out of memory or crashed. Try a smaller batch.')));
    work().then(resolve, reject);
  });
}
