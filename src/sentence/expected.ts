/** What fine-tuning the present cut should bring back: the same estimate as the dashed line of the trade-off chart. */
import { useMemo } from 'react';
import { estimateFrom, type Estimate } from '../studio/accuracy-curve';
import { useStudio } from '../studio/store';
import { basisOf, tradePoints } from '../tradeoff/points';

/** `basis` says which runs it comes from. */
export interface Expected {
  readonly estimate: Estimate;
  readonly basis: string;
}

/** Null until the method was measured at two budgets, the original among them. */
export function useExpected(): Expected | null {
  const view = useStudio(({ network }) => network?.view ?? null);
  const accuracy = useStudio(({ network }) => network?.accuracy ?? null);
  const dataset = useStudio((state) => state.dataset);
  const runs = useStudio((state) => state.runs);
  const method = useStudio(({ scoring }) => scoring.method);
  return useMemo(() => {
    if (view === null) return null;
    const { points, original } = tradePoints(runs, view, dataset, accuracy);
    const mine = points.filter((point) => point.method === method && point.candidate.kind === 'final');
    const estimate = estimateFrom(mine, original);
    return estimate === null ? null : { estimate, basis: basisOf(mine) };
  }, [view, accuracy, dataset, runs, method]);
}
