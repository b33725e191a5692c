/** State that changes faster than anyone can read: looked at no more than four times a second. */
import { useEffect, useState } from 'react';
import { studio } from '../studio/store';
import type { StudioState } from '../studio/state';

const PACE_MS = 250;

/**
 * Like `useStudio`, but renders at most four times a second; the last value always arrives.
 * `selector` must be stable (declared outside the component or memoised).
 */
export function usePaced<T>(selector: (state: StudioState) => T): T {
  const [value, setValue] = useState(() => selector(studio.getState()));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = 0;
    const take = (): void => {
      timer = undefined;
      last = performance.now();
      setValue(() => selector(studio.getState()));
    };
    take();
    const stop = studio.subscribe(selector, () => {
      if (timer !== undefined) return;
      const wait = PACE_MS - (performance.now() - last);
      if (wait <= 0) take();
      else timer = setTimeout(take, wait);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [selector]);
  return value;
}
