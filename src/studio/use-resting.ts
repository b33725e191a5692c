/** State that changes with every frame of a drag, seen once it rests: for words that are read aloud, not for pictures. */
import { useEffect, useState } from 'react';
import type { StudioState } from './state';
import { studio } from './store';

const restMs = 150;

/** `selector` must be stable: declared outside the component. */
export function useResting<T>(selector: (state: StudioState) => T): T {
  const [value, setValue] = useState(() => selector(studio.getState()));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const take = (): void => setValue(() => selector(studio.getState()));
    const stop = studio.subscribe(selector, () => {
      clearTimeout(timer);
      timer = setTimeout(take, restMs);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [selector]);
  return value;
}
