/** What the painter needs of network, scores, size and theme, made again only when one of them changed. */
import { useMemo } from 'react';
import { unitScores } from '../../workers/network/planner';
import type { NetworkView, Telemetry } from '../../workers/protocol';
import { drawnLook } from '../studio/looking';
import type { OpenedNetwork } from '../studio/state';
import { useStudio } from '../studio/store';
import { themePalette } from '../ui/palette';
import type { Size } from '../ui/use-size';
import { gateImportances, shownGates } from './gates';
import { gatesSeen, lookImportances } from './look-gates';
import { rowImportances, type RowImportance } from './importance';
import { treeLayout } from './layout';
import { rankImportances, rankModel } from './rank-rows';
import type { Stage } from './scene';
import { treeModel, type TreeModel } from './tree-model';

/** Null while nothing is open or the panel has no size yet. `openStages` null = the stage where most compute goes. */
export function useStage(size: Size, openStages: ReadonlySet<number> | null): Stage | null {
  const view = useStudio(({ network }) => network?.view ?? null);
  const costs = useStudio(({ network }) => network?.costs ?? null);
  const rowLength = useStudio(({ view: shown }) => shown.rowLength);
  const theme = useStudio(({ view: shown }) => shown.theme);
  const palette = useMemo(() => themePalette(theme), [theme]);
  const gates = useStudio(shownGates);
  const model = useTreeModel(view, costs, gates === null);
  const importance = useImportance(model, gates);
  return useMemo(() => {
    if (view === null || model === null || size.width === 0 || size.height === 0) return null;
    return {
      graph: view.graph,
      model,
      importance,
      palette,
      layout: treeLayout(model, size, rowLength, openStages ?? new Set([costliestStage(model)])),
    };
  }, [view, model, importance, palette, size, rowLength, openStages]);
}

/** Rows of filters, or of singular directions for a method that truncates. Gates stand on filters. */
function useTreeModel(
  view: NetworkView | null,
  costs: OpenedNetwork['costs'] | null,
  mayTruncate: boolean,
): TreeModel | null {
  const known = useStudio(({ scoring }) => scoring.spectra);
  const spectra = mayTruncate ? known : null;
  const look = useStudio(drawnLook);
  const filters = useMemo(
    () => (view === null || costs === null ? null : treeModel({ view, costs }, look)),
    [view, costs, look],
  );
  return useMemo(() => {
    if (view === null || filters === null || spectra === null) return filters;
    return rankModel(filters, view.graph, spectra);
  }, [view, filters, spectra]);
}

/** The stage of the costliest row: what the inspector shows first is in it. */
export function costliestStage({ rows }: TreeModel): number {
  const free = rows.filter(({ stage, locked }) => stage !== null && locked === null);
  const [costliest] = free.sort((first, second) => second.macs - first.macs);
  return costliest?.stage ?? 0;
}

function useImportance(model: TreeModel | null, gates: Telemetry | null): readonly RowImportance[] | null {
  const graph = useStudio(({ network }) => network?.view.graph ?? null);
  const scores = useStudio(({ scoring }) => scoring.scores);
  const truncates = useStudio(({ scoring }) => scoring.spectra !== null);
  const normalise = useStudio(({ scoring }) => scoring.normalise);
  const reduction = useStudio(({ rules }) => rules.reduction);
  const order = useStudio(({ view }) => view.order);
  const looked = useStudio(gatesSeen);
  const look = useStudio(drawnLook);
  return useMemo(() => {
    if (model === null || graph === null) return null;
    if (looked !== null) return lookImportances(model, graph, looked, look, order);
    if (gates !== null) return gateImportances(model, graph, gates, order);
    if (truncates) return rankImportances(model);
    if (scores === null) return null;
    const ranking = unitScores({ graph, scores, normalise }, reduction);
    return rowImportances(model, scores, ranking, normalise, order);
  }, [model, graph, gates, looked, look, truncates, scores, normalise, reduction, order]);
}
