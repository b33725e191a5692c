/** Links and setup files: what is set up here opens elsewhere as the same, and what is missing is asked for. */
import { expect, test, type Page } from '@playwright/test';
import {
  budget,
  bytesOf,
  dropFile,
  headline,
  inFreshProfile,
  notices,
  openStudio,
  openTiny,
  patience,
  plain,
  settled,
  tinyNetworkFile,
} from './steps';

test.setTimeout(900_000);

/** The link of what is set up, from the sheet of the top bar. */
async function readLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Share link' }).click();
  const link = page.getByRole('textbox', { name: 'Link' });
  await expect(link).toHaveValue(/#s=/);
  const address = await link.inputValue();
  await page.keyboard.press('Escape');
  return address;
}

/** Sets the budget on the line and waits until its cut is measured. */
async function setBudget(page: Page, presses: readonly string[]): Promise<string> {
  await budget(page).focus();
  for (const key of presses) await page.keyboard.press(key);
  await settled(page);
  return plain(await headline(page).textContent());
}

test('a link opens the same candidate with the same numbers in a fresh profile', async ({ page, browser }) => {
  await openStudio(page);
  await page.getByRole('banner').getByRole('button').first().click();
  await page.getByRole('menuitem', { name: /^ResNet-8 .*test set/ }).click();
  await expect(page.getByRole('banner')).toContainText('12.5\u00a0M', { timeout: patience });
  await settled(page);
  const said = await setBudget(page, ['Shift+ArrowLeft', 'Shift+ArrowLeft', 'ArrowLeft']);
  expect(said).toMatch(/^Keeping 39 %/);
  const link = await readLink(page);
  expect(link.length).toBeLessThan(900);

  await inFreshProfile(browser, async (fresh) => {
    await openStudio(fresh, link);
    await expect(headline(fresh)).toHaveText(said.replaceAll(' %', '\u00a0%').replace(' M ', '\u00a0M '));
    await expect(fresh.getByRole('banner')).toContainText('ResNet-8');
  });
});

test('a link to a dropped network names its hash, waits for the file, and says when it is another', async ({
  page,
  browser,
}) => {
  await openTiny(page, [4, 6, 8]);
  const said = await setBudget(page, ['Shift+ArrowLeft']);
  const link = await readLink(page);

  await inFreshProfile(browser, async (fresh) => {
    await fresh.goto(link);
    await expect(notices(fresh)).toContainText(/"tiny\.safetensors" \(SHA-256 [0-9a-f]{16}…\)/, { timeout: patience });
    await dropFile(fresh, 'other.safetensors', await tinyNetworkFile([3, 6, 8]));
    await expect(notices(fresh)).toContainText('This is not the network of the setup', { timeout: patience });
    await dropFile(fresh, 'renamed.safetensors', await tinyNetworkFile([4, 6, 8]));
    await expect(headline(fresh)).toHaveText(/^Keeping 45\s%/, { timeout: patience });
    await settled(fresh);
    expect(plain(await headline(fresh).textContent())).toBe(said);
  });
});

test('a setup saved as a file opens by being dropped; a wrong one is refused with its place', async ({ page }) => {
  await openTiny(page);
  const said = await setBudget(page, ['Shift+ArrowLeft']);
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Share link' }).click();
  await page.getByRole('button', { name: 'Save as a file' }).click();
  const file = await bytesOf(await saved);
  await page.keyboard.press('Escape');
  await setBudget(page, ['End']);
  await dropFile(page, 'mine.setup.json', file);
  await expect(headline(page)).toHaveText(/^Keeping 45\s%/, { timeout: patience });
  await settled(page);
  expect(plain(await headline(page).textContent())).toBe(said);

  const text = Buffer.from(file).toString().replace('"budget": 0.45', '"budget": 45');
  await dropFile(page, 'wrong.setup.json', Buffer.from(text));
  await expect(notices(page)).toContainText(/"wrong\.setup\.json" is wrong at "recipe\.stages\.1\.budget"/);
  await dropFile(page, 'torn.json', Buffer.from('{ "kind": '));
  await expect(notices(page)).toContainText('"torn.json" is not JSON');
});
