/** What a training method said of one layer since it began: the lines of the Gates and Clusters tabs. */
import { useMemo } from 'react';
import type { Graph, LayerId } from '../../workers/network/graph';
import type { Recipe, RunSummary } from '../../workers/protocol';
import { isAbout, isTraining } from '../studio/run-facts';
import type { LiveRun, StudioState } from '../studio/state';
import { useStudio } from '../studio/store';
import { seriesOf, type LayerSeries } from '../studio/telemetry';

export interface LayerSample {
  readonly epoch: number;
  readonly series: LayerSeries;
}

export interface LayerHistory {
  /** Oldest first; at least one. */
  readonly samples: readonly LayerSample[];
  /** Of the whole training. */
  readonly epochs: number;
}

type Source = Pick<StudioState, 'runs' | 'live' | 'activeRun' | 'network' | 'dataset'>;

/** The run whose telemetry is shown: the one that trains, else the newest that told something, if it is about the open network. */
export function shownRun({ runs, live, activeRun, network, dataset }: Source): RunSummary | null {
  if (network === null) return null;
  const spoke = runs.filter(
    (run) => live[run.run]?.telemetry?.layers !== undefined && isAbout(run, network.view, dataset),
  );
  const newest = (best: RunSummary | null, run: RunSummary): RunSummary =>
    best === null || run.started > best.started ? run : best;
  return spoke.find(({ run }) => run === activeRun) ?? (activeRun === null ? spoke.reduce(newest, null) : null);
}

/** Samples of `layer` that hold the series called `name`, over epochs; null without one. */
export function layerHistory(
  recipe: Recipe,
  { history }: Pick<LiveRun, 'history'>,
  graph: Graph,
  layer: LayerId,
  name: string,
): LayerHistory | null {
  const last = history.at(-1);
  const stage = last === undefined ? undefined : recipe.stages[last.stage];
  if (last === undefined || stage === undefined || !isTraining(stage)) return null;
  const samples = history.flatMap(({ step, total, telemetry }): readonly LayerSample[] => {
    const series = seriesOf(telemetry, graph, layer);
    return series?.[name] === undefined ? [] : [{ epoch: (step / Math.max(1, total)) * stage.epochs, series }];
  });
  return samples.length === 0 ? null : { samples, epochs: stage.epochs };
}

export function useLayerHistory(layer: LayerId, name: string): LayerHistory | null {
  const graph = useStudio(({ network }) => network?.view.graph ?? null);
  const run = useStudio(shownRun);
  const live = useStudio((state) => (run === null ? null : (state.live[run.run] ?? null)));
  return useMemo(
    () => (graph === null || run === null || live === null ? null : layerHistory(run.recipe, live, graph, layer, name)),
    [graph, run, live, layer, name],
  );
}
