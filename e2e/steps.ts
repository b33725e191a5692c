/** What a person does on the page and reads from it: the words all walks share. Found by role and name, as they would. */
import { readFile } from 'node:fs/promises';
import { expect, type Browser, type Download, type Locator, type Page } from '@playwright/test';
import { writeNetworkFile } from '../workers/formats/network-file';
import { buildZooNetwork } from '../workers/network/zoo';

/** Scoring, checking and training share two cores with the browser: a person waits too. */
export const patience = 240_000;

/** Text with plain spaces: the page sets non-breaking ones before units. */
export const plain = (text: string | null): string => (text ?? '').replaceAll('\u00a0', ' ');

export const panel = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true });
export const headline = (page: Page): Locator => page.getByRole('heading', { level: 1 });
/** The line in the chart; the number in the sentence is a slider of the same name. */
export const budget = (page: Page): Locator => panel(page, 'Trade-off').getByRole('slider', { name: 'Compute budget' });
export const measuredPoints = (page: Page): Locator =>
  page.getByRole('group', { name: 'Measured networks' }).getByRole('button');
export const notices = (page: Page): Locator => page.getByRole('region', { name: 'Notices' });

/** The mark of the cut itself; the picture is hidden from assistive technology, so its name is in the markup alone. */
const cutMark = (page: Page): Locator => panel(page, 'Trade-off').locator('[data-part="cut"]');

/** Opens the studio and waits until its network is drawn, scored, measured and its first cut checked. */
export async function openStudio(page: Page, address = './'): Promise<void> {
  await page.goto(address);
  await settled(page);
}

/** Opens the studio and waits no longer than until there is a network: for those who bring another at once. */
export async function openInHaste(page: Page): Promise<void> {
  await page.goto('./');
  await expect(headline(page)).toContainText('multiply-adds', { timeout: patience });
}

/** Opens the studio and, without waiting for the shipped network, a tiny untrained one of the given widths. */
export async function openTiny(page: Page, widths?: readonly number[]): Promise<void> {
  await openInHaste(page);
  await dropFile(page, 'tiny.safetensors', await tinyNetworkFile(widths));
  // The network of the first visit has more than 99,999 parameters.
  await expect(page.getByRole('banner')).toContainText(/multiply-adds, [\d,]{3,6} parameters/, { timeout: patience });
  await settled(page);
}

/** The network on the page is scored and its cut was checked on real images. */
export async function settled(page: Page): Promise<void> {
  await expect(headline(page)).toContainText(/Keeping .* of the compute (removes|truncates)/, { timeout: patience });
  await expect(headline(page)).toContainText(/Accuracy drops from .* to .* at the cut|Nothing is cut/, {
    timeout: patience,
  });
  await expectMeasured(page);
}

/** The check of the present cut has arrived: its marker is filled, or an arrow says that it lies under the axis. */
export async function expectMeasured(page: Page): Promise<void> {
  await expect(headline(page)).not.toContainText('≈', { timeout: patience });
  await expect(panel(page, 'Trade-off')).not.toContainText('checking the cut', { timeout: patience });
  await expect
    .poll(
      async () =>
        (await cutMark(page).getAttribute('data-measured')) === 'true' ||
        (await panel(page, 'Trade-off').locator('[data-part="below"]').isVisible()),
      { timeout: patience },
    )
    .toBe(true);
}

/** The cut's marker is hollow, or not drawn: nothing measured is claimed of the present plan. */
export const isHollow = async (page: Page): Promise<boolean> =>
  (await cutMark(page).getAttribute('data-measured')) !== 'true';

/** Of the plan, from the sentence: what goes and what is left. */
export async function readPlan(page: Page): Promise<{ readonly removed: number; readonly macs: string }> {
  const text = plain(await headline(page).textContent());
  const found = /removes ([\d,]+) of [\d,]+ filters and leaves ([\d.]+ ?[kMG]?) multiply-adds/.exec(text);
  if (found === null) throw new Error(`The sentence names no plan: "${text}"`);
  return { removed: Number((found[1] ?? '').replaceAll(',', '')), macs: (found[2] ?? '').trim() };
}

