/** Two cuts of one network, side by side on the same images: what each costs, which images flip, and what chance explains. */
import { expect, test, type Page } from '@playwright/test';
import { carryOut, openTiny, panel, patience, plain, setFineTune, settled } from './steps';

test.setTimeout(900_000);

/** The cells of one line of the results, the original's first. */
async function line(page: Page, name: string): Promise<string[]> {
  const row = panel(page, 'Compare')
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader', { name, exact: true }) });
  return (await row.getByRole('cell').allInnerTexts()).map((text) => plain(text).trim());
}

test('two methods are compared image by image, and their cuts drawn on one tree', async ({ page }) => {
  await openTiny(page);
  await setFineTune(page, 'Epochs', '0');
  await carryOut(page);
  await page.getByRole('button', { name: /^Importance/ }).click();
  await page.getByRole('menuitem', { name: /^Random/ }).click();
  await settled(page);
  await carryOut(page);

  const ticks = panel(page, 'Runs').getByRole('row').filter({ hasText: 'this browser' }).getByRole('checkbox');
  await ticks.nth(0).check();
  await ticks.nth(1).check();
  await panel(page, 'Runs').getByRole('button', { name: 'Compare 2 ticked' }).click();
  const compare = panel(page, 'Compare');
  await expect(compare.getByRole('columnheader')).toHaveCount(4);
  await expect(compare.getByRole('rowheader', { name: 'Forward pass' })).toBeVisible({ timeout: patience });
  await expect(panel(page, 'Network')).toContainText(/cut by.*1 Random.*2 L1/);

  // The verdict is what the interval says, and the flips are those the figures count.
  const [verdicts, intervals, lost] = [
    await line(page, 'Verdict'),
    await line(page, '95 % interval'),
    await line(page, 'Images lost, gained'),
  ];
  expect(verdicts[0]).toBe('–');
  for (const at of [1, 2]) {
    const [low = NaN, high = NaN] = (intervals[at] ?? '').replaceAll('\u2212', '-').split(' to ').map(Number);
    const said = low > 0 ? 'better' : high < 0 ? 'worse' : 'not distinguishable';
    if (low !== 0 && high !== 0) expect(verdicts[at]).toBe(said);
  }
  const kept = (await line(page, 'Compute kept')).map((text) => Number.parseFloat(text));
  expect(kept[0]).toBe(100);
  expect(kept[1]).toBeLessThan(60);

  await compare.getByRole('tab', { name: 'Images' }).click();
  const flips = compare.getByRole('tabpanel').getByRole('listitem');
  await expect(flips.first()).toBeVisible({ timeout: patience });
  const margins = async (): Promise<number[]> => {
    const texts = (await flips.allInnerTexts()).map((text) => text.replaceAll('\u2212', '-'));
    return texts.map((text) => {
      const [before = 0, after = 0] = [...text.matchAll(/[+-]\d\.\d\d/g)].map(([figure]) => Number(figure));
      return Math.abs(before - after);
    });
  };
  const changes = await margins();
  expect(changes.length).toBeGreaterThan(0);
  for (const [at, change] of changes.entries()) expect(change).toBeLessThanOrEqual((changes[at - 1] ?? 2) + 0.011);
  await compare.getByRole('button', { name: /^Images shown/ }).click();
  const [onlyOriginal = ''] = (lost[1] ?? '').split(', ');
  await page.getByRole('menuitem', { name: `${onlyOriginal} lost` }).click();
  for (const text of await flips.allInnerTexts()) expect(text).toContain('Original rightly says');

  await compare.getByRole('tab', { name: 'Layers' }).click();
  await expect(compare.getByRole('rowheader', { name: 'stem' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(panel(page, 'Trade-off')).toBeVisible();
});
