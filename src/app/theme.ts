/** Puts the chosen theme on <html>, where the tokens read it. */
import { useLayoutEffect } from 'react';
import { useStudio } from '../studio/store';

export function useTheme(): void {
  const theme = useStudio((state) => state.view.theme);
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme;
    const meta = document.querySelector('meta[name="theme-color"]');
    meta?.setAttribute('content', getComputedStyle(document.documentElement).getPropertyValue('--paper').trim());
  }, [theme]);
}