/** Presses the budget line with the mouse and moves it until it reads `percent`; the button stays down. */
export async function pullBudget(page: Page, percent: number): Promise<void> {
  const box = await budget(page).boundingBox();
  if (box === null) throw new Error('The budget line is not drawn.');
  // By its flag: further down, points that stand on the line take the pointer.
  await page.mouse.move(box.x + box.width / 2, box.y + 8);
  await page.mouse.down();
  await moveBudget(page, percent);
}

/** Moves the held budget line to `percent`, within half of one: a pixel is a third of a percent. */
export async function moveBudget(page: Page, percent: number): Promise<void> {
  const read = async () => {
    const box = await budget(page).boundingBox();
    if (box === null) throw new Error('The budget line is not drawn.');
    const value = Number(await budget(page).getAttribute('aria-valuenow'));
    return { x: box.x + box.width / 2, y: box.y + 8, value };
  };
  const from = await read();
  await page.mouse.move(from.x + (percent > from.value ? 40 : -40), from.y, { steps: 4 });
  // The line is drawn in the frame after the pointer moved.
  await expect.poll(async () => Math.abs((await read()).value - from.value), { timeout: patience }).toBeGreaterThan(5);
  const near = await read();
  const perPercent = (near.x - from.x) / (near.value - from.value);
  const correct = async (): Promise<number> => {
    const at = await read();
    const off = Math.abs(at.value - percent);
    if (off > 0.5) await page.mouse.move(at.x + (percent - at.value) * perPercent, from.y, { steps: 4 });
    return off;
  };
  await expect.poll(correct, { timeout: patience }).toBeLessThanOrEqual(0.5);
}

