/** A network that looks again: trained on the page until its second look is better than its first, cut, taken away. */
import { fromBinary } from '@bufbuild/protobuf';
import { expect, test, type Page } from '@playwright/test';
import { ModelProtoSchema } from 'onnx-buf';
import { readNetworkFile } from '../workers/formats/network-file';
import { openNetworkFiles } from '../workers/formats';
import { compare } from '../workers/formats/onnx/runtime-for-tests';
import { networkCosts } from '../workers/network/costs';
import {
  bytesOf,
  chooseMethod,
  dropFile,
  expectFinished,
  expectMeasured,
  exportNetwork,
  headline,
  keptShare,
  newestRun,
  openInHaste,
  panel,
  patience,
  plain,
  readProof,
  setNumber,
  startButton,
} from './steps';

test.setTimeout(600_000);

/** Cue rods few enough for two cores; the network that came with them gives way to the one chosen in the menu. */
const fewRods = {
  version: 1,
  name: 'few cue rods',
  seed: 1,
  network: { source: 'gated', backbone: 'shallow', passes: 2, routing: 'top' },
  data: { source: 'cuerods', train: 1500, validation: 64, test: 64 },
  stages: [{ stage: 'evaluate', split: 'test' }],
};

/** mIoU after 1, 2, 3 ... looks, in %, from the last line of the table of classes. */
async function readLooks(page: Page): Promise<readonly number[]> {
  await page.getByRole('tab', { name: 'Look by look' }).click();
  const total = page.getByRole('tabpanel').getByRole('row', { name: /^mean \(mIoU\)/ });
  await expect(total).toBeVisible({ timeout: patience });
  return (await total.getByRole('cell').allInnerTexts()).map((text) => Number.parseFloat(text));
}

/** Look the sheet shows as chosen. */
const chosenLook = async (page: Page): Promise<string> =>
  plain(
    await page.getByRole('radiogroup', { name: 'Look', exact: true }).getByRole('radio', { checked: true }).innerText(),
  );

test('DIGNet: trained in the page its second look beats its first, its looks are scrubbed, its cut is exact, its ONNX runs', async ({
  page,
}, info) => {
  await openInHaste(page);
  await dropFile(page, 'few-rods.json', Buffer.from(JSON.stringify(fewRods)));
  const networks = page.getByRole('banner').getByRole('button', { name: /^RIGNet/ });
  await networks.click({ timeout: patience });
  await page.getByRole('menuitem', { name: /^DIGNet, 3 looks/ }).click();
  await expect(page.getByRole('banner')).toContainText('27,380 parameters', { timeout: patience });
  await expect(headline(page)).toContainText(/A network that looks 3 times/, { timeout: patience });

  // Untrained, every look says the same: nothing can have been won yet.
  const before = await readLooks(page);
  expect(Math.abs((before[1] ?? NaN) - (before[0] ?? NaN))).toBeLessThan(3);

  await page.getByRole('navigation', { name: 'Recipe' }).getByRole('button', { name: 'Train', exact: true }).click();
  await setNumber(page, 'Epochs', '4');
  await startButton(page).click();
  await expectFinished(page);
  await newestRun(page).hover();
  await newestRun(page)
    .getByRole('button', { name: /^Open / })
    .click();
  await expect(headline(page)).toContainText(/reaches [\d.]+\s%/, { timeout: patience });
  await expect
    .poll(async () => (await readLooks(page))[1] ?? 0, { timeout: patience })
    .toBeGreaterThan(before[1] ?? NaN);
  const [first = NaN, second = NaN] = await readLooks(page);
  info.annotations.push({ type: 'mIoU by look', description: (await readLooks(page)).join(', ') });
  expect(second - first).toBeGreaterThan(5);
  expect(plain(await headline(page).textContent())).toContain(`one look, 1.89 M, gets ${first.toFixed(1)} %`);

  await page.getByRole('tab', { name: 'Maps', exact: true }).click();
  const sheet = page.getByRole('radiogroup', { name: 'Look', exact: true });
  const ours = panel(page, 'Trade-off').getByRole('group', { name: 'Accuracy look by look' });
  await expect(ours).toContainText('3 looks');
  await sheet.getByRole('radio', { name: /^look 2/ }).click();
  expect(await chosenLook(page)).toContain(`${second.toFixed(1)} %`);
  await expect(headline(page)).toContainText('A network that looks 2 times');
  await page.keyboard.press('1');
  await expect(sheet.getByRole('radio', { name: /^look 1/ })).toBeChecked();
  await expect(headline(page)).toContainText('A network that looks once');
  await page.keyboard.press('3');
  await expect(sheet.getByRole('radio', { name: /^look 3/ })).toBeChecked();
  await expect(page.getByRole('tabpanel')).toContainText('gate, stage 3');

  await page.locator('canvas', { hasText: 'prediction at look 2' }).click();
  const evidence = page.getByRole('tabpanel').getByRole('list').filter({ hasText: 'gates' });
  await expect(evidence.getByRole('listitem')).toHaveCount(4, { timeout: patience });
  await expect(evidence.getByRole('listitem').nth(0)).toContainText('no gates');
  await expect(evidence.getByRole('listitem').nth(1)).toContainText(/look 2 .* [\d.]+\s%gates [\d.]+, [\d.]+, [\d.]+/);
  await expect(page.locator('canvas', { hasText: 'evidence at look 2' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(evidence).toHaveCount(0);

  await chooseMethod(page, 'L1 norm');
  const recipe = page.getByRole('navigation', { name: 'Recipe' });
  await recipe.getByRole('button', { name: 'Prune', exact: true }).click();
  await setNumber(page, 'Compute kept', '60%');
  await recipe.getByRole('button', { name: 'Fine-tune', exact: true }).click();
  await setNumber(page, 'Epochs', '0');
  await expect(headline(page)).toContainText(/mIoU drops from .* to .* at the cut/, { timeout: patience });
  await expectMeasured(page);
  await startButton(page).click();
  await expectFinished(page);
  expect(await readProof(page)).toBeLessThanOrEqual(1e-3);
  const share = await keptShare(page);
  expect(share).toBeLessThanOrEqual(60);
  expect(share).toBeGreaterThan(50);

  const stored = await exportNetwork(page, 'Cut network');
  const { network } = await readNetworkFile(new Blob([await bytesOf(stored)]), 'cut');
  const taken = await exportNetwork(page, 'ONNX');
  const onnx = await bytesOf(taken);
  const { network: back } = await openNetworkFiles([new File([onnx], taken.suggestedFilename())]);
  expect(networkCosts(back.graph).macs).toBe(networkCosts(network.graph).macs);
  expect(networkCosts(back.graph).parameters).toBe(networkCosts(network.graph).parameters);

  // One answer for every look, the same as the safetensors file gives in double precision.
  const { difference, dims } = await compare(
    { ...network, meta: { ...network.meta, origin: back.meta.origin } },
    onnx,
    2,
  );
  expect(dims).toEqual(Array.from({ length: 3 }, () => [2, 4, 32, 32]));
  expect(difference).toBeLessThan(1e-4);
  const { graph } = fromBinary(ModelProtoSchema, onnx);
  const kernels = graph?.initializer.filter((tensor) => tensor.dims.length === 4).map(({ name }) => name) ?? [];
  const readers = (name: string): number => graph?.node.filter(({ input }) => input.includes(name)).length ?? 0;
  // Stages 1 to 3 and the head are read at each of three looks, the ways back at the second and third, the stem once.
  const byReaders = [1, 2, 3].map((count) => kernels.filter((name) => readers(name) === count).length);
  expect(byReaders).toEqual([1, 7, 4]);
});
