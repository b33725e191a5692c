/** The published methods, chosen and carried out on the page. */
import { expect, test, type Page } from '@playwright/test';
import { readNetworkFile } from '../workers/formats/network-file';
import { treeRows } from '../workers/network/rows';
import {
  bytesOf,
  chooseMethod,
  dropFile,
  expectFinished,
  expectMeasured,
  exportNetwork,
  inFreshProfile,
  keptShare,
  measuredPoints,
  newestRun,
  openResult,
  openTiny,
  panel,
  patience,
  plain,
  readOpenNetwork,
  readProof,
  settled,
  startButton,
  tinyNetworkFile,
} from './steps';

test.setTimeout(900_000);

/** From now on the page notes every number that the strip shows behind `name`, however briefly it stands there. */
async function noteReadouts(page: Page, name: string): Promise<() => Promise<readonly number[]>> {
  const seen = await page.evaluateHandle((label) => {
    const values: number[] = [];
    new MutationObserver(() => {
      // A run's strip is not the idle one's element.
      const strip = document.querySelector('[aria-label="Training"]');
      const shown = new RegExp(`${label}([\\d.]+)`).exec(strip?.textContent ?? '')?.[1];
      if (shown !== undefined && Number(shown) !== values.at(-1)) values.push(Number(shown));
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
    return values;
  }, name);
  return () => seen.jsonValue();
}

test('C-SGD: a knob is turned, filters become identical, merging them is at rounding level; a reload forgets nothing', async ({
  page,
}) => {
  await openTiny(page);
  await chooseMethod(page, 'Centripetal SGD', '6');
  await startButton(page).click();
  await expect(page.getByRole('tab', { name: 'Clusters' })).toBeVisible({ timeout: patience });
  const strength = panel(page, 'Training').getByRole('slider', { name: /^Strength/ });
  expect(await strength.getAttribute('aria-valuetext')).toBe('0.3');
  await strength.press('PageUp');
  // A tenth of the way from 0.001 to 10, on a logarithmic scale: 0.3 x 10^0.4.
  await expect(strength).toHaveAttribute('aria-valuetext', '0.75');
  await expectFinished(page);
  expect(await readProof(page)).toBeLessThanOrEqual(1e-3);
  expect(await keptShare(page)).toBeLessThanOrEqual(50);
  await expect(newestRun(page)).toContainText('knobs turned');

  await openTiny(page);
  await expect(newestRun(page)).toContainText('knobs turned');
  await page.getByRole('tab', { name: 'Clusters' }).click({ timeout: patience });
  const members = page.getByRole('tabpanel').getByRole('list', { name: 'Clusters' });
  await expect(members.getByRole('button').first()).toBeVisible({ timeout: patience });
});

test('Dagger: the predicted cost comes down to the budget, and the cut keeps it within one per cent', async ({
  page,
}) => {
  // Filters enough that the cheapest is worth less than one per cent.
  await openTiny(page, [8, 12, 16]);
  await chooseMethod(page, 'Dagger', '4');
  const targets = await noteReadouts(page, 'target share');
  const predictions = await noteReadouts(page, 'predicted share');
  await startButton(page).click();
  await expect(page.getByRole('tab', { name: 'Gates' })).toBeVisible({ timeout: patience });
  await expectFinished(page);
  expect(await targets()).toEqual([50]);
  const shares = await predictions();
  expect(Math.abs((shares[0] ?? NaN) - 50)).toBeGreaterThan(5);
  expect(Math.abs((shares.at(-1) ?? NaN) - 50)).toBeLessThanOrEqual(1);
  expect(await readProof(page)).toBeLessThanOrEqual(1e-3);
  const share = await keptShare(page);
  expect(share).toBeLessThanOrEqual(50);
  expect(share).toBeGreaterThanOrEqual(49);
  expect(shares.at(-1)).toBe(share);
  await expect(measuredPoints(page).first()).toBeVisible();
});

test('TRP: a rank is dragged, ranks fall while it trains, the split is exact, the file reopens with the same accuracy', async ({
  page,
  browser,
}) => {
  await openTiny(page, [8, 12, 16]);
  await chooseMethod(page, 'Trained rank pruning', '2');
  await settled(page);
  await page.getByRole('tab', { name: 'Ranks' }).click({ timeout: patience });
  const handle = page.getByRole('slider', { name: /^Rank of/ });
  const label = plain(await handle.getAttribute('aria-label')).replace('Rank of ', '');
  const box = await handle.boundingBox();
  const plot = await handle.locator('xpath=..').boundingBox();
  if (box === null || plot === null) throw new Error('The rank handle is not drawn.');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(plot.x + plot.width / 4, box.y + box.height / 2, { steps: 6 });
  await expect(handle).toHaveAttribute('aria-valuetext', /^rank \d+, [\d.]+\s% of the energy$/);
  await page.mouse.up();
  const rank = Number(await handle.getAttribute('aria-valuenow'));
  expect(rank).toBeLessThan(8);
  await expectMeasured(page);
  await startButton(page).click();
  await expectFinished(page);
  expect(await readProof(page)).toBeLessThanOrEqual(1e-3);

  const download = await exportNetwork(page, 'Cut network');
  const bytes = await bytesOf(download);
  const { network } = await readNetworkFile(new Blob([bytes]), download.suggestedFilename());
  const last = network.meta.history.at(-1);
  const { network: tiny } = await readNetworkFile(new Blob([Buffer.from(await tinyNetworkFile([8, 12, 16]))]), 'tiny');
  const dragged = treeRows(tiny.graph).find((row) => row.label === label)?.layer ?? '';
  expect(last?.kind === 'decompose' ? last.ranks[dragged] : undefined).toBe(rank);

  const made = await openResult(page);
  await inFreshProfile(browser, async (fresh) => {
    await openTiny(fresh);
    await dropFile(fresh, download.suggestedFilename(), bytes);
    await expect(fresh.getByRole('banner')).toContainText(made.cost, { timeout: patience });
    expect(await readOpenNetwork(fresh)).toEqual(made);
  });
});
