/** What the studio is busy with besides training, in words; named once it has taken longer than a second. */
import { useEffect, useState } from 'react';
import type { StudioState } from '../studio/state';
import { useStudio } from '../studio/store';

const LONG_MS = 1000;

/** The work under way, or null. */
export function workOf({
  engine,
  opening,
  scoring,
  preview,
}: Pick<StudioState, 'engine' | 'opening' | 'scoring' | 'preview'>): string | null {
  if (engine.phase === 'starting') return 'Starting the engine';
  if (opening !== null) return opening;
  if (scoring.state === 'scoring') return scoring.note === '' ? 'Scoring filters' : scoring.note;
  if (preview.state === 'checking') return 'Checking the cut on validation images';
  return null;
}

/** `workOf` the store, once some work has lasted a second; notes that follow each other count as one work. */
export function useLongWork(): string | null {
  const work = useStudio(workOf);
  const [isLong, setIsLong] = useState(false);
  const isBusy = work !== null;
  useEffect(() => {
    if (!isBusy) return undefined;
    const timer = setTimeout(() => setIsLong(true), LONG_MS);
    return () => {
      clearTimeout(timer);
      setIsLong(false);
    };
  }, [isBusy]);
  return isLong ? work : null;
}
