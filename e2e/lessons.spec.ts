/** A whole lesson by keyboard, a lesson from a file, and a recorded run played back. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { expectSound } from './sound';
import { budget, dropFile, headline, newestRun, notices, panel, patience, plain, tabTo } from './steps';

test.setTimeout(900_000);

const rail = (page: Page): Locator => page.getByRole('complementary', { name: 'Lesson' });
const stepTitle = (page: Page): Locator => rail(page).getByRole('heading', { level: 2 });

/** Presses "Next" by key once the studio has seen the step's target. */
async function goOn(page: Page, title: string): Promise<void> {
  const next = rail(page).getByRole('button', { name: 'Next' });
  await expect(next).toBeEnabled({ timeout: patience });
  await tabTo(page, next);
  await page.keyboard.press('Enter');
  await expect(stepTitle(page)).toHaveText(title);
  // Keyboard and screen reader go on where the step begins.
  await expect(stepTitle(page)).toBeFocused();
}

/** Chooses an entry of a menu by its first letters. */
async function pick(page: Page, button: Locator, entry: string): Promise<void> {
  await tabTo(page, button);
  await page.keyboard.press('Enter');
  await expect(
    page.getByRole('menuitem', { name: entry }).or(page.getByRole('menuitemradio', { name: entry })),
  ).toBeVisible();
  await page.keyboard.type(entry.slice(0, 3));
  await page.keyboard.press('Enter');
}

test('a lesson is followed to its end by keyboard, and its answers are taken along', async ({ page }) => {
  await page.goto('./');
  await tabTo(page, page.getByRole('button', { name: 'Lessons' }));
  await page.keyboard.press('Enter');
  const list = page.getByRole('dialog', { name: 'Lessons' });
  await expect(list.getByRole('listitem').first()).toContainText('Where compute goes');
  await expectSound(page, 'the list of lessons');
  await page.setViewportSize({ width: 1440, height: 900 });
  await tabTo(page, list.getByRole('button').first());
  await page.keyboard.press('Enter');
  await expect(stepTitle(page)).toHaveText('Many filters or many positions?');
  await expect(page.getByRole('banner')).toContainText('12.5\u00a0M', { timeout: patience });

  // The budget is the lesson's until a step gives it away.
  await tabTo(page, budget(page));
  await page.keyboard.press('Home');
  await expect(headline(page)).toHaveText(/^Keeping 100\s%/);
  await expect(notices(page)).toContainText('This step of the lesson does not change the budget.');

  await expect(rail(page).getByRole('button', { name: 'Next' })).toBeDisabled();
  await tabTo(page, rail(page).getByRole('radio').first());
  await page.keyboard.press('ArrowUp');
  await expect(rail(page).getByRole('radio', { name: 'both cost the same' })).toBeChecked();
  await goOn(page, 'One row, one layer');

  await expect(rail(page)).toContainText('Not yet');
  const grid = page.getByRole('grid');
  await tabTo(page, grid);
  for (let rows = 0; rows < 12; rows += 1) await page.keyboard.press('ArrowUp');
  for (let rows = 0; rows < 12 && !(await rail(page).textContent())?.includes('Done'); rows += 1) {
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
  }
  await expect(rail(page)).toContainText('Done', { timeout: patience });
  await expect(rail(page).getByRole('status').last()).toHaveText('Step 2 is done. Next is ready.');
  await goOn(page, 'Weights are another matter');

  await pick(page, page.getByRole('button', { name: 'multiply-adds' }).first(), 'weights');
  await goOn(page, 'Which filters are expensive?');
  await pick(page, page.getByRole('button', { name: 'weights' }).first(), 'multiply-adds');
  await tabTo(page, budget(page));
  for (let presses = 0; presses < 12; presses += 1) await page.keyboard.press('Shift+ArrowLeft');
  await expect(headline(page)).toHaveText(/^Keeping 40\s%/);
  await goOn(page, 'What a layer costs');
  await expect(rail(page).locator('math').first()).toBeVisible();
  await expectSound(page, 'a lesson');
  await page.setViewportSize({ width: 1440, height: 900 });

  await tabTo(page, rail(page).getByRole('textbox'));
  await page.keyboard.type('A quarter: half of what it reads, half of what it makes.');
  await tabTo(page, rail(page).getByRole('button', { name: 'Answer', exact: true }));
  await page.keyboard.press('Enter');
  const save = rail(page).getByRole('button', { name: 'Save my answers' });
  await expect(save).toBeEnabled();
  const saved = page.waitForEvent('download');
  await tabTo(page, save);
  await page.keyboard.press('Enter');
  const download = await saved;
  expect(download.suggestedFilename()).toBe('answers-where-compute-goes.json');
  expect(JSON.parse(await readFile(await download.path(), 'utf8'))).toMatchObject({
    lesson: { id: 'where-compute-goes' },
    stepsDone: '5 of 5',
    answers: [{ answer: 'both cost the same' }, { answer: 'A quarter: half of what it reads, half of what it makes.' }],
  });
});

