/** The main way by keyboard alone: nothing here touches the mouse, and every control is reached by Tab. */
import { expect, test, type Page } from '@playwright/test';
import {
  budget,
  expectMeasured,
  headline,
  newestRun,
  openTiny,
  panel,
  patience,
  readPlan,
  setFineTune,
  startButton,
  tabTo,
} from './steps';

test.setTimeout(600_000);

const activeCell = (page: Page): Promise<string> =>
  page.getByRole('grid').evaluate((grid) => {
    const id = grid.getAttribute('aria-activedescendant');
    return (id === null ? null : document.getElementById(id))?.textContent ?? '';
  });

test('budget, tree, theme and a run, by keys', async ({ page }) => {
  await openTiny(page);

  await tabTo(page, budget(page));
  await page.keyboard.press('ArrowLeft');
  await expect(headline(page)).toContainText(/Keeping 49\s%/);
  await page.keyboard.press('Shift+ArrowLeft');
  await expect(headline(page)).toContainText(/Keeping 44\s%/);
  await expect(budget(page)).toHaveAttribute('aria-valuetext', /^44\s%, .* multiply-adds/);
  await page.keyboard.press('End');
  await expect(headline(page)).toContainText(/Keeping 100\s%.*removes 0 of/);
  await page.keyboard.press('Home');
  await expect(headline(page)).toContainText(/Keeping 5\s%/);
  await page.keyboard.press('Control+z');
  await expect(headline(page)).toContainText(/Keeping 100\s%/);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await expect(headline(page)).toContainText(/Keeping 49\s%/);
  await page.keyboard.press('Control+Shift+z');
  await expect(headline(page)).toContainText(/Keeping 44\s%/);
  await expectMeasured(page);

  const grid = page.getByRole('grid');
  await tabTo(page, grid);
  await page.keyboard.press('Home');
  const first = await activeCell(page);
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => activeCell(page)).not.toBe(first);
  await page.keyboard.press('Enter');
  await expect(grid.getByRole('row', { selected: true })).toHaveCount(1);
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => activeCell(page)).toMatch(/^Filter \d+, (kept|cut)/);
  const cell = await activeCell(page);
  await page.keyboard.press('Delete');
  const other = cell.includes(', kept') ? /, cut/ : /, kept/;
  await expect.poll(() => activeCell(page)).toMatch(other);
  await page.keyboard.press('Control+z');
  await expect.poll(() => activeCell(page)).toBe(cell);
  await page.keyboard.press('Escape');
  await page.keyboard.press('p');
  await expect(
    panel(page, 'Layer')
      .or(page.getByRole('main'))
      .getByRole('checkbox', { name: /^Protect/ }),
  ).toBeChecked();
  await page.keyboard.press('p');
  await expect(page.getByRole('checkbox', { name: /^Protect/ })).not.toBeChecked();

  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await tabTo(page, page.getByRole('button', { name: 'Use the dark theme' }));
  await page.keyboard.press('Enter');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('a run is started, paused, stepped, resumed and stopped by keys', async ({ page }) => {
  await openTiny(page);
  expect((await readPlan(page)).removed).toBeGreaterThan(0);
  await setFineTune(page, 'Epochs', '50');
  await tabTo(page, startButton(page));
  await page.keyboard.press('Enter');
  const strip = panel(page, 'Training');
  await expect(strip).toContainText(/step[1-9][\d,]* \/ 3,900/, { timeout: patience });
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press('Space');
  await expect(strip).toContainText(/, paused/, { timeout: patience });
  const stepNow = async () => Number(/step([\d,]+) \//.exec((await strip.textContent()) ?? '')?.[1]?.replace(',', ''));
  const paused = await stepNow();
  await page.keyboard.press('.');
  await expect.poll(stepNow, { timeout: patience }).toBe(paused + 1);
  await page.keyboard.press('Space');
  await expect(strip).toContainText(/, running/, { timeout: patience });
  await expect.poll(stepNow, { timeout: patience }).toBeGreaterThan(paused + 1);
  await tabTo(page, strip.getByRole('button', { name: 'Stop' }));
  await page.keyboard.press('Enter');
  await expect(startButton(page)).toBeVisible({ timeout: patience });
  await expect(newestRun(page)).toContainText('this browser, stopped', { timeout: patience });
});