/** Sets a number in the open sheet of a stage, and closes the sheet. */
export async function setNumber(page: Page, field: string, value: string): Promise<void> {
  const box = page.getByRole('dialog').getByRole('textbox', { name: field, exact: true });
  await box.fill(value);
  await box.press('Enter');
  await expect(box).toHaveValue(value);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

/** Sets a number of the fine-tune stage through the recipe line. */
export async function setFineTune(page: Page, field: string, value: string): Promise<void> {
  await page
    .getByRole('navigation', { name: 'Recipe' })
    .getByRole('button', { name: 'Fine-tune', exact: true })
    .click();
  await setNumber(page, field, value);
}

/** Chooses the method in the stage that decides, and the epochs it trains for if it does. */
export async function chooseMethod(page: Page, method: string, epochs?: string): Promise<void> {
  const recipe = page.getByRole('navigation', { name: 'Recipe' });
  await recipe.getByRole('button', { name: /^(Score|Train|Decompose)$/ }).click();
  await page.getByRole('dialog').getByRole('combobox', { name: 'Method' }).selectOption({ label: method });
  if (epochs === undefined) {
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    return;
  }
  await setNumber(page, 'Epochs', epochs);
  await expect(recipe).toContainText(`${epochs} epochs`);
}

/** What starts the recipe as it stands; a run under way puts Pause in its place. */
export const startButton = (page: Page): Locator =>
  page.getByRole('button', { name: /^((Fine-tune|Carry out) this (cut|truncation)|Train with .+)$/ });

/** The line of the newest run in the table. */
export const newestRun = (page: Page): Locator =>
  panel(page, 'Runs').getByRole('row').filter({ hasText: 'this browser' }).first();

/** Carries the recipe out as it stands, and waits for the end. */
export async function carryOut(page: Page): Promise<void> {
  await startButton(page).click();
  await expect(newestRun(page)).toContainText('running', { timeout: patience });
  await expectFinished(page);
}

/** As another person, who was never here: a page that shares nothing with the others. */
export async function inFreshProfile<T>(browser: Browser, job: (fresh: Page) => Promise<T>): Promise<T> {
  const elsewhere = await browser.newContext();
  try {
    return await job(await elsewhere.newPage());
  } finally {
    await elsewhere.close();
  }
}

/** Largest difference of a logit by the last run's cut, from the strip. */
export async function readProof(page: Page): Promise<number> {
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
export async function keptShare(page: Page): Promise<number> {
  const cells = await newestRun(page).getByRole('cell').allInnerTexts();
  return Number.parseFloat(plain(cells[3] ?? ''));
}

/** The newest run came to its end: nothing trains, and its line names a source without a state. */
export async function expectFinished(page: Page, timeout = patience): Promise<void> {
  await expect(startButton(page)).toBeVisible({ timeout });
  const source = newestRun(page).getByRole('cell', { name: /^this browser(, [\w.-]+\.safetensors)?$/ });
  await expect(source).toBeVisible({ timeout });
}

/** Name, hash and measured accuracy of the open network, from the first stage of the recipe. */
export async function readOpenNetwork(page: Page): Promise<{ hash: string; accuracy: string; cost: string }> {
  await settled(page);
  const recipe = page.getByRole('navigation', { name: 'Recipe' });
  await recipe.getByRole('button').first().click();
  const sheet = page.getByRole('dialog');
  await expect(sheet).toContainText(/[\d.]+\s%\son validation images/, { timeout: patience });
  const text = plain(await sheet.textContent());
  await page.keyboard.press('Escape');
  const hash = /SHA-256 ([0-9a-f]{16})/.exec(text)?.[1] ?? '';
  const accuracy = /([\d.]+ %) on validation images/.exec(text)?.[1] ?? '';
  const cost = /[\d.]+ [kMG]? ?multiply-adds, [\d,]+ parameters/.exec(
    plain(await page.getByRole('banner').innerText()),
  )?.[0];
  return { hash, accuracy, cost: cost ?? '' };
}

/** Opens the network the newest run made, as the table offers it. */
export async function openResult(page: Page): Promise<Awaited<ReturnType<typeof readOpenNetwork>>> {
  await newestRun(page).hover();
  await newestRun(page)
    .getByRole('button', { name: /^Open / })
    .click();
  await expect(page.getByRole('banner')).not.toContainText('…', { timeout: patience });
  return readOpenNetwork(page);
}

/** What the Export menu calls the ways out, as far as walks take them. */
type ExportEntry =
  | 'Cut network'
  | 'Network'
  | 'ONNX'
  | 'TF.js LayersModel'
  | 'PyTorch source and weights'
  | 'Keras source and weights'
  | 'Everything as one zip';

/** Takes a network away through the Export menu: of the newest run where there is one, else the one that is open. */
export async function exportNetwork(page: Page, entry: ExportEntry): Promise<Download> {
  const download = page.waitForEvent('download', { timeout: patience });
  await page.getByRole('button', { name: 'Export', exact: true }).first().click();
  await page
    .getByRole('menuitem', { name: new RegExp(`^${entry}\\b`) })
    .first()
    .click();
  return download;
}

/** What was taken away. */
export const bytesOf = async (download: Download): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await readFile(await download.path()));

/** Opens files of the disk together by the button of the top bar. */
export async function chooseFile(page: Page, ...paths: readonly string[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open file' }).click();
  await (await chooser).setFiles([...paths]);
}

/** Drops bytes on the page as a file. */
export async function dropFile(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ name, base64 }) => {
      const data = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const files = new DataTransfer();
      files.items.add(new File([data], name));
      return files;
    },
    { name, base64: Buffer.from(bytes).toString('base64') },
  );
  for (const type of ['dragover', 'drop']) await headline(page).dispatchEvent(type, { dataTransfer: transfer });
  await transfer.dispose();
}

/** A network small enough for a GPU that is simulated: ResNet-8 of few filters, untrained. */
export const tinyNetworkFile = (widths: readonly number[] = [4, 6, 8]): Promise<Uint8Array> =>
  writeNetworkFile(buildZooNetwork({ architecture: 'resnet8', widths, seed: 7 }));

/** Chooses what computes through the device badge, and waits until it says so. */
export async function chooseDevice(page: Page, choice: 'Use WebGPU' | 'Use WASM'): Promise<void> {
  const badge = page.getByRole('banner').getByRole('button', { name: /^Device:/ });
  await badge.click();
  await page.getByRole('dialog').getByRole('button', { name: choice }).click();
  await page.keyboard.press('Escape');
  await expect(badge).toContainText(choice === 'Use WebGPU' ? /WebGPU/ : /WASM/, { timeout: patience });
}

/** Walks the page with Tab until `target` has the focus. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  const isFocused = () => target.evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < 120; presses += 1) {
    if (await isFocused()) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`120 presses of Tab did not reach ${String(target)}.`);
}
