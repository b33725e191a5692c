/** The tree as comma-separated values: one line per row, what it has and what the present plan leaves of it. */
import type { StudioState } from '../studio/state';
import { csvText } from '../ui/csv';
import { keptBy } from './kept';
import { treeModel } from './tree-model';

/** Header and one line per layer in forward order, numbers unrounded; null while no network is open. */
export function layersAsCsv({ network, plan, scoring }: StudioState): string | null {
  if (network === null) return null;
  const model = treeModel(network);
  const { rows } = keptBy(model, plan);
  const header = [
    'layer',
    'row',
    'stage',
    'description',
    'filters',
    'filters_kept',
    'rank',
    'multiply_adds',
    'multiply_adds_left',
    'weights',
    'weights_left',
    'mean_importance',
    'locked',
  ];
  const lines = model.rows.map((row, at) => {
    const kept = rows[at];
    const removed = plan?.removed[row.layer]?.length ?? 0;
    const scores = scoring.scores?.[row.layer];
    return [
      row.layer,
      row.label,
      row.stage === null ? null : model.stages[row.stage]?.title,
      row.description,
      row.filters,
      row.filters - removed,
      plan?.truncation?.ranks[row.layer],
      row.macs,
      kept?.macs ?? row.macs,
      row.weights,
      kept?.weights ?? row.weights,
      scores === undefined ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length,
      row.locked,
    ];
  });
  return csvText([header, ...lines]);
}
