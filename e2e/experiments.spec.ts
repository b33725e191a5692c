/** Every step of a run is a network that opens again exactly; another way can be gone from each. */
import { expect, test, type Locator, type Page } from '@playwright/test';
import { carryOut, headline, openTiny, panel, patience, setFineTune, settled } from './steps';

test.setTimeout(900_000);

const experiments = (page: Page): Locator => panel(page, 'Experiments');
const node = (page: Page, name: RegExp): Locator => experiments(page).getByRole('treeitem', { name });
const hashOf = async (page: Page): Promise<string> =>
  (await experiments(page).getByRole('region', { name: 'The chosen step' }).locator('code').getAttribute('title')) ??
  '';

async function openExperiments(page: Page): Promise<void> {
  await panel(page, 'Runs').getByRole('button', { name: 'Experiments' }).click();
  await expect(experiments(page)).toBeVisible();
}

test('a step is forked, and opens with the same hash after a reload', async ({ page }) => {
  await openTiny(page);
  await setFineTune(page, 'Epochs', '0');
  await carryOut(page);
  await openExperiments(page);
  await expect(experiments(page).getByRole('treeitem')).toHaveCount(3);

  // By keyboard along the branch: what was opened, the cut, the recalibrated network.
  await experiments(page).getByRole('treeitem').first().focus();
  await page.keyboard.press('ArrowRight');
  await expect(node(page, /^right after the cut/)).toBeFocused();
  const hash = await hashOf(page);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  await experiments(page).getByRole('button', { name: 'Rename' }).click();
  await experiments(page).getByRole('textbox', { name: 'Name' }).fill('before statistics');
  await page.keyboard.press('Enter');
  await expect(node(page, /^before statistics/)).toBeVisible();

  await experiments(page).getByRole('button', { name: 'Fork' }).click();
  await expect(experiments(page)).toContainText('open now: equal', { timeout: patience });
  await expect(headline(page)).toContainText(/Accuracy drops from .* to .* at the cut/, { timeout: patience });
  await carryOut(page);
  // The new run hangs on the step it was forked from, one step further right than that.
  await expect(experiments(page).getByRole('treeitem')).toHaveCount(5);
  const levels = await experiments(page)
    .getByRole('treeitem')
    .evaluateAll((items) =>
      items.map((item) => `${item.getAttribute('aria-level')} ${item.ariaLabel?.split(/[,\d]/)[0]?.trim()}`),
    );
  expect(levels.map((text) => Number(text.split(' ')[0]))).toEqual([1, 2, 3, 3, 4]);

  await page.reload();
  await settled(page);
  await openExperiments(page);
  await node(page, /^before statistics/).click();
  expect(await hashOf(page)).toBe(hash);
  await experiments(page).getByRole('button', { name: 'Open', exact: true }).click();
  await expect(experiments(page)).toContainText('open now: equal', { timeout: patience });

  // Deleting the first run leaves what began from it.
  await experiments(page).getByRole('button', { name: 'Delete run' }).click();
  await experiments(page).getByRole('button', { name: 'Delete for good' }).click();
  await expect(experiments(page).getByRole('treeitem')).toHaveCount(3, { timeout: patience });
  await expect(node(page, /^a network no longer kept/)).toBeVisible();
});
