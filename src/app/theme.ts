/** Puts the chosen theme on <html>, where the tokens read it: before the first render, and before panels hear of a change. */
import type { Theme } from '../studio/state';
import { studio } from '../studio/store';

/** Called once, before anything subscribes to the store. Returns the unsubscribe function. */
export function followTheme(): () => void {
  let shown: Theme | null = null;
  const apply = (): void => {
    const { theme } = studio.getState().view;
    if (theme === shown) return;
    shown = theme;
    document.documentElement.dataset.theme = theme;
    const paper = getComputedStyle(document.documentElement).getPropertyValue('--paper').trim();
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', paper);
  };
  apply();
  return studio.subscribe(apply);
}
