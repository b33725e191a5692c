/** The ranks the inspector shows: of the run that trains where it speaks of them, else of the present plan. */
import { useMemo } from 'react';
import { isTraining } from '../studio/run-facts';
import { useStudio } from '../studio/store';
import { seriesOf } from '../studio/telemetry';
import { plannedRank, trainedRank, type RankView } from './rank-view';
import { shownRun } from './layer-history';

export interface ShownRank {
  readonly view: RankView;
  /** A method that trains decides it. */
  readonly isLive: boolean;
}

/** Null for layers that are not split. */
export function useRankView(layer: string): ShownRank | null {
  const graph = useStudio(({ network }) => network?.view.graph ?? null);
  const spectra = useStudio(({ scoring }) => scoring.spectra);
  const plan = useStudio((state) => state.plan);
  const run = useStudio(shownRun);
  const telemetry = useStudio((state) => (run === null ? null : (state.live[run.run]?.telemetry ?? null)));
  return useMemo(() => {
    if (graph === null) return null;
    const series = seriesOf(telemetry, graph, layer);
    const stage = run?.recipe.stages.find((other) => isTraining(other) && other.method !== undefined);
    const settings = stage !== undefined && isTraining(stage) ? stage.settings : undefined;
    const scheme = settings?.['scheme'] === 'spatial' ? 'spatial' : 'channel';
    const trained = series === null ? null : trainedRank(graph, layer, series, scheme);
    if (trained !== null) return { view: trained, isLive: true };
    const planned = spectra === null ? null : plannedRank(graph, spectra, plan, layer);
    return planned === null ? null : { view: planned, isLive: false };
  }, [graph, spectra, plan, run, telemetry, layer]);
}
