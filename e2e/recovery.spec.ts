/** What a closed tab, a dead page, a full disk or a lost device costs: at most the time since the last checkpoint. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, test, type Locator, type Page } from '@playwright/test';
import {
  chooseDevice,
  expectFinished,
  headline,
  newestRun,
  notices,
  openTiny,
  panel,
  patience,
  plain,
  setFineTune,
  settled,
  startButton,
} from './steps';

test.setTimeout(900_000);

/** Whole batches of 64 among the training images of Shapes-10. */
const stepsPerEpoch = Math.floor(5000 / 64);

const strip = (page: Page): Locator => panel(page, 'Training');

async function stepNow(page: Page): Promise<number> {
  const text = plain(await strip(page).textContent());
  return Number(/step([\d,]+) \//.exec(text)?.[1]?.replace(',', '') ?? 0);
}

/** A run of the open network that has trained a few steps, saved them (pausing saves), and trains on. */
async function startAndSave(page: Page, epochs: string): Promise<number> {
  await setFineTune(page, 'Epochs', epochs);
  await startButton(page).click();
  await expect.poll(() => stepNow(page), { timeout: 4 * patience }).toBeGreaterThan(3);
  await strip(page).getByRole('button', { name: 'Pause' }).click();
  await expect(strip(page)).toContainText(', paused', { timeout: patience });
  const saved = await stepNow(page);
  await strip(page).getByRole('button', { name: 'Resume' }).click();
  await expect.poll(() => stepNow(page), { timeout: patience }).toBeGreaterThan(saved);
  return saved;
}

/** Steps of the fine-tune in the run's CSV, in the order they stand there. */
async function trainedSteps(page: Page): Promise<readonly number[]> {
  const download = page.waitForEvent('download', { timeout: patience });
  await page.getByRole('button', { name: 'Export', exact: true }).first().click();
  await page.getByRole('menuitem', { name: /^Training curves/ }).click();
  const text = await readFile(await (await download).path(), 'utf8');
  const [head = '', ...rows] = text.trim().split('\r\n');
  const column = (row: string, name: string) => row.split(',')[head.split(',').indexOf(name)] ?? '';
  return rows.filter((row) => column(row, 'split') === '').map((row) => Number(column(row, 'step')));
}

/** Each step once, in order, none left out. */
function expectWhole(steps: readonly number[], count: number): void {
  const first = steps[0] ?? -1;
  expect(steps).toEqual(Array.from({ length: count }, (_, index) => first + index));
}

test('reload during a run: it is shown as interrupted, resumes, and ends with every step once', async ({ page }) => {
  await openTiny(page);
  await startAndSave(page, '2');
  await page.reload();
  await expect(strip(page)).toContainText('was interrupted', { timeout: patience });
  await expect(newestRun(page)).toContainText('this browser, interrupted');
  await settled(page);
  await strip(page).getByRole('button', { name: 'Resume' }).click();
  await expectFinished(page, 2 * patience);
  expectWhole(await trainedSteps(page), 2 * stepsPerEpoch);
});

test('undo and redo bring budgets back with their measurements', async ({ page }) => {
  await openTiny(page);
  const sentence = async () => plain(await headline(page).textContent());
  const first = await sentence();
  await headline(page).getByRole('slider').focus();
  await page.keyboard.press('Shift+ArrowLeft');
  await settled(page);
  const second = await sentence();
  expect(second).toContain('Keeping 45 %');
  await page.keyboard.press('Control+z');
  await expect.poll(sentence).toBe(first);
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(sentence).toBe(second);
});

test('a full disk: the run goes on to its end, and a notice says that it is not saved', async ({ page, baseURL }) => {
  await openTiny(page);
  await setFineTune(page, 'Epochs', '0.2');
  const session = await page.context().newCDPSession(page);
  const origin = new URL(baseURL ?? '').origin;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
  await startButton(page).click();
  await expect(notices(page).getByRole('alert').first()).toContainText('no room left for this run', {
    timeout: patience,
  });
  await expectFinished(page, 2 * patience);
  await expect(newestRun(page)).toContainText(/0\.2 epochs, /);
  await session.send('Storage.overrideQuotaForOrigin', { origin });
});

test('a page that dies during a run: the next one shows the last complete checkpoint', async ({
  baseURL,
  launchOptions,
}) => {
  const profile = await mkdtemp(join(tmpdir(), 'espalier-e2e-'));
  const open = () => chromium.launchPersistentContext(profile, { ...launchOptions, baseURL: baseURL ?? '' });
  let context = await open();
  try {
    const page = await context.newPage();
    await openTiny(page);
    const saved = await startAndSave(page, '2');
    const died = page.waitForEvent('crash');
    const session = await context.newCDPSession(page);
    // Never answers: the page that should is gone.
    void session.send('Page.crash').catch(() => undefined);
    await died;
    await context.close();

    context = await open();
    const next = await context.newPage();
    await next.goto('./');
    await expect(newestRun(next)).toContainText('this browser, interrupted', { timeout: patience });
    await settled(next);
    await strip(next).getByRole('button', { name: 'Resume' }).click();
    await expect.poll(() => stepNow(next), { timeout: patience }).toBeGreaterThanOrEqual(saved);
    await expectFinished(next, 2 * patience);
    expectWhole(await trainedSteps(next), 2 * stepsPerEpoch);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
});

test('a lost GPU: the run recovers by itself and ends with every step once', async ({ page, browser }) => {
  await openTiny(page, [2, 3, 4]);
  await chooseDevice(page, 'Use WebGPU');
  await settled(page);
  await startAndSave(page, '0.3');
  const session = await browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess').catch(() => undefined);
  await expect(notices(page)).toContainText(/The GPU was reset .* Training goes on from the last checkpoint/, {
    timeout: patience,
  });
  await expectFinished(page, 2 * patience);
  expectWhole(await trainedSteps(page), Math.round(0.3 * stepsPerEpoch));
});
