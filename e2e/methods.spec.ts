/** The published methods, chosen and carried out on the page. */
import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import {
  dropFile,
  expectFinished,
  exportNetwork,
  newestRun,
  openResult,
  openTiny,
  panel,
  patience,
  plain,
  readOpenNetwork,
  setNumber,
  startButton,
} from './steps';

test.setTimeout(900_000);

/** Chooses the method in the stage that decides, and the epochs it trains for. */
async function chooseMethod(page: Page, method: string, epochs: string): Promise<void> {
  const recipe = page.getByRole('navigation', { name: 'Recipe' });
  await recipe.getByRole('button', { name: 'Score', exact: true }).click();
  await page.getByRole('dialog').getByRole('combobox', { name: 'Method' }).selectOption({ label: method });
  await setNumber(page, 'Epochs', epochs);
  await expect(recipe).toContainText(`${epochs} epochs`);
}

/** A number the method tells while it trains, as the strip shows it. */
async function readout(page: Page, name: string): Promise<number> {
  const text = plain(await panel(page, 'Training').textContent());
  return Number.parseFloat(new RegExp(`${name}([\\d.]+)`).exec(text)?.[1] ?? 'NaN');
}

/** Largest difference of a logit by the last run's cut, from the strip. */
async function readProof(page: Page): Promise<number> {
  const text = plain(await panel(page, 'Training').textContent());
  const found = /cut proven, (?:(exact)|±([\d.]+)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?)/.exec(text);
  if (found === null) throw new Error(`The strip tells no proof: "${text}"`);
  if (found[1] !== undefined) return 0;
  const digits = Array.from(found[3] ?? '', (sign) => {
    const digit = '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(sign);
    return digit < 0 ? '-' : `${digit}`;
  });
  return Number(`${found[2] ?? ''}e${digits.join('') || '0'}`);
}

/** Share of the multiply-adds the newest run kept, in %. */
async function keptShare(page: Page): Promise<number> {
  const cells = await newestRun(page).getByRole('cell').allInnerTexts();
  return Number.parseFloat(plain(cells[3] ?? ''));
}

test('C-SGD: filters become identical, and merging them is at rounding level', async ({ page }) => {
  await openTiny(page);
  await chooseMethod(page, 'Centripetal SGD', '6');
  await startButton(page).click();
  await expect(page.getByRole('tab', { name: 'Clusters' })).toBeVisible({ timeout: patience });
  await expectFinished(page);
  expect(await readProof(page)).toBeLessThanOrEqual(1e-3);
  expect(await keptShare(page)).toBeLessThanOrEqual(50);
});

test('Dagger: the predicted cost arrives at the budget, and the cut keeps it', async ({ page }) => {
  await openTiny(page);
  await chooseMethod(page, 'Dagger', '6');
  await startButton(page).click();
  await expect(page.getByRole('tab', { name: 'Gates' })).toBeVisible({ timeout: patience });
  expect(await readout(page, 'target share')).toBe(50);
  await expectFinished(page);
  expect(await readProof(page)).toBeLessThanOrEqual(1e-3);
  // One filter of so few is worth several per cent.
  const share = await keptShare(page);
  expect(share).toBeLessThanOrEqual(50);
  expect(share).toBeGreaterThan(40);
});

test('TRP: ranks fall while it trains, the split is exact, and the file reopens with the same accuracy', async ({
  page,
  browser,
}, info) => {
  await openTiny(page);
  await chooseMethod(page, 'Trained rank pruning', '2');
  await startButton(page).click();
  await expect(page.getByRole('tab', { name: 'Ranks' })).toBeVisible({ timeout: patience });
  await expectFinished(page);
  expect(await readProof(page)).toBeLessThanOrEqual(1e-3);
  const download = await exportNetwork(page, 'Cut network');
  const made = await openResult(page);
  const elsewhere = await browser.newContext();
  try {
    const fresh = await elsewhere.newPage();
    await openTiny(fresh);
    const taken = info.outputPath(download.suggestedFilename());
    await download.saveAs(taken);
    await dropFile(fresh, download.suggestedFilename(), await readFile(taken));
    await expect(fresh.getByRole('banner')).toContainText(made.cost, { timeout: patience });
    expect(await readOpenNetwork(fresh)).toEqual(made);
  } finally {
    await elsewhere.close();
  }
});
