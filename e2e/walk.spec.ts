/** One person's whole way: open, see, drag, cut, recalibrate, fine-tune, compare, take the smaller file away. */
import { writeFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import {
  budget,
  bytesOf,
  chooseDevice,
  chooseFile,
  dropFile,
  expectFinished,
  expectMeasured,
  exportNetwork,
  headline,
  inFreshProfile,
  isHollow,
  measuredPoints,
  moveBudget,
  newestRun,
  notices,
  openInHaste,
  openResult,
  openStudio,
  panel,
  patience,
  plain,
  pullBudget,
  readOpenNetwork,
  readPlan,
  setFineTune,
  settled,
  startButton,
  tinyNetworkFile,
} from './steps';

test.setTimeout(1_800_000);

/** Drags the line with the mouse: the plan follows while it moves, and the cut is measured on release. */
async function dragTo(page: Page, percent: number): Promise<void> {
  const before = await readPlan(page);
  await pullBudget(page, 90);
  const wide = await readPlan(page);
  expect(wide.removed).toBeLessThan(before.removed);
  expect(await isHollow(page)).toBe(true);
  await moveBudget(page, percent);
  // A pixel is a third of a percent, so that the line may stand at 49.8 %.
  const said = (await budget(page).getAttribute('aria-valuetext')) ?? '';
  expect(plain(said)).toMatch(/^\d+(\.\d)? %, [\d.]+ [kM] multiply-adds/);
  expect(Math.abs(Number.parseFloat(said) - percent)).toBeLessThanOrEqual(0.5);
  await expect(headline(page)).toContainText(`Keeping ${said.split('%')[0] ?? ''}`);
  expect((await readPlan(page)).removed).toBeGreaterThan(wide.removed);
  await page.mouse.up();
  await expectMeasured(page);
}

/** Starts the run the recipe line shows, sees its cut proven, waits for its end. `before` = points on the chart; the cut reaches 50 % `within` points. */
async function carryOut(page: Page, before: number, within: number, timeout = 2 * patience): Promise<void> {
  await startButton(page).click();
  // A cut whose logits differ from the masked network's ends in a ProofError instead.
  await expectFinished(page, timeout);
  await expect(panel(page, 'Training')).toContainText(/ended at [\d.]+\s%.*cut proven, (exact|±)/);
  const cells = (await newestRun(page).getByRole('cell').allInnerTexts()).map((text) => plain(text).trim());
  expect(cells.slice(1, 3)).toEqual([expect.stringContaining('L1 norm'), '50 %']);
  expect(Math.abs(Number.parseFloat(cells[3] ?? '') - 50)).toBeLessThan(within);
  expect(cells[5]).toMatch(/^\d+\.\d %$/);
  expect(cells[7]).toMatch(/^0\.1 epochs, /);
  // The run's end, and the original where no reference run had brought it.
  expect(await measuredPoints(page).count()).toBeGreaterThan(before);
}

test('WASM: the shipped network is cut to half, fine-tuned, and the file taken away is the same network', async ({
  page,
  browser,
}) => {
  await openStudio(page);
  const original = await readOpenNetwork(page);
  expect(original.cost).toMatch(/^[\d.]+ M multiply-adds, [\d,]+ parameters$/);
  await expect(page.getByRole('grid').getByRole('row')).not.toHaveCount(0);
  const before = await measuredPoints(page).count();

  await dragTo(page, 40);
  await dragTo(page, 50);
  await setFineTune(page, 'Epochs', '0.1');
  await carryOut(page, before, 2);

  const download = await exportNetwork(page, 'Cut network');
  expect(download.suggestedFilename()).toMatch(/\.safetensors$/);
  await expect(notices(page)).toContainText(/is saved\. Reopened and compared on 8 images/);
  const made = await openResult(page);
  expect(made.hash).not.toBe(original.hash);

  await inFreshProfile(browser, async (fresh) => {
    await openStudio(fresh);
    await dropFile(fresh, download.suggestedFilename(), await bytesOf(download));
    await expect(fresh.getByRole('banner')).not.toContainText(original.cost, { timeout: patience });
    expect(await readOpenNetwork(fresh)).toEqual(made);
  });
});

test('WebGPU on a simulated adapter: a network from a file goes the same way', async ({ page, browser }, info) => {
  const file = info.outputPath('tiny.safetensors');
  await writeFile(file, await tinyNetworkFile([2, 3, 4]));
  await openInHaste(page);
  await chooseFile(page, file);
  await expect(page.getByRole('banner')).toContainText(/\d\sk multiply-adds/, { timeout: patience });
  await settled(page);
  await chooseDevice(page, 'Use WebGPU');
  await settled(page);
  const before = await measuredPoints(page).count();
  await dragTo(page, 50);
  await setFineTune(page, 'Epochs', '0.1');
  // One of so few filters is many per cent.
  await carryOut(page, before, 20, 6 * patience);
  const download = await exportNetwork(page, 'Cut network');
  const made = await openResult(page);

  await inFreshProfile(browser, async (fresh) => {
    await openStudio(fresh);
    const taken = info.outputPath(download.suggestedFilename());
    await download.saveAs(taken);
    await chooseFile(fresh, taken);
    await expect(fresh.getByRole('banner')).toContainText(made.cost, { timeout: patience });
    expect(await readOpenNetwork(fresh)).toEqual(made);
  });
});
