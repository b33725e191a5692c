/** The recovery ladder: curves over all budgets, measured in the background, out of everybody's way. */
import { expect, test, type Page } from '@playwright/test';
import { budget, expectMeasured, headline, openStudio, panel, patience, plain } from './steps';

test.setTimeout(900_000);

const rungs = (page: Page) => panel(page, 'Trade-off').locator('[data-rung]');

/** Budgets the ladder has measured, from the words over the chart. */
async function budgetsDone(page: Page): Promise<number> {
  const text = plain(await panel(page, 'Trade-off').textContent());
  return Number(/(\d+) budgets/.exec(text)?.[1] ?? NaN);
}

test('the recovery ladder fills by itself, gives way to a dragged budget, goes on, and is remembered', async ({
  page,
}) => {
  await openStudio(page);
  const ladder = page.getByRole('button', { name: 'Recovery ladder' });
  await expect(rungs(page)).toHaveCount(0);
  await ladder.click();
  await expect(panel(page, 'Trade-off')).toContainText('measuring …', { timeout: patience });

  // A budget that was never checked is checked at once: the ladder is left where it was.
  await budget(page).focus();
  await page.keyboard.press('Shift+ArrowRight');
  await expect(headline(page)).toHaveText(/^Keeping 55\s%/);
  await expectMeasured(page);
  const before = await budgetsDone(page);
  expect(before).toBeLessThan(7);

  // It goes on when the studio is left alone.
  await expect.poll(() => budgetsDone(page), { timeout: patience }).toBeGreaterThan(before);
  await expect(rungs(page)).toHaveCount(3);
  await expect.poll(() => budgetsDone(page), { timeout: 2 * patience }).toBeGreaterThanOrEqual(2);
  // The line reads the ladder where it stands, and what fine-tuning gave.
  await page.keyboard.press('Shift+ArrowLeft');
  const readout = panel(page, 'Trade-off').locator('[data-part="readout"]');
  for (const rung of ['after fine-tuning', 'reconstructed', 'recalibrated', 'right after the cut']) {
    await expect(readout).toContainText(rung);
  }

  await page.reload();
  await expect(ladder).toHaveAttribute('aria-pressed', 'true', { timeout: patience });
});