test("a teacher's own lesson opens from a file; a wrong one is refused with its place", async ({ page }) => {
  await page.goto('./');
  const text = await readFile(new URL('../public/lessons/tied-filters.json', import.meta.url), 'utf8');
  await dropFile(page, 'mine.json', Buffer.from(text.replace('"id": "tied-filters"', '"id": "my-own"')));
  await expect(rail(page)).toContainText('Tied filters, step 1 of 6');
  await dropFile(page, 'wrong.json', Buffer.from(text.replace('"layer": "stem"', '"colour": "stem"')));
  await expect(notices(page)).toContainText(/"wrong\.json" is wrong at "steps\.3\.target\.all\.0\.colour"/);
});

test('a recorded run plays back with pause, step and its own figures, and says that it is a replay', async ({
  page,
}) => {
  const bytes = await readFile(new URL('../public/traces/dagger.trace', import.meta.url));
  const trace = JSON.parse(gunzipSync(bytes).toString()) as { run: { result: { accuracy: { final: number } } } };
  await page.goto('./');
  await page.getByRole('button', { name: 'Lessons' }).click();
  await page.getByRole('button', { name: 'Replay a recorded run of Dagger' }).click();
  const strip = panel(page, 'Training');
  await expect(strip).toContainText('Replay: ', { timeout: patience });
  const stepNow = async () => Number(/step([\d,]+) \//.exec((await strip.textContent()) ?? '')?.[1]?.replace(',', ''));
  await expect.poll(stepNow, { timeout: patience }).toBeGreaterThan(0);
  await strip.getByRole('button', { name: 'Pause' }).click();
  await expect(strip).toContainText(', paused');
  const paused = await stepNow();
  for (let beats = 0; beats < 4; beats += 1) await strip.getByRole('button', { name: 'Single step' }).click();
  await expect.poll(stepNow, { timeout: patience }).toBeGreaterThan(paused);
  await strip.getByRole('button', { name: 'Resume' }).click();
  await expect(strip).toContainText('Nothing is training', { timeout: patience });
  const line = panel(page, 'Runs').getByRole('row').filter({ hasText: 'replay of a recorded run' });
  const cells = (await line.getByRole('cell').allInnerTexts()).map(plain);
  expect(cells.join(' ')).toContain(`${(trace.run.result.accuracy.final * 100).toFixed(1)} %`);
  await expect(newestRun(page)).toHaveCount(0);
});

test('who is new is offered a tour that goes by keyboard and can be dismissed for good', async ({ page }) => {
  await page.goto('./');
  const welcome = page.getByRole('complementary', { name: 'Welcome' });
  await tabTo(page, welcome.getByRole('button', { name: 'Show me around' }));
  await page.keyboard.press('Enter');
  const tour = page.getByRole('region', { name: 'Tour' });
  for (const title of ['drawn as a tree', 'What it costs', 'One layer', 'What will be done', 'What was done']) {
    await expect(tour.getByRole('heading')).toContainText(title);
    await expect(tour.getByRole('heading')).toBeFocused();
    await tabTo(page, tour.getByRole('button', { name: title === 'What was done' ? 'Finish' : 'Next' }));
    await page.keyboard.press('Enter');
  }
  await expect(welcome).toHaveCount(0);
  await page.reload();
  await expect(panel(page, 'Training')).toBeVisible();
  await expect(welcome).toHaveCount(0);
});

test('charts are taken away as pictures, chosen runs as a report that needs nothing', async ({ page }) => {
  await page.goto('./');
  const take = async (entry: RegExp): Promise<Buffer> => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export', exact: true }).first().click();
    await page.getByRole('menuitem', { name: entry }).click();
    return readFile(await (await download).path());
  };
  const svg = (await take(/^Trade-off chart.*svg/)).toString();
  expect(svg).toMatch(/^<svg [^]*<path [^]*<\/svg>$/);
  expect(svg).not.toContain('var(--');
  const png = [0x89, 0x50, 0x4e, 0x47];
  expect([...(await take(/^Trade-off chart.*png/)).subarray(0, 4)]).toEqual(png);
  expect([...(await take(/^Tree.*png/)).subarray(0, 4)]).toEqual(png);

  const saved = page.waitForEvent('download');
  await panel(page, 'Runs').getByRole('button', { name: 'Report' }).click();
  const report = await (await saved).path();
  const offline = await page.context().newPage();
  await offline.setContent(await readFile(report, 'utf8'));
  await expect(offline.getByRole('heading', { level: 1 })).toContainText('runs');
  expect(await offline.getByRole('table', { name: 'Runs of this report' }).getByRole('row').count()).toBeGreaterThan(3);
});
