/** What every screen must be: accessible to axe, and whole at three sizes in both themes. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

export const sizes = [
  { width: 1440, height: 900 },
  { width: 1280, height: 720 },
  { width: 820, height: 1180 },
] as const;

type ChangeTheme = (page: Page, theme: 'light' | 'dark') => Promise<void>;

/** Under an open menu or sheet nothing else can be pressed. */
const setTheme: ChangeTheme = async (page, theme) => {
  await page.evaluate((chosen) => (document.documentElement.dataset['theme'] = chosen), theme);
};

/** Accessible by axe's serious and critical rules, no sideways scroll, no button or heading cut off. */
export async function expectSound(page: Page, moment: string, changeTheme: ChangeTheme = setTheme): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await changeTheme(page, theme);
    for (const size of sizes) {
      await page.setViewportSize(size);
      const place = `${moment}, ${theme}, ${size.width} x ${size.height}`;
      expect(await faults(new AxeBuilder({ page })), place).toEqual([]);
      expect(await page.evaluate(clipped), place).toEqual([]);
    }
  }
}

/** The menu or sheet that is open, by the same rules of axe in both themes; it is closed afterwards. */
export async function expectSoundSheet(page: Page, role: 'menu' | 'dialog', moment: string): Promise<void> {
  const sheet = page.getByRole(role);
  await expect(sheet).toBeVisible();
  for (const theme of ['dark', 'light'] as const) {
    await setTheme(page, theme);
    expect(await faults(new AxeBuilder({ page }).include(`[role="${role}"]`)), `${moment}, ${theme}`).toEqual([]);
  }
  expect(await page.evaluate(clipped), moment).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(sheet).toHaveCount(0);
}

/** What axe finds that is serious or critical, with the place in the page. */
async function faults(axe: AxeBuilder): Promise<readonly string[]> {
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

/** Runs in the page: what sticks out of it, or is wider than the box that hides its overflow. */
function clipped(): string[] {
  const found: string[] = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) found.push(`the page scrolls sideways: ${scrollWidth} > ${clientWidth}`);
  for (const element of document.querySelectorAll<HTMLElement>('button, h1, h2, th, label, dd, dt')) {
    const box = element.getBoundingClientRect();
    // Hidden, or there for assistive technology alone.
    if (box.width <= 1 || box.height <= 1 || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const name = `${element.tagName} "${element.textContent.slice(0, 40)}"`;
    if (box.left < -1 || box.right > clientWidth + 1) found.push(`${name} sticks out of the page`);
    if (style.overflowX !== 'visible' && style.textOverflow !== 'ellipsis' && element.scrollWidth > box.width + 1)
      found.push(`${name} is cut off`);
  }
  return found;
}
