/** What the painter needs of network, scores, size and theme, made again only when one of them changed. */
import { useMemo } from 'react';
import { unitScores } from '../../workers/network/planner';
import { useStudio } from '../studio/store';
import { themePalette } from '../ui/palette';
import type { Size } from '../ui/use-size';
import { rowImportances, type RowImportance } from './importance';
import { treeLayout } from './layout';
import type { Stage } from './scene';
import { treeModel, type TreeModel } from './tree-model';

/** Null while nothing is open or the panel has no size yet. `openStages` null = the stage where most compute goes. */
export function useStage(size: Size, openStages: ReadonlySet<number> | null): Stage | null {
  const view = useStudio(({ network }) => network?.view ?? null);
  const costs = useStudio(({ network }) => network?.costs ?? null);
  const rowLength = useStudio(({ view: shown }) => shown.rowLength);
  const theme = useStudio(({ view: shown }) => shown.theme);
  const palette = useMemo(() => themePalette(theme), [theme]);
  const model = useMemo(() => (view === null || costs === null ? null : treeModel({ view, costs })), [view, costs]);
  const importance = useImportance(model);
  return useMemo(() => {
    if (model === null || size.width === 0 || size.height === 0) return null;
    return {
      model,
      importance,
      palette,
      layout: treeLayout(model, size, rowLength, openStages ?? new Set([costliestStage(model)])),
    };
  }, [model, importance, palette, size, rowLength, openStages]);
}

/** The stage of the costliest row: what the inspector shows first is in it. */
export function costliestStage({ rows }: TreeModel): number {
  const free = rows.filter(({ stage, locked }) => stage !== null && locked === null);
  const [costliest] = free.sort((first, second) => second.macs - first.macs);
  return costliest?.stage ?? 0;
}

function useImportance(model: TreeModel | null): readonly RowImportance[] | null {
  const graph = useStudio(({ network }) => network?.view.graph ?? null);
  const scores = useStudio(({ scoring }) => scoring.scores);
  const normalise = useStudio(({ scoring }) => scoring.normalise);
  const reduction = useStudio(({ rules }) => rules.reduction);
  const order = useStudio(({ view }) => view.order);
  return useMemo(() => {
    if (model === null || graph === null || scores === null) return null;
    const ranking = unitScores({ graph, scores, normalise }, reduction);
    return rowImportances(model, scores, ranking, normalise, order);
  }, [model, graph, scores, normalise, reduction, order]);
}
