/** Compare and experiments: axe finds nothing serious, at three sizes, in both themes; tables and drawings leave as files. */
import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { expectSound, expectSoundSheet } from './sound';
import { carryOut, newestRun, openTiny, panel, patience, plain, setFineTune } from './steps';

test.setTimeout(900_000);

/** Takes an entry of the Export menu, and returns its text. */
async function take(page: Page, entry: RegExp): Promise<string> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export', exact: true }).first().click();
  await page.getByRole('menuitem', { name: entry }).first().click();
  return readFile(await (await download).path(), 'utf8');
}

test('compare and experiments are sound to axe, and their tables can be taken away', async ({ page }) => {
  await openTiny(page);
  await setFineTune(page, 'Epochs', '0');
  await carryOut(page);

  await newestRun(page).getByRole('checkbox').check();
  await panel(page, 'Runs').getByRole('button', { name: 'Compare 1 ticked' }).click();
  const compare = panel(page, 'Compare');
  await expect(compare.getByRole('rowheader', { name: 'Forward pass' })).toBeVisible({ timeout: patience });
  await expectSound(page, 'compared results');
  const shown = async (name: string) => {
    const row = compare.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) });
    return Number.parseFloat(plain(await row.getByRole('cell').last().innerText()));
  };
  // The file tells in full what the table rounds.
  const results = await take(page, /^Results of the compared networks/);
  const exact = (name: string) => Number(new RegExp(`^"?${name}"?,.*,([\\d.]+)\r$`, 'm').exec(results)?.[1]);
  expect((exact('Compute kept, share of 1') * 100).toFixed(1)).toBe((await shown('Compute kept')).toFixed(1));
  expect(Number.isInteger(exact('Multiply-adds'))).toBe(true);
  expect((exact('Accuracy, share of 1') * 100).toFixed(1)).toBe((await shown('Accuracy')).toFixed(1));
  for (const tab of ['Images', 'Classes', 'Layers']) {
    await compare.getByRole('tab', { name: tab }).click();
    await expectSound(page, `compared ${tab.toLowerCase()}`);
  }
  expect(await take(page, /^Filters and ranks by layer/)).toContain('\r\nstem,');

  await panel(page, 'Runs').getByRole('button', { name: 'Experiments' }).click();
  await expect(panel(page, 'Experiments').getByRole('treeitem')).toHaveCount(3);
  await expectSound(page, 'experiments');
  expect((await take(page, /^Experiments/)).trim().split('\r\n')).toHaveLength(4);
});

test('the tree and the plots leave as tables and drawings; menus and sheets are sound to axe', async ({ page }) => {
  await openTiny(page);
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await expectSoundSheet(page, 'menu', 'Export');
  await page.getByRole('button', { name: 'Share link' }).click();
  await expectSoundSheet(page, 'dialog', 'Share link');
  const stages = page.getByRole('navigation', { name: 'Recipe' }).getByRole('listitem').getByRole('button');
  await expect(stages).toHaveCount(5);
  for (const stage of await stages.all()) {
    const name = (await stage.textContent()) ?? '';
    await stage.click();
    await expectSoundSheet(page, 'dialog', name);
  }
  const layers = (await take(page, /^Layers and what is kept/)).trim().split('\r\n');
  expect(layers[0]).toContain('filters_kept');
  // The stem, two convolutions for each of three blocks, the classifier.
  expect(layers).toHaveLength(1 + 8);
  for (const chart of [/^Tree\s*\.svg/, /^Plots of the layer\s*\.svg/]) {
    const svg = await take(page, chart);
    expect(svg).toMatch(/^<svg [^]*<path [^]*<text[^]*<\/svg>$/);
  }
  // Kernels are pictures of numbers; the tree is all lines and letters.
  expect(await take(page, /^Tree\s*\.svg/)).not.toContain('<image');
});
