/** Parts of the page come when they are first needed. Where one does not arrive, the page says so and goes on. */
import { expect, test, type Page } from '@playwright/test';
import { panel, patience } from './steps';

/** Until it is mended, requests for a file of that name find no network. */
async function cutOff(page: Page, name: RegExp): Promise<{ readonly mend: () => void }> {
  let isCut = true;
  await page.route(name, (route) => (isCut ? route.abort('internetdisconnected') : route.continue()));
  return {
    mend: () => {
      isCut = false;
    },
  };
}

for (const [what, file] of [
  ['its script', /experiments-pane-[^/]*\.js$/],
  ['its style sheet', /experiments-pane-[^/]*\.css$/],
] as const) {
  test(`a part whose file does not arrive (${what}) says so in its place, and comes when tried again`, async ({
    page,
  }) => {
    await page.goto('./');
    const network = await cutOff(page, file);
    await page.getByRole('button', { name: 'Experiments', exact: true }).click();
    const failure = page.getByRole('alert').filter({ hasText: 'The experiments could not be loaded' });
    await expect(failure).toContainText('Try again; if that does not help, reload the page', {
      timeout: patience,
    });
    // The rest of the page is what it was.
    await expect(panel(page, 'Network')).toBeVisible();
    await expect(page.getByRole('banner')).toContainText('parameters', { timeout: patience });
    network.mend();
    await failure.getByRole('button', { name: 'Try again' }).click();
    await expect(panel(page, 'Experiments')).toBeVisible({ timeout: patience });
    await expect(failure).toHaveCount(0);
    // Set by its own sheet: the page's letters are larger.
    await expect(panel(page, 'Experiments').getByText('Carry out a cut')).toHaveCSS('font-size', '12px');
  });
}
